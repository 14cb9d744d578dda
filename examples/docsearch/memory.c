#include "memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *granted(void *p)
{
	if (p == NULL) {
		fputs("docsearch: out of memory\n", stderr);
		exit(1);
	}
	return p;
}

void *memory_object(size_t bytes)
{
	return granted(memspan_alloc(bytes));
}

void *memory_plain(size_t bytes)
{
	return granted(memspan_alloc_noscan(bytes));
}

void *memory_typed(const memspan_type *type, size_t count)
{
	return granted(memspan_alloc_typed(type, count));
}

void *memory_resize(void *p, size_t bytes)
{
	return granted(memspan_realloc(p, bytes));
}

char *memory_copy(const char *text, size_t bytes)
{
	char *copy = memory_plain(bytes + 1);

	memcpy(copy, text, bytes);
	return copy;
}
