/*
 * malloc_live MIB SECONDS - a program with so much live, of which it replaces a little a hundred
 * times a second: prints the CPU seconds that it took after its heap was built. The work is the
 * same in each run, so what a recording takes is the difference.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TURNS_A_SECOND = 100, REPLACED_A_TURN = 200, BYTES_MAX = 4096, MEAN_BYTES = 600 };

static uint64_t state = 1;

static uint32_t next_random(void)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (uint32_t)(state >> 33);
}

/* Many small blocks, few large ones. */
static void *block(void)
{
	size_t bytes = 16 + next_random() % (BYTES_MAX >> (next_random() % 6));
	return memset(malloc(bytes), 1, bytes);
}

static double cpu_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: malloc_live MIB SECONDS\n");
		return 2;
	}
	size_t count = ((size_t)atol(argv[1]) << 20) / MEAN_BYTES;
	void **blocks = malloc(count * sizeof *blocks);
	for (size_t i = 0; i < count; i++)
		blocks[i] = block();
	double begin_s = cpu_s();
	for (int turn = atoi(argv[2]) * TURNS_A_SECOND; turn > 0; turn--) {
		for (int i = 0; i < REPLACED_A_TURN; i++) {
			void **at = &blocks[next_random() % count];
			free(*at);
			*at = block();
		}
		nanosleep(&(struct timespec){.tv_nsec = 1000000000 / TURNS_A_SECOND}, NULL);
	}
	printf("%.6f\n", cpu_s() - begin_s);
	return 0;
}
