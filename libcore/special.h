/*
 * special.h - what is attached to single objects: finalizers.
 *
 * A special belongs to one object of one span and stands in the span's list, in
 * the order of objects. When the sweep finds the object unmarked, the special moves
 * to the queue of finalizers to run, and the object lives one cycle longer.
 * While a special exists, its object's content and `arg` are roots (mark.c), but
 * the object is not: so of A pointing to B only A is found dead (Go's rule).
 *
 * Lock: one lock guards lists and queue; taken inside the heap, no lock is taken
 * under it but sysmem's.
 */
#ifndef SPECIAL_H
#define SPECIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

struct special {
	struct special *next;    /* in the span's list, the queue or the free list */
	uintptr_t object;        /* its start */
	void (*fn)(void *object, void *arg);
	void *arg;
};

/* Sets or replaces (fn NULL: removes) the finalizer of an object. false: no memory. */
bool special_set(struct span *s, uintptr_t object, void (*fn)(void *, void *), void *arg);

/* Takes the object's finalizer away; false when it has none. */
bool special_take(struct span *s, uintptr_t object, struct special *out);

/*
 * The sweep's part: marks each unmarked object of s that has a finalizer and
 * queues that. Returns how many.
 */
unsigned special_sweep(struct span *s);

/* Calls visit for each special attached, then for each queued or running one. World stopped. */
void special_visit_attached(void (*visit)(void *arg, struct span *s, const struct special *), void *arg);
void special_visit_queued(void (*visit)(void *arg, const struct special *), void *arg);

/*
 * The finalizer thread's part: takes the oldest queued finalizer, which stays a
 * root as the running one until the next call. false: the queue is empty.
 */
bool special_run_next(struct special *out);
bool special_queue_empty(void);

/* In a forked child: what was running in the parent's thread is not run again. */
void special_after_fork(void);

#endif
