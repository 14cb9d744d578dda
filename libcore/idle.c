/* idle.c - see idle.h. */
#include "idle.h"

#include "mcentral.h"
#include "pacepoint.h"
#include "stats.h"
#include "thread.h"
#include "world.h"

enum { IDLE_LOOKS = 3 };

static bool given;

/* Has it stood still for so many looks, and is there anything to take? */
static bool is_idle(struct thread *t)
{
	bool holds;
	uint64_t activity = mcache_activity(&t->mcache, &holds);
	if (activity != t->activity)
		t->idle_looks = 0;
	else if (t->idle_looks < IDLE_LOOKS)
		t->idle_looks++;
	t->activity = activity;
	return holds && t->idle_looks == IDLE_LOOKS && t->open;
}

static void take_all(struct thread *t)
{
	struct thread *self = thread_current;
	thread_enter(self);
	stats_thread_ended(&t->mcache);
	mcache_open(&t->mcache);
	thread_leave(self);
	bool holds;
	t->activity = mcache_activity(&t->mcache, &holds);
	given = true;
}

/* What was freed into spans without an owner waits until someone needs one of the class. */
static void drain_central(void)
{
	struct thread *self = thread_current;
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		if (!atomic_load_explicit(&mcentral[class].remote, memory_order_relaxed))
			continue;
		thread_enter(self);
		mcentral_drain(class);
		thread_leave(self);
		given = true;
	}
}

bool idle_look(uint64_t now_ns)
{
	static uint64_t last_ns;
	if (now_ns - last_ns < IDLE_LOOK_NS || !pacepoint_stands_for_cycle())
		return false;
	last_ns = now_ns;
	given = false;
	world_visit_outside(is_idle, take_all);
	drain_central();
	return given;
}
