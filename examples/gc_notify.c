/*
 * gc_notify - a program that is told of each of its collections.
 *
 *     gc_notify [COLLECTIONS]
 *
 * The pattern: a small object that nothing leads to has a finalizer. Each collection
 * finds the object dead and has the finalizer run; that reads the statistics, prints
 * them as JSON, and sets itself again on the same object, which is dead again by the
 * next collection. No thread polls, and nothing is done between collections.
 *
 * Prints one JSON object for each of the first COLLECTIONS collections (5 unless
 * told) on stdout, one after another, and exits.
 */
#include <memspan.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <threads.h>

enum { COLLECTIONS_DEFAULT = 5, COLLECTIONS_MAX = 10000, TREE_DEPTH = 14 };

static long wanted;
static atomic_long printed;

/* Runs on the runtime's finalizer thread; like all code, it may allocate. */
static void collected(void *sentinel, void *arg)
{
	memspan_mem_stats stats;

	memspan_read_mem_stats(&stats);
	int length = memspan_mem_stats_to_json(&stats, NULL, 0);
	char *json = memspan_alloc_noscan((size_t)length + 1);
	if (json == NULL)
		return;
	memspan_mem_stats_to_json(&stats, json, (size_t)length + 1);
	puts(json);
	fflush(stdout);
	if (atomic_fetch_add(&printed, 1) + 1 < wanted)
		memspan_set_finalizer(sentinel, collected, arg);
}

/*
 * Runs on a thread that ends: no copy of the pointer stays behind on a live stack, where
 * the collector, which takes every word there for a pointer, might find it for ever.
 * The object is one with pointers, since small pointer-free ones share their blocks with
 * others and can have no finalizer.
 */
static int watch_collections(void *unused)
{
	void *sentinel = memspan_alloc(16);

	(void)unused;
	return sentinel == NULL ? -1 : memspan_set_finalizer(sentinel, collected, NULL);
}

struct tree {
	struct tree *left, *right;
};

static struct tree *tree_build(int depth)
{
	struct tree *tree = memspan_alloc(sizeof(*tree));

	if (tree != NULL && depth > 0) {
		tree->left = tree_build(depth - 1);
		tree->right = tree_build(depth - 1);
	}
	return tree;
}

int main(int argc, char **argv)
{
	char *end = NULL;

	wanted = argc > 1 ? strtol(argv[1], &end, 10) : COLLECTIONS_DEFAULT;
	if (argc > 2 || (argc == 2 && *end != '\0') || wanted < 1 || wanted > COLLECTIONS_MAX) {
		fputs("usage: gc_notify [COLLECTIONS]\n", stderr);
		return 2;
	}
	thrd_t watcher;
	int result = -1;
	if (thrd_create(&watcher, watch_collections, NULL) == thrd_success)
		thrd_join(watcher, &result);
	if (result != 0) {
		perror("gc_notify");
		return 1;
	}
	/* The program's work: each tree is dropped as soon as it is built. */
	while (atomic_load(&printed) < wanted) {
		if (tree_build(TREE_DEPTH) == NULL) {
			perror("gc_notify");
			return 1;
		}
	}
	return 0;
}
