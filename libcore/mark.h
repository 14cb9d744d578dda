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
 * The world is stopped and all caches are flushed from mark_begin to mark_end.
 */
#ifndef MARK_H
#define MARK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MARK_WORKERS_MAX = 64 };

struct mark_totals {
	uint64_t marked_bytes;  /* of objects reached */
	uint64_t scan_bytes;    /* the part of them that may hold pointers */
	uint64_t cpu_ns;        /* of all workers but the first */
	uint64_t cpu_first_ns;  /* of the first, the thread that runs the cycle */
	uint64_t objects;
};

/* Starts a mark phase; roots are added after it. false: no memory for the queues. */
bool mark_begin(void);

/* A range whose aligned words are roots. Before mark_run. */
void mark_add_root(uintptr_t lo, uintptr_t hi);

/*
 * Adds what the heap itself holds as roots (uncollectable objects, stack spans,
 * finalizers) and marks all that the roots lead to. The calling thread is worker 0;
 * wake_helpers tells other threads to call mark_help, but none has to come. NULL: alone.
 */
void mark_run(void (*wake_helpers)(void));

/* A helper's part of one mark_run; returns when nothing is left. */
void mark_help(unsigned worker);

struct mark_totals mark_end(void);

/* The bytes that the queues may take; for tests. 0: by the heap's size. */
extern size_t mark_queue_bytes_max;

#endif
