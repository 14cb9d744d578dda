/*
 * interpose_loader.c - notes who walks the loader's list.
 *
 * A callback of dl_iterate_phdr has the list locked, and may allocate. It must not start a
 * thread: pthread_create takes another lock of the loader's, which a dlopen in another thread
 * holds while it waits for the list.
 *
 * AddressSanitizer walks the list before it can run what it has instrumented: with it nobody
 * is noted.
 */
#define _GNU_SOURCE
#include <link.h>
#include <stdbool.h>

#include "interpose.h"
#include "sanitizer.h"

static _Thread_local unsigned walks __attribute__((tls_model("initial-exec")));

#if SANITIZER_ENABLED

void interpose_loader_setup(void)
{
}

#else

static __typeof__(&dl_iterate_phdr) walk_behind(void)
{
	return BEHIND(dl_iterate_phdr);
}

void interpose_loader_setup(void)
{
	walk_behind();
}

WRAPPED int dl_iterate_phdr(int (*callback)(struct dl_phdr_info *, size_t, void *), void *data)
{
	__typeof__(&dl_iterate_phdr) walk = walk_behind();
	walks++;
	int result = walk(callback, data);
	walks--;
	return result;
}

#endif

bool interpose_walks_loader(void)
{
	return walks > 0;
}
