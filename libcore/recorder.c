/*
 * recorder.c - see recorder.h and recorder_link.h; and memspan_visit_spans, which
 * shows everybody what a recorder sees.
 */
#include "recorder.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cycle.h"
#include "heap.h"
#include "interpose_confine.h"
#include "interpose_exit.h"
#include "interpose_fatal.h"
#include "leaks.h"
#include "lock.h"
#include "os.h"
#include "recorder_link.h"
#include "spantable.h"
#include "stackspan.h"
#include "stats.h"
#include "sysmem.h"
#include "tracking.h"
#include "world.h"

static struct {
	const struct recorder *_Atomic attached;
	void (*forked)(void);
	_Atomic bool told_of_use;
	void (*run)(void *arg); /* of its thread, of which there is one */
	void *_Atomic stack;    /* the same thread's */
} link;

void recorder_attach(const struct recorder *recorder)
{
	atomic_store(&link.attached, recorder);
}

/* ---- captures ---------------------------------------------------------- */

/*
 * The snapshot whose span table is cut and not read: by its owner's request, or by whoever
 * needs the next one. The lock is held from before a stop until the table is cut, and while
 * one is read; it is taken outside the heap.
 */
static struct {
	struct lock lock;
	struct recorder_snapshot *_Atomic snapshot;
} unread;

static size_t round_to_pages(size_t bytes)
{
	return (bytes + os_page_bytes() - 1) & -os_page_bytes();
}

static size_t snapshot_bytes(size_t rows)
{
	return round_to_pages(sizeof(struct recorder_snapshot) + rows * sizeof(memspan_span));
}

/*
 * The mapping of the snapshot before, unless it is large: a new one would cost a page
 * fault for each page at every collection.
 */
static struct recorder_snapshot *_Atomic spare;
enum { SPARE_BYTES_MAX = 4 << 20 };

static void unmap(struct recorder_snapshot *snapshot)
{
	if (snapshot)
		sysmem_unmap(snapshot, snapshot->mapping_bytes, &sysmem_stats.other_sys);
}

static struct recorder_snapshot *spare_take(size_t bytes)
{
	struct recorder_snapshot *snapshot = atomic_exchange(&spare, NULL);
	if (snapshot && snapshot->mapping_bytes >= bytes)
		return snapshot;
	unmap(snapshot);
	return NULL;
}

/* Its head is touched, so that filling it in the stopped world takes no page fault. */
static struct recorder_snapshot *snapshot_new(size_t rows)
{
	size_t bytes = snapshot_bytes(rows);
	struct recorder_snapshot *snapshot = spare_take(bytes);
	if (!snapshot)
		snapshot = sysmem_map(bytes, &sysmem_stats.other_sys);
	else
		bytes = snapshot->mapping_bytes;
	if (!snapshot)
		return NULL;
	memset(snapshot, 0, sizeof *snapshot);
	snapshot->mapping_bytes = bytes;
	snapshot->spans = (memspan_span *)(snapshot + 1);
	return snapshot;
}

/* A large table keeps the memory that its rows take; it had room for a row a page. */
static void trim(struct recorder_snapshot *snapshot)
{
	size_t had = snapshot->mapping_bytes, needed = snapshot_bytes(snapshot->span_count);
	if (had <= SPARE_BYTES_MAX || needed >= had)
		return;
	snapshot->mapping_bytes = needed;
	sysmem_unmap((char *)snapshot + needed, had - needed, &sysmem_stats.other_sys);
}

static void expect(const char *what, uint64_t rows, uint64_t counted)
{
	if (rows != counted)
		os_fatal("a snapshot's %s is %llu by its spans and %llu by its statistics", what,
		         (unsigned long long)rows, (unsigned long long)counted);
}

/* Debug builds: the rows, read while the program ran, are those of the statistics' instant. */
static void check(const struct recorder_snapshot *snapshot)
{
	const memspan_mstats *stats = &snapshot->stats;
	uint64_t alloc = 0, objects = 0, released = 0, pages[3] = {0};
	for (uint64_t i = 0; i < snapshot->span_count; i++) {
		const memspan_span *span = &snapshot->spans[i];
		alloc += span->alloc_count * span->elem_bytes;
		objects += span->alloc_count;
		released += span->released_bytes;
		pages[span->state] += span->npages;
	}
	expect("alloc", alloc, stats->alloc);
	expect("heap_objects", objects, stats->heap_objects);
	expect("heap_released", released, stats->heap_released);
	expect("heap_idle", pages[MEMSPAN_SPAN_IDLE] * PAGE_BYTES, stats->heap_idle);
	expect("heap_inuse", pages[MEMSPAN_SPAN_INUSE] * PAGE_BYTES, stats->heap_inuse);
	expect("stacks_inuse", pages[MEMSPAN_SPAN_STACK] * PAGE_BYTES, stats->stacks_inuse);
}

