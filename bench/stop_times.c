/*
 * stop_times - a program for bench/stop_times: threads that allocate, and one that reads the
 * statistics again and again.
 *
 *	stop_times THREADS READINGS
 *
 * Each thread replaces random objects among its live ones. The first thread reads the
 * statistics READINGS times, a millisecond between two, and prints for each how long the call
 * took, in nanoseconds: its stop of the world lies within. Ends with 1 if figures of one
 * reading contradict each other, or those of the reading before.
 */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <memspan.h>

enum { LIVE = 20000, THREADS_MAX = 64, READINGS_MAX = 1 << 24 };

static atomic_bool done;

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void fail(const char *what)
{
	fprintf(stderr, "stop_times: %s\n", what);
	exit(1);
}

static void *replace(void *arg)
{
	uint64_t random = 88172645463325252u * (uintptr_t)arg;
	void **live = memspan_alloc(LIVE * sizeof *live);

	if (live == NULL)
		fail("out of memory");
	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		live[random % LIVE] = memspan_alloc(16 + (random >> 32) % 1009);
	}
	return NULL;
}

static uint64_t by_size_live_bytes(const memspan_mem_stats *s)
{
	uint64_t bytes = 0;

	for (int i = 0; i < 61; i++)
		bytes += (s->by_size[i].mallocs - s->by_size[i].frees) * s->by_size[i].size;
	return bytes;
}

static void check(const memspan_mem_stats *s, const memspan_mem_stats *before)
{
	if (s->heap_sys != s->heap_inuse + s->heap_idle)
		fail("heap_sys is not heap_inuse + heap_idle");
	if (s->mallocs - s->frees != s->heap_objects)
		fail("mallocs - frees is not heap_objects");
	if (s->heap_alloc > s->heap_inuse)
		fail("heap_alloc is above heap_inuse");
	if (by_size_live_bytes(s) > s->heap_alloc)
		fail("by_size is above heap_alloc");
	if (s->heap_released > s->heap_idle)
		fail("heap_released is above heap_idle");
	if (s->total_alloc < before->total_alloc || s->mallocs < before->mallocs ||
	    s->frees < before->frees)
		fail("a counter went back");
}

static void read_statistics(uint64_t *took_ns, size_t readings)
{
	static memspan_mem_stats stats[2];
	const struct timespec between = {.tv_nsec = 1000 * 1000};

	for (size_t i = 0; i < readings; i++) {
		nanosleep(&between, NULL);
		uint64_t begin_ns = now_ns();
		memspan_read_mem_stats(&stats[i % 2]);
		took_ns[i] = now_ns() - begin_ns;
		check(&stats[i % 2], &stats[(i + 1) % 2]);
	}
}

static size_t number(const char *text, size_t max)
{
	char *end;

	errno = 0;
	unsigned long n = strtoul(text, &end, 10);
	if (errno || end == text || *end || n == 0 || n > max)
		fail("not a number within the limits");
	return n;
}

int main(int argc, char **argv)
{
	pthread_t threads[THREADS_MAX];

	if (argc != 3) {
		fputs("usage: stop_times THREADS READINGS\n", stderr);
		return 2;
	}
	size_t count = number(argv[1], THREADS_MAX), readings = number(argv[2], READINGS_MAX);
	uint64_t *took_ns = calloc(readings, sizeof *took_ns);
	if (took_ns == NULL)
		fail("out of memory");
	for (size_t i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, replace, (void *)(i + 1)))
			fail("a thread could not be started");
	read_statistics(took_ns, readings);
	atomic_store(&done, true);
	for (size_t i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	for (size_t i = 0; i < readings; i++)
		printf("%" PRIu64 "\n", took_ns[i]);
	free(took_ns);
	return 0;
}
