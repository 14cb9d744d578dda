/*
 * fake_recorder.h - recorder.h without a heap: a table of made-up spans that changes a
 * little with each cycle, so that the dumper can be tested alone.
 */
#ifndef FAKE_RECORDER_H
#define FAKE_RECORDER_H

#include "recorder.h"

/* Number of spans that captures hold from now on. */
void fake_spans_set(uint64_t count);

/* One cycle: reported, and captured if it is wanted. Does not wait for the writer. */
void fake_cycle(void);

/* What a thread's first use of the heap tells. */
void fake_heap_used(void);

/* Calls the handler of recorder_on_fork, as the heap does in the child. */
void fake_after_fork(void);

/* Captures and threads fail from now on. */
void fake_refuse_captures(bool refuse);
void fake_refuse_threads(bool refuse);

#endif