static void check_in_debug_builds(const struct recorder_snapshot *snapshot)
{
#ifdef MEMSPAN_CHECKS
	check(snapshot);
#else
	(void)check;
	(void)snapshot;
#endif
}

/* Lock held. */
static void read_unread(void)
{
	struct recorder_snapshot *snapshot = unread.snapshot;
	if (!snapshot)
		return;
	snapshot->span_count = spantable_read();
	trim(snapshot);
	check_in_debug_builds(snapshot);
	atomic_store(&unread.snapshot, NULL);
}

void recorder_read_spans(struct recorder_snapshot *snapshot)
{
	if (atomic_load(&unread.snapshot) != snapshot)
		return;
	lock_acquire(&unread.lock);
	if (unread.snapshot == snapshot)
		read_unread();
	lock_release(&unread.lock);
}

static void drop_if_unread(struct recorder_snapshot *snapshot)
{
	if (atomic_load(&unread.snapshot) != snapshot)
		return;
	lock_acquire(&unread.lock);
	if (unread.snapshot == snapshot) {
		spantable_drop();
		atomic_store(&unread.snapshot, NULL);
	}
	lock_release(&unread.lock);
}

void recorder_release(struct recorder_snapshot *snapshot)
{
	drop_if_unread(snapshot);
	if (snapshot->mapping_bytes <= SPARE_BYTES_MAX)
		snapshot = atomic_exchange(&spare, snapshot);
	unmap(snapshot);
}

/*
 * Others are kept out of the heap, which is all that a snapshot needs, or stopped, where their
 * stacks are looked through. False when the heap has grown and there is no row for each of its
 * pages.
 */
static bool capture_once(struct recorder_snapshot *snapshot, bool with_leaks)
{
	struct world_stop stop;
	if (!with_leaks || !world_stop(&stop))
		world_close(&stop);
	bool fits = snapshot_bytes(spantable_rows()) <= snapshot->mapping_bytes;
	if (fits) {
		spantable_cut(snapshot->spans);
		if (with_leaks && !stop.others_run)
			leaks_search(&stop, &snapshot->leaks);
		stats_read(&snapshot->stats);
		snapshot->gc_num = snapshot->stats.numgc;
		snapshot->unix_ns = os_unix_ns();
		snapshot->mono_ns = os_mono_ns();
		snapshot->stop = (struct recorder_pause){
		    .phase = RECORDER_PHASE_SNAPSHOT,
		    .duration_ns = snapshot->mono_ns - stop.request_ns,
		    .stop_ns = stop.stop_ns,
		    .end_unix_ns = snapshot->unix_ns,
		};
	}
	world_start();
	return fits;
}

static struct recorder_snapshot *capture(uint32_t reason, bool with_leaks)
{
	lock_acquire(&unread.lock);
	read_unread();
	struct recorder_snapshot *snapshot = snapshot_new(spantable_rows());
	while (snapshot && !capture_once(snapshot, with_leaks)) {
		unmap(snapshot);
		snapshot = snapshot_new(spantable_rows());
	}
	if (snapshot)
		snapshot->reason = reason;
	atomic_store(&unread.snapshot, snapshot);
	lock_release(&unread.lock);
	return snapshot;
}

static bool is_looked_through(uint32_t reason)
{
	return leaks_wanted &&
	       (reason == RECORDER_SIGNAL || reason == RECORDER_DUMP || reason == RECORDER_EXIT);
}

/* All registers that the program may keep values in go to this frame; below it are none. */
static __attribute__((noinline)) struct recorder_snapshot *capture_with_leaks(struct thread *t,
                                                                              uint32_t reason)
{
	__builtin_unwind_init();
	bool held = cycle_hold();
	t->program_frames = (uintptr_t)__builtin_alloca(1);
	struct recorder_snapshot *snapshot = capture(reason, held);
	t->program_frames = 0;
	if (held)
		cycle_let();
	return snapshot;
}

