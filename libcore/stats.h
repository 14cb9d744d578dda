/*
 * stats.h - the counters put together as Go's structs.
 *
 * They are read in the stopped world or with the heap closed (world.h), so that no other
 * thread is inside the heap: then every identity of Go's documentation holds, and they agree
 * to the byte with the span table (spantable.h) that is cut in the same stop.
 */
#ifndef STATS_H
#define STATS_H

#include <stddef.h>
#include <stdint.h>

#include "memspan.h"

/* World stopped, or heap closed. */
void stats_read(memspan_mstats *out);

/* The public struct from the internal one. */
void stats_publish(const memspan_mstats *in, memspan_mem_stats *out);

/* What the runtime took from the OS beside the heap. */
uint64_t stats_metadata_bytes(void);

/* Counts of threads that ended. Inside the heap. */
struct mcache;
void stats_thread_ended(struct mcache *m);

/* Proves that a walk over all spans gives the counters; aborts if not. World stopped. */
void stats_check(void);

static inline void stats_check_in_debug_builds(void)
{
#ifdef MEMSPAN_CHECKS
	stats_check();
#endif
}

#endif
