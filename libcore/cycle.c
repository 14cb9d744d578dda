/* cycle.c - see cycle.h. */
#include "cycle.h"

#include <string.h>

#include "background.h"
#include "counters.h"
#include "finalizer.h"
#include "lock.h"
#include "mark.h"
#include "mcache.h"
#include "mcentral.h"
#include "os.h"
#include "pacer.h"
#include "recorder_link.h"
#include "roots.h"
#include "scavenge.h"
#include "special.h"
#include "stats.h"
#include "sweep.h"
#include "sysmem.h"
#include "thread.h"
#include "trace.h"
#include "world.h"

enum {
	HELPERS_WORTH_BYTES = 1 << 20,
	STOP_RETRY_GROWTH = 16,
	/* Of who allocates, with another's cycle. */
	PATIENCE_NS = 20 * 1000 * 1000,
	PATIENCE_LIMIT_NS = 1000 * 1000 * 1000,
};

struct cycle_figures cycle_figures;
uint64_t cycle_period_ns = 120ull * 1000 * 1000 * 1000;

static struct {
	struct lock lock;
	int percent;
	int64_t limit_bytes;
	bool by_limit;            /* the limit set the goal that is in force */
	bool open;                /* marked, not yet closed */
	_Atomic bool swept;       /* the last span of the open cycle is swept */
	_Atomic unsigned sweep_class; /* where cycle_sweep_one looks first */
	uint64_t begun_ns;        /* when the process started to use the heap */
	uint64_t mark_end_ns;
	uint64_t last_cpu_ns;     /* of the thread that ran the last one, for the limit's CPU bound */
	uint64_t cpu_ns;          /* all collector CPU so far */
	struct recorder_cycle report;
} cycle;

/* ---- pacing ------------------------------------------------------------ */

static uint64_t mapped_bytes(void)
{
	uint64_t heap = pageheap_retained_pages() * PAGE_BYTES;
	return heap + stats_metadata_bytes() + thread_stack_bytes();
}

/* What is mapped and not in objects; free slots count, as they are not all used again. */
static uint64_t overhead_bytes(uint64_t objects)
{
	uint64_t heap = (span_totals.inuse_pages + span_totals.stack_pages) * PAGE_BYTES;
	uint64_t all = heap + stats_metadata_bytes() + thread_stack_bytes();
	return all > objects ? all - objects : 0;
}

static void set_pace(uint64_t marked, uint64_t stacks, uint64_t globals, uint64_t objects)
{
	struct pacer_input in = {
	    .percent = cycle.percent,
	    .limit_bytes = cycle.limit_bytes,
	    .marked_bytes = marked,
	    .stack_bytes = stacks,
	    .global_bytes = globals,
	    .overhead_bytes = overhead_bytes(objects),
	};
	struct pacer_output out = pacer_next(&in);
	cycle_figures.next_gc = out.goal;
	cycle_figures.trigger_ratio = out.trigger_ratio;
	cycle.by_limit = out.by_limit;
	atomic_store_explicit(&counters.gc_trigger, out.trigger, memory_order_relaxed);
}

bool cycle_is_due(void)
{
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	return live > 0 &&
	       (uint64_t)live >= atomic_load_explicit(&counters.gc_trigger, memory_order_relaxed);
}

/*
 * Near the limit a cycle may free little and be due again at once. It waits until as
 * much time has passed as the last one worked, so that the collector takes at most half of
 * the CPU. Time in which it waited for threads or for its turn does not count: the machine
 * may be busy, and the heap would pass the limit by as much.
 */
static bool limit_postpones(void)
{
	return cycle.by_limit && os_mono_ns() - cycle.mark_end_ns < cycle.last_cpu_ns;
}

/* The last cycle's figures with new settings. World stopped or nothing shared yet. */
static void repace(void)
{
	set_pace(cycle_figures.heap_marked, cycle.report.stack_bytes, cycle.report.global_bytes,
	         cycle_figures.heap_marked);
}

