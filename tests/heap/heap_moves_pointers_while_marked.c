/*
 * heap_moves_pointers_while_marked SECONDS [APART] - threads move pointers about in
 * objects of the heap, from what is not yet marked to what is, through registers and the
 * stack, while one collection follows the other: what a collector that marks beside the
 * program loses if it misses one written page. Nodes are also replaced, and every few moves
 * all the tables of a thread move into new ones, so that only new objects hold old ones.
 *
 * With APART so many bytes of garbage lie between the tables, so that they are in parts of the heap
 * of their own, in which nothing else is marked.
 *
 * Each node knows its number; each table entry must hold the node that the model says.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libcore/check.h"

enum { THREADS = 3, TABLES = 24, ENTRIES = 500, NODES = TABLES * ENTRIES, BATCH = 2000 };

struct node {
	uint64_t number, inverse;
	void *pad[2];
};

struct table {
	struct node *entries[ENTRIES];
	struct table *next; /* the only way to it, but for the first */
};

static struct table *first[THREADS]; /* static data: the only roots */
static size_t apart;
static _Atomic bool done;
static _Atomic unsigned collections;

static struct node *node_new(uint64_t number)
{
	struct node *n = memspan_alloc(sizeof *n);
	check(n && !n->number && !n->inverse);
	n->number = number;
	n->inverse = ~number;
	return n;
}

static struct table *table_new(void)
{
	if (apart)
		check(memspan_alloc(apart));
	struct table *t = memspan_alloc(sizeof *t);
	check(t);
	return t;
}

static void node_check(const struct node *n, uint64_t number)
{
	check(n && n->number == number && n->inverse == ~number);
}

static struct table *table_at(struct table *t, unsigned index)
{
	while (index-- > 0)
		t = t->next;
	return t;
}

static unsigned next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*state >> 33);
}

/*
 * The last table is moved first: each copy is made with its successor in hand. Nothing stays in the
 * old ones, so that what they held is in new objects alone.
 */
static struct table *move_tables(struct table *t)
{
	if (!t)
		return NULL;
	struct table *next = move_tables(t->next), *copy = table_new();
	memcpy(copy->entries, t->entries, sizeof copy->entries);
	memset(t->entries, 0, sizeof t->entries);
	copy->next = next;
	return copy;
}

static void move_some(struct table **root, uint64_t *model, uint64_t *random)
{
	for (int i = 0; i < BATCH; i++) {
		unsigned a = next_random(random) % NODES, b = next_random(random) % NODES;
		struct node **from = &table_at(*root, a / ENTRIES)->entries[a % ENTRIES];
		struct node **to = &table_at(*root, b / ENTRIES)->entries[b % ENTRIES];
		struct node *held = *to;
		uint64_t number = model[b];
		node_check(*from, model[a]);
		node_check(held, number);
		*to = *from;
		*from = NULL; /* for a moment only `held` and what lies on the stack keep them */
		model[b] = model[a];
		if (i % 16 == 0) {
			held = node_new(number + NODES);
			number += NODES;
		}
		*from = held;
		model[a] = number;
		if (a == b) {
			*to = held;
			model[b] = number;
		}
	}
}

static void *move(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	uint64_t *model = malloc(NODES * sizeof *model), random = self + 1;
	for (unsigned i = 0; i < TABLES; i++) {
		struct table *t = table_new();
		t->next = first[self];
		first[self] = t;
	}
	for (unsigned i = 0; i < NODES; i++) {
		table_at(first[self], i / ENTRIES)->entries[i % ENTRIES] = node_new(i);
		model[i] = i;
	}
	for (unsigned turn = 1; !atomic_load(&done); turn++) {
		move_some(&first[self], model, &random);
		if (turn % 8 == 0)
			first[self] = move_tables(first[self]);
	}
	for (unsigned i = 0; i < NODES; i++)
		node_check(table_at(first[self], i / ENTRIES)->entries[i % ENTRIES], model[i]);
	free(model);
	return NULL;
}

static void *collect(void *arg)
{
	while (!atomic_load(&done)) {
		memspan_gc();
		atomic_fetch_add(&collections, 1);
	}
	return arg;
}

int main(int argc, char **argv)
{
	pthread_t movers[THREADS], collector;
	check(argc == 2 || argc == 3);
	apart = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
	struct timespec length = {.tv_sec = atoi(argv[1])};
	for (uintptr_t i = 0; i < THREADS; i++)
		check(pthread_create(&movers[i], NULL, move, (void *)i) == 0);
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	nanosleep(&length, NULL);
	atomic_store(&done, true);
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(movers[i], NULL) == 0);
	check(pthread_join(collector, NULL) == 0);
	check(collections > 2);
	return 0;
}
