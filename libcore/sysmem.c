/* sysmem.c - see sysmem.h. */
#include "sysmem.h"

#include "lock.h"
#include "os.h"

enum { BLOCK_BYTES = 256 << 10, ALIGN_BYTES = 64 };

struct sysmem_stats sysmem_stats;

static struct {
	struct lock lock;
	char *next, *end; /* what is left of the newest block, counted in other_sys */
} blocks;

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

static void *block_take(size_t bytes, _Atomic uint64_t *stat)
{
	if ((size_t)(blocks.end - blocks.next) < bytes) {
		char *block = sysmem_map(BLOCK_BYTES, &sysmem_stats.other_sys);
		if (!block)
			return NULL;
		blocks.next = block;
		blocks.end = block + BLOCK_BYTES;
	}
	void *p = blocks.next;
	blocks.next += bytes;
	atomic_fetch_sub_explicit(&sysmem_stats.other_sys, bytes, memory_order_relaxed);
	atomic_fetch_add_explicit(stat, bytes, memory_order_relaxed);
	return p;
}

void *sysmem_alloc(size_t bytes, _Atomic uint64_t *stat)
{
	bytes = round_up(bytes, ALIGN_BYTES);
	if (bytes > BLOCK_BYTES / 4)
		return sysmem_map(bytes, stat);
	lock_acquire(&blocks.lock);
	void *p = block_take(bytes, stat);
	lock_release(&blocks.lock);
	return p;
}

void *sysmem_map(size_t bytes, _Atomic uint64_t *stat)
{
	bytes = round_up(bytes, os_page_bytes());
	void *p = os_map(bytes, false);
	if (p)
		atomic_fetch_add_explicit(stat, bytes, memory_order_relaxed);
	return p;
}

void sysmem_unmap(void *p, size_t bytes, _Atomic uint64_t *stat)
{
	bytes = round_up(bytes, os_page_bytes());
	os_unmap(p, bytes);
	atomic_fetch_sub_explicit(stat, bytes, memory_order_relaxed);
}

void *sysmem_table(size_t bytes)
{
	return os_map(round_up(bytes, os_page_bytes()), true);
}
