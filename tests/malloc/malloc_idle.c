/*
 * malloc_idle spikes|another - what threads hold that do nothing comes back within seconds: the spans that
 * many threads kept for later, and those that one thread filled and another one emptied. Then
 * the threads go on, and find everything in order.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <memspan.h>

enum {
	THREADS = 24, BLOCKS = 4000, BYTES = 512,
	GIVEN = 100000, GIVEN_BYTES = 320,
	REST_BYTES = 4 << 20,
	PATIENCE_S = 120, /* for a machine that is busy with something else */
};

static pthread_barrier_t turn;
static char *given[GIVEN];
static void (*read_stats)(memspan_mem_stats *);

static void *fill(size_t bytes, int value)
{
	return memset(malloc(bytes), value, bytes);
}

/* A spike, over the whole heap, and then nothing until the next turn; twice. */
static void *spike(void *arg)
{
	static _Thread_local unsigned char *blocks[BLOCKS];
	int value = (int)(uintptr_t)arg;
	for (int round = 0; round < 2; round++) {
		pthread_barrier_wait(&turn);
		for (int i = 0; i < BLOCKS; i++)
			blocks[i] = fill(BYTES, value);
		for (int i = 0; i < BLOCKS; i++) {
			if (blocks[i][0] != value || blocks[i][BYTES - 1] != value)
				abort();
			free(blocks[i]);
		}
		pthread_barrier_wait(&turn); /* over */
		pthread_barrier_wait(&turn); /* looked at */
	}
	return NULL;
}

static void *give(void *arg)
{
	(void)arg;
	for (int i = 0; i < GIVEN; i++)
		given[i] = fill(GIVEN_BYTES, i & 127);
	pthread_barrier_wait(&turn);
	pthread_barrier_wait(&turn); /* they were freed and looked at */
	free(fill(GIVEN_BYTES, 1));
	return NULL;
}

/* Until no more is in use than what lives, and little is kept from the system. */
static int comes_back(const char *what)
{
	memspan_mem_stats stats;
	time_t begin = time(NULL);
	do {
		nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
		read_stats(&stats);
		if (stats.heap_inuse < REST_BYTES && stats.heap_idle - stats.heap_released < REST_BYTES)
			return 0;
	} while (time(NULL) - begin < PATIENCE_S);
	fprintf(stderr, "%s: %llu bytes are in use, %llu idle and kept\n", what,
	        (unsigned long long)stats.heap_inuse,
	        (unsigned long long)(stats.heap_idle - stats.heap_released));
	return 1;
}

static int many_threads(void)
{
	pthread_t threads[THREADS];
	int failed = 0;
	pthread_barrier_init(&turn, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, spike, (void *)(uintptr_t)(i + 1));
	for (int round = 0; round < 2; round++) {
		pthread_barrier_wait(&turn);
		pthread_barrier_wait(&turn);
		failed |= comes_back("after a spike");
		pthread_barrier_wait(&turn);
	}
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&turn);
	return failed;
}

static int emptied_by_another(void)
{
	pthread_t thread;
	pthread_barrier_init(&turn, NULL, 2);
	pthread_create(&thread, NULL, give, NULL);
	pthread_barrier_wait(&turn);
	for (int i = 0; i < GIVEN; i++) {
		if (given[i][0] != (i & 127))
			abort();
		free(given[i]);
	}
	int failed = comes_back("freed by another");
	pthread_barrier_wait(&turn);
	pthread_join(thread, NULL);
	return failed;
}

int main(int argc, char **argv)
{
	read_stats = (void (*)(memspan_mem_stats *))dlsym(RTLD_DEFAULT, "memspan_read_mem_stats");
	if (!read_stats || argc != 2)
		return 2;
	return strcmp(argv[1], "spikes") == 0 ? many_threads() : emptied_by_another();
}