struct recorder_snapshot *recorder_capture(uint32_t reason)
{
	struct thread *t = heap_thread();
	if (!t)
		return NULL;
	return is_looked_through(reason) ? capture_with_leaks(t, reason) : capture(reason, false);
}

bool recorder_seeks_leaks(void)
{
	return leaks_wanted;
}

int memspan_visit_spans(int (*visit)(const memspan_span *span, void *arg), void *arg,
                        memspan_mstats *stats)
{
	struct recorder_snapshot *snapshot = heap_thread() ? capture(RECORDER_DUMP, false) : NULL;
	if (!snapshot) {
		errno = ENOMEM;
		return -1;
	}
	int result = 0;
	recorder_read_spans(snapshot);
	if (stats)
		*stats = snapshot->stats;
	for (uint64_t i = 0; i < snapshot->span_count && result == 0; i++)
		result = visit(&snapshot->spans[i], arg);
	recorder_release(snapshot);
	return result;
}

/* ---- what the heap tells ----------------------------------------------- */

static void capture_if_wanted(const struct recorder *recorder, uint32_t reason, uint32_t count)
{
	if (recorder->wanted(reason, count))
		recorder->captured(recorder_capture(reason));
}

void recorder_link_cycle_closed(const struct recorder_cycle *cycle)
{
	const struct recorder *recorder = atomic_load(&link.attached);
	if (!recorder)
		return;
	recorder->cycle(cycle);
	capture_if_wanted(recorder, cycle->reason, cycle->gc_num);
}

void recorder_link_pace_point(enum recorder_reason reason, uint32_t count)
{
	const struct recorder *recorder = atomic_load(&link.attached);
	if (recorder)
		capture_if_wanted(recorder, reason, count);
}

void recorder_link_heap_used(void)
{
	const struct recorder *recorder = atomic_load_explicit(&link.attached, memory_order_relaxed);
	if (!recorder || atomic_load_explicit(&link.told_of_use, memory_order_relaxed))
		return;
	if (!atomic_exchange(&link.told_of_use, true) && recorder->heap_used)
		recorder->heap_used();
}

void recorder_on_fork(void (*child)(void))
{
	link.forked = child;
}

void recorder_on_fatal_signal(void (*before)(void))
{
	fatal_attach(before);
}

void recorder_on_quick_end(void (*before)(void))
{
	exit_attach(before);
}

void recorder_on_confine(void (*before)(void))
{
	confine_attach(before);
}

bool recorder_may_capture(int64_t timeout_ns)
{
	return exit_may_stop_world(timeout_ns);
}

void recorder_link_after_fork(void)
{
	exit_after_fork();
	confine_after_fork();
	atomic_store(&link.told_of_use, false);
	memset(&unread, 0, sizeof unread); /* its reader, if there is one, is not in the child */
	memspan_stack_free(atomic_exchange(&link.stack, NULL)); /* its thread is not in the child */
	if (link.forked)
		link.forked();
}

/* ---- what a recorder needs --------------------------------------------- */

enum { THREAD_STACK_BYTES = 256 << 10 };

static void run_named(void *arg)
{
	os_name_thread("memspan-dump");
	link.run(arg);
}

int recorder_thread_start(void (*run)(void *arg), void *arg)
{
	void *stack = memspan_stack_alloc(THREAD_STACK_BYTES);
	if (!stack)
		return ENOMEM;
	link.run = run;
	int error = thread_start_runtime(run_named, arg, stack, THREAD_STACK_BYTES);
	if (error)
		memspan_stack_free(stack);
	else
		atomic_store(&link.stack, stack);
	return error;
}

uint32_t recorder_tracking_mode(const char **why)
{
	const char *missing;
	bool available = tracking_available(&missing);
	if (why)
		*why = available ? "" : missing;
	return available ? RECORDER_UFFD : RECORDER_STOPPED;
}

void *recorder_map(size_t bytes)
{
	return sysmem_map(bytes, &sysmem_stats.other_sys);
}

void recorder_unmap(void *p, size_t bytes)
{
	sysmem_unmap(p, bytes, &sysmem_stats.other_sys);
}

void recorder_warn_to_the_end(void)
{
	os_stderr_keep();
}

void recorder_warn(const char *format, ...)
{
	char text[400];
	va_list args;
	int saved = errno;
	va_start(args, format);
	vsnprintf(text, sizeof text, format, args);
	va_end(args);
	os_warn("%s", text);
	errno = saved;
}
