/*
 * interface.c - malloc and its relatives, as the C standard and glibc define them.
 *
 * Exported without a version, so that they take the place of the C library's.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>

#include "block.h"
#include "interpose.h"
#include "os.h"

/* C23; glibc declares them from 2.41 on. */
void free_sized(void *p, size_t bytes);
void free_aligned_sized(void *p, size_t align, size_t bytes);

static inline bool is_power_of_two(size_t n)
{
	return n != 0 && (n & (n - 1)) == 0;
}

static void *refuse(int error)
{
	errno = error;
	return NULL;
}

WRAPPED void *malloc(size_t bytes)
{
	return block_alloc(bytes);
}

WRAPPED void free(void *p)
{
	block_free(p, "free");
}

WRAPPED void *calloc(size_t count, size_t bytes)
{
	size_t all;
	if (__builtin_mul_overflow(count, bytes, &all))
		return refuse(ENOMEM);
	return block_alloc_zeroed(all);
}

/* As in glibc a size of 0 frees and gives NULL. */
WRAPPED void *realloc(void *p, size_t bytes)
{
	if (!p)
		return block_alloc(bytes);
	if (bytes == 0) {
		block_free(p, "realloc");
		return NULL;
	}
	return block_resize(p, bytes);
}

WRAPPED void *reallocarray(void *p, size_t count, size_t bytes)
{
	size_t all;
	if (__builtin_mul_overflow(count, bytes, &all))
		return refuse(ENOMEM);
	return realloc(p, all);
}

/* ---- alignment --------------------------------------------------------- */

WRAPPED void *aligned_alloc(size_t align, size_t bytes)
{
	if (!is_power_of_two(align))
		return refuse(EINVAL);
	return block_alloc_slow(bytes, align, BLOCK_AS_IT_IS);
}

WRAPPED int posix_memalign(void **result, size_t align, size_t bytes)
{
	int saved = errno;
	if (!is_power_of_two(align) || align % sizeof(void *) != 0)
		return EINVAL;
	void *p = block_alloc_slow(bytes, align, BLOCK_AS_IT_IS);
	errno = saved;
	if (!p)
		return ENOMEM;
	*result = p;
	return 0;
}

/* glibc takes the next power of two. */
WRAPPED void *memalign(size_t align, size_t bytes)
{
	size_t power = 1;
	if (align > SIZE_MAX / 2 + 1)
		return refuse(EINVAL);
	while (power < align)
		power *= 2;
	return block_alloc_slow(bytes, power, BLOCK_AS_IT_IS);
}

WRAPPED void *valloc(size_t bytes)
{
	return block_alloc_slow(bytes, os_page_bytes(), BLOCK_AS_IT_IS);
}

WRAPPED void *pvalloc(size_t bytes)
{
	size_t page = os_page_bytes();
	if (bytes > PTRDIFF_MAX)
		return refuse(ENOMEM);
	return block_alloc_slow((bytes + page - 1) & -page, page, BLOCK_AS_IT_IS);
}

/* ---- sizes ------------------------------------------------------------- */

WRAPPED size_t malloc_usable_size(void *p)
{
	return p ? block_room(p) : 0;
}

/* The size is a promise of the program that the heap does not need. */
WRAPPED void free_sized(void *p, size_t bytes)
{
	(void)bytes;
	block_free_slow(p, "free_sized");
}

WRAPPED void free_aligned_sized(void *p, size_t align, size_t bytes)
{
	(void)align;
	(void)bytes;
	block_free_slow(p, "free_aligned_sized");
}

/* ---- glibc's other names for them ------------------------------------------ */

/*
 * Who calls these wants to get past a malloc of his own, and may give to free what he got, which
 * is ours. cfree is no longer declared, and there for old programs.
 */
#define ALSO(name, other) WRAPPED extern __typeof__(name) other __attribute__((alias(#name), copy(name)))

ALSO(malloc, __libc_malloc);
ALSO(free, __libc_free);
ALSO(calloc, __libc_calloc);
ALSO(realloc, __libc_realloc);
ALSO(memalign, __libc_memalign);
ALSO(valloc, __libc_valloc);
ALSO(pvalloc, __libc_pvalloc);
ALSO(free, cfree);
