/*
 * sweep.h - turning the marks of a cycle into free slots, a span at a time.
 *
 * A span's sweepgen is span_sweepgen - 2: needs sweep, - 1: being swept by the
 * thread that claimed it, equal: swept. sweep_left counts spans of the first two
 * states; the thread that brings it to zero ends the cycle's sweep.
 */
#ifndef SWEEP_H
#define SWEEP_H

#include <stdbool.h>
#include <stdint.h>

#include "span.h"

extern _Atomic int64_t sweep_left;

/* Takes an unswept span for oneself; false when it is swept or another has it. */
bool sweep_claim(struct span *s);

/*
 * Sweeps a claimed span: folds remote frees in, frees what is not marked, clears
 * the marks, ends the ownership, publishes it as swept. The span stays in the caller's
 * hand: mcentral_put or mcentral_adopt is next. Finalizers of dead objects
 * are queued. Returns the objects freed. Inside the heap.
 */
unsigned sweep_span(struct span *s);

/* Called (inside the heap) by the thread that swept the last span. Set once. */
extern void (*sweep_ended)(void);
/* Called when finalizers were queued. Set once. */
extern void (*sweep_queued_finalizers)(void);

#endif