bool cycle_pace_without(uint64_t live_bytes, int *percent)
{
	struct thread *t = thread_self();
	if (!lock_try(&cycle.lock))
		return false;
	*percent = cycle.percent;
	thread_enter(t); /* a stopped world sees all of the new figures or none */
	cycle_figures.last_next_gc = cycle_figures.next_gc;
	cycle_figures.last_heap_inuse = span_totals.inuse_pages * PAGE_BYTES;
	set_pace(live_bytes, 0, 0, live_bytes);
	if (cycle.by_limit) /* which nothing can help to keep: the next point is due by growth */
		atomic_store_explicit(&counters.gc_trigger,
		                      live_bytes + live_bytes / STOP_RETRY_GROWTH + 1,
		                      memory_order_relaxed);
	scavenge_set_goal(cycle_figures.last_heap_inuse, cycle_figures.last_next_gc,
	                  cycle_figures.next_gc);
	thread_leave(t);
	lock_release(&cycle.lock);
	return true;
}

int cycle_set_percent(int percent)
{
	struct world_stop stop;
	lock_acquire(&cycle.lock);
	int former = cycle.percent < 0 ? -1 : cycle.percent;
	bool stopped = world_stop(&stop);
	cycle.percent = percent < 0 ? -1 : percent;
	repace();
	if (stopped)
		world_start();
	lock_release(&cycle.lock);
	return former;
}

int64_t cycle_set_limit(int64_t bytes)
{
	struct world_stop stop;
	lock_acquire(&cycle.lock);
	int64_t former = cycle.limit_bytes;
	if (bytes >= 0) {
		bool stopped = world_stop(&stop);
		__atomic_store_n(&cycle.limit_bytes, bytes, __ATOMIC_RELAXED);
		repace();
		if (stopped)
			world_start();
	}
	lock_release(&cycle.lock);
	return former;
}

int64_t cycle_limit(void)
{
	return __atomic_load_n(&cycle.limit_bytes, __ATOMIC_RELAXED);
}

/* ---- sweeping ---------------------------------------------------------- */

static void last_span_swept(void)
{
	atomic_store(&cycle.swept, true);
	background_wake();
}

void cycle_init(int percent, int64_t limit_bytes)
{
	sweep_ended = last_span_swept;
	sweep_queued_finalizers = finalizer_wake;
	cycle.percent = percent;
	cycle.limit_bytes = limit_bytes;
	cycle.begun_ns = os_mono_ns();
	set_pace(0, 0, 0, 0);
}

static void sweep_claimed(struct mcache *m, struct span *s)
{
	unsigned class = span_class_of(s);
	size_t bytes = s->elem_bytes;
	unsigned freed = sweep_span(s);
	m->counts.nfree[class] += freed;
	if (s->size_class == 0)
		m->counts.large_free_bytes += freed * bytes;
	mcentral_put(s);
}

void cycle_sweep_span(struct mcache *m, struct span *s)
{
	while (s->state == SPAN_INUSE &&
	       (!span_is_swept(s) || atomic_load(&s->owner) == SPAN_IN_HAND))
		if (sweep_claim(s))
			sweep_claimed(m, s);
}

bool cycle_sweep_one(struct mcache *m)
{
	unsigned class = atomic_load_explicit(&cycle.sweep_class, memory_order_relaxed);
	for (; class < SPAN_CLASSES; class++) {
		struct span *s = mcentral_claim_unswept(class);
		if (!s)
			continue;
		sweep_claimed(m, s);
		atomic_store_explicit(&cycle.sweep_class, class, memory_order_relaxed);
		return true;
	}
	return false;
}

static void sweep_all(void)
{
	struct thread *t = thread_self();
	bool more = true;
	while (more) {
		thread_enter(t);
		more = cycle_sweep_one(&t->mcache);
		thread_leave(t);
	}
	while (atomic_load(&sweep_left) > 0) /* claimed by others */
		os_yield();
	thread_enter(t);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		mcentral_drain(class);
	thread_leave(t);
}

static void begin_sweep(void)
{
	size_t spans = 0;
	atomic_fetch_add(&span_sweepgen, 2);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		spans += mcentral_begin_sweep(class);
	atomic_store(&cycle.sweep_class, 0);
	atomic_store(&sweep_left, (int64_t)spans);
	atomic_store(&cycle.swept, spans == 0);
}

/* Cycle lock held, all spans swept: the cycle is history. */
static void close_cycle(void)
{
	if (!cycle.open)
		return;
	cycle.open = false;
	cycle.report.sweep_ns = os_mono_ns() - cycle.mark_end_ns;
	trace_cycle(&cycle.report, os_cpu_count(), cycle_figures.gc_cpu_fraction, cycle.begun_ns);
	finalizer_start();
	recorder_link_cycle_closed(&cycle.report);
}

