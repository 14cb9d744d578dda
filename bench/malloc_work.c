/*
 * malloc_work WORK [THREADS] - one kind of work for whatever malloc the program runs on, by
 * LD_PRELOAD. Prints the CPU time of each operation in nanoseconds, which other work on the
 * machine changes less than the time that passes, and the process's peak memory in KiB.
 *
 *	pair     malloc and free of 64 bytes, one after the other
 *	churn    replaces random objects of 16 to 1024 bytes among 100,000
 *	batch    100,000 objects of 64 bytes, then all of them freed in order
 *	mixed    a stack of objects of 8 to 400 bytes, which goes up and down
 *	cross    each thread frees what the other allocated, in batches
 *	passed   one thread allocates and passes through a ring, the other frees
 *	trees    binary trees, built, walked and freed node by node
 *	growth   arrays that grow by realloc, a third at a time, to 1 MiB
 *	steps    one array that grows by realloc, 4 KiB at a time, to 16 MiB
 *	large    replaces random blocks of 33 KiB to 1 MiB among 100, touching them
 *
 * All but cross and passed run in each of the THREADS (default 1) on its own.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static void *need(void *p)
{
	if (!p)
		abort();
	return p;
}

/* ---- the works: each returns how many operations it did ------------------ */

static uint64_t work_pair(uint64_t seed)
{
	enum { PAIRS = 50000000 };
	(void)seed;
	for (int i = 0; i < PAIRS; i++) {
		void *volatile p = malloc(64);
		free(p);
	}
	return PAIRS;
}

static uint64_t work_churn(uint64_t seed)
{
	enum { LIVE = 100000, REPLACEMENTS = 6000000 };
	char **live = need(calloc(LIVE, sizeof *live));
	for (int i = 0; i < REPLACEMENTS; i++) {
		uint64_t r = next_random(&seed);
		size_t bytes = 16 + (r >> 32) % 1009;
		char **at = &live[(uint32_t)r % LIVE];
		free(*at);
		*at = need(malloc(bytes));
		(*at)[0] = (*at)[bytes - 1] = 1;
	}
	for (int i = 0; i < LIVE; i++)
		free(live[i]);
	free(live);
	return REPLACEMENTS;
}

static uint64_t work_batch(uint64_t seed)
{
	enum { OBJECTS = 100000, ROUNDS = 150 };
	void **objects = need(malloc(OBJECTS * sizeof *objects));
	(void)seed;
	for (int round = 0; round < ROUNDS; round++) {
		for (int i = 0; i < OBJECTS; i++)
			*(int *)(objects[i] = need(malloc(64))) = i;
		for (int i = 0; i < OBJECTS; i++)
			free(objects[i]);
	}
	free(objects);
	return (uint64_t)OBJECTS * ROUNDS;
}

static uint64_t work_mixed(uint64_t seed)
{
	enum { DEPTH = 20000, STEPS = 20000000 };
	void **stack = need(malloc(DEPTH * sizeof *stack));
	int top = 0, done = 0;
	while (done < STEPS) {
		int up = (int)(next_random(&seed) % 1000);
		for (int i = 0; i < up && top < DEPTH; i++)
			*(char *)(stack[top++] = need(malloc(8 + next_random(&seed) % 393))) = 1;
		int down = (int)(next_random(&seed) % 1000);
		for (int i = 0; i < down && top > 0; i++)
			free(stack[--top]);
		done += up;
	}
	while (top > 0)
		free(stack[--top]);
	free(stack);
	return STEPS;
}

struct node {
	struct node *left, *right;
};

static struct node *tree_new(int depth)
{
	struct node *node = need(malloc(sizeof *node));
	node->left = depth > 0 ? tree_new(depth - 1) : NULL;
	node->right = depth > 0 ? tree_new(depth - 1) : NULL;
	return node;
}

