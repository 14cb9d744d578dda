/*
 * A snapshot is captured in a moment, and its spans are read while the program runs on: they
 * are those of the captured moment all the same.
 *
 * First each kind of change is made alone between capture and reading, with nobody else at
 * work: the rows must be those of a snapshot read before. Then threads do all of it at random
 * while snapshots are read, and each must agree with its own statistics, class by class.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "heap.h"
#include "recorder.h"
#include "span.h"
#include "thread.h"

enum { OBJECTS = 20000, THREADS = 3, SNAPSHOTS = 60, SIZES = 9, STACKS = 20 };
enum { STACK_BYTES = 64 << 10 };

static const size_t sizes[SIZES] = {8, 24, 48, 64, 200, 700, 3000, 9000, 40000};
static void *objects[OBJECTS]; /* static data: roots */
static void *stacks[STACKS];

static size_t bytes_of(unsigned i)
{
	return i % 100 ? sizes[i % 7] : sizes[7 + i / 100 % 2];
}

static void *object_new(unsigned i)
{
	void *p = i % 3 == 0 ? memspan_alloc_uncollectable(bytes_of(i))
	          : i % 3 == 1 ? memspan_alloc(bytes_of(i))
	                       : memspan_alloc_noscan(bytes_of(i));
	check(p);
	return p;
}

static void fill(void)
{
	for (unsigned i = 0; i < OBJECTS; i++)
		if (!objects[i])
			objects[i] = object_new(i);
	for (int i = 0; i < STACKS; i++)
		if (!stacks[i])
			check((stacks[i] = memspan_stack_alloc(STACK_BYTES)));
}

/* ---- what may change ------------------------------------------------------ */

static void change_nothing(void)
{
}

static void free_some(void)
{
	for (unsigned i = 0; i < OBJECTS; i += 2) {
		memspan_free(objects[i]);
		objects[i] = NULL;
	}
}

static void free_all(void)
{
	for (unsigned i = 0; i < OBJECTS; i++) {
		memspan_free(objects[i]);
		objects[i] = NULL;
	}
}

static void allocate_more(void)
{
	for (unsigned i = 0; i < 3 * OBJECTS; i++)
		object_new(i); /* the uncollectable ones are lost: so be it */
}

static void *free_in_thread(void *arg)
{
	(void)arg;
	free_some();
	for (unsigned i = 0; i < 1000; i++)
		object_new(i);
	return NULL;
}

static void free_elsewhere(void)
{
	pthread_t thread;
	check(pthread_create(&thread, NULL, free_in_thread, NULL) == 0);
	pthread_join(thread, NULL);
	fill(); /* takes back what the other freed */
}

/* As malloc's free does it (malloc/block.h). */
static void free_as_malloc(void)
{
	struct thread *t = thread_self();
	for (unsigned i = 0; i < OBJECTS; i += 3) {
		struct span *s = pageheap_span_of((uintptr_t)objects[i]);
		if (!objects[i] || !s->size_class)
			continue;
		thread_enter(t);
		if (!mcache_free_quick(&t->mcache, s, (uintptr_t)objects[i]))
			mcache_free(&t->mcache, s, span_index(s, (uintptr_t)objects[i]));
		thread_leave(t);
		objects[i] = NULL;
	}
}

static void collect(void)
{
	for (unsigned i = 1; i < OBJECTS; i += 3) /* those that a collection takes */
		objects[i] = NULL;
	memspan_gc();
	memspan_gc();
}

/* The cache's words are given back, and have fewer free slots than they had. */
static void collect_after_some(void)
{
	for (unsigned i = 0; i < 14; i++)
		object_new(i);
	memspan_gc();
}

static void *allocate_some(void *arg)
{
	atomic_uint *turn = arg;
	for (unsigned i = 0; i < 14; i++)
		object_new(i);
	atomic_store(turn, 1);
	while (atomic_load(turn) != 2)
		usleep(100);
	for (unsigned i = 0; i < 14; i++)
		object_new(i);
	return NULL;
}

/* Large blocks in place, as malloc's realloc does it. */
static void resize_large(size_t bytes)
{
	unsigned resized = 0;
	for (unsigned i = 0; i < OBJECTS; i += 3) {
		struct span *s = pageheap_span_of((uintptr_t)objects[i]);
		if (s && !s->size_class)
			resized += heap_resize_large(thread_self(), s, bytes);
	}
	check(resized > 0);
}

static void shrink_large(void)
{
	resize_large(17000);
}

static void grow_large(void)
{
	resize_large(41000);
}

static void use_stacks(void)
{
	for (int i = 0; i < STACKS; i += 2) {
		memspan_stack_free(stacks[i]);
		stacks[i] = NULL;
	}
	check((stacks[0] = memspan_stack_alloc(STACK_BYTES / 2)));
}

static void release_memory(void)
{
	free_some();
	memspan_free_os_memory();
}

static void fork_child(void)
{
	pid_t child = fork();
	if (child == 0) {
		free_all();
		fill();
		struct recorder_snapshot *snapshot = recorder_capture(RECORDER_DUMP);
		check(snapshot);
		recorder_read_spans(snapshot);
		check(snapshot->span_count > 0);
		recorder_release(snapshot);
		_exit(0);
	}
	int status;
	check(waitpid(child, &status, 0) == child && status == 0);
	free_some();
}

static void capture_another(void)
{
	struct recorder_snapshot *snapshot = recorder_capture(RECORDER_DUMP);
	free_some();
	recorder_release(snapshot); /* unread */
	fill();
}