static void finish_locked(void)
{
	if (!cycle.open)
		return;
	sweep_all();
	close_cycle();
}

void cycle_finish(void)
{
	lock_acquire(&cycle.lock);
	finish_locked();
	lock_release(&cycle.lock);
}

void cycle_close_if_swept(void)
{
	if (!atomic_load(&cycle.swept))
		return;
	lock_acquire(&cycle.lock);
	if (cycle.open && atomic_load(&cycle.swept))
		finish_locked();
	lock_release(&cycle.lock);
}

/* ---- the stopped part -------------------------------------------------- */

static void flush_thread(struct thread *t, void *arg)
{
	(void)arg;
	mcache_flush(&t->mcache);
}

static void fold_thread(struct thread *t, void *arg)
{
	(void)arg;
	mcentral_fold_stack(&t->mcache.remote);
}

struct root_bytes {
	uint64_t stack, global;
};

static void add_root(void *arg, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	struct root_bytes *bytes = arg;
	*(kind == ROOT_STACK ? &bytes->stack : &bytes->global) += hi - lo;
	mark_add_root(lo, hi);
}

/* Flushes the caches and marks; the roots' sizes go to the report. */
static struct mark_totals mark_stopped(bool helped)
{
	struct root_bytes bytes = {0, 0};
	world_for_each_thread(flush_thread, NULL);
	world_for_each_thread(fold_thread, NULL);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		mcentral_fold_stack(&mcentral[class].remote);
	roots_visit(add_root, &bytes);
	cycle.report.stack_bytes = bytes.stack;
	cycle.report.global_bytes = bytes.global;
	mark_run(helped ? background_help_mark : NULL);
	return mark_end();
}

static void record_pause(const struct world_stop *stop, uint64_t end_ns)
{
	uint64_t duration = end_ns - stop->request_ns;
	unsigned slot = cycle_figures.numgc % 256;
	cycle_figures.numgc++;
	cycle_figures.pause_ns[slot] = duration;
	cycle_figures.pause_total_ns += duration;
	cycle_figures.last_gc_unix = cycle_figures.pause_end[slot] = os_unix_ns();
	cycle_figures.last_gc_nanotime = end_ns;
	cycle.report.pauses[0] = (struct recorder_pause){
	    .phase = RECORDER_PHASE_MARK,
	    .duration_ns = duration,
	    .stop_ns = stop->stop_ns,
	    .end_unix_ns = cycle_figures.last_gc_unix,
	};
	cycle.report.pause_count = 1;
}

/* Mark termination: the figures of this cycle and the pace of the next. */
static void terminate(const struct mark_totals *totals, enum recorder_reason reason)
{
	struct recorder_cycle *report = &cycle.report;
	uint64_t inuse = span_totals.inuse_pages * PAGE_BYTES;
	uint64_t live_before = report->heap_live_start;
	atomic_store(&counters.heap_live, (int64_t)totals->marked_bytes);
	atomic_store(&counters.heap_scan, (int64_t)totals->scan_bytes);
	cycle_figures.heap_marked = report->heap_marked = totals->marked_bytes;
	report->heap_live_end = live_before;
	cycle_figures.last_next_gc = cycle_figures.next_gc;
	cycle_figures.last_heap_inuse = inuse;
	if (reason == RECORDER_FORCED)
		cycle_figures.numforcedgc++;
	set_pace(totals->marked_bytes, report->stack_bytes, report->global_bytes, live_before);
	report->next_goal = cycle_figures.next_gc;
	report->next_trigger = counters.gc_trigger;
	scavenge_set_goal(inuse, cycle_figures.last_next_gc, cycle_figures.next_gc);
	begin_sweep();
}

static void account_cpu(const struct mark_totals *totals, uint64_t now_ns)
{
	cycle.report.cpu_assist_ns = totals->cpu_first_ns;
	cycle.report.cpu_background_ns = totals->cpu_ns;
	cycle.cpu_ns += totals->cpu_first_ns + totals->cpu_ns + background_cpu_ns_take();
	double available = (double)(now_ns - cycle.begun_ns) * os_cpu_count();
	cycle_figures.gc_cpu_fraction = available > 0 ? (double)cycle.cpu_ns / available : 0;
}