static uint64_t tree_count(const struct node *node)
{
	return node ? 1 + tree_count(node->left) + tree_count(node->right) : 0;
}

static void tree_free(struct node *node)
{
	if (node->left)
		tree_free(node->left);
	if (node->right)
		tree_free(node->right);
	free(node);
}

static uint64_t work_trees(uint64_t seed)
{
	enum { DEPTH_MAX = 16 };
	uint64_t nodes = 0;
	struct node *kept = tree_new(DEPTH_MAX);
	(void)seed;
	for (int depth = 4; depth <= DEPTH_MAX; depth += 2) {
		for (int i = 0; i < 1 << (DEPTH_MAX - depth + 4); i++) {
			struct node *tree = tree_new(depth);
			nodes += tree_count(tree);
			tree_free(tree);
		}
	}
	nodes += tree_count(kept);
	tree_free(kept);
	return nodes;
}

static uint64_t work_growth(uint64_t seed)
{
	enum { ARRAYS = 50, ROUNDS = 12, BYTES_MAX = 1 << 20 };
	char *arrays[ARRAYS] = {NULL};
	size_t bytes[ARRAYS] = {0};
	uint64_t steps = 0;
	for (int round = 0; round < ROUNDS; round++) {
		for (int left = ARRAYS; left > 0; steps++) {
			unsigned k = next_random(&seed) % ARRAYS;
			if (bytes[k] >= BYTES_MAX)
				continue;
			size_t more = bytes[k] + bytes[k] / 3 + 16;
			arrays[k] = need(realloc(arrays[k], more));
			memset(arrays[k] + bytes[k], 1, more - bytes[k]);
			bytes[k] = more;
			left -= more >= BYTES_MAX;
		}
		for (int k = 0; k < ARRAYS; k++) {
			free(arrays[k]);
			arrays[k] = NULL;
			bytes[k] = 0;
		}
	}
	return steps;
}

static uint64_t work_steps(uint64_t seed)
{
	enum { ROUNDS = 10, STEP_BYTES = 4096, STEPS = 4096 };
	(void)seed;
	for (int round = 0; round < ROUNDS; round++) {
		char *array = NULL;
		for (size_t i = 0; i < STEPS; i++) {
			array = need(realloc(array, (i + 1) * STEP_BYTES));
			array[i * STEP_BYTES] = 1;
		}
		free(array);
	}
	return (uint64_t)ROUNDS * STEPS;
}

static uint64_t work_large(uint64_t seed)
{
	enum { LIVE = 100, REPLACEMENTS = 50000, TOUCH_BYTES = 4096 };
	char *live[LIVE] = {NULL};
	for (int i = 0; i < REPLACEMENTS; i++) {
		uint64_t r = next_random(&seed);
		size_t bytes = (33 << 10) + (r >> 32) % ((1 << 20) - (33 << 10));
		char **at = &live[(uint32_t)r % LIVE];
		free(*at);
		*at = need(malloc(bytes));
		for (size_t b = 0; b < bytes; b += TOUCH_BYTES)
			(*at)[b] = 1;
	}
	for (int i = 0; i < LIVE; i++)
		free(live[i]);
	return REPLACEMENTS;
}

/* ---- between two threads -------------------------------------------------- */

enum { BATCH = 1000, BATCHES = 4000, RING = 4096, PASSED = 8000000 };

static void *_Atomic slots[2]; /* a batch on its way to the thread of that number */

/* Waiting without the kernel, which would be measured instead; a look at the clock is none. */
static void pause_a_little(unsigned *spins)
{
	if (++*spins % 64 == 0)
		nanosleep(&(struct timespec){0, 1000}, NULL);
}

