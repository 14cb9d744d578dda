/*
 * Stops the world thousands of times: a stopped thread does not move, whatever it was
 * doing, and all run again afterwards. Prints how long stopping took.
 *
 * A program of its own: it is about threads and signals, of which a test runner has some.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "thread.h"
#include "world.h"

enum { BUSY_MAX = 8, STOPS = 1000, CALM_STOPS = 300, LOOKS = 3 };

static _Atomic bool ending;

struct busy {
	pthread_t id;
	volatile uint64_t steps;
	char apart[64]; /* a line of its own */
};

static struct busy busy[BUSY_MAX];

static void *count(void *arg)
{
	struct busy *self = arg;
	while (!atomic_load_explicit(&ending, memory_order_relaxed))
		self->steps++;
	return NULL;
}

/* Blocks every signal, as careful libraries do in their threads. */
static void *count_with_signals_blocked(void *arg)
{
	sigset_t all;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	return count(arg);
}

static void *allocate(void *arg)
{
	struct busy *self = arg;
	while (!atomic_load_explicit(&ending, memory_order_relaxed)) {
		check(memspan_alloc(48) != NULL);
		self->steps++;
	}
	return NULL;
}

/* malloc's locks are held when it is stopped, now and then. */
static void *use_malloc(void *arg)
{
	struct busy *self = arg;
	while (!atomic_load_explicit(&ending, memory_order_relaxed)) {
		free(malloc(1000));
		self->steps++;
	}
	return NULL;
}

static void *(*const routines[])(void *) = {
    count, count_with_signals_blocked, allocate, use_malloc,
};

static int pipe_ends[2];

static void *read_pipe(void *arg)
{
	char byte;
	check(read(pipe_ends[0], &byte, 1) == 1); /* not EINTR */
	return arg;
}

static void *end_at_once(void *arg)
{
	if (arg)
		check(memspan_alloc(100) != NULL);
	return arg;
}

static void *begin_and_join(void *arg)
{
	for (uintptr_t i = 0; !atomic_load(&ending); i++) {
		pthread_t id;
		void *result;
		check(pthread_create(&id, NULL, end_at_once, (void *)(i & 1)) == 0);
		check(pthread_join(id, &result) == 0 && result == (void *)(i & 1));
	}
	return arg;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return (x > y) - (x < y);
}

static void report(unsigned threads, uint64_t *stop_ns, size_t n)
{
	qsort(stop_ns, n, sizeof *stop_ns, compare);
	printf("%u threads: stopped in %.1f us (p50), %.1f (p99), %.1f (longest) of %zu\n", threads,
	       (double)stop_ns[n / 2] / 1e3, (double)stop_ns[n * 99 / 100] / 1e3,
	       (double)stop_ns[n - 1] / 1e3, n);
}

/* Calm: the threads are running again before they are stopped once more. */
static void stop_often(unsigned threads, bool calm)
{
	static uint64_t stop_ns[STOPS];
	unsigned given_up = 0, stops = calm ? CALM_STOPS : STOPS;
	for (unsigned i = 0; i < stops; i++) {
		struct world_stop stop;
		uint64_t before[BUSY_MAX];
		if (!world_stop(&stop)) {
			given_up++; /* a busy machine may take so long */
			continue;
		}
		stop_ns[i] = stop.stop_ns;
		check(stop.threads >= threads + 1);
		for (unsigned k = 0; k < threads; k++)
			before[k] = busy[k].steps;
		for (unsigned look = 0; look < LOOKS; look++)
			for (unsigned k = 0; k < threads; k++)
				check(busy[k].steps == before[k]);
		world_start();
		if (calm)
			usleep(300);
	}
	check(given_up < STOPS / 50);
	report(threads, stop_ns, stops);
}

static void run(unsigned threads, bool births)
{
	pthread_t reader, parent;
	atomic_store(&ending, false);
	check(pipe(pipe_ends) == 0);
	for (unsigned k = 0; k < threads; k++) {
		busy[k].steps = 0;
		void *(*routine)(void *) = births ? routines[k % 4] : count;
		check(pthread_create(&busy[k].id, NULL, routine, &busy[k]) == 0);
	}
	if (births) {
		check(pthread_create(&reader, NULL, read_pipe, NULL) == 0);
		check(pthread_create(&parent, NULL, begin_and_join, NULL) == 0);
	}
	for (unsigned k = 0; k < threads; k++)
		while (busy[k].steps == 0)
			usleep(100);
	stop_often(threads, !births);
	uint64_t before[BUSY_MAX];
	for (unsigned k = 0; k < threads; k++)
		before[k] = busy[k].steps;
	for (unsigned k = 0; k < threads; k++)
		while (busy[k].steps == before[k])
			usleep(100);
	atomic_store(&ending, true);
	for (unsigned k = 0; k < threads; k++)
		check(pthread_join(busy[k].id, NULL) == 0);
	if (births) {
		check(write(pipe_ends[1], "x", 1) == 1);
		check(pthread_join(reader, NULL) == 0 && pthread_join(parent, NULL) == 0);
	}
	close(pipe_ends[0]);
	close(pipe_ends[1]);
}

int main(void)
{
	check(memspan_thread_register() == 0);
	for (unsigned threads = 0; threads <= BUSY_MAX; threads = threads ? threads * 2 : 1)
		run(threads, false);
	puts("with threads that allocate, block signals, are born and die:");
	run(BUSY_MAX, true);
	check(thread_count() < BUSY_MAX); /* those that ended are forgotten */
	return 0;
}
