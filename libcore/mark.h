/*
 * mark.h - finding what is reachable, with several workers, without recursion.
 *
 * An object is marked when its bit is set and then waits in a queue of buffers
 * until it is scanned: each word of it that leads into an allocated object of the
 * heap, at its start or inside, marks that one. Pointer-free objects are marked and
 * never queued. The queue's memory is bounded: when it is full, the span of an
 * object that cannot be queued is noted, and its marked objects are scanned once
 * the queue is empty.
 *
 * Stopped marking: the world is stopped and all caches are flushed from mark_begin to
 * mark_end. Marking beside the program (cycle.c): roots are read in a stop, with mark_now,
 * and what they lead to is marked by mark_run while the program runs. It sets the bits of
 * new objects itself (span_marking) and frees no span. Pages that it writes to meanwhile are
 * scanned again (mark_add_written), the last of them, and the roots, in a second stop.
 */
#ifndef MARK_H
#define MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARK_WORKERS_MAX = 64 };

struct mark_totals {
	uint64_t marked_bytes;    /* of objects reached */
	uint64_t scan_bytes;      /* the part of them that may hold pointers */
	uint64_t cpu_first_ns;    /* of the thread that runs the cycle */
	uint64_t cpu_helpers_ns;  /* of mark_help */
	uint64_t cpu_assist_ns;   /* of mark_assist */
	uint64_t objects;
};

/* Starts a mark phase; roots are added after it. false: no memory for the queues. */
bool mark_begin(void);

/* A range whose aligned words are roots, read by the next mark_run. */
void mark_add_root(uintptr_t lo, uintptr_t hi);

/* The same, read now; what it leads to is marked, and waits for mark_run. */
void mark_now(uintptr_t lo, uintptr_t hi);

/*
 * Pages of the heap: the marked objects and stacks there are scanned by the next mark_run. Any
 * worker.
 */
void mark_add_written(uintptr_t lo, uintptr_t hi);

/* What the heap itself holds as roots: uncollectable objects, stack spans, finalizers, handles. */
void mark_add_heap_roots(void);

/* The same without the uncollectable objects, which are then reached or not, as any other. */
void mark_add_heap_roots_but_uncollectable(void);

/* Of these, the stack spans whose live part has grown since, written or not. World stopped. */
void mark_add_grown_stacks(void);

/*
 * Work of another kind: the next mark_run calls fetch for the range, in any of its threads.
 * What that adds waits for the mark_run after it.
 */
typedef void mark_fetch(uintptr_t lo, uintptr_t hi);
void mark_add_fetch(mark_fetch *fetch, uintptr_t lo, uintptr_t hi);

/* Notes which spans are marked wholly by now: pointers to them need not be followed again. */
void mark_settle(void);

/* The object at the address and all that it leads to, at once, by the calling thread alone. */
void mark_reach(uintptr_t object);

/*
 * Marks all that the roots lead to. The calling thread is worker 0; with helpers above 0
 * wake_helpers tells other threads to call mark_help: so many may join, none has to.
 */
void mark_run(unsigned helpers, void (*wake_helpers)(void));

/* A helper's part of one mark_run; returns when nothing is left. */
void mark_help(unsigned worker);

/*
 * A thread of the program scans about as many bytes for a running mark_run and leaves
 * nothing in its own hands. 0 when there was nothing to do. Inside the heap.
 */
size_t mark_assist(size_t bytes);

/* Scanned so far in this phase; roots and written pages are not counted. */
uint64_t mark_scanned_bytes(void);

/*
 * Stops the program with a message unless everything that a marked object leads to is marked.
 * Reads the whole heap. World stopped, all caches flushed, marking done.
 */
void mark_check(void);

static inline void mark_check_in_debug_builds(void)
{
#ifdef MEMSPAN_CHECKS
	mark_check();
#endif
}

/* World stopped. mark_forget_pointers is to follow, when the program runs again. */
struct mark_totals mark_end(void);

/* What mark_end left to be cleared before the next phase: milliseconds for a GiB. */
void mark_forget_pointers(void);

/* Forgets what was marked, where no sweep does. World stopped. */
void mark_clear(void);

/* In a forked child; if its parent was marking, all of that is forgotten. */
void mark_after_fork(bool marking);

#endif
