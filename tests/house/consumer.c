/*
 * consumer.c - the smallest user of an installed memspan: prints the version of the
 * library it runs with, after checking that it is the one it was compiled for.
 */
#include <memspan.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
	char *greeting = memspan_alloc_noscan(32);

	if (greeting == NULL || strcmp(memspan_version(), MEMSPAN_VERSION) != 0)
		return 1;
	strcpy(greeting, memspan_version());
	memspan_gc();
	return puts(greeting) < 0;
}
