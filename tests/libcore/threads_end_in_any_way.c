/*
 * Threads that are cancelled, that leave by pthread_exit, that have the smallest stack there
 * is, and threads of timers, which nobody began with pthread_create: all allocate, collect and
 * are collected, and what they leave is what they were asked to leave.
 *
 * A program of its own: it is about threads.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "trace.h"

enum { OBJECTS = 1000 };

struct node {
	struct node *next;
	unsigned number;
};

static struct node *make_list(unsigned n)
{
	struct node *first = NULL;
	for (unsigned i = 0; i < n; i++) {
		struct node *node = memspan_alloc(sizeof *node);
		check(node != NULL);
		*node = (struct node){first, i};
		first = node;
	}
	return first;
}

static bool is_whole(const struct node *first, unsigned n)
{
	for (; first; first = first->next)
		if (first->number != --n)
			return false;
	return n == 0;
}

static void churn(void)
{
	for (int i = 0; i < 20; i++)
		check(is_whole(make_list(OBJECTS), OBJECTS));
}

/* ---- cancellation -------------------------------------------------------- */

/* Not in the heap's calls: they hold its locks, and are no cancellation points. */
static void *collect_while_cancelled(void *reached)
{
	int local;
	pthread_cancel(pthread_self());
	memspan_gc();
	memspan_free(&local);
	churn();
	atomic_store((_Atomic int *)reached, 1);
	pthread_testcancel();
	return NULL;
}

static void a_pending_cancellation_does_not_end_a_call_of_ours(void)
{
	static _Atomic int reached;
	pthread_t id;
	void *result;
	int saved = dup(2), nowhere = open("/dev/null", O_WRONLY);
	check(saved >= 0 && nowhere >= 0);
	dup2(nowhere, 2);
	trace_gc = true; /* a line is written while the cycle is locked */
	check(pthread_create(&id, NULL, collect_while_cancelled, (void *)&reached) == 0);
	check(pthread_join(id, &result) == 0);
	trace_gc = false;
	dup2(saved, 2);
	close(saved);
	close(nowhere);
	check(result == PTHREAD_CANCELED && reached);
	memspan_gc();
}

static _Thread_local struct node *own;
static _Atomic int cleaned;

static void clean(void *list)
{
	memspan_gc();
	check(is_whole(list, OBJECTS) && is_whole(own, OBJECTS));
	churn();
	cleaned++;
}

static void *wait_for_ever(void *started)
{
	struct node *list = make_list(OBJECTS);
	own = make_list(OBJECTS);
	pthread_cleanup_push(clean, list);
	sem_post(started);
	for (;;)
		pause();
	pthread_cleanup_pop(0);
	return NULL;
}

static void cancelled_threads_clean_up(void)
{
	enum { THREADS = 8 };
	pthread_t ids[THREADS];
	sem_t started;
	void *result;
	check(sem_init(&started, 0, 0) == 0);
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&ids[i], NULL, wait_for_ever, &started) == 0);
	for (int i = 0; i < THREADS; i++)
		sem_wait(&started);
	for (int i = 0; i < THREADS; i++) {
		memspan_gc();
		check(pthread_cancel(ids[i]) == 0);
	}
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(ids[i], &result) == 0 && result == PTHREAD_CANCELED);
	check(cleaned == THREADS);
	sem_destroy(&started);
}

/* ---- pthread_exit -------------------------------------------------------- */

static pthread_key_t key;

static void destroy(void *value)
{
	static _Atomic int rounds;
	churn();
	memspan_gc();
	if (++rounds % 3)
		pthread_setspecific(key, value);
}

static __attribute__((noinline)) void leave(void)
{
	pthread_exit(make_list(OBJECTS));
}

static void *leave_from_within(void *arg)
{
	pthread_setspecific(key, &key);
	churn();
	leave();
	return arg;
}

static void what_a_thread_leaves_is_kept_until_it_is_joined(void)
{
	enum { THREADS = 8 };
	pthread_t ids[THREADS];
	check(pthread_key_create(&key, destroy) == 0);
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&ids[i], NULL, leave_from_within, NULL) == 0);
	for (int i = 0; i < THREADS; i++) {
		void *result;
		churn();
		memspan_gc();
		check(pthread_join(ids[i], &result) == 0);
		check(is_whole(result, OBJECTS));
	}
	pthread_key_delete(key);
}

/* ---- the smallest stack -------------------------------------------------- */

static int count_one(const memspan_span *span, void *count)
{
	(void)span;
	++*(unsigned *)count;
	return 0;
}

static void *live_in_little_room(void *arg)
{
	static memspan_mem_stats stats;
	unsigned spans = 0;
	struct node *list = make_list(OBJECTS);
	churn();
	memspan_gc();
	memspan_read_mem_stats(&stats);
	check(stats.num_gc > 0);
	check(memspan_visit_spans(count_one, &spans, NULL) == 0 && spans > 0);
	check(is_whole(list, OBJECTS));
	return arg;
}

static void a_thread_with_the_smallest_stack_collects_and_is_collected(void)
{
	pthread_attr_t attr;
	check(pthread_attr_init(&attr) == 0);
	check(pthread_attr_setstacksize(&attr, (size_t)PTHREAD_STACK_MIN) == 0);
	for (int i = 0; i < 20; i++) {
		pthread_t id;
		check(pthread_create(&id, &attr, live_in_little_room, NULL) == 0);
		memspan_gc();
		churn();
		check(pthread_join(id, NULL) == 0);
	}
	pthread_attr_destroy(&attr);
}

/* ---- timers -------------------------------------------------------------- */

static _Atomic int expired;

static void on_expiry(union sigval value)
{
	struct node *list = make_list(OBJECTS);
	memspan_gc();
	check(is_whole(list, OBJECTS) && is_whole(value.sival_ptr, OBJECTS));
	expired++;
}

static void threads_of_timers_are_as_others(void)
{
	enum { EXPIRIES = 20 };
	static struct node *list;
	timer_t timer;
	list = make_list(OBJECTS);
	struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_value.sival_ptr = list};
	event.sigev_notify_function = on_expiry;
	check(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
	struct itimerspec often = {{0, 5000000}, {0, 5000000}};
	check(timer_settime(timer, 0, &often, NULL) == 0);
	while (expired < EXPIRIES) {
		churn();
		memspan_gc();
	}
	check(timer_delete(timer) == 0);
	check(is_whole(list, OBJECTS));
}

int main(void)
{
	alarm(120);
	a_pending_cancellation_does_not_end_a_call_of_ours();
	cancelled_threads_clean_up();
	what_a_thread_leaves_is_kept_until_it_is_joined();
	a_thread_with_the_smallest_stack_collects_and_is_collected();
	threads_of_timers_are_as_others();
	return 0;
}
