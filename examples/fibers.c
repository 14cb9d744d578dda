/*
 * fibers - stacks of one's own, which the collector scans as far as they are in use.
 *
 *     fibers
 *
 * Do two trees have the same leaves in the same order, whatever their shapes? Two
 * fibers walk one tree each, recursively, and hand over leaf after leaf; comparing
 * stops at the first difference. Each tree is led to from its fiber's stack alone.
 *
 * What a program with fibers of its own has to do:
 *  - take their stacks from memspan_stack_alloc, so that they are roots;
 *  - keep the saved registers (here the ucontext_t) in memory that the collector
 *    sees, which malloc's is not;
 *  - optionally tell with memspan_stack_set_sp where the live part of a resting
 *    fiber's stack begins, so that what returned calls left below it keeps nothing.
 */
#define _GNU_SOURCE 1 /* for the names of the saved registers */

#include <memspan.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <ucontext.h>

enum { LEAVES = 400, COLLECT_EVERY = 50, STACK_BYTES = 256 * 1024 };

struct tree {
	struct tree *left, *right; /* both NULL: a leaf */
	long leaf;
};

struct walker {
	ucontext_t fiber;  /* where the fiber rests */
	ucontext_t caller; /* where walker_next waits */
	void *stack;
	struct tree *tree; /* until the fiber has begun */
	long leaf;
	bool done;
};

static void *granted(void *p)
{
	if (p == NULL) {
		perror("fibers");
		exit(1);
	}
	return p;
}

/* ---- Trees ------------------------------------------------------------- */

static struct tree *tree_leaf(long leaf)
{
	struct tree *tree = granted(memspan_alloc(sizeof(*tree)));

	tree->leaf = leaf;
	return tree;
}

static struct tree *tree_join(struct tree *left, struct tree *right)
{
	struct tree *tree = granted(memspan_alloc(sizeof(*tree)));

	tree->left = left;
	tree->right = right;
	return tree;
}

/* The leaves first to last - 1, as flat as it can be. */
static struct tree *tree_balanced(long first, long last)
{
	long middle = first + (last - first) / 2;

	if (last - first == 1)
		return tree_leaf(first);
	return tree_join(tree_balanced(first, middle), tree_balanced(middle, last));
}

/* The leaves 0 to last - 1, each as deep as it can be; one of them may be another. */
static struct tree *tree_leaning(long last, long changed)
{
	struct tree *tree = tree_leaf(0);

	for (long leaf = 1; leaf < last; leaf++)
		tree = tree_join(tree, tree_leaf(leaf == changed ? -leaf : leaf));
	return tree;
}

/* ---- Walkers ----------------------------------------------------------- */

/* The stack pointer that a resting fiber will go on with. */
static void *resting_sp(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (void *)context->uc_mcontext.gregs[REG_RSP];
#elif defined(__aarch64__)
	return (void *)context->uc_mcontext.sp;
#else
#error "where does this machine's ucontext_t keep the stack pointer?"
#endif
}

static void walk(struct walker *walker, const struct tree *tree)
{
	if (tree->left != NULL) {
		walk(walker, tree->left);
		walk(walker, tree->right);
		return;
	}
	if (tree->leaf % COLLECT_EVERY == 0)
		memspan_gc(); /* on this stack, while the thread's own waits */
	walker->leaf = tree->leaf;
	swapcontext(&walker->fiber, &walker->caller);
}

/* makecontext hands over ints only, so a pointer goes by way of a thread-local variable. */
static _Thread_local struct walker *beginning;

static void walker_main(void)
{
	struct walker *walker = beginning;
	const struct tree *tree = walker->tree;

	walker->tree = NULL;
	walk(walker, tree);
	walker->done = true;
	swapcontext(&walker->fiber, &walker->caller);
}

static struct walker *walker_new(struct tree *tree)
{
	struct walker *walker = granted(memspan_alloc(sizeof(*walker)));

	walker->stack = granted(memspan_stack_alloc(STACK_BYTES));
	walker->tree = tree;
	getcontext(&walker->fiber);
	walker->fiber.uc_stack.ss_sp = walker->stack;
	walker->fiber.uc_stack.ss_size = STACK_BYTES;
	makecontext(&walker->fiber, walker_main, 0);
	return walker;
}

/* Goes to the next leaf; false when there is none. */
static bool walker_next(struct walker *walker)
{
	beginning = walker;
	memspan_stack_set_sp(walker->stack, NULL); /* it runs: all of it is a root */
	swapcontext(&walker->caller, &walker->fiber);
	memspan_stack_set_sp(walker->stack, resting_sp(&walker->fiber));
	return !walker->done;
}

static void walker_end(struct walker *walker)
{
	memspan_stack_free(walker->stack);
	walker->stack = NULL;
}

/* ---- The question ------------------------------------------------------ */

/* The place of the first leaf that differs, or -1. */
static long first_difference(struct walker *a, struct walker *b)
{
	for (long place = 0;; place++) {
		bool more_a = walker_next(a), more_b = walker_next(b);
		if (!more_a && !more_b)
			return -1;
		if (more_a != more_b || a->leaf != b->leaf)
			return place;
		if (place % COLLECT_EVERY == 0)
			memspan_gc(); /* while both fibers rest */
	}
}

static void compare(const char *what, struct walker *a, struct walker *b)
{
	long place = first_difference(a, b);

	if (place < 0)
		printf("%s: the same %d leaves\n", what, LEAVES);
	else
		printf("%s: leaf %ld differs, %ld and %ld\n", what, place, a->leaf, b->leaf);
	walker_end(a);
	walker_end(b);
}

int main(void)
{
	compare("flat and deep", walker_new(tree_balanced(0, LEAVES)),
	        walker_new(tree_leaning(LEAVES, -1)));
	compare("one leaf changed", walker_new(tree_balanced(0, LEAVES)),
	        walker_new(tree_leaning(LEAVES, 321)));
	return 0;
}
