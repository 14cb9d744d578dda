/*
 * pageheap.h - the heap's addresses: one reservation, arenas, chunks, page runs.
 *
 * The heap is one contiguous reservation in which 64 MiB arenas are opened in
 * rising order. Opened pages are used (by a span) or idle; an idle page is
 * released (the OS has it, it reads as zero) or retained. Chunks of 512 pages
 * hold either scanned or pointer-free spans, never both; a chunk with no used
 * page belongs to neither. Each kind has a tree of free-run summaries over the
 * chunks, in which the other kind's chunks are full, so the first fit by address
 * costs O(log chunks).
 *
 * Invariant, in pages, for each chunk: popcount(used) + idle = 512;
 * released & used = 0. Over all chunks:
 *     opened = used + idle,  released <= idle.
 * The first page of the heap is never taken; it stays idle and released.
 *
 * Lock: pageheap.lock guards everything but the fields marked constant, and the
 * page map, whose entries are written under it and read without.
 */
#ifndef PAGEHEAP_H
#define PAGEHEAP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock.h"
#include "sizeclass.h"

struct span;

enum {
	CHUNK_PAGES = 512,
	BLOCK_PAGES = 64, /* whose bits are one word: a block changes alone */
	CHUNK_BLOCKS = CHUNK_PAGES / BLOCK_PAGES,
	CHUNK_BYTES = CHUNK_PAGES * PAGE_BYTES,
	BLANK_PAGES = 32, /* of one chunk, from which a run counts as long */
	ARENA_BYTES = 64 << 20,
	ARENA_CHUNKS = ARENA_BYTES / CHUNK_BYTES,
	/* Opened at most for the sake of an alignment: 1 GiB, the largest page of a machine. */
	ALIGN_SKIP_PAGES_MAX = (1 << 30) / PAGE_BYTES,
};

enum chunk_kind { CHUNK_SCAN = 0, CHUNK_NOSCAN = 1, CHUNK_KINDS = 2, CHUNK_FREE = 2 };

struct chunk {
	uint64_t used[CHUNK_PAGES / 64];
	uint64_t released[CHUNK_PAGES / 64];
	uint32_t used_pages;
	uint32_t kind; /* enum chunk_kind; CHUNK_FREE exactly when used_pages is 0 */
	_Atomic uint32_t kept[CHUNK_BLOCKS]; /* spantable.c's */
	bool small_pages; /* the system was told to use no huge pages here */
	_Atomic bool blank; /* a long run of released pages was taken: they have no content yet */
	_Atomic bool marked; /* in this mark phase something was found there (pageheap_note_marked) */
};

/* Free pages of a range of chunks: at its start, the longest run, at its end. */
struct run_summary {
	uint32_t start, longest, end;
};

struct pageheap {
	/* Constant, and read by every free: in a cache line that nobody writes to. */
	_Alignas(64) uintptr_t base; /* first address of the reservation */
	size_t reserved_bytes;       /* a multiple of ARENA_BYTES */
	_Atomic(struct span *) *page_map; /* the span of each page of it, NULL for idle pages */
	struct chunk *chunks;        /* one for each CHUNK_BYTES of it */
	struct run_summary *tree[CHUNK_KINDS]; /* [1] is the root, leaves from chunk_count */
	size_t chunk_count;          /* leaves of a tree: a power of two, perhaps more than chunks */

	_Alignas(64) struct lock lock;
	_Atomic size_t opened_bytes;
	uint64_t used_pages, released_pages;
	uint64_t released_pages_total; /* ever given back, for the trace */
};

extern struct pageheap pageheap __attribute__((visibility("hidden")));

/*
 * There is a marked object, a stack or what hangs on a finalizer. In other chunks nothing has to
 * be read again because it was written: what is marked there later is read after that. Any thread.
 */
