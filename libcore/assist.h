/*
 * assist.h - what a thread that allocates does for the collector that runs beside it.
 *
 * While it is marked the program must not allocate faster than marking comes on: who allocates
 * marks too, as Go's assists do. Where the heap outgrows its goal all the same, because what is
 * left holds no pointers, or the collector gets no processor, who allocates waits: the longer the
 * further the heap is above. From shortly before the last stop on threads stand by until it is
 * over, so that it finds less to do. Whoever waits here counts as stopped.
 *
 * The first two are for threads of the program, outside the heap; the others for the one that runs
 * the cycle.
 */
#ifndef ASSIST_H
#define ASSIST_H

#include <stdbool.h>
#include <stdint.h>

/* While it is marked, and the trigger is reached. by_limit: the memory limit set the goal. */
void assist_mark(bool by_limit);

/* When a cycle is wanted and marks nothing yet. */
void assist_wait(bool by_limit);

/*
 * The first stop: so much lives, and marking has so much to scan, as far as is known; the program
 * has so many threads.
 */
void assist_begin(int64_t live_bytes, uint64_t scan_bytes, unsigned threads);

/* Threads that allocate stand by from here until the last stop is over: it is soon. */
void assist_set_closing(bool closing);

/* A cycle ended; or was given up, and time after time nobody is to wait for that. */
void assist_cycle_ended(void);
void assist_cycle_given_up(void);

void assist_after_fork(void);

#endif
