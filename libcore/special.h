/*
 * special.h - what hangs on single objects: finalizers and weak references.
 *
 * A special belongs to one object of one span and stands in the span's list, in the
 * order of addresses, until it has run, is dropped or moved, or the object is dead.
 *
 * A finalizer: when the sweep finds the object unmarked, it enters the queue of
 * finalizers to run as well, and the object lives one cycle longer. While it is
 * attached, its object's content and `arg` are roots (mark.c), but the object is not:
 * so of A pointing to B only A is found dead (Go's rule). Queued ones and the one that
 * runs are roots with their object.
 *
 * A weak reference: `handle` is a word that holds the address, and 0 from the moment
 * when the object is found dead: before its finalizer is queued, and for ever, whatever
 * the finalizer does. The word is an object of the heap, kept by the special.
 *
 * Lock: one lock guards lists and queue; taken inside the heap, or by a marker. No lock is taken
 * under it but sysmem's and the marker's.
 */
#ifndef SPECIAL_H
#define SPECIAL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct special {
	struct special *next; /* in the span's list or the free list */
	uintptr_t address;    /* a finalizer: the object's start; a weak reference: in the object */
	void (*fn)(void *object, void *arg); /* NULL: a weak reference */
	union {
		void *arg;
		_Atomic uintptr_t *handle;
	};
	struct special *queue_next, **queue_link; /* queue_link NULL: not queued */
};

static inline bool special_is_weak(const struct special *sp)
{
	return !sp->fn;
}

/* Sets or replaces (fn NULL: removes) the finalizer of an object. false: no memory. */
bool special_set(struct span *s, uintptr_t object, void (*fn)(void *, void *), void *arg);

/*
 * The handle that leads to this address. If there is none `fresh` becomes it (NULL: stays
 * none). NULL: none, or no memory.
 */
_Atomic uintptr_t *special_handle(struct span *s, uintptr_t address, _Atomic uintptr_t *fresh);

/* Drops what hangs on [lo, hi) of the span, from the queue too; its handles are 0. */
void special_drop(struct span *s, uintptr_t lo, uintptr_t hi);

/*
 * The object at `from`, of span s, has moved to `to`, and has `bytes` there: what hangs on
 * it goes along, what hangs behind the bytes is dropped. false: no memory, nothing is done.
 */
bool special_move(struct span *s, uintptr_t from, struct span *target, uintptr_t to, size_t bytes);

/*
 * The sweep's part: clears and drops the weak references to unmarked objects of s, then
 * marks each of these that has a finalizer and queues that. Returns how many.
 */
unsigned special_sweep(struct span *s);

/*
 * The marker's part. Visits copies, with no lock held; the program may go on meanwhile. What is
 * attached or moved, or begins to run, while span_marking is set goes to special_shade instead,
 * with the lock held, and may be visited or not.
 */
typedef void special_visit(void *arg, struct span *s, const struct special *special);
extern void (*special_shade)(const struct special *special);

/* From the start: returns how many spans are to be visited. World stopped. */
size_t special_visit_begin(void);
/* Visits what hangs in one more span; false: there is none. Any worker. */
bool special_visit_next(special_visit *visit, void *arg);
/* Visits what hangs on the addresses [lo, hi) of a span. Any worker. */
void special_visit_between(struct span *s, uintptr_t lo, uintptr_t hi, special_visit *visit, void *arg);
/* The finalizer that runs; false: none does. World stopped. */
bool special_running(struct special *out);

/*
 * The finalizer thread's part: takes the oldest queued finalizer, which stays a
 * root as the running one until the next call. false: the queue is empty.
 */
bool special_run_next(struct special *out);
bool special_queue_empty(void);

/*
 * In a forked child: what was running in the parent's thread is not run again. The lock may
 * have been held by a marker, which only reads.
 */
void special_after_fork(void);

#endif
