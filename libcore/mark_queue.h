/*
 * mark_queue.h - objects that are marked and not yet scanned, in buffers that the markers
 * hand to each other.
 *
 * A marker fills and empties a buffer of its own; the queue holds those that nobody has in
 * hand, last in, first out, and the unused ones. They are mapped as they are needed, and kept: a
 * sixteenth of the heap at most.
 *
 * Invariant: a buffer is in one of the two lists, or in one marker's hand. Any thread; own lock.
 */
#ifndef MARK_QUEUE_H
#define MARK_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	MARK_BUFFER_BYTES = 4096,
	MARK_BUFFER_OBJECTS = (MARK_BUFFER_BYTES - 2 * sizeof(void *)) / sizeof(uintptr_t),
};

struct mark_buffer {
	struct mark_buffer *next;
	size_t count;
	uintptr_t objects[MARK_BUFFER_OBJECTS];
};

/* An empty buffer; NULL: there is no memory, or they take as much as they may. */
struct mark_buffer *mark_queue_new(void);

/* Takes back an empty one. */
void mark_queue_unused(struct mark_buffer *buffer);

/* Whoever has nothing to scan may have it. */
void mark_queue_put(struct mark_buffer *buffer);

/* One with objects; NULL for none. */
struct mark_buffer *mark_queue_take(void);

bool mark_queue_is_empty(void);

/* In a forked child. lost: the parent was marking, and what its markers had in hand is no more. */
void mark_queue_after_fork(bool lost);

/* The bytes that the buffers may take; for tests. 0: by the heap's size. */
extern size_t mark_queue_bytes_max;

#endif