static void *exchange(void *number)
{
	unsigned me = (unsigned)(uintptr_t)number, spins = 0;
	uint64_t seed = 77 + me;
	for (int i = 0; i < BATCHES; i++) {
		void **batch = need(malloc(BATCH * sizeof *batch)), **theirs;
		for (int k = 0; k < BATCH; k++)
			*(int *)(batch[k] = need(malloc(16 + next_random(&seed) % 240))) = k;
		while (atomic_load_explicit(&slots[1 - me], memory_order_relaxed))
			pause_a_little(&spins);
		atomic_store(&slots[1 - me], batch);
		while (!(theirs = atomic_exchange(&slots[me], NULL)))
			pause_a_little(&spins);
		for (int k = 0; k < BATCH; k++)
			free(theirs[k]);
		free(theirs);
	}
	return NULL;
}

static struct {
	_Alignas(64) _Atomic uint64_t head;
	_Alignas(64) _Atomic uint64_t tail;
	_Alignas(64) void *items[RING];
} ring;

static void *produce(void *arg)
{
	uint64_t seed = 5;
	unsigned spins = 0;
	(void)arg;
	for (uint64_t i = 0; i < PASSED; i++) {
		void *p = need(malloc(16 + next_random(&seed) % 240));
		*(char *)p = 1;
		while (i - atomic_load_explicit(&ring.tail, memory_order_acquire) >= RING)
			pause_a_little(&spins);
		ring.items[i % RING] = p;
		atomic_store_explicit(&ring.head, i + 1, memory_order_release);
	}
	return NULL;
}

static void *consume(void *arg)
{
	unsigned spins = 0;
	(void)arg;
	for (uint64_t i = 0; i < PASSED; i++) {
		while (atomic_load_explicit(&ring.head, memory_order_acquire) <= i)
			pause_a_little(&spins);
		free(ring.items[i % RING]);
		atomic_store_explicit(&ring.tail, i + 1, memory_order_release);
	}
	return NULL;
}

/* ---- all of it ------------------------------------------------------------ */

static const struct work {
	const char *name;
	uint64_t (*run)(uint64_t seed);     /* NULL: two threads that work together */
	void *(*first)(void *), *(*second)(void *);
	uint64_t count;                     /* operations of such two */
} works[] = {
    {"pair", work_pair, NULL, NULL, 0},
    {"churn", work_churn, NULL, NULL, 0},
    {"batch", work_batch, NULL, NULL, 0},
    {"mixed", work_mixed, NULL, NULL, 0},
    {"cross", NULL, exchange, exchange, (uint64_t)BATCH * BATCHES},
    {"passed", NULL, produce, consume, PASSED},
    {"trees", work_trees, NULL, NULL, 0},
    {"growth", work_growth, NULL, NULL, 0},
    {"steps", work_steps, NULL, NULL, 0},
    {"large", work_large, NULL, NULL, 0},
};

static const struct work *work;
static _Atomic uint64_t operations;

static void *run_alone(void *number)
{
	atomic_store(&operations, work->run(0x9e3779b97f4a7c15u * ((uintptr_t)number + 1)));
	return NULL;
}

static uint64_t cpu_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

int main(int argc, char **argv)
{
	enum { THREADS_MAX = 64 };
	pthread_t threads[THREADS_MAX];
	unsigned count = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
	struct rusage usage;
	for (size_t i = 0; i < sizeof works / sizeof works[0]; i++)
		if (argc > 1 && strcmp(argv[1], works[i].name) == 0)
			work = &works[i];
	if (!work || count == 0 || count > THREADS_MAX) {
		fprintf(stderr, "usage: malloc_work WORK [THREADS]\n");
		return 2;
	}
	if (!work->run)
		count = 2;
	atomic_store(&operations, work->count / 2); /* of each of the two */
	for (unsigned i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL,
		                   work->run ? run_alone : i == 0 ? work->first : work->second,
		                   (void *)(uintptr_t)i))
			return 1;
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	getrusage(RUSAGE_SELF, &usage);
	printf("%.3f %ld\n", (double)cpu_ns() / (double)operations / count, usage.ru_maxrss);
	return 0;
}
