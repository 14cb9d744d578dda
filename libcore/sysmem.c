/* sysmem.c - see sysmem.h. */
#include "sysmem.h"

#include "lock.h"
#include "os.h"

enum {
	BLOCK_BYTES = 256 << 10,
	ALIGN_BYTES = 64,
	MAPPINGS_MAX = 1 << 16, /* as many as Linux gives a process by default */
};

struct sysmem_stats sysmem_stats;

static struct {
	struct lock lock;
	char *next, *end; /* what is left of the newest block, counted in other_sys */
} blocks;

/* lo is 0 in a free place and 1 while it is being filled or changed. */
struct own_mapping {
	_Atomic uintptr_t lo;
	_Atomic uintptr_t hi;
};

static struct {
	struct own_mapping *_Atomic table;
	_Atomic bool is_incomplete;
} own;

static size_t round_up(size_t n, size_t align)
{
	return (n + align - 1) & ~(align - 1);
}

/* ---- which mappings are the runtime's ------------------------------------ */

static struct own_mapping *own_table(void)
{
	struct own_mapping *table = atomic_load(&own.table), *other = NULL;
	if (table)
		return table;
	size_t bytes = round_up(MAPPINGS_MAX * sizeof *table, os_page_bytes());
	table = os_map(bytes, true);
	if (!table || atomic_compare_exchange_strong(&own.table, &other, table))
		return table;
	os_unmap(table, bytes);
	return other;
}

static void own_add(uintptr_t lo, uintptr_t hi)
{
	struct own_mapping *table = own_table();
	for (size_t i = 0; table && i < MAPPINGS_MAX; i++) {
		uintptr_t none = 0;
		if (atomic_load_explicit(&table[i].lo, memory_order_relaxed) != 0 ||
		    !atomic_compare_exchange_strong(&table[i].lo, &none, 1))
			continue;
		atomic_store(&table[i].hi, hi);
		atomic_store(&table[i].lo, lo);
		return;
	}
	atomic_store(&own.is_incomplete, true);
}

/* All of a mapping, or its end. */
static void own_remove(uintptr_t lo, uintptr_t hi)
{
	struct own_mapping *table = atomic_load(&own.table);
	for (size_t i = 0; table && i < MAPPINGS_MAX; i++) {
		uintptr_t begin = atomic_load_explicit(&table[i].lo, memory_order_relaxed);
		if (begin <= 1 || begin > lo || atomic_load(&table[i].hi) != hi)
			continue;
		if (begin == lo)
			atomic_store(&table[i].lo, 0);
		else
			atomic_store(&table[i].hi, lo);
		return;
	}
}

bool sysmem_next(uintptr_t lo, uintptr_t hi, uintptr_t *next_lo, uintptr_t *next_hi)
{
	struct own_mapping *table = own_table();
	if (!table || atomic_load(&own.is_incomplete))
		return false;
	*next_lo = *next_hi = hi;
	uintptr_t self = (uintptr_t)table;
	if (self < hi && self + MAPPINGS_MAX * sizeof *table > lo) {
		*next_lo = self;
		*next_hi = self + MAPPINGS_MAX * sizeof *table;
	}
	for (size_t i = 0; i < MAPPINGS_MAX; i++) {
		uintptr_t begin = atomic_load_explicit(&table[i].lo, memory_order_relaxed);
		uintptr_t end = atomic_load_explicit(&table[i].hi, memory_order_relaxed);
		if (end == 0)
			break; /* no place from here on was ever used */
		if (begin > 1 && begin < *next_lo && end > lo) {
			*next_lo = begin;
			*next_hi = end;
		}
	}
	return true;
}

/* ---- memory ---------------------------------------------------------------- */

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

static void *map(size_t bytes, bool lazy)
{
	void *p = os_map(bytes, lazy);
	if (p)
		own_add((uintptr_t)p, (uintptr_t)p + bytes);
	return p;
}

static void unmap(void *p, size_t bytes)
{
	own_remove((uintptr_t)p, (uintptr_t)p + bytes);
	os_unmap(p, bytes);
}

void *sysmem_map(size_t bytes, _Atomic uint64_t *stat)
{
	bytes = round_up(bytes, os_page_bytes());
	void *p = map(bytes, false);
	if (p)
		atomic_fetch_add_explicit(stat, bytes, memory_order_relaxed);
	return p;
}

void sysmem_unmap(void *p, size_t bytes, _Atomic uint64_t *stat)
{
	bytes = round_up(bytes, os_page_bytes());
	unmap(p, bytes);
	atomic_fetch_sub_explicit(stat, bytes, memory_order_relaxed);
}

void *sysmem_table(size_t bytes)
{
	return map(round_up(bytes, os_page_bytes()), true);
}

void sysmem_table_unmap(void *p, size_t bytes)
{
	if (p)
		unmap(p, round_up(bytes, os_page_bytes()));
}
