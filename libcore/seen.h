/*
 * seen.h - pointers that marking need not follow again: a bit for each word of the heap's
 * addresses, set once a pointer to there was found to lead to a marked object.
 *
 * Only a memory of what was found: a bit may be lost (workers set them without atomics), and
 * where there is no memory for them there are none. What counts are the marks of the spans.
 * But a bit must never outlast its mark: what is set during a mark phase is noted by chunk at
 * its end, in the stopped world, and cleared before the next phase. A chunk that comes into use
 * during a phase has no bits from before, and only objects that are marked.
 *
 * It pays where the same objects are pointed to from many places, and where whole pages are
 * scanned again for one word that was written: one load, which can be fetched ahead, instead
 * of three that wait for each other (page map, span, mark).
 */
#ifndef SEEN_H
#define SEEN_H

#include <stdbool.h>
#include <stdint.h>

#include "pageheap.h"

enum { SEEN_CHUNK_BYTES = CHUNK_BYTES / sizeof(uintptr_t) / 8 };

extern struct seen {
	uint64_t *words; /* by address; NULL: none */
} seen __attribute__((visibility("hidden")));

/* The offset of an address in the heap. */
static inline void seen_prefetch(uintptr_t offset)
{
	if (seen.words)
		__builtin_prefetch(&seen.words[offset >> 9]);
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

/* Makes room, once. Before a mark phase. */
void seen_open(void);

/* Which chunks may have bits. World stopped, the mark phase over. */
void seen_note(void);

/* Clears them. Before the next mark phase; by the thread that runs the cycle. */
void seen_clear(void);

#endif
