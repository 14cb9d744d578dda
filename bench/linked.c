/*
 * linked.c - a large heap of linked objects that threads write pointers into.
 *
 *	linked_PEER THREADS MIB STORES SECONDS
 *
 * MIB of nodes of 64 bytes stay alive, each with six pointers to others, found through one
 * table. THREADS threads store STORES pointers a second each into nodes at random (0: as
 * fast as they can), while the first thread makes short-lived nodes, so that the heap is
 * collected again and again. A node holds its number, which is checked in the end.
 */
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "peer.h"
#include "result.h"

enum { LINKS = 6, THREADS_MAX = 64, TICK_NS = 1000000 };

struct node {
	uint64_t number;
	struct node *next, *link[LINKS];
};

static struct node **nodes;
static uint64_t node_count, stores_each_s;
static atomic_bool done;
static atomic_ullong stored;

struct writer {
	uint64_t random;
	pthread_t thread;
};

static uint64_t next_random(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static void store(uint64_t *random)
{
	uint64_t r = next_random(random);
	struct node *node = nodes[r % node_count];

	node->link[(r >> 40) % LINKS] = nodes[next_random(random) % node_count];
}

static void *write_links(void *arg)
{
	struct writer *writer = arg;
	uint64_t each_tick = stores_each_s ? stores_each_s * TICK_NS / 1000000000 : 1000, count = 0;
	struct timespec tick;

	clock_gettime(CLOCK_MONOTONIC, &tick);
	while (!atomic_load_explicit(&done, memory_order_relaxed)) {
		for (uint64_t i = 0; i < each_tick; i++)
			store(&writer->random);
		count += each_tick;
		if (!stores_each_s)
			continue;
		tick.tv_nsec += TICK_NS;
		tick.tv_sec += tick.tv_nsec / 1000000000;
		tick.tv_nsec %= 1000000000;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &tick, NULL);
	}
	atomic_fetch_add(&stored, count);
	return NULL;
}

static struct node *new_node(uint64_t number, struct node *next)
{
	struct node *node = peer_new_node(sizeof(*node));

	node->number = number;
	node->next = next;
	return node;
}

static void build(void)
{
	uint64_t random = 0x9e3779b97f4a7c15u;

	nodes = peer_new_table(node_count * sizeof(*nodes));
	for (uint64_t i = 0; i < node_count; i++)
		nodes[i] = new_node(i, i > 0 ? nodes[i - 1] : NULL);
	for (uint64_t i = 0; i < LINKS * node_count; i++)
		store(&random);
}

/* Short lists, dropped. */
static uint64_t make_garbage(uint64_t ns)
{
	uint64_t end_ns = result_now_ns() + ns, made = 0;

	while (result_now_ns() < end_ns) {
		struct node *list = NULL;
		for (int i = 0; i < 256; i++)
			list = new_node(0, list);
		made += 256;
	}
	return made;
}

int main(int argc, char **argv)
{
	static struct writer writers[THREADS_MAX];
	unsigned threads = argc == 5 ? (unsigned)strtoul(argv[1], NULL, 10) : THREADS_MAX + 1;
	uint64_t made;

	peer_start();
	node_count = argc == 5 ? (strtoull(argv[2], NULL, 10) << 20) / sizeof(struct node) : 0;
	if (threads > THREADS_MAX || node_count == 0) {
		fprintf(stderr, "usage: %s THREADS MIB STORES SECONDS\n", argv[0]);
		return 2;
	}
	stores_each_s = strtoull(argv[3], NULL, 10);
	build();

	result_begin();
	for (unsigned i = 0; i < threads; i++) {
		writers[i].random = 0x2545f4914f6cdd1du * (i + 1);
		if (pthread_create(&writers[i].thread, NULL, write_links, &writers[i]) != 0)
			return 1;
	}
	made = make_garbage(strtoull(argv[4], NULL, 10) * 1000000000);
	atomic_store(&done, true);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(writers[i].thread, NULL);
	for (uint64_t i = 0; i < node_count; i++)
		if (nodes[i]->number != i) {
			fprintf(stderr, "node %llu does not hold its number\n", (unsigned long long)i);
			return 1;
		}
	printf("mib=%s stores=%llu ", argv[2], (unsigned long long)atomic_load(&stored));
	result_print("linked", threads, made);
	return 0;
}
