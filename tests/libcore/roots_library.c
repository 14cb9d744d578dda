/* roots_library.c - a library loaded later, whose static and thread-local variables are roots. */
#include <stddef.h>

static void *in_static[4];
static _Thread_local void *in_thread_local[1000];

#define EXPORTED __attribute__((visibility("default")))

EXPORTED void **roots_library_static(void);
EXPORTED void **roots_library_thread_local(void);

void **roots_library_static(void)
{
	return &in_static[3];
}

void **roots_library_thread_local(void)
{
	return &in_thread_local[999];
}
