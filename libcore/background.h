/*
 * background.h - the runtime's own threads: one that marks beside the program, sweeps,
 * scavenges and starts the two-minute cycle, and the mark workers that help it.
 *
 * They start at the first cycle, block all signals and run on stack spans.
 */
#ifndef BACKGROUND_H
#define BACKGROUND_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Starts what is not running yet; returns the mark workers there are. Where a
 * thread is refused the work is done by the threads that allocate. Outside the heap.
 */
unsigned background_start(void);

/* Whether the background thread runs. */
bool background_is_started(void);

/* Tells the background thread that there is something to do. Any thread, never blocks. */
void background_wake(void);

/* Wakes the mark workers for the mark_run that is about to begin. */
void background_help_mark(void);

/*
 * CPU time of the background thread since the last call, as far as it has told: after each round
 * of its work, and where it calls background_tell_cpu, which is for this thread only.
 */
uint64_t background_cpu_ns_take(void);
void background_tell_cpu(void);

void background_after_fork(void);

#endif
