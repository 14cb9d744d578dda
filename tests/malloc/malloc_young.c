/*
 * malloc_young [PROCESSES [SEED]] - malloc's first moments, many times: processes with a few
 * threads and some dozens of calls, drawn from all of the interface. Each process runs the program
 * anew (malloc_young -SEED), so that the heap begins as it does in any program. Run with glibc's
 * malloc and with ours.
 *
 * The seed of a process that fails is printed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/young.h"

enum { SLOTS = 16, STEPS_MAX = 80, SHARED = 8 };

extern char **environ;

/* A block knows its size, and its bytes are a pattern of that: whoever has it can look. */
struct block {
	size_t bytes;
	unsigned char content[];
};

static _Atomic(struct block *) shared[SHARED];
static _Atomic unsigned signals;
static pthread_key_t key;
static _Thread_local char many[20000];

static size_t some_size(uint64_t *random)
{
	switch (roll(random, 10)) {
	case 0:
		return 1024 + roll(random, 32768);
	case 1:
		return 32768 + roll(random, 600000);
	case 2:
		return 1 << 20;
	default:
		return roll(random, 1000);
	}
}

static void block_holds(const struct block *b)
{
	size_t bytes = b->bytes - sizeof *b;
	for (size_t i = 0; i < bytes; i += bytes / 9 + 1)
		check(b->content[i] == (unsigned char)(b->bytes * 7));
	check(malloc_usable_size((void *)b) >= b->bytes);
}

static struct block *block_fill(void *p, size_t bytes, size_t align)
{
	struct block *b = p;
	check(b && (uintptr_t)b % align == 0);
	b->bytes = bytes;
	memset(b->content, (int)(bytes * 7), bytes - sizeof *b);
	return b;
}

static struct block *block_new(uint64_t *random)
{
	size_t bytes = sizeof(struct block) + some_size(random);
	size_t align = (size_t)1 << (3 + roll(random, 12));
	size_t least = bytes >= 16 ? 16 : 8;
	void *p = NULL;
	switch (roll(random, 8)) {
	case 0:
		p = calloc(1, bytes);
		for (size_t i = 0; i < bytes; i += bytes / 40 + 1)
			check(((char *)p)[i] == 0);
		return block_fill(p, bytes, least);
	case 1:
		check(posix_memalign(&p, align, bytes) == 0);
		return block_fill(p, bytes, align);
	case 2:
		return block_fill(aligned_alloc(align, bytes), bytes, align);
	case 3:
		return block_fill(realloc(NULL, bytes), bytes, least);
	default:
		return block_fill(malloc(bytes), bytes, least);
	}
}

static void block_end(struct block *b)
{
	if (b)
		block_holds(b);
	free(b);
}

static struct block *block_resize(struct block *b, uint64_t *random)
{
	size_t former = b->bytes, bytes = sizeof *b + some_size(random);
	block_holds(b);
	b = realloc(b, bytes);
	check(b && b->bytes == former);
	for (size_t i = 0; i < bytes - sizeof *b && i < former - sizeof *b; i += 97)
		check(b->content[i] == (unsigned char)(former * 7));
	return block_fill(b, bytes, 8);
}

static void misuse_is_refused(uint64_t *random)
{
	void *p = &p;
	errno = 0;
	check(malloc(SIZE_MAX - roll(random, 5000)) == NULL && errno == ENOMEM);
	check(calloc(SIZE_MAX / 4, 8) == NULL && reallocarray(NULL, SIZE_MAX / 2, 3) == NULL);
	check(posix_memalign(&p, 24, 8) == EINVAL && p == &p);
	check(malloc_usable_size(NULL) == 0);
	void *zero = malloc(0);
	check(zero != NULL);
	free(zero);
}

static void look_at_figures(uint64_t *random)
{
	if (roll(random, 2)) {
		struct mallinfo2 info = mallinfo2();
		check(info.uordblks <= info.arena + info.hblkhd);
	} else if (roll(random, 2)) {
		malloc_trim(0);
	} else {
		FILE *nowhere = fopen("/dev/null", "w");
		check(nowhere && malloc_info(0, nowhere) == 0 && fclose(nowhere) == 0);
	}
}

static void on_signal(int number)
{
	(void)number;
	int saved = errno;
	atomic_fetch_add(&signals, 1);
	check(write(-1, "", 1) == -1);
	errno = saved;
}

static void step(struct block **slots, uint64_t *random, bool in_child)
{
	struct block **slot = &slots[roll(random, SLOTS)];
	switch (roll(random, 20)) {
	case 0:
	case 1:
	case 2:
	case 3:
		block_end(*slot);
		*slot = block_new(random);
		break;
	case 4:
	case 5:
		if (*slot)
			*slot = block_resize(*slot, random);
		break;
	case 6:
	case 7:
	case 8:
	case 9:
		block_end(*slot);
		*slot = NULL;
		break;
	case 10:
	case 11:
	case 12:
		*slot = atomic_exchange(&shared[roll(random, SHARED)], *slot);
		break;
	case 13:
		misuse_is_refused(random);
		break;
	case 14:
		look_at_figures(random);
		break;
	case 15:
		raise(SIGUSR1);
		break;
	case 16:
	case 17:
		if (!in_child)
			start_thread(random);
		break;
	case 18:
		for (int i = 0; i < 300; i++)
			block_end(block_new(random));
		break;
	case 19:
		if (!in_child && roll(random, 6) == 0)
			in_a_child(*random);
		break;
	}
}

static void live(uint64_t seed, bool in_child)
{
	struct block *slots[SLOTS] = {0};
	memset(many, 1, sizeof many);
	if (!pthread_getspecific(key))
		pthread_setspecific(key, malloc(100));
	uint64_t random = seed;
	unsigned steps_max = roll(&random, 2) ? 6 : STEPS_MAX;
	for (unsigned left = 1 + roll(&random, steps_max); left > 0; left--)
		step(slots, &random, in_child);
	for (int i = 0; i < SLOTS; i++)
		if (roll(&random, 4))
			block_end(slots[i]);
}

static void at_exit(void)
{
	free(malloc(50));
}

int main(int argc, char **argv)
{
	uint64_t processes = argc > 1 ? strtoull(argv[1], NULL, 10) : 100;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	if (argc > 1 && argv[1][0] == '-') {
		uint64_t number = strtoull(argv[1] + 1, NULL, 10);
		check(signal(SIGUSR1, on_signal) != SIG_ERR && pthread_key_create(&key, free) == 0);
		if (number % 3 == 0)
			atexit(at_exit);
		live_and_wait(number);
		return 0;
	}
	for (uint64_t seed = first; seed < first + processes; seed++) {
		char text[32];
		pid_t child;
		snprintf(text, sizeof text, "-%llu", (unsigned long long)seed);
		check(posix_spawn(&child, "/proc/self/exe", NULL, NULL,
				  (char *[]){argv[0], text, NULL}, environ) == 0);
		if (!ended_well(child)) {
			fprintf(stderr, "malloc_young: malloc_young %s fails\n", text);
			return 1;
		}
	}
	return 0;
}