static void begin_report(enum recorder_reason reason)
{
	int64_t live = counters.heap_live;
	memset(&cycle.report, 0, sizeof cycle.report);
	cycle.report.reason = reason;
	cycle.report.tracking = RECORDER_STOPPED;
	cycle.report.start_unix_ns = os_unix_ns();
	cycle.report.start_mono_ns = os_mono_ns();
	cycle.report.heap_live_start = live > 0 ? (uint64_t)live : 0;
	cycle.report.heap_goal = cycle_figures.next_gc;
	cycle.report.gc_trigger = counters.gc_trigger;
}

/* A thread did not stop, or there is no memory to mark with: the heap grows instead. */
static bool give_up(const char *why)
{
	uint64_t trigger = counters.gc_trigger;
	cycle_figures.given_up++;
	if (trigger != PACER_OFF)
		atomic_store(&counters.gc_trigger, trigger + trigger / STOP_RETRY_GROWTH);
	trace_given_up(why);
	return false;
}

static bool collect(enum recorder_reason reason)
{
	struct world_stop stop;
	unsigned helpers = background_start();
	begin_report(reason);
	if (!world_stop(&stop))
		return give_up("a thread did not stop within 100 ms");
	stats_check_in_debug_builds();
	if (!mark_begin()) {
		world_start();
		return give_up("no memory for the mark queue");
	}
	cycle.report.threads = stop.threads;
	cycle.report.threads_unknown = stop.threads_unknown;
	struct mark_totals totals =
	    mark_stopped(helpers > 0 && cycle.report.heap_live_start >= HELPERS_WORTH_BYTES);
	terminate(&totals, reason);
	uint64_t end = os_mono_ns();
	account_cpu(&totals, end);
	record_pause(&stop, end);
	cycle.report.gc_num = cycle_figures.numgc;
	cycle.report.mark_ns = end - stop.request_ns;
	atomic_store(&span_gc_num, cycle_figures.numgc);
	cycle.mark_end_ns = end;
	cycle.last_cpu_ns = totals.cpu_first_ns;
	cycle.open = true;
	stats_check_in_debug_builds();
	world_start();
	background_wake();
	return true;
}

/* The end of the last cycle, or when the process began to use the heap. */
static uint64_t last_end_ns(void)
{
	uint64_t last = __atomic_load_n(&cycle_figures.last_gc_nanotime, __ATOMIC_RELAXED);
	return last ? last : cycle.begun_ns;
}

/* As in Go, a collector that is switched off runs no periodic cycles either. */
static bool still_due(enum recorder_reason reason)
{
	if (reason == RECORDER_PERIODIC)
		return cycle.percent >= 0 && os_mono_ns() - last_end_ns() >= cycle_period_ns;
	return reason != RECORDER_GC || (cycle_is_due() && !limit_postpones());
}

/* Returns to the OS what is mapped over the limit, as far as it is idle. */
static void scavenge_to_limit(void)
{
	uint64_t mapped = mapped_bytes();
	int64_t limit = cycle_limit();
	if (limit == INT64_MAX || mapped <= (uint64_t)limit)
		return;
	struct thread *t = thread_self();
	thread_enter(t);
	scavenge_release(mapped - (uint64_t)limit);
	thread_leave(t);
}

/*
 * Who allocates waits for another's cycle, but not for ever: as a callback of dl_iterate_phdr
 * it holds the loader's lock, which that one needs to stop the world.
 */
static bool lock_for(enum recorder_reason reason)
{
	if (reason == RECORDER_LIMIT || (reason == RECORDER_GC && cycle.by_limit))
		return lock_acquire_within(&cycle.lock, PATIENCE_LIMIT_NS);
	if (reason == RECORDER_GC)
		return lock_acquire_within(&cycle.lock, PATIENCE_NS);
	lock_acquire(&cycle.lock);
	return true;
}

bool cycle_run(enum recorder_reason reason)
{
	bool done = true;
	if (!still_due(reason) || !lock_for(reason))
		return true;
	if (still_due(reason)) {
		finish_locked();
		done = collect(reason == RECORDER_GC && cycle.by_limit ? RECORDER_LIMIT : reason);
		if (reason == RECORDER_FORCED || reason == RECORDER_LIMIT)
			finish_locked();
	}
	lock_release(&cycle.lock);
	scavenge_to_limit();
	return done;
}

void cycle_after_fork(void)
{
	memset(&cycle.lock, 0, sizeof cycle.lock);
}
