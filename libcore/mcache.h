/*
 * mcache.h - a thread's spans and its share of the counters.
 *
 * For each span class a slot that leads to the cached word of the current span, and two
 * lists of the other spans that the thread owns: with free slots, and with few or none. Used
 * by its thread only, inside the heap; by others only while the world is stopped,
 * except `remote`, the stack of owned spans into which other threads freed. Beside them a
 * parcel for each size of what the thread frees for others.
 *
 * Invariant: nmalloc counts a slot when it is cached, so the objects allocated are
 * nmalloc - popcount(*word). nfree counts frees and sweeps done by
 * this thread, whoever owned the span.
 */
#ifndef MCACHE_H
#define MCACHE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "bits.h"
#include "span.h"

struct mcache_slot {
	uint64_t *word;         /* the cached slots of the group; one that is 0 for no span */
	uintptr_t group_base;   /* object of bit 0 */
	uint32_t elem_bytes;
	uint32_t dirty;         /* the slots may hold old content */
	struct span *span;      /* current span, NULL for none */
} __attribute__((aligned(32))); /* all in one cache line */

/*
 * What a thread freed of malloc's objects of one size that others own, in one group, and has
 * not handed over: a whole group takes one atomic operation and not one for each object.
 */
struct mcache_parcel {
	struct span *span;
	struct span_group *group; /* NULL: none is open */
	uint64_t slots;
	uint64_t known_free; /* when it was last looked; the owner may have handed them out since */
	uint32_t bytes;
};

struct mcache_counts {
	uint64_t nmalloc[SPAN_CLASSES], nfree[SPAN_CLASSES]; /* class 0: large objects */
	uint64_t large_alloc_bytes, large_free_bytes;
	uint64_t tinyallocs;    /* hits of the tiny allocator */
	uint64_t lookups;
};

struct mcache {
	uintptr_t ticket;       /* span_ticket; SPAN_NO_TICKET until a slow path frees */
	uintptr_t tiny;         /* free part of the current tiny block */
	uintptr_t tiny_end;
	int64_t live_freed;     /* bytes freed explicitly, less bytes taken, not yet off heap_live */
	int64_t scan_freed;
	uint64_t credited[SIZECLASS_COUNT]; /* of nfree of malloc's objects: what is in live_freed */
	struct mcache_slot slots[SPAN_CLASSES];
	struct mcache_counts counts;
	struct span *partial[SPAN_CLASSES], *full[SPAN_CLASSES];
	struct mcache_parcel parcels[SIZECLASS_COUNT];
	uint32_t empty_pages;   /* of the spans in `partial` that are kept_empty */
	_Atomic(struct span *) remote; /* linked by remote_next; MCACHE_CLOSED: no owner */
	uint8_t cut_counts[SPAN_CLASSES]; /* cached slots when a table was cut */
};

#define MCACHE_CLOSED ((struct span *)1)

/* What slots without a span lead to: 0. */
extern uint64_t mcache_no_slots __attribute__((visibility("hidden")));

/* One that has nothing for malloc and owns nothing: fast paths that are given it do nothing. */
#define MCACHE_CLOSED_CACHE                                                                  \
	{                                                                                    \
		.ticket = SPAN_NO_TICKET,                                                    \
		.slots = {[SPAN_ROOT * SIZECLASS_COUNT ... SPAN_CLASSES - 1] = {             \
		                  .word = &mcache_no_slots}},                                \
	}

enum { MCACHE_PARCEL_BYTES_MAX = 16 << 10 }; /* that a parcel takes */

enum { MCACHE_EMPTY_PAGES_MAX = 64 }; /* that a thread keeps of empty spans */

/* Ready for a thread; all zero before. */
void mcache_open(struct mcache *m);

/*
 * Takes a slot of the current span, from its next group when the word is used up, which changes
 * nothing but this span; NULL when it has none. The word may well have slots: a fast path that
 * found the heap closed comes here when it is open again.
 */
void *mcache_alloc_next(struct mcache *m, unsigned span_class);

/*
 * The slow path of allocation: makes a word of free slots current and takes one.
 * NULL when the OS refuses. May sweep. *dirty as in the slot.
 */
void *mcache_alloc_slow(struct mcache *m, unsigned span_class);

/* Takes the lowest slot of a word that has one. */
static inline __attribute__((always_inline)) void *mcache_slot_take(struct mcache_slot *slot,
                                                                    uint64_t word)
{
	/* The distance within a group needs no more than 32 bits, nor a wider product. */
	uint32_t distance = (unsigned)__builtin_ctzll(word) * slot->elem_bytes;
	*slot->word = word & (word - 1);
	return (void *)(slot->group_base + distance);
}

/* Sweeps one span of any class; false when none is left. Inside the heap, between operations. */
bool mcache_sweep_one(struct mcache *m);

/*
 * Sweeps this span unless it is swept; waits for whoever has it in hand. It may be gone then.
 * Inside the heap.
 */
void mcache_sweep_span(struct mcache *m, struct span *s);