static void (*const changes[])(void) = {
	change_nothing, free_some, free_all, allocate_more, free_elsewhere, free_as_malloc, collect,
	collect_after_some, shrink_large, grow_large, use_stacks, release_memory, fork_child, capture_another,
};

/* ---- one change at a time ---------------------------------------------------- */

static struct recorder_snapshot *captured(void)
{
	struct recorder_snapshot *snapshot = recorder_capture(RECORDER_DUMP);
	check(snapshot);
	return snapshot;
}

/* The runtime's own threads may have swept or released something in between. */
static bool same_moment(const struct recorder_snapshot *a, const struct recorder_snapshot *b)
{
	return a->stats.nmalloc == b->stats.nmalloc && a->stats.nfree == b->stats.nfree &&
	       a->stats.heap_released == b->stats.heap_released &&
	       a->stats.heap_inuse == b->stats.heap_inuse &&
	       a->stats.stacks_inuse == b->stats.stacks_inuse && a->gc_num == b->gc_num;
}

static void hold_against_former(void (*change)(void))
{
	fill();
	memspan_gc();
	free_some();
	fill(); /* the thread owns spans again */
	struct recorder_snapshot *former = captured(), *later;
	recorder_read_spans(former);
	while (!same_moment(former, later = captured())) {
		recorder_release(former);
		former = later;
		recorder_read_spans(former);
	}
	change();
	recorder_read_spans(later);
	recorder_read_spans(later); /* the second time does nothing */
	check(later->span_count == former->span_count);
	check(memcmp(later->spans, former->spans, later->span_count * sizeof *later->spans) == 0);
	recorder_release(former);
	recorder_release(later);
}

/* ---- all at once ---------------------------------------------------------------- */

static atomic_bool done;

static void *work(void *arg)
{
	unsigned x = (unsigned)(uintptr_t)arg;
	static _Atomic(void *) shared[512]; /* who takes an object from here frees it */
	for (unsigned round = 0; !done; round++) {
		x = x * 1664525 + 1013904223;
		unsigned r = x >> 8;
		void *p = memspan_alloc_uncollectable(bytes_of(r));
		check(memspan_alloc_noscan(bytes_of(r / 2)));
		memspan_free(atomic_exchange(&shared[r % 512], p));
		if (r % 4099 == 0)
			memspan_gc();
		if (r % 1021 == 0)
			memspan_stack_free(memspan_stack_alloc(16 << 10));
	}
	return NULL;
}

static void *work_briefly(void *arg)
{
	for (unsigned i = 0; i < 300; i++)
		memspan_free(memspan_alloc_uncollectable(bytes_of(i)));
	return arg;
}

static void check_statistics(const struct recorder_snapshot *snapshot)
{
	const memspan_mstats *stats = &snapshot->stats;
	uint64_t by_class[RECORDER_CLASSES] = {0}, pages[3] = {0}, alloc = 0, released = 0;
	uint64_t end = snapshot->spans[0].base;
	for (uint64_t i = 0; i < snapshot->span_count; i++) {
		const memspan_span *span = &snapshot->spans[i];
		check(span->base == end && span->npages > 0 && span->alloc_count <= span->nelems);
		check(i == 0 || span->state != MEMSPAN_SPAN_IDLE || span[-1].state != MEMSPAN_SPAN_IDLE);
		end = span->base + span->npages * PAGE_BYTES;
		pages[span->state] += span->npages;
		alloc += span->alloc_count * span->elem_bytes;
		released += span->released_bytes;
		by_class[span->size_class] += span->alloc_count;
	}
	check(alloc == stats->alloc && released == stats->heap_released);
	check(pages[MEMSPAN_SPAN_INUSE] * PAGE_BYTES == stats->heap_inuse);
	check(pages[MEMSPAN_SPAN_STACK] * PAGE_BYTES == stats->stacks_inuse);
	check(pages[MEMSPAN_SPAN_IDLE] * PAGE_BYTES == stats->heap_idle);
	for (unsigned class = 1; class < RECORDER_CLASSES; class++)
		check(by_class[class] == stats->by_size[class].nmalloc - stats->by_size[class].nfree);
}

static void hold_against_statistics(void)
{
	pthread_t threads[THREADS], brief;
	for (uintptr_t i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, work, (void *)(i + 1)) == 0);
	for (unsigned i = 0; i < SNAPSHOTS; i++) {
		struct recorder_snapshot *snapshot = captured();
		if (i % 2)
			changes[1 + i / 2 % 6]();
		check(pthread_create(&brief, NULL, work_briefly, NULL) == 0);
		recorder_read_spans(snapshot);
		check_statistics(snapshot);
		recorder_release(snapshot);
		pthread_join(brief, NULL);
		fill();
	}
	done = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
}

/* A thread ends whose cache held more free slots when the snapshot was captured. */
static void hold_while_a_thread_ends(void)
{
	atomic_uint turn = 0;
	pthread_t thread;
	check(pthread_create(&thread, NULL, allocate_some, &turn) == 0);
	while (atomic_load(&turn) != 1)
		usleep(100);
	struct recorder_snapshot *snapshot = captured();
	atomic_store(&turn, 2);
	pthread_join(thread, NULL);
	recorder_read_spans(snapshot);
	check_statistics(snapshot);
	recorder_release(snapshot);
}

int main(void)
{
	for (unsigned i = 0; i < sizeof changes / sizeof *changes; i++)
		hold_against_former(changes[i]);
	hold_while_a_thread_ends();
	hold_against_statistics();
	return 0;
}
