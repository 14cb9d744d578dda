/*
 * loading.c - dlopen without RTLD_DEEPBIND.
 *
 * A library loaded so finds the C library's malloc before ours, and gives blocks of the one to
 * the other's free: extensions of PHP end the process like that. Without the flag names that
 * the library and the program both define mean the program's.
 *
 * The loader looks for libraries where the caller's RUNPATH says, and knows the caller by the
 * return address: the real function must be called in last place, so that it is the program's.
 */
#define _GNU_SOURCE
#include <dlfcn.h>

#include "interpose.h"

WRAPPED __attribute__((optimize("optimize-sibling-calls"))) void *dlopen(const char *file, int mode)
{
	return BEHIND(dlopen)(file, mode & ~RTLD_DEEPBIND);
}