/* Takes a slot of a class; NULL when the OS refuses. */
static inline void *mcache_alloc(struct mcache *m, unsigned span_class)
{
	struct mcache_slot *slot = &m->slots[span_class];
	uint64_t word = *slot->word;
	if (__builtin_expect(word == 0, 0))
		return mcache_alloc_slow(m, span_class);
	return mcache_slot_take(slot, word);
}

enum mcache_free_result { MCACHE_FREED, MCACHE_DOUBLE_FREE };

/* Frees a small object, wherever its span is. */
enum mcache_free_result mcache_free(struct mcache *m, struct span *s, unsigned index);

/*
 * The fast path of the same for malloc's objects: p starts one, in a span that m owns, and
 * no span table is read. False: nothing is done. True: the caller counts s->until_turn down,
 * and calls mcache_span_turned when that is 0.
 * Of the product of offset and magic the upper half is the object's index, and the lower half
 * is less than magic exactly where the offset is that of an object's start (sizeclass.h).
 */
static inline __attribute__((always_inline)) bool mcache_free_quick(struct mcache *m,
                                                                    struct span *s, uintptr_t p)
{
	uint64_t product = (p - s->base) * s->magic;
	uint32_t index = (uint32_t)(product >> 32);
	if (__builtin_expect((uint32_t)product >= s->magic, 0) ||
	    __builtin_expect(index >= s->quick_nelems, 0) ||
	    __builtin_expect(atomic_load_explicit(&s->owner, memory_order_relaxed) != m->ticket, 0))
		return false;
	struct span_group *group = &s->groups[product >> 38];
	uint64_t free = group->free;
	if (__builtin_expect(bits_get_in(free | group->cached, index), 0))
		return false;
	group->free = bits_with(free, index);
	m->counts.nfree[s->span_class]++;
	return true;
}

/*
 * The same for an object of another's span, where a parcel with its group is open: so it is
 * not the thread's, and no span table is read. Does not look at the group itself, which its
 * owner may be writing to.
 */
static inline __attribute__((always_inline)) bool mcache_free_into_parcel(struct mcache *m,
                                                                          struct span *s,
                                                                          uintptr_t p)
{
	uint64_t product = (p - s->base) * s->magic;
	uint32_t index = (uint32_t)(product >> 32);
	struct mcache_parcel *parcel = &m->parcels[s->size_class];
	struct span_group *group = &s->groups[product >> 38];
	if ((uint32_t)product >= s->magic || index >= s->quick_nelems || parcel->group != group ||
	    parcel->bytes >= MCACHE_PARCEL_BYTES_MAX)
		return false;
	uint64_t before = parcel->slots | parcel->known_free;
	uint64_t after = before | (uint64_t)1 << (index & 63);
	if (after == before)
		return false;
	parcel->slots = after ^ parcel->known_free;
	parcel->bytes += (uint32_t)s->elem_bytes;
	m->counts.nfree[s->span_class]++;
	return true;
}

/* A span that m owns has so many free slots now that it may belong into another list. */
void mcache_span_turned(struct mcache *m, struct span *s);

/*
 * What mcache_free_quick leaves: frees into spans of others, and all while a span table is
 * read. False: nothing is done, heap_free knows why.
 */
bool mcache_free_plain(struct mcache *m, struct span *s, uintptr_t p);

/*
 * Hands over what the thread freed of others' objects. Until then no word of the span knows.
 * Inside the heap, or the world stopped and no span table cut.
 */
void mcache_hand_over(struct mcache *m);

/*
 * Whether the object is allocated. An object that the program may use is never said to be
 * free; one that another thread is just freeing may be said to be allocated.
 */
bool mcache_is_allocated(struct span *s, unsigned index);

/* Hands explicit frees in to heap_live; of malloc's those that some slow path has credited. */
void mcache_settle_live(struct mcache *m);

/* All that heap_live does not know yet, and of it *scan_bytes that heap_scan does not. World stopped. */
int64_t mcache_freed_live(const struct mcache *m, int64_t *scan_bytes);

/*
 * The world is stopped, a new mark phase begins: gives all words back; ownership ends
 * when sweepgen moves on. Remote frees are folded once all caches are flushed.
 */
void mcache_flush(struct mcache *m);

/*
 * The world is stopped and span_marking was set: what will be allocated from the words and
 * the tiny block that the cache holds is marked, as that from later ones will be.
 */
void mcache_mark_new(struct mcache *m);

/*
 * The world is stopped for a span table (spantable.h): hands over and counts the cached slots. From
 * now on frees take the slow path, which looks whether the table is read still.
 */
void mcache_cut(struct mcache *m);

/*
 * A number that changes with whatever the thread does with its cache, and whether there is
 * anything in it to give back. May be read while the thread goes on.
 */
uint64_t mcache_activity(const struct mcache *m, bool *holds);

/*
 * The thread ends, or is idle (idle.h): spans go to the central lists, counts to *ended. Nothing
 * of it is in use until mcache_open. Inside the heap.
 */
void mcache_close(struct mcache *m, struct mcache_counts *ended);

void mcache_counts_add(struct mcache_counts *to, const struct mcache_counts *from);

#endif
