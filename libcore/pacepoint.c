/* pacepoint.c - see pacepoint.h. */
#include "pacepoint.h"

#include "background.h"
#include "counters.h"
#include "cycle.h"
#include "lock.h"
#include "recorder_link.h"
#include "span.h"

static const int64_t SHRINK_WORTH_BYTES = 4 << 20; /* the pacer's least heap, too */

static struct {
	bool enabled;
	struct lock lock;
	uint32_t count;        /* lock held */
	_Atomic bool shrunk;   /* for the background to look at */
} pacepoint;

static void heap_has_shrunk(void)
{
	atomic_store_explicit(&counters.shrink_trigger, COUNTERS_NEVER, memory_order_relaxed);
	atomic_store(&pacepoint.shrunk, true);
	background_wake();
}

void pacepoint_enable(void)
{
	pacepoint.enabled = true;
	span_dies_of_double_free = true;
	counters_shrunk = heap_has_shrunk;
}

bool pacepoint_stands_for_cycle(void)
{
	return pacepoint.enabled && __atomic_load_n(&span_totals.collectable, __ATOMIC_RELAXED) == 0;
}

/* The heap may grow by the percentage; the way back from there is where it has shrunk as much. */
static void set_shrink_trigger(int64_t live_bytes, int percent)
{
	int64_t trigger = COUNTERS_NEVER;
	if (percent > 0 && live_bytes >= SHRINK_WORTH_BYTES)
		trigger = (int64_t)((double)live_bytes * 100 / (100 + percent));
	atomic_store_explicit(&counters.shrink_trigger, trigger, memory_order_relaxed);
}

static void reach(enum recorder_reason reason)
{
	int percent;
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	/* Starting a thread allocates, and so may come here again; so may a snapshot's taker. */
	if (!lock_try(&pacepoint.lock))
		return;
	if (cycle_pace_without(live > 0 ? (uint64_t)live : 0, &percent)) {
		set_shrink_trigger(live, percent);
		background_start();
		recorder_link_pace_point(reason, ++pacepoint.count);
	}
	lock_release(&pacepoint.lock);
}

void pacepoint_reached(void)
{
	reach(RECORDER_PACER);
}

void pacepoint_look_for_shrink(void)
{
	if (pacepoint.enabled && atomic_exchange(&pacepoint.shrunk, false) &&
	    pacepoint_stands_for_cycle())
		reach(RECORDER_SHRINK);
}

void pacepoint_look_at_use(void)
{
	uint64_t inuse = __atomic_load_n(&span_totals.inuse_pages, __ATOMIC_RELAXED) * PAGE_BYTES;
	uint64_t last = __atomic_load_n(&cycle_figures.last_heap_inuse, __ATOMIC_RELAXED);
	if (pacepoint.enabled && last >= inuse + SHRINK_WORTH_BYTES)
		atomic_store(&pacepoint.shrunk, true);
}

void pacepoint_after_fork(void)
{
	pacepoint.lock = (struct lock){0};
}
