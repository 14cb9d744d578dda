/*
 * counters.h - the figures that several threads change: what the pacer steers by.
 *
 * heap_live: bytes that the collector believes live; raised when a cache takes a
 * span, by all its free slots at once, lowered by explicit frees (Go's meaning, see
 * runtime.mstats). heap_scan: the part of it that has to be scanned. Both are
 * signed because a thread's explicit frees are handed in late.
 *
 * Per-class counts are kept by each thread (mcache.h); those of ended threads are
 * added up here, under the stopped world or inside the heap with `ended_lock`.
 */
#ifndef COUNTERS_H
#define COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

#include "lock.h"

struct counters {
	_Atomic int64_t heap_live;
	_Atomic int64_t heap_scan;
	_Atomic uint64_t gc_trigger; /* a cycle is due when heap_live reaches it */
	_Atomic int64_t shrink_trigger; /* counters_shrunk is due when it falls below this */
};

extern struct counters counters;

/* Of shrink_trigger. 0 would not do: one thread may settle its frees before another what it took. */
#define COUNTERS_NEVER INT64_MIN

/* Called inside the heap, never blocks. Set once. */
extern void (*counters_shrunk)(void);

static inline void counters_live_add(int64_t bytes, int scanned)
{
	atomic_fetch_add_explicit(&counters.heap_live, bytes, memory_order_relaxed);
	if (scanned)
		atomic_fetch_add_explicit(&counters.heap_scan, bytes, memory_order_relaxed);
}

/* Objects were freed explicitly. Inside the heap. */
static inline void counters_live_sub(int64_t bytes, int64_t scanned_bytes)
{
	int64_t live = atomic_fetch_sub_explicit(&counters.heap_live, bytes, memory_order_relaxed);
	atomic_fetch_sub_explicit(&counters.heap_scan, scanned_bytes, memory_order_relaxed);
	if (__builtin_expect(live - bytes <
	                     atomic_load_explicit(&counters.shrink_trigger, memory_order_relaxed), 0))
		counters_shrunk();
}

#endif
