/*
 * span.h - a run of pages that holds objects of one size, or one stack.
 *
 * A span's structure lives outside the heap, is never unmapped and is used again
 * only for spans with as many bit words, so a stale pointer to it can be read. A thread that
 * freed into the span may even come late and push a span that is gone: the structure keeps
 * its place on a stack from one span to the next, and who pops it looks what it is now.
 * Behind the structure stand four words for each group of 64 objects:
 *
 *   free    set: the slot is free and not cached
 *   cached  set: the slot is free, and the owner allocates from this group (mcache.h)
 *   mark    set by the marker: reached in this cycle; cleared by the sweep
 *   remote  set atomically by a thread that freed an object it does not own
 *
 * Invariant, outside any heap operation:
 *   nelems = allocated + popcount(free) + popcount(remote) + popcount(cached) + those in the
 *            parcels of threads that freed them (mcache.h)
 *   span_free_count = popcount(free);  free, cached and remote have no slot in common;
 *   cached is 0 but in the group `group`
 *
 * Ownership: who holds the ticket `owner` (span_ticket) may change free, cached, counts,
 * group and its list links; it ends by itself when span_sweepgen moves on. Without an owner
 * the central list's lock guards them; a thread that claimed the span for sweeping (sweep.h)
 * has it to itself, and with owner SPAN_IN_HAND still has once it is swept, until it has put
 * it where it belongs.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "pageheap.h"
#include "sizeclass.h"

struct mcache;
struct special;

enum span_kind {
	SPAN_SCAN = 0,    /* every aligned word may be a pointer */
	SPAN_NOSCAN,      /* no pointers */
	SPAN_TYPED,       /* the last word of each slot names the object's memspan_type */
	SPAN_TINY,        /* blocks shared by pointer-free objects under 16 bytes */
	SPAN_ROOT,        /* uncollectable: each object is a root */
	SPAN_KINDS,
};

enum { SPAN_CLASSES = SPAN_KINDS * SIZECLASS_COUNT, SPAN_GROUP_NONE = 0xffff };

/* The index of a kind and size class in a cache and in the central lists. */
static inline unsigned span_class(enum span_kind kind, unsigned size_class)
{
	return kind * SIZECLASS_COUNT + size_class;
}

static inline bool span_kind_is_noscan(enum span_kind kind)
{
	return kind == SPAN_NOSCAN || kind == SPAN_TINY;
}

/* What `owner` is instead of a ticket, and what a cache's ticket is that must match no span's. */
enum { SPAN_NOBODYS = 0, SPAN_IN_HAND = 1, SPAN_NO_TICKET = 3 };

/* 64 objects of a span. */
struct span_group {
	uint64_t free, cached;
	_Atomic uint64_t mark, remote;
};

enum span_state { SPAN_DEAD = 0, SPAN_INUSE, SPAN_STACK };

struct span {
	/* Kept when the structure is used again. */
	struct span *remote_next;
	_Atomic uintptr_t owner;    /* a ticket; SPAN_IN_HAND while there is no span */
	_Atomic bool remote_queued; /* on a stack of spans with remote frees */

	/* What a free looks at is in one cache line, and its group's words in one. */
	uint8_t size_class;
	uint8_t kind;             /* enum span_kind */
	_Atomic uint8_t state;    /* enum span_state */
	/* The mark queue overflowed: scan its marked objects again. A stack: its live part grew. */
	_Atomic uint8_t rescan;
	bool dirty;               /* free slots may hold old content; see span_is_dirty */
	bool listed;              /* in the partial list of its owner or of the central list */
	bool kept_empty;          /* empty, and in its owner's partial list all the same */
	uintptr_t base;
	size_t elem_bytes;        /* npages * PAGE_BYTES for large objects and stacks */
	uint32_t magic;           /* sizeclass_magic; 0 for one object */
	uint32_t quick_nelems;    /* nelems of malloc's small objects without specials, else 0 */
	uint16_t until_turn;      /* so many frees from now span_free_count is turn_count */
	uint16_t turn_count;      /* with which the span's list may change */
	uint16_t nelems;          /* 0 for a stack */
	uint16_t group;           /* the one that the owner allocates from, or SPAN_GROUP_NONE */
	uint16_t span_class;

