/*
 * stackspan.h - spans that are stacks: of the program's fibers and of the runtime's
 * own threads. They leave HeapSys and HeapInuse and count in StackInuse.
 *
 * Lock: one lock guards the list; sp is written by any thread inside the heap, read by the marker.
 */
#ifndef STACKSPAN_H
#define STACKSPAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct span;

/* At least `bytes` bytes; NULL when the OS refuses. Inside the heap. */
struct span *stackspan_new(size_t bytes);
void stackspan_free(struct span *s);

/*
 * From now on [sp, end) is the live part; 0: all that is resident. false: sp is outside. Inside
 * the heap, so that a stop finds the part and what is noted of it together.
 */
bool stackspan_set_sp(struct span *s, uintptr_t sp);

/* Calls visit for the live part of each stack span, touched or not. World stopped. */
void stackspan_visit(void (*visit)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

/*
 * The same for those alone whose live part grew since the last call of either: there may be what
 * was written before, while nobody had to read it. World stopped.
 */
void stackspan_visit_grown(void (*visit)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

#endif
