/*
 * cycle.h - one collection from its reason to its last swept span.
 *
 * Beside the program: where writes can be tracked and the heap is not small, the
 * background thread runs it. A first stop reads the roots, the program runs on while what
 * they lead to is marked and what it wrote meanwhile is scanned again, in rounds, and a last
 * stop ends it. Threads that allocate faster than the pace allows help to mark.
 * Stopped: the thread that asks for a cycle stops the world and marks in one go, with the
 * help of the mark workers.
 *
 * Either way the sweep of the cycle before is finished first, and the next goal is set in
 * the last stop. Spans are swept afterwards: on refill, by the background thread, by
 * memspan_gc, at the latest by the next cycle. When the last one is swept the cycle is
 * closed: it is traced, reported to the recorder, and a snapshot is captured.
 *
 * Lock: cycle lock, one cycle or close at a time; acquired outside the heap. The
 * figures in cycle_figures change in the stopped world only.
 */
#ifndef CYCLE_H
#define CYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder.h"

struct cycle_figures {
	uint32_t numgc, numforcedgc;
	uint64_t pause_ns[256], pause_end[256];
	uint64_t pause_total_ns, last_gc_unix, last_gc_nanotime;
	uint64_t next_gc, last_next_gc, last_heap_inuse, heap_marked;
	double gc_cpu_fraction, trigger_ratio;
	uint64_t given_up;      /* cycles that a thread did not let begin */
};

extern struct cycle_figures cycle_figures;

/* How long without a cycle until the background runs one; tests shorten it. */
extern uint64_t cycle_period_ns;

/* Sets the first trigger; before any allocation. */
void cycle_init(int percent, int64_t limit_bytes);

/*
 * Runs a cycle now. RECORDER_GC and RECORDER_PERIODIC: only if it is still due when
 * the lock is held. RECORDER_FORCED and RECORDER_LIMIT: also sweeps all and closes it. False
 * when a thread could not be stopped. RECORDER_GC and RECORDER_LIMIT wait for another's cycle
 * a second at most, and then do nothing. Known thread, outside the heap.
 */
bool cycle_run(enum recorder_reason reason);

/* The background thread's part: runs the cycle that is wanted, if one is. */
void cycle_drive(void);
bool cycle_is_wanted(void);

/* A heap with less live is collected stopped; for tests, which try both. */
extern size_t cycle_beside_bytes_min;

/* Whether heap_live has reached the trigger. */
bool cycle_is_due(void);

/*
 * What stands for a cycle where nothing can be collected (pacepoint.h): the pace of the
 * next follows from what lives now, as if all of it had been marked, and so does what the
 * scavenger may retain. False when a cycle is under way. Known thread, outside the heap.
 */
bool cycle_pace_without(uint64_t live_bytes, int *percent);

/*
 * From here to cycle_let no cycle is under way: the last one is closed, none begins. False:
 * another's could not be waited for. Known thread, outside the heap.
 */
bool cycle_hold(void);
void cycle_let(void);

int cycle_set_percent(int percent);
int64_t cycle_set_limit(int64_t bytes);
int64_t cycle_limit(void);

/*
 * Where new objects came to pages that the OS had, and so passed the memory limit, idle pages
 * go back for them, as in Go. Outside the heap; cheap where there is nothing to do.
 */
void cycle_keep_limit(void);

/* The background's part: closes the cycle if its last span is swept. */
void cycle_close_if_swept(void);

void cycle_after_fork(void);

#endif
