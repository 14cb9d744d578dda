/*
 * attach.c - what a program tells the heap about itself: threads and roots. Public
 * functions, described in memspan.h.
 */
#include <errno.h>

#include "heap.h"
#include "memspan.h"
#include "roots.h"
#include "thread.h"

static int fail(int error)
{
	errno = error;
	return -1;
}

int memspan_thread_register(void)
{
	return heap_thread() ? 0 : fail(ENOMEM);
}

void memspan_thread_unregister(void)
{
	thread_forget_self();
}

int memspan_add_roots(void *start, size_t bytes)
{
	int error = heap_thread() ? roots_add(start, bytes) : ENOMEM;
	return error ? fail(error) : 0;
}

int memspan_remove_roots(void *start, size_t bytes)
{
	int error = heap_thread() ? roots_remove(start, bytes) : EINVAL;
	return error ? fail(error) : 0;
}
