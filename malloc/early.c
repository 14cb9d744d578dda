/* early.c - see early.h. */
#include "early.h"

#include <stdatomic.h>
#include <stdint.h>

#include "leaks.h"

enum { EARLY_BYTES = 64 << 10, HEAD_BYTES = 16 };

static _Alignas(16) char buffer[EARLY_BYTES];
static _Atomic size_t used;

void *early_alloc(size_t bytes, size_t align)
{
	if (align < HEAD_BYTES)
		align = HEAD_BYTES;
	if (bytes > EARLY_BYTES || align > EARLY_BYTES)
		return NULL;
	size_t room = bytes + align + HEAD_BYTES;
	size_t at = atomic_fetch_add(&used, room);
	if (at + room > EARLY_BYTES) {
		atomic_fetch_sub(&used, room);
		return NULL;
	}
	uintptr_t start = ((uintptr_t)buffer + at + HEAD_BYTES + align - 1) & -align;
	((size_t *)start)[-1] = bytes;
	return (void *)start;
}

bool early_contains(const void *p)
{
	return (uintptr_t)p - (uintptr_t)buffer < EARLY_BYTES;
}

void early_tell_root(void)
{
	leaks_add_root(buffer, sizeof buffer);
}

size_t early_size(const void *p)
{
	return ((const size_t *)p)[-1];
}
