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
#include "interpose_exit.h"
#include "interpose_fatal.h"
#include "leaks.h"
#include "os.h"
#include "recorder_link.h"
#include "stackspan.h"
#include "stats.h"
#include "sysmem.h"
#include "tracking.h"
#include "world.h"

static struct {
	const struct recorder *_Atomic attached;
	void (*forked)(void);
	_Atomic bool told_of_use;
	void *_Atomic stack;    /* of the recorder's thread */
} link;

void recorder_attach(const struct recorder *recorder)
{
	atomic_store(&link.attached, recorder);
}

/* ---- captures ---------------------------------------------------------- */

static size_t snapshot_bytes(size_t room)
{
	size_t bytes = sizeof(struct recorder_snapshot) + room * sizeof(memspan_span);
	return (bytes + os_page_bytes() - 1) & -os_page_bytes();
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

/* Mapped and touched, so that filling it in the stopped world takes no page fault. */
static struct recorder_snapshot *snapshot_new(size_t room)
{
	size_t bytes = snapshot_bytes(room);
	struct recorder_snapshot *snapshot = spare_take(bytes);
	if (snapshot)
		return snapshot;
	snapshot = sysmem_map(bytes, &sysmem_stats.other_sys);
	if (!snapshot)
		return NULL;
	for (size_t at = 0; at < bytes; at += os_page_bytes())
		((volatile char *)snapshot)[at] = 0;
	snapshot->mapping_bytes = bytes;
	snapshot->spans = (memspan_span *)(snapshot + 1);
	return snapshot;
}

void recorder_release(struct recorder_snapshot *snapshot)
{
	if (snapshot->mapping_bytes <= SPARE_BYTES_MAX)
		snapshot = atomic_exchange(&spare, snapshot);
	unmap(snapshot);
}

/* One stop; false when the table did not fit, *room then says what it needs. */
static bool capture_once(struct recorder_snapshot *snapshot, size_t *room, bool with_leaks)
{
	struct world_stop stop;
	stats_stop_world(&stop);
	size_t needed = stats_span_table(snapshot->spans, *room);
	bool fits = needed <= *room;
	if (fits) {
		memset(&snapshot->leaks, 0, sizeof snapshot->leaks);
		if (with_leaks && !stop.others_run)
			leaks_search(&stop, &snapshot->leaks);
		stats_read(&snapshot->stats);
		snapshot->span_count = needed;
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
	*room = needed + needed / 8;
	world_start();
	return fits;
}

static struct recorder_snapshot *capture(uint32_t reason, bool with_leaks)
{
	size_t room = stats_span_table_size();
	for (;;) {
		struct recorder_snapshot *snapshot = snapshot_new(room);
		if (!snapshot)
			return NULL;
		size_t had = room;
		if (capture_once(snapshot, &room, with_leaks)) {
			snapshot->reason = reason;
			return snapshot;
		}
		recorder_release(snapshot);
		room = room > had ? room : 2 * had;
	}
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

bool recorder_may_capture(int64_t timeout_ns)
{
	return exit_may_stop_world(timeout_ns);
}

void recorder_link_after_fork(void)
{
	exit_after_fork();
	atomic_store(&link.told_of_use, false);
	memspan_stack_free(atomic_exchange(&link.stack, NULL)); /* its thread is not in the child */
	if (link.forked)
		link.forked();
}

/* ---- what a recorder needs --------------------------------------------- */

enum { THREAD_STACK_BYTES = 256 << 10 };

int recorder_thread_start(void (*run)(void *arg), void *arg)
{
	void *stack = memspan_stack_alloc(THREAD_STACK_BYTES);
	if (!stack)
		return ENOMEM;
	int error = thread_start_runtime(run, arg, stack, THREAD_STACK_BYTES);
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
