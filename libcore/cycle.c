/* cycle.c - see cycle.h. */
#include "cycle.h"

#include <string.h>

#include "assist.h"
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
#include "rootpages.h"
#include "roots.h"
#include "scavenge.h"
#include "special.h"
#include "stats.h"
#include "sweep.h"
#include "sysmem.h"
#include "thread.h"
#include "trace.h"
#include "tracking.h"
#include "world.h"
#include "written.h"

enum {
	HELPERS_WORTH_BYTES = 1 << 20,
	STOP_RETRY_GROWTH = 16,
	/* Of who allocates, with another's cycle. */
	PATIENCE_NS = 20 * 1000 * 1000,
	PATIENCE_LIMIT_NS = 1000 * 1000 * 1000,
	ROUNDS_MAX = 40,
	PAGES_FEW = 64,             /* written ones: the last stop may have as many */
	PAGES_WORTH_STOP = 4096,    /* some milliseconds of the last stop */
	PAGES_CHEAP = 512,          /* half a millisecond of it: no round for as many again */
	STALLS_MAX = 3,             /* rounds that found no fewer written pages than the one before */
	RELEASE_BYTES = 1 << 20,    /* more than the limit asks for: the next new span is close */
	WAIT_MS = 1000,
};

struct cycle_figures cycle_figures;
size_t cycle_beside_bytes_min = 1 << 20;
uint64_t cycle_period_ns = 120ull * 1000 * 1000 * 1000;

static struct {
	struct lock lock;
	int percent;
	int64_t limit_bytes;
	bool by_limit;            /* the limit set the goal that is in force */
	bool open;                /* marked, not yet closed */
	_Atomic bool swept;       /* the last span of the open cycle is swept */
	uint64_t begun_ns;        /* when the process started to use the heap */
	uint64_t mark_end_ns;
	uint64_t last_cpu_ns;     /* that the last one took */
	uint64_t debt_ns;         /* at its end; see limit_debt_ns */
	uint64_t cpu_ns;          /* all collector CPU so far */
	_Atomic unsigned wanted;  /* of the background thread: a bit for each reason */
	_Atomic uint32_t begun, finished; /* cycles that it began; the last it ended of those waited for */
	struct lock_event ended;
	bool releases_none;       /* nothing went back since a cycle ended: its memory may be locked */
	int64_t live_at_start, scan_at_start; /* of the present cycle */
	uint64_t found_scan_bytes;    /* by the last one: what this one may expect to scan */
	uint64_t marking_alloc_bytes; /* allocated while marking, a running mean */
	struct recorder_cycle report;
} cycle;

/* ---- pacing ------------------------------------------------------------ */

static uint64_t mapped_bytes(void)
{
	uint64_t heap = pageheap_retained_pages() * PAGE_BYTES;
	return heap + stats_metadata_bytes() + thread_stack_bytes();
}

/* What is mapped and not in objects, nor in free slots that count as such. */
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
	    .marking_alloc_bytes = cycle.marking_alloc_bytes,
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

/*
 * How much more time of the processors the collector took than it left, less what passed since
 * its last cycle. Go's limiter: that is bounded by a second of each processor.
 */
static uint64_t limit_debt_ns(uint64_t now_ns)
{
	uint64_t debt = cycle.debt_ns, paid = (now_ns - cycle.mark_end_ns) * os_cpu_count();
	return debt > paid ? debt - paid : 0;
}

static uint64_t debt_max_ns(void)
{
	return os_cpu_count() * (uint64_t)(1000 * 1000 * 1000);
}

/*
 * Near the limit a cycle may free little and be due again at once. With all its debt the
 * collector waits, so that it takes no more than half of the processors for long.
 */
static bool limit_postpones(void)
{
	uint64_t debt = cycle.by_limit ? limit_debt_ns(os_mono_ns()) : 0;
	return debt > 0 && debt + cycle.last_cpu_ns > debt_max_ns();
}

/* At the end of a cycle, which is in the report. */
static void count_debt(void)
{
	uint64_t debt = limit_debt_ns(cycle.report.start_mono_ns) + 2 * cycle.last_cpu_ns;
	uint64_t left = cycle.report.mark_ns * os_cpu_count(), most = debt_max_ns();
	debt = debt > left ? debt - left : 0;
	cycle.debt_ns = debt < most ? debt : most;
}

