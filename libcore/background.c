/* background.c - see background.h. */
#include "background.h"

#include "cycle.h"
#include "idle.h"
#include "interpose.h"
#include "interpose_confine.h"
#include "lock.h"
#include "mark.h"
#include "os.h"
#include "pacepoint.h"
#include "scavenge.h"
#include "stackspan.h"
#include "span.h"
#include "thread.h"
#include "trace.h"

enum {
	STACK_BYTES = 256 << 10,
	HELPERS_MAX = 15,
	SWEEP_BATCH = 16,                 /* spans between two looks at a stop request */
	SCAVENGE_PERIOD_MS = 50,
	SCAVENGE_BUSY_NS = 500 * 1000,    /* of each period: 1 % of a CPU */
	IDLE_PERIOD_MS = 1000,
};

static struct {
	struct lock lock;           /* starting */
	bool started;
	unsigned helpers;
	struct lock_event work;     /* for the background thread */
	struct lock_event mark;     /* for the mark workers */
	_Atomic uint64_t cpu_ns;    /* told and not taken */
	uint64_t told_ns;           /* the background thread's own clock, when it told last */
	struct span *stacks[HELPERS_MAX + 1];
	unsigned stack_count;
} background;

void background_wake(void)
{
	lock_event_set(&background.work);
}

void background_help_mark(void)
{
	lock_event_set(&background.mark);
}

uint64_t background_cpu_ns_take(void)
{
	return atomic_exchange(&background.cpu_ns, 0);
}

void background_tell_cpu(void)
{
	uint64_t now_ns = os_thread_cpu_ns();
	atomic_fetch_add(&background.cpu_ns, now_ns - background.told_ns);
	background.told_ns = now_ns;
}

static bool sweep_batch(struct thread *t)
{
	bool more = true;
	thread_enter(t);
	for (int i = 0; i < SWEEP_BATCH && more; i++)
		more = mcache_sweep_one(&t->mcache);
	thread_leave(t);
	return more;
}

/*
 * Once a period, however often the thread is woken: a heap that goes up and down by megabytes
 * would otherwise pay for the same pages again and again.
 */
static bool scavenge(struct thread *t)
{
	static uint64_t due_ns;
	uint64_t now_ns = os_mono_ns();
	bool more;
	if (now_ns < due_ns)
		return true;
	due_ns = now_ns + (uint64_t)SCAVENGE_PERIOD_MS * 1000000;
	thread_enter(t);
	size_t bytes = scavenge_step(SCAVENGE_BUSY_NS, &more);
	thread_leave(t);
	if (bytes)
		trace_scavenged(bytes, 0);
	return more;
}

static void run_background(void *arg)
{
	struct thread *t = thread_self();
	uint64_t seen = 0;
	(void)arg;
	os_name_thread("memspan-gc");
	for (;;) {
		cycle_drive();
		while (!cycle_is_wanted() && sweep_batch(t))
			;
		cycle_close_if_swept();
		if (idle_look(os_mono_ns()))
			pacepoint_look_at_use();
		pacepoint_look_for_shrink();
		bool more = scavenge(t);
		background_tell_cpu();
		if (!pacepoint_stands_for_cycle())
			cycle_run(RECORDER_PERIODIC);
		if (cycle_is_wanted())
			continue;
		seen = lock_event_wait(&background.work, seen, more ? SCAVENGE_PERIOD_MS : IDLE_PERIOD_MS);
	}
}

static void run_helper(void *arg)
{
	uint64_t seen = 0;
	os_name_thread("memspan-gc");
	for (;;) {
		seen = lock_event_wait(&background.mark, seen, -1);
		mark_help((unsigned)(uintptr_t)arg);
	}
}

static bool start_thread(void (*run)(void *), void *arg)
{
	struct thread *t = thread_self();
	thread_enter(t);
	struct span *stack = stackspan_new(STACK_BYTES);
	thread_leave(t);
	if (!stack)
		return false;
	if (thread_start_runtime(run, arg, (void *)stack->base, stack->elem_bytes) == 0) {
		background.stacks[background.stack_count++] = stack;
		return true;
	}
	thread_enter(t);
	stackspan_free(stack);
	thread_leave(t);
	return false;
}

static unsigned helpers_wanted(void)
{
	unsigned cpus = os_cpu_count();
	return cpus - 1 < HELPERS_MAX ? cpus - 1 : HELPERS_MAX;
}

bool background_is_started(void)
{
	return __atomic_load_n(&background.started, __ATOMIC_RELAXED);
}

static void free_old_stacks(void)
{
	struct thread *t = thread_self();
	thread_enter(t);
	while (background.stack_count > 0)
		stackspan_free(background.stacks[--background.stack_count]);
	thread_leave(t);
}

unsigned background_start(void)
{
	/* Who starts them needs the loader, whose lock may be held by whoever would wait here. */
	if (!lock_try(&background.lock))
		return __atomic_load_n(&background.helpers, __ATOMIC_RELAXED);
	if (!background.started && !confine_is_done() && !interpose_walks_loader()) {
		free_old_stacks();
		background.started = start_thread(run_background, NULL);
		unsigned wanted = helpers_wanted();
		while (background.started && background.helpers < wanted &&
		       start_thread(run_helper, (void *)(uintptr_t)(background.helpers + 1)))
			background.helpers++;
	}
	unsigned helpers = background.helpers;
	lock_release(&background.lock);
	return helpers;
}

/* The threads did not survive; their stacks are given back when new ones start. */
void background_after_fork(void)
{
	background.lock = (struct lock){0};
	background.work = background.mark = (struct lock_event){0};
	background.started = false;
	background.helpers = 0;
	background.cpu_ns = background.told_ns = 0;
}
