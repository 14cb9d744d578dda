/*
 * roots_change_while_marked SECONDS - threads move pointers about in large roots, which a
 * collector beside the program reads while they change (rootpages.h): static data, registered
 * memory, and registered memory that is written by another address. Each pointer is the only
 * one to its node. A further thread registers memory, fills it, and unmaps it, again and again.
 *
 * Each node knows its number; each slot must hold the node that the model says.
 */
#define _GNU_SOURCE
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "../libcore/check.h"

enum {
	SLOTS = 1 << 17, /* 1 MiB */
	BATCH = 2000,
	NODES = SLOTS / 16,
	PASSING_SLOTS = 1 << 14,
};

struct node {
	uint64_t number, inverse;
};

static struct node *in_static_data[SLOTS];
static _Atomic bool done;
static _Atomic unsigned passed;

static struct node *node_new(uint64_t number)
{
	struct node *n = memspan_alloc(sizeof *n);
	check(n);
	n->number = number;
	n->inverse = ~number;
	return n;
}

static void node_check(const struct node *n, uint64_t number)
{
	check(n->number == number && n->inverse == ~number);
}

static unsigned next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33);
}

/* The model knows a node by its slot and number: the slot has the only pointer to it. */
static void *move(void *arg)
{
	struct node **slots = arg;
	uint32_t *place = malloc(NODES * sizeof *place);
	uint64_t *number = malloc(NODES * sizeof *number), random = (uintptr_t)arg >> 12;
	check(place && number);
	for (unsigned i = 0; i < NODES; i++) {
		place[i] = i * 16;
		number[i] = i;
		slots[place[i]] = node_new(i);
	}
	while (!atomic_load(&done)) {
		for (int turn = 0; turn < BATCH; turn++) {
			unsigned i = next_random(&random) % NODES, to = next_random(&random) % SLOTS;
			struct node *n = slots[place[i]];
			node_check(n, number[i]);
			if (slots[to])
				continue;
			slots[place[i]] = NULL; /* for a moment it is in registers only */
			if (turn % 16 == 0)
				n = node_new(number[i] += NODES);
			slots[to] = n;
			place[i] = to;
		}
	}
	for (unsigned i = 0; i < NODES; i++)
		node_check(slots[place[i]], number[i]);
	free(place);
	free(number);
	return NULL;
}

static void *map(int flags, int file, size_t bytes)
{
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, file, 0);
	check(p != MAP_FAILED);
	return p;
}

static void *registered(void)
{
	void *p = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, SLOTS * sizeof(void *));
	check(memspan_add_roots(p, SLOTS * sizeof(void *)) == 0);
	return p;
}

static void *registered_elsewhere(void)
{
	int file = memfd_create("slots", MFD_CLOEXEC);
	check(file >= 0 && ftruncate(file, SLOTS * sizeof(void *)) == 0);
	void *read_there = map(MAP_SHARED, file, SLOTS * sizeof(void *));
	void *written_here = map(MAP_SHARED, file, SLOTS * sizeof(void *));
	check(memspan_add_roots(read_there, SLOTS * sizeof(void *)) == 0);
	close(file);
	return written_here;
}

static void *pass(void *arg)
{
	size_t bytes = PASSING_SLOTS * sizeof(void *);
	while (!atomic_load(&done)) {
		struct node **slots = map(MAP_PRIVATE | MAP_ANONYMOUS, -1, bytes);
		check(memspan_add_roots(slots, bytes) == 0);
		for (unsigned i = 0; i < PASSING_SLOTS; i += 64)
			slots[i] = node_new(i);
		for (unsigned i = 0; i < PASSING_SLOTS; i += 64)
			node_check(slots[i], i);
		check(memspan_remove_roots(slots, bytes) == 0);
		munmap(slots, bytes);
		atomic_fetch_add(&passed, 1);
	}
	return arg;
}

static void *collect(void *arg)
{
	for (unsigned *collections = arg; !atomic_load(&done); ++*collections)
		memspan_gc();
	return arg;
}

int main(int argc, char **argv)
{
	unsigned collections = 0;
	check(argc == 2);
	struct timespec length = {.tv_sec = atoi(argv[1])};
	struct {
		void *(*run)(void *);
		void *arg;
		pthread_t thread;
	} threads[] = {
	    {move, in_static_data, 0},         {move, registered(), 0},
	    {move, registered_elsewhere(), 0}, {pass, NULL, 0},
	    {collect, &collections, 0},
	};
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++)
		check(pthread_create(&threads[i].thread, NULL, threads[i].run, threads[i].arg) == 0);
	nanosleep(&length, NULL);
	atomic_store(&done, true);
	for (unsigned i = 0; i < sizeof threads / sizeof *threads; i++)
		check(pthread_join(threads[i].thread, NULL) == 0);
	check(collections > 2 && passed > 2);
	return 0;
}
