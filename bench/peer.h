/*
 * peer.h - one face for the heaps that the benches compare, chosen at compile time by
 * PEER_MEMSPAN, PEER_BOEHM or PEER_GLIBC. So every peer runs the same C code. PEER_MEMSPAN_CLEARED
 * is memspan with objects without pointers cleared, as Go's are and those of the others not.
 *
 *	PEER_NAME                what the result line calls it
 *	peer_start()             first thing in main
 *	peer_new_node(bytes)     an object whose words may be pointers
 *	peer_new_bytes(bytes)    an object without pointers, of any content
 *	peer_new_table(bytes)    an object of pointers to the others, zeroed
 *	peer_free(p)             gives an object back at once
 *	PEER_COLLECTS            whether dropping the last pointer is enough
 *	peer_collections(pauses, capacity, count)
 *	                         how many collections ran, and the pauses that are known,
 *	                         in nanoseconds
 *
 * Allocation never fails here: it ends the program.
 */
#ifndef PEER_H
#define PEER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PEER_PAUSES_MAX = 1 << 16 };

static inline void *peer_need(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return p;
}

#if defined(PEER_MEMSPAN) || defined(PEER_MEMSPAN_CLEARED)

#include <memspan.h>
#include <pthread.h>

#ifdef PEER_MEMSPAN_CLEARED
#define PEER_NAME "memspan_cleared"
#define peer_new_bytes(bytes) peer_need(memspan_alloc_noscan(bytes))
#else
#define PEER_NAME "memspan"
#define peer_new_bytes(bytes) peer_need(memspan_alloc_noscan_uninit(bytes))
#endif
#define PEER_COLLECTS 1
#define peer_start() ((void)0)
#define peer_new_node(bytes) peer_need(memspan_alloc(bytes))
#define peer_new_table(bytes) peer_need(memspan_alloc(bytes))
#define peer_free(p) memspan_free(p)

/* As Go's, the ring of pauses knows the last 256 cycles. */
static inline uint64_t peer_collections(uint64_t *pauses, size_t capacity, size_t *count)
{
	static memspan_mem_stats stats;

	memspan_read_mem_stats(&stats);
	*count = 0;
	while (*count < stats.num_gc && *count < 256 && *count < capacity) {
		pauses[*count] = stats.pause_ns[*count];
		++*count;
	}
	return stats.num_gc;
}

#elif defined(PEER_BOEHM)

#define GC_THREADS 1
#include <gc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <time.h>

#define PEER_NAME "boehm"
#define PEER_COLLECTS 1
#define peer_new_node(bytes) peer_need(GC_MALLOC(bytes))
#define peer_new_bytes(bytes) peer_need(GC_MALLOC_ATOMIC(bytes))
#define peer_new_table(bytes) peer_need(GC_MALLOC(bytes))
#define peer_free(p) GC_FREE(p)

/* Outside of static data, which the collector would scan. */
static struct peer_pauses {
	uint64_t began_ns;
	size_t count;
	uint64_t ns[PEER_PAUSES_MAX];
} *peer_pauses;

/* Called by the collector, with its lock held: one call at a time. */
static inline void peer_note_event(GC_EventType event)
{
	struct timespec now;
	uint64_t now_ns;

	if (event != GC_EVENT_PRE_STOP_WORLD && event != GC_EVENT_POST_START_WORLD)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	now_ns = (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
	if (event == GC_EVENT_PRE_STOP_WORLD)
		peer_pauses->began_ns = now_ns;
	else if (peer_pauses->count < PEER_PAUSES_MAX)
		peer_pauses->ns[peer_pauses->count++] = now_ns - peer_pauses->began_ns;
}

static inline void peer_start(void)
{
	GC_INIT();
	GC_start_mark_threads(); /* parallel marking also for a single thread: the faster way */
	peer_pauses = mmap(NULL, sizeof(*peer_pauses), PROT_READ | PROT_WRITE,
	                   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (peer_pauses == MAP_FAILED)
		peer_need(NULL);
	GC_set_on_collection_event(peer_note_event);
}

static inline uint64_t peer_collections(uint64_t *pauses, size_t capacity, size_t *count)
{
	*count = 0;
	while (*count < peer_pauses->count && *count < capacity) {
		pauses[*count] = peer_pauses->ns[*count];
		++*count;
	}
	return GC_get_gc_no();
}

#elif defined(PEER_GLIBC)

#include <pthread.h>

#define PEER_NAME "glibc"
#define PEER_COLLECTS 0
#define peer_start() ((void)0)
#define peer_new_node(bytes) peer_need(malloc(bytes))
#define peer_new_bytes(bytes) peer_need(malloc(bytes))
#define peer_new_table(bytes) peer_need(calloc(1, bytes))
#define peer_free(p) free(p)

static inline uint64_t peer_collections(uint64_t *pauses, size_t capacity, size_t *count)
{
	(void)pauses;
	(void)capacity;
	*count = 0;
	return 0;
}

#else
#error "no peer was chosen"
#endif
#endif