	uint16_t words;           /* groups */
	_Atomic uint32_t sweepgen;
	uint32_t born_gc;
	uint16_t taken_count;     /* slots that were cached, while the span is not dirty */
	uint16_t charged_count;   /* free slots that are in heap_live: of its owner's current span */
	bool filled;              /* free slots hold a pattern (fill.h) */
	bool gone_around;         /* its owner has allocated from all its groups, the first again */
	uint32_t special_place;   /* in special.c's table, from 1; 0: it is not there */
	size_t npages;
	struct span *all_next, *all_prev;   /* central list of all spans of the class */
	struct span *link_next, *link_prev; /* owner's full or partial list, or central partial */
	union {
		struct special *specials; /* sorted by address; guarded by special.c */
		uintptr_t stack_sp;       /* a stack: where its live part begins, 0 for unknown */
	};
	_Alignas(64) struct span_group groups[];
};

static inline uint64_t *span_free_word(struct span *s, size_t w)
{
	return &s->groups[w].free;
}

static inline _Atomic uint64_t *span_mark_word(struct span *s, size_t w)
{
	return &s->groups[w].mark;
}

static inline _Atomic uint64_t *span_remote_word(struct span *s, size_t w)
{
	return &s->groups[w].remote;
}

/* The slots of a group that some word says to be free. Whoever else has the span goes on. */
static inline uint64_t span_group_free(const struct span_group *group)
{
	return __atomic_load_n(&group->free, __ATOMIC_RELAXED) |
	       __atomic_load_n(&group->cached, __ATOMIC_RELAXED) |
	       atomic_load_explicit(&group->remote, memory_order_relaxed);
}

/* The free slots that are cached. World stopped, or a span of one's own. */
static inline uint64_t span_cached(const struct span *s)
{
	return s->group == SPAN_GROUP_NONE ? 0 : s->groups[s->group].cached;
}

static inline unsigned span_free_count(const struct span *s)
{
	return (uint16_t)(s->turn_count - s->until_turn);
}

static inline void span_set_free_count(struct span *s, unsigned count)
{
	s->until_turn = (uint16_t)(s->turn_count - count);
}

static inline void span_set_turn_count(struct span *s, unsigned turn_count)
{
	unsigned count = span_free_count(s);
	s->turn_count = (uint16_t)turn_count;
	span_set_free_count(s, count);
}

/* Whether free slots may hold old content: as soon as one that was taken is free again. */
static inline bool span_is_dirty(const struct span *s)
{
	return s->dirty || span_free_count(s) + s->taken_count != s->nelems;
}

/* The object that p, a pointer into the span, points into; may be nelems (tail waste). */
static inline unsigned span_index(const struct span *s, uintptr_t p)
{
	return (unsigned)(((uint64_t)(p - s->base) * s->magic) >> 32);
}

static inline uintptr_t span_object(const struct span *s, unsigned index)
{
	return s->base + (uintptr_t)index * s->elem_bytes;
}

static inline bool span_noscan(const struct span *s)
{
	return span_kind_is_noscan((enum span_kind)s->kind);
}

static inline unsigned span_class_of(const struct span *s)
{
	return s->span_class;
}

/* The sweep generation: a span is swept when its own equals it; +2 each cycle, world stopped. */
extern _Atomic uint32_t span_sweepgen __attribute__((visibility("hidden")));
/* Cycles finished, for born_gc. Changed in the stopped world. */
extern _Atomic uint32_t span_gc_num;

static inline bool span_is_swept(const struct span *s)
{
	return atomic_load_explicit(&s->sweepgen, memory_order_acquire) ==
	       atomic_load_explicit(&span_sweepgen, memory_order_relaxed);
}

