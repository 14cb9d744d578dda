/*
 * mode.c - linked into tests of the collector: MEMSPAN_TEST_MODE tells whether cycles run
 * `beside` the program, however small its heap is, or `stopped`.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cycle.h"

__attribute__((constructor)) static void choose_mode(void)
{
	const char *mode = getenv("MEMSPAN_TEST_MODE");
	if (mode)
		cycle_beside_bytes_min = strcmp(mode, "beside") == 0 ? 0 : SIZE_MAX;
}