static inline void pageheap_note_marked(uintptr_t base, size_t bytes)
{
	size_t first = (base - pageheap.base) / CHUNK_BYTES;
	size_t last = (base + bytes - 1 - pageheap.base) / CHUNK_BYTES;
	for (size_t i = first; i <= last; i++)
		if (!atomic_load_explicit(&pageheap.chunks[i].marked, memory_order_relaxed))
			atomic_store_explicit(&pageheap.chunks[i].marked, true, memory_order_relaxed);
}

/*
 * While a span table is read (spantable.h): to be called before anything that it shows of
 * these pages changes, their state or a count of their span. NULL otherwise. Set in the
 * stopped world. The callee takes no lock.
 */
typedef void pageheap_change(size_t first_page, size_t pages);
extern pageheap_change *_Atomic pageheap_before_change __attribute__((visibility("hidden")));

static inline bool pageheap_is_read(void)
{
	return __builtin_expect(atomic_load_explicit(&pageheap_before_change,
	                                             memory_order_relaxed) != NULL, 0);
}

/* Inside the heap, or the world stopped. */
static inline void pageheap_will_change(uintptr_t base, size_t pages)
{
	pageheap_change *before = atomic_load_explicit(&pageheap_before_change, memory_order_relaxed);
	if (__builtin_expect(before != NULL, 0))
		before((base - pageheap.base) >> PAGE_SHIFT, pages);
}

/* Reserves the addresses; false when the OS refuses even one arena. Once, before all else. */
bool pageheap_init(void);

/*
 * Finds `pages` free pages for a kind, the first run by address, its base a
 * multiple of align_pages (a power of two), opening arenas as needed. Returns the
 * base, or 0 when the OS refuses or the alignment leads too far off. *dirty tells
 * whether some page may hold old content. Lock held.
 */
uintptr_t pageheap_take(size_t pages, size_t align_pages, enum chunk_kind kind, bool *dirty);

/*
 * Takes the `pages` that begin at `base`, behind a run of the same kind, if all are free.
 * *dirty as above. Lock held.
 */
bool pageheap_extend(uintptr_t base, size_t pages, enum chunk_kind kind, bool *dirty);

/* Makes a run idle again, after pageheap_will_change; retained, not released. Lock held. */
void pageheap_give(uintptr_t base, size_t pages);

/*
 * Returns up to `pages` retained idle pages to the OS, highest addresses first,
 * in steps of at most a chunk. Returns the pages released. Lock held.
 */
size_t pageheap_release(size_t pages);

static inline bool pageheap_contains(uintptr_t p)
{
	return p - pageheap.base < atomic_load_explicit(&pageheap.opened_bytes, memory_order_relaxed);
}

/* The span whose page p is in, or NULL; p may be any word. No lock. */
static inline struct span *pageheap_span_of(uintptr_t p)
{
	if (p - pageheap.base >= pageheap.reserved_bytes)
		return NULL;
	return atomic_load_explicit(&pageheap.page_map[(p - pageheap.base) >> PAGE_SHIFT],
	                            memory_order_acquire);
}

static inline size_t pageheap_opened_pages(void)
{
	return atomic_load_explicit(&pageheap.opened_bytes, memory_order_relaxed) >> PAGE_SHIFT;
}

/* Opened and not released, used or not. No lock: a moment's figure. */
static inline size_t pageheap_retained_pages(void)
{
	return pageheap_opened_pages() - __atomic_load_n(&pageheap.released_pages, __ATOMIC_RELAXED);
}

/*
 * The pages from `first` on, before `end`, that no span has, and how many of them are
 * released. World stopped, or nothing there changes.
 */
size_t pageheap_idle_run(size_t first, size_t end, uint64_t *released);

/*
 * The first page from `page` on that is used, or that is idle; `end` if none is before it. No
 * lock: while the program runs, what is taken or freed meanwhile may be told either way.
 */
size_t pageheap_next(size_t page, size_t end, bool used);

/* Proves the invariant above and the trees against the chunks; aborts if it does not hold. */
void pageheap_check(void);

#endif
