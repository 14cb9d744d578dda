/*
 * replace.c - replaces random objects of random size, as a cache or a store does.
 *
 *	replace_PEER THREADS drop|free [OPERATIONS]
 *
 * Each thread keeps 100,000 objects of 16 to 1024 bytes without pointers and replaces one
 * after the other at random: OPERATIONS times (default 3 million), after it has filled its
 * table once. "drop" leaves the old object to the collector, "free" gives it back. Each
 * object holds the number it was made with, which is checked when it goes.
 */
#include <stdbool.h>
#include <string.h>

#include "peer.h"
#include "result.h"

enum { LIVE = 100000, BYTES_MIN = 16, BYTES_MAX = 1024, THREADS_MAX = 64 };

struct store {
	uint64_t random;
	uint64_t **objects;
	uint64_t *numbers;
	pthread_t thread;
	uint64_t wrong;
};

static bool frees;
static uint64_t operations = 3000000;

static uint64_t store_random(struct store *store)
{
	store->random ^= store->random << 13;
	store->random ^= store->random >> 7;
	store->random ^= store->random << 17;
	return store->random;
}

static void store_replace(struct store *store, uint64_t slot)
{
	uint64_t number = store_random(store);
	uint64_t *old = store->objects[slot];
	uint64_t *object;

	if (old && *old != store->numbers[slot])
		store->wrong++;
	if (old && frees)
		peer_free(old);
	object = peer_new_bytes(BYTES_MIN + (size_t)(number >> 32) % (BYTES_MAX - BYTES_MIN + 1));
	*object = number;
	store->objects[slot] = object;
	store->numbers[slot] = number;
}

static void *store_run(void *arg)
{
	struct store *store = arg;

	store->objects = peer_new_table(LIVE * sizeof(*store->objects));
	store->numbers = peer_new_bytes(LIVE * sizeof(*store->numbers));
	for (uint64_t slot = 0; slot < LIVE; slot++)
		store_replace(store, slot);
	for (uint64_t i = 0; i < operations; i++)
		store_replace(store, store_random(store) % LIVE);
	return NULL;
}

int main(int argc, char **argv)
{
	static struct store stores[THREADS_MAX];
	unsigned threads;
	uint64_t wrong;

	peer_start();
	threads = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 0;
	if (argc > 3)
		operations = strtoull(argv[3], NULL, 10);
	if (argc < 3 || threads < 1 || threads > THREADS_MAX || operations == 0 ||
	    (strcmp(argv[2], "drop") != 0 && strcmp(argv[2], "free") != 0)) {
		fprintf(stderr, "usage: %s THREADS drop|free [OPERATIONS]\n", argv[0]);
		return 2;
	}
	frees = !PEER_COLLECTS || strcmp(argv[2], "free") == 0;

	result_begin();
	for (unsigned i = 0; i < threads; i++)
		stores[i].random = 0x9e3779b97f4a7c15u * (i + 1);
	for (unsigned i = 1; i < threads; i++)
		if (pthread_create(&stores[i].thread, NULL, store_run, &stores[i]) != 0)
			return 1;
	store_run(&stores[0]);
	wrong = stores[0].wrong;
	for (unsigned i = 1; i < threads; i++) {
		pthread_join(stores[i].thread, NULL);
		wrong += stores[i].wrong;
	}
	if (wrong != 0) {
		fprintf(stderr, "%llu objects did not hold what was put there\n",
		        (unsigned long long)wrong);
		return 1;
	}
	result_print(frees ? "replace-free" : "replace-drop", threads, operations);
	return 0;
}
