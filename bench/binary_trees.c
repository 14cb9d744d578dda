/*
 * binary_trees.c - builds and drops binary trees, the usual measure of a collector.
 *
 *	binary_trees_PEER [THREADS [DEPTH]]
 *
 * One tree one deeper than DEPTH is built, counted and dropped, one of DEPTH is kept to
 * the end; meanwhile for the depths 4, 6 .. DEPTH 2^(DEPTH - depth + 4) trees each are
 * built, counted and dropped, shared out over THREADS threads. Nodes are two pointers.
 * With DEPTH 18 that is 68.3 million nodes.
 */
#include "peer.h"
#include "result.h"

enum { DEPTH_MIN = 4, DEPTH_DEFAULT = 18, DEPTH_MAX = 26, THREADS_MAX = 64 };

struct node {
	struct node *left;
	struct node *right;
};

static struct node *tree_make(unsigned depth)
{
	struct node *left = depth > 0 ? tree_make(depth - 1) : NULL;
	struct node *right = depth > 0 ? tree_make(depth - 1) : NULL;
	struct node *node = peer_new_node(sizeof(*node));

	node->left = left;
	node->right = right;
	return node;
}

static uint64_t tree_count(const struct node *node)
{
	return 1 + (node->left ? tree_count(node->left) + tree_count(node->right) : 0);
}

static void tree_drop(struct node *node)
{
	if (PEER_COLLECTS)
		return;
	if (node->left) {
		tree_drop(node->left);
		tree_drop(node->right);
	}
	peer_free(node);
}

static uint64_t tree_try(unsigned depth)
{
	struct node *tree = tree_make(depth);
	uint64_t count = tree_count(tree);

	tree_drop(tree);
	return count;
}

static unsigned threads = 1;
static unsigned depth_max = DEPTH_DEFAULT;

struct share {
	unsigned index;
	uint64_t nodes;
	pthread_t thread;
};

/* The part of one thread: its share of the trees of each depth. */
static void *share_run(void *arg)
{
	struct share *share = arg;

	for (unsigned depth = DEPTH_MIN; depth <= depth_max; depth += 2) {
		uint64_t trees = (uint64_t)1 << (depth_max - depth + DEPTH_MIN);

		for (uint64_t i = share->index; i < trees; i += threads)
			share->nodes += tree_try(depth);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static struct share shares[THREADS_MAX];
	struct node *kept;
	uint64_t nodes;

	peer_start();
	if (argc > 1)
		threads = (unsigned)strtoul(argv[1], NULL, 10);
	if (argc > 2)
		depth_max = (unsigned)strtoul(argv[2], NULL, 10);
	if (threads < 1 || threads > THREADS_MAX || depth_max < DEPTH_MIN || depth_max > DEPTH_MAX) {
		fprintf(stderr, "usage: %s [THREADS [DEPTH]]\n", argv[0]);
		return 2;
	}

	result_begin();
	nodes = tree_try(depth_max + 1);
	kept = tree_make(depth_max);
	for (unsigned i = 1; i < threads; i++) {
		shares[i].index = i;
		if (pthread_create(&shares[i].thread, NULL, share_run, &shares[i]) != 0)
			return 1;
	}
	share_run(&shares[0]);
	nodes += shares[0].nodes;
	for (unsigned i = 1; i < threads; i++) {
		pthread_join(shares[i].thread, NULL);
		nodes += shares[i].nodes;
	}
	nodes += tree_count(kept);
	result_print("trees", threads, nodes);
	return 0;
}