/*
 * A cache and the generation in which it owns, in one number: the cache's address, which is
 * a multiple of 32, and the low bits of the generation. No span is more than one behind.
 */
enum { SPAN_TICKET_GENERATION = 0x1e };

static inline uintptr_t span_ticket(const struct mcache *cache)
{
	return (uintptr_t)cache | (atomic_load_explicit(&span_sweepgen, memory_order_relaxed) &
	                           SPAN_TICKET_GENERATION);
}

/* Whether this cache may change the span's free bits without a lock. */
static inline bool span_owned_by(const struct span *s, const struct mcache *cache)
{
	return atomic_load_explicit(&s->owner, memory_order_relaxed) == span_ticket(cache);
}

/* Who may; NULL: nobody. */
static inline struct mcache *span_owner(const struct span *s)
{
	uintptr_t ticket = atomic_load_explicit(&s->owner, memory_order_relaxed);
	struct mcache *cache = (struct mcache *)(ticket & ~(uintptr_t)(SPAN_TICKET_GENERATION | 1));
	return cache && ticket == span_ticket(cache) ? cache : NULL;
}

/*
 * Marking goes on while the program runs: what is allocated is marked, and no span of
 * objects is freed, nor any structure used again. Changed in the stopped world.
 */
extern bool span_marking __attribute__((visibility("hidden")));

/* An object of the span is marked (pageheap.h). */
static inline void span_note_marked(const struct span *s)
{
	pageheap_note_marked(s->base, s->nelems * s->elem_bytes);
}

/* New objects of a group are marked from the start. Inside the heap. */
static inline void span_mark_new(struct span *s, unsigned w, uint64_t slots)
{
	if (__builtin_expect(span_marking, 0)) {
		atomic_fetch_or_explicit(span_mark_word(s, w), slots, memory_order_relaxed);
		span_note_marked(s);
	}
}

/* Before a count of the span changes, or the group that its owner allocates from. */
static inline void span_will_change(const struct span *s)
{
	pageheap_will_change(s->base, 1);
}

struct span_totals {
	uint64_t inuse_pages, stack_pages; /* by state */
	uint64_t struct_bytes;             /* of span structures in use */
	uint64_t count;                    /* spans, stacks included */
	uint64_t collectable;              /* spans whose objects a cycle may free */
};
/* Guarded by pageheap.lock. */
extern struct span_totals span_totals;

/*
 * Frees that were counted and were none: two threads freed an object, and the second could
 * not know. Of malloc's blocks that ends the process, where span_dies_of_double_free is set.
 */
extern _Atomic uint64_t span_freed_twice[SPAN_CLASSES];
extern bool span_dies_of_double_free;

/*
 * A span for objects of a size class (0: one object of `pages` pages) or, with
 * state SPAN_STACK, a stack. Swept, empty, SPAN_IN_HAND and in no list. NULL when
 * the OS refuses.
 */
struct span *span_new(enum span_state state, enum span_kind kind, unsigned size_class,
                      size_t pages, size_t align_pages);

/*
 * Makes a span of one object longer or shorter where it is; false when the pages behind it
 * are not free. The caller has the object to itself, inside the heap.
 */
bool span_resize(struct span *s, size_t pages);

/* Marking has ended: structures given back meanwhile may be used again. World stopped. */
void span_reuse_structures(void);

/* Gives pages and structure back. The span is in no list and holds no object. */
void span_free(struct span *s);

/* Says and counts that these slots of a group were freed twice. */
void span_freed_by_two(struct span *s, unsigned w, uint64_t slots);

/*
 * Moves the remote bits into the free bits; returns how many. Reports and counts a slot
 * that was free already. Caller may change the free bits.
 */
unsigned span_fold_remote(struct span *s);

/* Objects allocated, when so many slots are cached. Exact in a stopped world. */
unsigned span_alloc_count(struct span *s, unsigned cached_count);

/* Proves the invariant above; aborts with the span's description if it does not hold. */
void span_check(struct span *s);

#endif
