/*
 * memory_limit.c - how well the memory limit is kept by a program that allocates without pause.
 *
 *	memory_limit_memspan LIMIT_MIB LIVE_MIB THREADS BYTES SECONDS
 *
 * LIVE_MIB of objects of BYTES stay alive, found through one table. THREADS threads make such
 * objects as fast as they can; every sixteenth replaces a live one at random. GCPERCENT is
 * off, so only the limit starts cycles. The main thread reads Sys - HeapReleased, which the
 * limit bounds, every millisecond. Prints one line of key=value words:
 *
 *	samples, mean_mib, max_mib   of Sys - HeapReleased
 *	over                         the share of samples over 1.05 x the limit
 *	count                        objects made, by all threads
 *	collections, cpu_fraction    as the runtime tells them
 */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "peer.h"
#include "result.h"

enum { THREADS_MAX = 64, SAMPLE_US = 1000 };

static void **live;
static size_t live_count, object_bytes;
static atomic_bool done;
static atomic_ullong made;

static void *make_objects(void *arg)
{
	uint64_t random = *(uint64_t *)arg, count = 0;

	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		void *object = peer_new_node(object_bytes);

		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		if (count++ % 16 == 0)
			live[random % live_count] = object;
	}
	atomic_fetch_add(&made, count);
	return NULL;
}

static double mapped_mib(void)
{
	memspan_mem_stats stats;

	memspan_read_mem_stats(&stats);
	return (double)(stats.sys - stats.heap_released) / (1 << 20);
}

static void sample(double limit_mib, double seconds, unsigned threads)
{
	uint64_t until_ns = result_now_ns() + (uint64_t)(seconds * 1e9), samples = 0, over = 0;
	double sum = 0, most = 0;

	for (; result_now_ns() < until_ns; samples++) {
		double mib = mapped_mib();
		struct timespec pause = {.tv_nsec = SAMPLE_US * 1000};

		sum += mib;
		most = mib > most ? mib : most;
		over += mib > limit_mib * 1.05;
		nanosleep(&pause, NULL);
	}
	printf("work=memory-limit peer=%s threads=%u limit_mib=%.0f live_mib=%zu bytes=%zu "
	       "samples=%llu mean_mib=%.1f max_mib=%.1f over=%.3f ",
	       PEER_NAME, threads, limit_mib, live_count * object_bytes >> 20, object_bytes,
	       (unsigned long long)samples, sum / (double)samples, most,
	       (double)over / (double)samples);
}

int main(int argc, char **argv)
{
	static pthread_t makers[THREADS_MAX];
	static uint64_t random[THREADS_MAX];
	static memspan_mem_stats stats;
	size_t figures[5] = {0};

	for (int i = 1; i < argc && i <= 5; i++)
		figures[i - 1] = strtoul(argv[i], NULL, 10);
	unsigned threads = (unsigned)figures[2];
	object_bytes = figures[3];
	if (argc != 6 || !figures[0] || !figures[1] || threads < 1 || threads > THREADS_MAX ||
	    object_bytes < sizeof(void *) || !figures[4]) {
		fprintf(stderr, "usage: %s LIMIT_MIB LIVE_MIB THREADS BYTES SECONDS\n", argv[0]);
		return 2;
	}
	live_count = (figures[1] << 20) / object_bytes;
	live = peer_new_table(live_count * sizeof(*live));
	for (size_t i = 0; i < live_count; i++)
		live[i] = peer_new_node(object_bytes);
	memspan_set_gc_percent(-1);
	memspan_set_memory_limit((int64_t)figures[0] << 20);
	for (unsigned i = 0; i < threads; i++) {
		random[i] = 88172645463325252u + i;
		pthread_create(&makers[i], NULL, make_objects, &random[i]);
	}
	sample((double)figures[0], (double)figures[4], threads);
	atomic_store(&done, true);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(makers[i], NULL);
	memspan_read_mem_stats(&stats);
	printf("count=%llu collections=%u cpu_fraction=%.2f\n", atomic_load(&made), stats.num_gc,
	       stats.gc_cpu_fraction);
	return 0;
}
