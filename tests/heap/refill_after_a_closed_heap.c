/*
 * A fast path that finds the heap closed goes the way of one whose cached slots are used up. If
 * the heap is open again when it comes there, they are not: none of them may be lost.
 *
 * What such a thread does is done here by hand, with the heap's internals.
 */
#include <memspan.h>
#include <stdint.h>

#include "../libcore/check.h"
#include "mcache.h"
#include "stats.h"
#include "thread.h"
#include "world.h"

enum { BYTES = 64 };

static void refill(void)
{
	struct thread *t = thread_self();
	thread_enter(t);
	check(mcache_alloc_next(&t->mcache, span_class(SPAN_SCAN, sizeclass_of(BYTES))) != NULL);
	thread_leave(t);
}

int main(void)
{
	memspan_mstats before, after;
	struct world_stop stop;
	check(memspan_alloc(BYTES) != NULL); /* slots are cached */
	memspan_read_mstats(&before);
	refill();
	memspan_read_mstats(&after);
	check(after.nmalloc == before.nmalloc + 1 && after.heap_alloc == before.heap_alloc + BYTES);
	check(world_stop(&stop));
	stats_check(); /* ends the process where the spans say otherwise */
	world_start();
	return 0;
}
