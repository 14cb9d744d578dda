/*
 * busy_program.c - a program whose threads use the heap all the time while the first one
 * collects: busy_program THREADS CYCLES [fork]
 *
 * A dot on stdout after each collection. With fork, after every eighth collection a child
 * is begun that collects twice and exits, recorded to a file of its own.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS_MAX = 64, KEPT = 512, FORK_EVERY = 8 };

static atomic_bool has_ended;
static void *kept[THREADS_MAX][KEPT];

/* All kinds of objects in all sizes; most live for a while, some are freed by hand. */
static void *busy(void *arg)
{
	uint64_t index = (uint64_t)(uintptr_t)arg, random = index + 1;
	void **mine = kept[index];

	while (!atomic_load_explicit(&has_ended, memory_order_relaxed)) {
		uint64_t some;
		size_t size;
		void **at;

		random = random * 6364136223846793005u + 1442695040888963407u;
		some = random >> 33;
		at = &mine[some % KEPT];
		size = (size_t)1 << some / KEPT % 12;
		size += some / 65536 % size;
		if (some % 64 == 0)
			size *= 64;
		if (some % 5 == 0 && *at)
			memspan_free(*at);
		*at = some % 3 == 0 ? memspan_alloc_noscan(size) : memspan_alloc(size);
		if (*at)
			memset(*at, some % 3 == 0 ? 0x55 : 0, size);
	}
	return NULL;
}

static bool child_runs(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		memspan_gc();
		memspan_gc();
		exit(0);
	}
	return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

int main(int count, char **arguments)
{
	pthread_t threads[THREADS_MAX];
	int thread_count = count > 2 ? atoi(arguments[1]) : 0;
	int cycles = count > 2 ? atoi(arguments[2]) : 0;
	bool forks = count > 3;

	if (thread_count < 1 || thread_count > THREADS_MAX)
		return 2;
	for (int i = 0; i < thread_count; i++)
		if (pthread_create(&threads[i], NULL, busy, (void *)(uintptr_t)i) != 0)
			return 3;
	for (int i = 0; i < cycles; i++) {
		memspan_gc();
		if (write(STDOUT_FILENO, ".", 1) != 1)
			return 4;
		if (forks && i % FORK_EVERY == 0 && !child_runs())
			return 5;
	}
	atomic_store(&has_ended, true);
	for (int i = 0; i < thread_count; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
