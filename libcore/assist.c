/* assist.c - see assist.h. */
#include "assist.h"

#include <limits.h>
#include <stddef.h>

#include "counters.h"
#include "cycle.h"
#include "lock.h"
#include "mark.h"
#include "pacer.h"
#include "thread.h"
#include "world.h"

enum {
	MARK_BYTES = 16 << 10,        /* of one stay in the heap: a stop waits for its end */
	MARK_STEPS = 4,
	SLACK_BYTES = 1536 << 10,     /* for each thread of the program */
	SLACK_THREADS_MAX = 2,
	LIMIT_SLACK_BYTES = 2 << 20,
	TURN_NS = 200 * 1000,         /* of waiting, then it is looked again whether it is needed */
	LONG_TURN_NS = 5 * 1000 * 1000, /* far above the goal; the end of the cycle ends it early */
	TURNS = 20,                   /* a tenth of a second: many cycles' time on a free processor */
	TURNS_MAX = 200,              /* a second, at twice the goal, where growth has no other bound */
	GIVEN_UP_MAX = 10,            /* cycles in a row */
	CLOSING_NS = 1000 * 1000,
};

static struct {
	_Atomic uint32_t closing;     /* 1: the last stop is close */
	unsigned given_up;            /* so many cycles since one ended */
	int64_t live_at_start;        /* of the present cycle */
	uint64_t scan_bytes;
	unsigned threads;             /* of the program, when the last cycle began */
} state = {.threads = SLACK_THREADS_MAX};

/*
 * By how much the heap may pass its goal before who allocates is held back: in a small heap by
 * a part of it, as a cycle has much that does not shrink with it; then by what the threads
 * allocate in about a millisecond. Under the memory limit by less.
 */
static uint64_t slack_bytes(uint64_t goal, bool by_limit)
{
	if (by_limit)
		return LIMIT_SLACK_BYTES;
	uint64_t threads = __atomic_load_n(&state.threads, __ATOMIC_RELAXED);
	uint64_t slack = (threads < SLACK_THREADS_MAX ? threads : SLACK_THREADS_MAX) * SLACK_BYTES;
	uint64_t least = goal / 128, most = goal / 8;
	return least > slack ? least : most < slack ? most : slack;
}

/* How far the heap is above what is let pass. */
static uint64_t outgrown(uint64_t goal, bool by_limit)
{
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	if (goal == PACER_OFF || live <= 0)
		return 0;
	uint64_t allowed = goal + slack_bytes(goal, by_limit);
	return (uint64_t)live > allowed ? (uint64_t)live - allowed : 0;
}

/*
 * How often a thread looks again whether the collector is done, by how far the heap is above its
 * goal. Each cycle lets grow what the next one has to mark: where the processors have much else to
 * do a short wait would let the heap grow without bound.
 */
static int patience_turns(uint64_t over, uint64_t goal, bool by_limit)
{
	if (over > goal)
		return TURNS_MAX;
	return over > goal / 2 || by_limit ? TURNS : 1;
}

static uint64_t present_goal(void)
{
	return __atomic_load_n(&cycle_figures.next_gc, __ATOMIC_RELAXED);
}

static void stand_by(uint32_t closing, int64_t timeout_ns)
{
	struct thread *waits = world_wait_begin();
	lock_sleep(&state.closing, closing, timeout_ns);
	if (waits)
		world_wait_end(waits);
}

/*
 * The collector gets the processor: for a moment, or until it is done or some time has passed.
 * One that cannot stop the program time after time does not hold it up either.
 */
void assist_wait(bool by_limit)
{
	uint64_t over;
	for (int turn = 0; (over = outgrown(present_goal(), by_limit)) > 0; turn++) {
		if (turn >= patience_turns(over, present_goal(), by_limit) ||
		    __atomic_load_n(&state.given_up, __ATOMIC_RELAXED) > GIVEN_UP_MAX)
			return;
		stand_by(atomic_load(&state.closing),
		         over > present_goal() / 8 ? LONG_TURN_NS : TURN_NS);
	}
}

/*
 * Marking must have come as far as the heap has grown from the cycle's start through a third of
 * the way to its goal. (Go: to the goal.) All that is allocated while marking goes on lives until the
 * next cycle, and raises that one's goal: the sooner it is over the less that is.
 */
static double due_scan_bytes(void)
{
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	double room = ((double)present_goal() - (double)state.live_at_start) / 3;
	double grown = (double)(live - state.live_at_start);
	return room > grown ? (double)state.scan_bytes * grown / room : 1e18;
}

void assist_mark(bool by_limit)
{
	if (atomic_load_explicit(&state.closing, memory_order_relaxed)) {
		stand_by(1, CLOSING_NS);
		return;
	}
	struct thread *t = thread_self();
	double due = due_scan_bytes();
	for (int i = 0; i < MARK_STEPS && (double)mark_scanned_bytes() < due; i++) {
		thread_enter(t);
		size_t done = span_marking ? mark_assist(MARK_BYTES) : 0;
		thread_leave(t);
		if (!done)
			break;
	}
	assist_wait(by_limit); /* what there is to mark may hold no pointers: nobody can help with it */
}

void assist_begin(int64_t live_bytes, uint64_t scan_bytes, unsigned threads)
{
	state.live_at_start = live_bytes;
	state.scan_bytes = scan_bytes;
	__atomic_store_n(&state.threads, threads > 0 ? threads : 1, __ATOMIC_RELAXED);
}

void assist_set_closing(bool closing)
{
	atomic_store(&state.closing, closing);
	if (!closing)
		lock_wake(&state.closing, INT_MAX);
}

void assist_cycle_ended(void)
{
	__atomic_store_n(&state.given_up, 0, __ATOMIC_RELAXED);
}

void assist_cycle_given_up(void)
{
	__atomic_add_fetch(&state.given_up, 1, __ATOMIC_RELAXED);
}

void assist_after_fork(void)
{
	state.closing = 0;
}
