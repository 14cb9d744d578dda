/*
 * What a thread frees of others' blocks waits in parcels (mcache.h): the statistics and the
 * span table know it at once, the owner gets no more than a bound late, and what a thread
 * leaves in its parcels when it ends or forks is not lost.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"

enum { BLOCKS = 1003, BYTES = 80, ROUNDS = 2000 };

static void *blocks[BLOCKS];
static pthread_barrier_t freed, looked;

static int add_objects(const memspan_span *s, void *objects)
{
	*(uint64_t *)objects += s->alloc_count;
	return 0;
}

static uint64_t objects_now(void)
{
	static memspan_mstats stats;
	uint64_t objects = 0;
	check(memspan_visit_spans(add_objects, &objects, &stats) == 0);
	check(objects == stats.heap_objects);
	return objects;
}

static void *free_all_and_wait(void *arg)
{
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	pthread_barrier_wait(&freed);
	pthread_barrier_wait(&looked);
	return arg;
}

static void allocate_all(void)
{
	for (int i = 0; i < BLOCKS; i++)
		check((blocks[i] = malloc(BYTES)));
}

/* The thread holds the last of them in a parcel while they are counted. */
static void frees_are_counted_at_once(void)
{
	pthread_t id;
	allocate_all();
	check(pthread_barrier_init(&freed, NULL, 2) == 0);
	check(pthread_barrier_init(&looked, NULL, 2) == 0);
	check(pthread_create(&id, NULL, free_all_and_wait, NULL) == 0);
	uint64_t begun = objects_now(); /* the thread may have freed some, or be about to */
	pthread_barrier_wait(&freed);
	uint64_t after = objects_now();
	check(after <= begun);
	pthread_barrier_wait(&looked);
	check(pthread_join(id, NULL) == 0);
	check(objects_now() <= after);
	allocate_all();
	check(objects_now() >= after + BLOCKS - 1); /* but for what the thread itself had */
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

static void *free_all(void *arg)
{
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	return arg;
}

/* What one thread allocates and others free is used again: whatever they leave in parcels. */
static void what_is_passed_on_does_not_grow(void)
{
	static memspan_mem_stats before, after;
	for (int round = 0; round < ROUNDS; round++) {
		pthread_t id;
		if (round == 10)
			memspan_read_mem_stats(&before);
		allocate_all();
		check(pthread_create(&id, NULL, free_all, NULL) == 0);
		check(pthread_join(id, NULL) == 0);
	}
	memspan_read_mem_stats(&after);
	check(after.heap_inuse <= before.heap_inuse + 4 * BLOCKS * BYTES);
}

/* A forked child takes back what its parent's other threads had in parcels. */
static void a_forked_child_counts_them_too(void)
{
	pthread_t id;
	int status;
	allocate_all();
	check(pthread_create(&id, NULL, free_all_and_wait, NULL) == 0);
	pthread_barrier_wait(&freed);
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		uint64_t before = objects_now();
		allocate_all();
		check(objects_now() == before + BLOCKS);
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	pthread_barrier_wait(&looked);
	check(pthread_join(id, NULL) == 0);
}

int main(void)
{
	frees_are_counted_at_once();
	what_is_passed_on_does_not_grow();
	a_forked_child_counts_them_too();
	return 0;
}
