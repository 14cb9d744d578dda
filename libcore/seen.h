/*
 * seen.h - pointers that marking need not follow again.
 *
 * Two memories of what was found in a mark phase: a bit for each word of the heap's addresses,
 * set once a pointer to there was found to lead to a marked object; and one for each page,
 * set once all slots of its span were found marked or free. Such a page stays settled until the
 * phase ends: what is allocated meanwhile is marked, and no mark goes.
 *
 * Only memories: a bit may be lost (workers set those of words without atomics), and where
 * there is no memory for them there are none. What counts are the marks of the spans.
 * But a bit must never outlast its mark: what is set during a mark phase is noted by chunk at
 * its end, in the stopped world, and cleared before the next phase. A chunk that comes into use
 * during a phase has no bits from before, and only objects that are marked.
 *
 * It pays where the same objects are pointed to from many places, and where whole pages are
 * scanned again for one word that was written: one load instead of three that wait for each
 * other (page map, span, mark). The bits of the pages of a GiB are in the processor's first
 * cache, and tell of most pointers where most of the heap is alive; those of its words, 16 MiB,
 * are not, but can be fetched ahead.
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "pageheap.h"

enum {
	SEEN_CHUNK_BYTES = CHUNK_BYTES / sizeof(uintptr_t) / 8,
	SEEN_CHUNK_PAGE_BYTES = CHUNK_PAGES / 8,
};

extern struct seen {
	uint64_t *words;          /* by address; NULL: none */
	_Atomic uint64_t *pages;  /* there whenever the words are */
} seen __attribute__((visibility("hidden")));

/* The offset of an address in the heap. */
static inline void seen_prefetch(uintptr_t offset)
{
	if (seen.words)
		__builtin_prefetch(&seen.words[offset >> 9]);
}

/* Whether the page's every object is marked: none of it is worth a look. */
static inline bool seen_settled(const _Atomic uint64_t *pages, uintptr_t offset)
{
	uintptr_t page = offset >> PAGE_SHIFT;
	return atomic_load_explicit(&pages[page >> 6], memory_order_relaxed) >> (page & 63) & 1;
}

static inline bool seen_before(uintptr_t offset)
{
	return seen.words && (offset & (sizeof offset - 1)) == 0 &&
	       __atomic_load_n(&seen.words[offset >> 9], __ATOMIC_RELAXED) >> (offset >> 3 & 63) & 1;
}

/* It leads to an object whose mark is set. */
static inline void seen_now(uintptr_t offset)
{
	if (!seen.words || (offset & (sizeof offset - 1)) != 0)
		return;
	uint64_t *word = &seen.words[offset >> 9];
	uint64_t bits = __atomic_load_n(word, __ATOMIC_RELAXED);
	__atomic_store_n(word, bits | (uint64_t)1 << (offset >> 3 & 63), __ATOMIC_RELAXED);
}

/* All slots of the page's span are marked or free. One thread at a time. */
static inline void seen_settle(uintptr_t offset)
{
	uintptr_t page = offset >> PAGE_SHIFT;
	if (seen.words)
		seen.pages[page >> 6] |= (uint64_t)1 << (page & 63);
}

/* Makes room, once. Before a mark phase. */
void seen_open(void);

/* Which chunks may have bits. World stopped, the mark phase over. */
void seen_note(void);

/* Clears them. Before the next mark phase; by the thread that runs the cycle. */
void seen_clear(void);

#endif