/*
 * The limit is on pages, the goal on objects. As long as no more pages are in use than at the
 * last cycle's end, new objects fill slots that it freed, and the goal moves on by half of those
 * that are left. Without that free slots would lower it, and a low goal leave more slots free.
 */
static bool limit_moves_on(void)
{
	struct thread *t = thread_self();
	if (!cycle.by_limit || !lock_try(&cycle.lock))
		return false;
	thread_enter(t);
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	uint64_t inuse = __atomic_load_n(&span_totals.inuse_pages, __ATOMIC_RELAXED) * PAGE_BYTES;
	bool moves = inuse <= cycle_figures.last_heap_inuse && live > 0 && (uint64_t)live < inuse;
	if (moves) {
		set_pace(cycle_figures.heap_marked, cycle.report.stack_bytes, cycle.report.global_bytes,
		         (uint64_t)live + (inuse - (uint64_t)live) / 2);
		moves = !cycle_is_due();
	}
	thread_leave(t);
	lock_release(&cycle.lock);
	return moves;
}

/* The last cycle's figures with new settings. World stopped or nothing shared yet. */
static void repace(void)
{
	set_pace(cycle_figures.heap_marked, cycle.report.stack_bytes, cycle.report.global_bytes,
	         cycle_figures.heap_marked);
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

static void sweep_all(void)
{
	struct thread *t = thread_self();
	bool more = true;
	while (more) {
		thread_enter(t);
		more = mcache_sweep_one(&t->mcache);
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

bool cycle_hold(void)
{
	if (!lock_acquire_within(&cycle.lock, PATIENCE_LIMIT_NS))
		return false;
	finish_locked();
	return true;
}

void cycle_let(void)
{
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

/* ---- marking with the world stopped ---------------------------------------- */

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

static void flush_caches(void)
{
	world_for_each_thread(flush_thread, NULL);
	world_for_each_thread(fold_thread, NULL);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		mcentral_fold_stack(&mcentral[class].remote);
}

struct root_visit {
	uint64_t stack_bytes, global_bytes;
	void (*mark)(uintptr_t lo, uintptr_t hi);
};

static void give_root(void *arg, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	struct root_visit *visit = arg;
	*(kind == ROOT_STACK ? &visit->stack_bytes : &visit->global_bytes) += hi - lo;
	visit->mark(lo, hi);
}

/* The roots' sizes go to the report. */
static void give_roots(void (*mark)(uintptr_t lo, uintptr_t hi), roots_apart_fn *apart)
{
	struct root_visit visit = {.mark = mark};
	roots_visit_apart(give_root, apart, &visit);
	cycle.report.stack_bytes = visit.stack_bytes;
	cycle.report.global_bytes = visit.global_bytes + (apart ? rootpages_bytes() : 0);
}

static void add_pause(enum recorder_phase phase, const struct world_stop *stop, uint64_t end_ns)
{
	cycle.report.pauses[cycle.report.pause_count++] = (struct recorder_pause){
	    .phase = phase,
	    .duration_ns = end_ns - stop->request_ns,
	    .stop_ns = stop->stop_ns,
	    .end_unix_ns = os_unix_ns(),
	};
}

/* PauseNs is of a whole cycle; PauseEnd of its last pause. */
static void count_pauses(uint64_t end_ns)
{
	unsigned slot = cycle_figures.numgc % 256;
	uint64_t all = 0, end_unix_ns = 0;
	for (unsigned i = 0; i < cycle.report.pause_count; i++) {
		all += cycle.report.pauses[i].duration_ns;
		end_unix_ns = cycle.report.pauses[i].end_unix_ns;
	}
	cycle_figures.numgc++;
	cycle_figures.pause_ns[slot] = all;
	cycle_figures.pause_total_ns += all;
	cycle_figures.last_gc_unix = cycle_figures.pause_end[slot] = end_unix_ns;
	cycle_figures.last_gc_nanotime = end_ns;
}

/* Mark termination: the figures of this cycle and the pace of the next. */
static void terminate(const struct mark_totals *totals, enum recorder_reason reason)
{
	struct recorder_cycle *report = &cycle.report;
	uint64_t inuse = span_totals.inuse_pages * PAGE_BYTES;
	atomic_store(&counters.heap_live, (int64_t)totals->marked_bytes);
	atomic_store(&counters.heap_scan, (int64_t)totals->scan_bytes);
	cycle_figures.heap_marked = report->heap_marked = totals->marked_bytes;
	cycle_figures.last_next_gc = cycle_figures.next_gc;
	cycle_figures.last_heap_inuse = inuse;
	if (reason == RECORDER_FORCED)
		cycle_figures.numforcedgc++;
	set_pace(totals->marked_bytes, report->stack_bytes, report->global_bytes,
	         report->heap_live_end);
	report->next_goal = cycle_figures.next_gc;
	report->next_trigger = counters.gc_trigger;
	scavenge_set_goal(inuse, cycle_figures.last_next_gc, cycle_figures.next_gc);
	begin_sweep();
}

/*
 * The first two are of this cycle. others_ns is what to add to what the background thread tells
 * of itself, which is all that it did since the last cycle.
 */
static void account_cpu(uint64_t assist_ns, uint64_t background_ns, uint64_t others_ns,
                        uint64_t now_ns)
{
	cycle.report.cpu_assist_ns = assist_ns;
	cycle.report.cpu_background_ns = background_ns;
	cycle.cpu_ns += others_ns + background_cpu_ns_take();
	double available = (double)(now_ns - cycle.begun_ns) * os_cpu_count();
	cycle_figures.gc_cpu_fraction = available > 0 ? (double)cycle.cpu_ns / available : 0;
}

static void begin_report(enum recorder_reason reason, enum recorder_tracking tracking)
{
	int64_t live = counters.heap_live;
	memset(&cycle.report, 0, sizeof cycle.report);
	cycle.report.reason = reason;
	cycle.report.tracking = tracking;
	cycle.report.start_unix_ns = os_unix_ns();
	cycle.report.start_mono_ns = os_mono_ns();
	cycle.report.heap_live_start = cycle.report.heap_live_end = live > 0 ? (uint64_t)live : 0;
	cycle.report.heap_goal = cycle_figures.next_gc;
	cycle.report.gc_trigger = counters.gc_trigger;
}

/* A thread did not stop, or there is no memory to mark with: the heap grows instead. */
static bool give_up(const char *why)
{
	uint64_t trigger = counters.gc_trigger;
	cycle_figures.given_up++;
	assist_cycle_given_up();
	if (trigger != PACER_OFF)
		atomic_store(&counters.gc_trigger, trigger + trigger / STOP_RETRY_GROWTH);
	trace_given_up(why);
	return false;
}

/* The last step in the last stop, of either kind of cycle. */
static void marked(uint64_t end_ns)
{
	count_pauses(end_ns);
	cycle.report.gc_num = cycle_figures.numgc;
	cycle.report.mark_ns = end_ns - cycle.report.start_mono_ns;
	atomic_store(&span_gc_num, cycle_figures.numgc);
	cycle.last_cpu_ns = cycle.report.cpu_assist_ns + cycle.report.cpu_background_ns;
	count_debt();
	cycle.mark_end_ns = end_ns;
	assist_cycle_ended();
	__atomic_store_n(&cycle.releases_none, false, __ATOMIC_RELAXED);
	cycle.open = true;
}

static bool collect_stopped(enum recorder_reason reason)
{
	struct world_stop stop;
	unsigned helpers = background_start();
	begin_report(reason, RECORDER_STOPPED);
	if (!world_stop(&stop))
		return give_up("a thread did not stop within 100 ms");
	stats_check_in_debug_builds();
	if (!mark_begin()) {
		world_start();
		return give_up("no memory for the mark queue");
	}
	cycle.report.threads = stop.threads;
	cycle.report.threads_unknown = stop.threads_unknown;
	flush_caches();
	give_roots(mark_add_root, NULL);
	mark_add_heap_roots();
	bool helped = helpers > 0 && cycle.report.heap_live_start >= HELPERS_WORTH_BYTES;
	mark_run(helped ? MARK_WORKERS_MAX : 0, background_help_mark);
	mark_check_in_debug_builds();
	struct mark_totals totals = mark_end();
	bool tells = thread_is_runtime(thread_self());
	terminate(&totals, reason);
	uint64_t end_ns = os_mono_ns();
	if (tells)
		background_tell_cpu();
	account_cpu(totals.cpu_first_ns, totals.cpu_helpers_ns,
	            (tells ? 0 : totals.cpu_first_ns) + totals.cpu_helpers_ns, end_ns);
	add_pause(RECORDER_PHASE_MARK, &stop, end_ns);
	marked(end_ns);
	stats_check_in_debug_builds();
	world_start();
	mark_forget_pointers();
	background_wake();
	return true;
}

/* ---- marking beside the program --------------------------------------------- */

static void mark_new_of(struct thread *t, void *threads)
{
	if (t->open)
		mcache_mark_new(&t->mcache);
	if (!thread_is_runtime(t))
		++*(unsigned *)threads;
}

/* The first stop: roots are read, and from here on the program marks what it allocates. */
static bool begin_beside(void)
{
	struct world_stop stop;
	if (!world_stop(&stop))
		return give_up("a thread did not stop within 100 ms");
	stats_check_in_debug_builds();
	if (!mark_begin()) {
		world_start();
		return give_up("no memory for the mark queue");
	}
	cycle.report.threads = stop.threads;
	cycle.report.threads_unknown = stop.threads_unknown;
	cycle.live_at_start = counters.heap_live;
	cycle.scan_at_start = counters.heap_scan;
	span_marking = true;
	unsigned threads = 0;
	world_for_each_thread(mark_new_of, &threads);
	assist_begin(cycle.live_at_start, cycle.found_scan_bytes, threads);
	give_roots(mark_now, rootpages_put_off);
	mark_add_heap_roots();
	stats_check_in_debug_builds();
	add_pause(RECORDER_PHASE_SWEEP_TERM, &stop, os_mono_ns());
	world_start();
	return true;
}

static unsigned helpers_beside(unsigned helpers)
{
	unsigned share = os_cpu_count() / 4; /* Go's share of the processors, this thread included */
	unsigned wanted = share > 1 ? share - 1 : 0;
	return wanted < helpers ? wanted : helpers;
}

/* What was written since the last time, in the heap and in static data. As written_scan. */
static bool mark_written_beside(size_t *pages)
{
	if (!written_scan(pages))
		return false;
	size_t root_pages = rootpages_read();
	written_mark(root_pages);
	*pages += root_pages;
	return true;
}

/*
 * Marks, then scans again what was written meanwhile, until that is little or does not
 * become less. *pages: how much it was at last. False: tracking has ended.
 */
static bool mark_in_rounds(unsigned helpers, size_t *pages)
{
	unsigned stalls = 0;
	*pages = SIZE_MAX;
	rootpages_read();
	mark_run(helpers, background_help_mark);
	mark_settle();
	for (int round = 0; round < ROUNDS_MAX; round++) {
		size_t before = *pages;
		if (!mark_written_beside(pages))
			return false;
		stalls += *pages > before / 8 * 7;
		if (*pages <= PAGES_FEW || stalls == STALLS_MAX || (stalls && *pages <= PAGES_CHEAP))
			break;
	}
	return true;
}

/*
 * Fetches written pages in a stop, where that is quick, and scans them after it: so the
 * pages become fewer where the program writes them as fast as the rounds can fetch them.
 * One stop is left for the end. False: tracking has ended.
 */
static bool mark_in_short_stops(size_t pages)
{
	struct world_stop stop;
	size_t before = SIZE_MAX;
	while (pages > PAGES_WORTH_STOP && pages <= before / 8 * 7 &&
	       cycle.report.pause_count < RECORDER_PAUSES_MAX - 1 && world_stop(&stop)) {
		before = pages;
		bool known = written_fetch(true, &pages);
		add_pause(RECORDER_PHASE_MARK, &stop, os_mono_ns());
		world_start();
		if (!known)
			return false;
		pages += rootpages_read();
		written_mark(pages);
	}
	return true;
}

static bool mark_beside(unsigned helpers)
{
	size_t pages;
	if (!mark_in_rounds(helpers, &pages))
		return false;
	assist_set_closing(true);
	if (pages > PAGES_WORTH_STOP)
		return mark_in_short_stops(pages);
	return mark_written_beside(&pages);
}

/* What the marker found, and what was allocated meanwhile and is marked too. */
static struct mark_totals totals_beside(void)
{
	struct mark_totals totals = mark_end();
	int64_t live = counters.heap_live - cycle.live_at_start;
	int64_t scan = counters.heap_scan - cycle.scan_at_start;
	cycle.found_scan_bytes = totals.scan_bytes;
	cycle.report.heap_live_end = counters.heap_live > 0 ? (uint64_t)counters.heap_live : 0;
	totals.marked_bytes += live > 0 ? (uint64_t)live : 0;
	totals.scan_bytes += scan > 0 ? (uint64_t)scan : 0;
	if (totals.scan_bytes > totals.marked_bytes)
		totals.scan_bytes = totals.marked_bytes;
	cycle.marking_alloc_bytes = (cycle.marking_alloc_bytes + (uint64_t)(live > 0 ? live : 0)) / 2;
	return totals;
}

/* The last stop: the last written pages and the roots again. False: a thread did not stop. */
static bool end_beside(bool known, enum recorder_reason reason, uint64_t cpu_begin_ns)
{
	struct world_stop stop;
	size_t pages = SIZE_MAX;
	if (!world_stop(&stop))
		return give_up("a thread did not stop within 100 ms");
	stats_check_in_debug_builds();
	flush_caches();
	if (!known || !written_fetch(false, &pages))
		written_all();
	give_roots(mark_now, rootpages_finish);
	mark_add_grown_stacks();
	written_mark(pages);
	mark_check_in_debug_builds();
	struct mark_totals totals = totals_beside();
	span_marking = false;
	span_reuse_structures();
	terminate(&totals, reason);
	uint64_t end_ns = os_mono_ns();
	background_tell_cpu();
	account_cpu(totals.cpu_assist_ns,
	            os_thread_cpu_ns() - cpu_begin_ns + totals.cpu_helpers_ns,
	            totals.cpu_assist_ns + totals.cpu_helpers_ns, end_ns);
	add_pause(RECORDER_PHASE_MARK_TERM, &stop, end_ns);
	marked(end_ns);
	stats_check_in_debug_builds();
	world_start();
	mark_forget_pointers();
	return true;
}

/* A thread that cannot be stopped now is tried again; what was marked stays marked. */
static bool collect_beside(enum recorder_reason reason, unsigned helpers)
{
	uint64_t cpu_begin_ns = os_thread_cpu_ns();
	if (!written_begin())
		return collect_stopped(reason);
	begin_report(reason, RECORDER_UFFD);
	bool begun = begin_beside(), known = true;
	while (begun) {
		known = mark_beside(helpers_beside(helpers)) && known; /* what was lost once stays lost */
		bool ended = end_beside(known, reason, cpu_begin_ns);
		assist_set_closing(false);
		if (ended)
			break;
		lock_event_set(&cycle.ended); /* who waits for this cycle need not wait on */
		os_yield();
	}
	written_end();
	rootpages_end();
	return begun;
}

/* ---- running a cycle ----------------------------------------------------------- */

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
	return reason != RECORDER_GC || (cycle_is_due() && !limit_postpones() && !limit_moves_on());
}

static enum recorder_reason refine(enum recorder_reason reason)
{
	return reason == RECORDER_GC && cycle.by_limit ? RECORDER_LIMIT : reason;
}

static bool is_waited_for(enum recorder_reason reason)
{
	return reason == RECORDER_FORCED || reason == RECORDER_LIMIT;
}

void cycle_keep_limit(void)
{
	uint64_t mapped, limit = (uint64_t)cycle_limit();
	if (limit == INT64_MAX || (mapped = mapped_bytes()) <= limit ||
	    pageheap_retained_pages() == __atomic_load_n(&pageheap.used_pages, __ATOMIC_RELAXED) ||
	    __atomic_load_n(&cycle.releases_none, __ATOMIC_RELAXED))
		return;
	struct thread *t = thread_self();
	thread_enter(t);
	if (!scavenge_release(mapped - limit + RELEASE_BYTES))
		__atomic_store_n(&cycle.releases_none, true, __ATOMIC_RELAXED);
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

/* The calling thread does it all. */
static bool run_here(enum recorder_reason reason)
{
	bool done = true;
	if (!lock_for(reason))
		return true;
	if (still_due(reason)) {
		finish_locked();
		done = collect_stopped(refine(reason));
		if (is_waited_for(reason))
			finish_locked();
	}
	lock_release(&cycle.lock);
	cycle_keep_limit();
	return done;
}

/* Whether the background thread is to run it beside the program. */
static bool belongs_beside(void)
{
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	if ((uint64_t)(live > 0 ? live : 0) < cycle_beside_bytes_min || !tracking_available(NULL))
		return false;
	if (!background_is_started())
		background_start();
	return background_is_started();
}

bool cycle_is_wanted(void)
{
	return atomic_load_explicit(&cycle.wanted, memory_order_relaxed) != 0;
}

/* Which of those wanted; a request that comes later is of a later cycle. */
static enum recorder_reason take_wanted(void)
{
	unsigned wanted = atomic_exchange(&cycle.wanted, 0);
	atomic_fetch_add(&cycle.begun, 1); /* after: who read it before asks for this one, or the next */
	static const enum recorder_reason first[] = {RECORDER_FORCED, RECORDER_LIMIT,
	                                             RECORDER_PERIODIC};
	for (unsigned i = 0; i < sizeof first / sizeof *first; i++)
		if (wanted & 1u << first[i])
			return first[i];
	return RECORDER_GC;
}

void cycle_drive(void)
{
	if (!cycle_is_wanted())
		return;
	lock_acquire(&cycle.lock);
	enum recorder_reason reason = take_wanted();
	if (still_due(reason)) {
		finish_locked();
		collect_beside(refine(reason), background_start());
	}
	if (is_waited_for(reason)) {
		finish_locked();
		atomic_store(&cycle.finished, atomic_load(&cycle.begun));
		lock_event_set(&cycle.ended);
	}
	lock_release(&cycle.lock);
	cycle_keep_limit();
}

static void want(enum recorder_reason reason)
{
	unsigned bit = 1u << reason;
	if (!(atomic_load_explicit(&cycle.wanted, memory_order_relaxed) & bit) &&
	    !(atomic_fetch_or(&cycle.wanted, bit) & bit))
		background_wake();
}

/*
 * False when it was given up. While it waits the thread counts as stopped: its registers
 * are where heap_collect put them, and no vector register's former content is a root.
 */
static bool run_beside_and_wait(enum recorder_reason reason)
{
	bool done = true;
	uint64_t until_ns = os_mono_ns() + PATIENCE_LIMIT_NS;
	uint64_t given_up = __atomic_load_n(&cycle_figures.given_up, __ATOMIC_RELAXED), seen = 0;
	uint32_t ticket = atomic_load(&cycle.begun) + 1;
	struct thread *waits = world_wait_begin();
	want(reason);
	while (done && (int32_t)(atomic_load(&cycle.finished) - ticket) < 0) {
		seen = lock_event_wait(&cycle.ended, seen, WAIT_MS);
		done = __atomic_load_n(&cycle_figures.given_up, __ATOMIC_RELAXED) == given_up ||
		       (int32_t)(atomic_load(&cycle.finished) - ticket) >= 0;
		if (reason == RECORDER_LIMIT && os_mono_ns() > until_ns)
			break; /* as lock_for */
	}
	if (waits)
		world_wait_end(waits);
	return done;
}

bool cycle_run(enum recorder_reason reason)
{
	if (!still_due(reason))
		return true;
	if (reason == RECORDER_GC && __atomic_load_n(&span_marking, __ATOMIC_RELAXED)) {
		assist_mark(cycle.by_limit);
		return true;
	}
	if (!belongs_beside())
		return run_here(reason);
	if (is_waited_for(reason))
		return run_beside_and_wait(reason);
	want(reason);
	if (!thread_is_runtime(thread_self()))
		assist_wait(cycle.by_limit);
	return true;
}

void cycle_after_fork(void)
{
	memset(&cycle.lock, 0, sizeof cycle.lock);
	memset(&cycle.ended, 0, sizeof cycle.ended);
	cycle.wanted = 0;
	cycle.finished = cycle.begun;
	assist_after_fork();
	tracking_after_fork();
	rootpages_after_fork();
	mark_after_fork(span_marking);
	if (span_marking) {
		span_marking = false;
		span_reuse_structures();
	}
}
