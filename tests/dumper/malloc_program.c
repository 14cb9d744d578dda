/*
 * malloc_program.c - a program that knows nothing of memspan: threads replace blocks of all
 * sizes for ever, a dot on stdout now and then.
 */
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS = 3, KEPT = 2000, ROUNDS_A_DOT = 20000 };

static void *kept[THREADS][KEPT];

static void *replace(void *arg)
{
	void **mine = arg;
	uint64_t random = (uintptr_t)arg;

	for (uint64_t round = 1;; round++) {
		void **at;
		size_t bytes;

		random = random * 6364136223846793005u + 1442695040888963407u;
		at = &mine[(random >> 33) % KEPT];
		bytes = (size_t)16 << (random >> 50) % 12;
		free(*at);
		*at = malloc(bytes);
		if (!*at)
			abort();
		memset(*at, 1, bytes);
		if (round % ROUNDS_A_DOT == 0 && write(STDOUT_FILENO, ".", 1) != 1)
			abort();
	}
}

int main(void)
{
	pthread_t thread;

	for (int i = 1; i < THREADS; i++)
		if (pthread_create(&thread, NULL, replace, kept[i]) != 0)
			return 1;
	replace(kept[0]);
}
