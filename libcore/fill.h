/*
 * fill.h - MEMSPAN_MALLOC_DEBUG=1: free slots hold a pattern, and must still hold it when
 * they are used again.
 *
 * Invariant: in a span with `filled` set every free slot holds FILL_FREED in all its bytes,
 * from the moment the span is made. What is found otherwise when a slot is taken, or when the
 * span is given back, was written to after it was freed, or past the end of a neighbour: the
 * process ends with a message that names block and span.
 *
 * Pages that go back hold the pattern, too: those of spans whose last object was freed, and the
 * first FILL_LARGE_BYTES_MAX of blocks with pages of their own. Each has a bit from then on
 * until it is taken again, for whatever: then it holds the pattern still, or is zero because it was
 * released to the system, or was written to.
 *
 * Only malloc's spans (SPAN_ROOT), and none under a sanitizer, which does the same and more.
 *
 * Lock: none of its own. Who frees or takes a slot has it to himself; the bits of pages are
 * guarded by pageheap.lock.
 */
#ifndef FILL_H
#define FILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "span.h"

enum {
	FILL_FREED = 0x5a,
	FILL_NEW = 0xa5,
	FILL_LARGE_BYTES_MAX = 1 << 20,
};

extern bool fill_wanted;

/* Before fill_wanted is set. */
void fill_open(void);

/* A span that was there before: these of its slots are free. Then it is one of them. */
void fill_slots(struct span *s, unsigned w, uint64_t slots);
void fill_adopt(struct span *s);

/* A new span, nothing of it handed out yet. */
void fill_begin(struct span *s);

/* An allocated object is about to be freed. */
void fill_freed(struct span *s, uintptr_t object);

/* A slot was taken, its content as it was: what is in it must be as fill_freed left it. */
void fill_check_taken(struct span *s, uintptr_t object);

/* The block is new to the program. */
void fill_new(void *block, size_t bytes);

/* The span is about to be given back, all its slots free. */
void fill_check_all(struct span *s);

/* These of its slots are free, and nobody is about to change that. */
void fill_check_slots(struct span *s, unsigned w, uint64_t slots);

/* Its pages are about to be given back: they are filled where s->filled says so. */
void fill_pages_given(const struct span *s);

/* The end of a large block is cut off, and about to be given back. */
void fill_tail(uintptr_t base, size_t pages);

/* Pages were taken. */
void fill_pages_taken(uintptr_t base, size_t pages);

/* All that were given back and not taken since. World stopped. */
void fill_check_pages(void);

#endif
