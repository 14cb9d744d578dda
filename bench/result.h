/*
 * result.h - the line that every bench prints: what ran, and its cost, as key=value words.
 *
 *	work, peer, threads      what ran
 *	count, ns_each           operations (nodes, replacements), wall time for each
 *	wall_s, cpu_s            from result_begin to result_print
 *	peak_kib                 the process's largest resident set
 *	collections              over the whole run, also before result_begin
 *	pauses                   how many pauses since result_begin are known (Go and memspan keep
 *	                         256; beyond 256 collections, the last of the whole run)
 *	pause_max_us, pause_median_us, pause_p99_us (nearest rank), pause_total_us
 *
 * Include after peer.h. Not for threads: main calls it.
 */
#ifndef RESULT_H
#define RESULT_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "peer.h"

static uint64_t result_began_ns;
static size_t result_pauses_before; /* of collections before result_begin: not counted */

static inline uint64_t result_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static inline void result_begin(void)
{
	uint64_t pauses[256];

	peer_collections(pauses, 256, &result_pauses_before);
	result_began_ns = result_now_ns();
}

static inline int result_order(const void *a, const void *b)
{
	uint64_t left = *(const uint64_t *)a;
	uint64_t right = *(const uint64_t *)b;

	return (left > right) - (left < right);
}

static inline double result_seconds(struct timeval time)
{
	return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static inline void result_print(const char *work, unsigned threads, uint64_t count)
{
	double wall_s = (double)(result_now_ns() - result_began_ns) / 1e9;
	size_t capacity_bytes = PEER_PAUSES_MAX * sizeof(uint64_t);
	uint64_t *pauses = mmap(NULL, capacity_bytes, PROT_READ | PROT_WRITE,
	                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t collections;
	uint64_t total_ns = 0;
	size_t known = 0;
	struct rusage usage;

	if (pauses == MAP_FAILED)
		peer_need(NULL);
	getrusage(RUSAGE_SELF, &usage);
	collections = peer_collections(pauses, PEER_PAUSES_MAX, &known);
	if (collections <= 256) {
		pauses += result_pauses_before;
		known -= result_pauses_before;
	}
	qsort(pauses, known, sizeof(*pauses), result_order);
	for (size_t i = 0; i < known; i++)
		total_ns += pauses[i];

	printf("work=%s peer=%s threads=%u count=%llu ns_each=%.2f wall_s=%.4f cpu_s=%.4f "
	       "peak_kib=%ld collections=%llu pauses=%zu pause_max_us=%.1f pause_median_us=%.1f "
	       "pause_p99_us=%.1f pause_total_us=%.1f\n",
	       work, PEER_NAME, threads, (unsigned long long)count, wall_s * 1e9 / (double)count,
	       wall_s, result_seconds(usage.ru_utime) + result_seconds(usage.ru_stime),
	       usage.ru_maxrss, (unsigned long long)collections, known,
	       known ? (double)pauses[known - 1] / 1e3 : 0.0,
	       known ? (double)pauses[known / 2] / 1e3 : 0.0,
	       known ? (double)pauses[(known * 99 + 99) / 100 - 1] / 1e3 : 0.0, (double)total_ns / 1e3);
}

#endif
