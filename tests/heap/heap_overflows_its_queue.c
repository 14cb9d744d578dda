/* heap_overflows_its_queue - what the mark queue has no room for is found all the same. */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "mark_queue.h"

enum { WIDTH = 300000 };

struct leaf {
	struct leaf *child;
	uint64_t value;
};

/* ---- large objects with finalizers -------------------------------------- */

enum { LARGE = 16, LARGE_WORDS = 1 << 16, SMALL = 20000 };

static _Atomic bool is_swept;
static _Atomic int ran;

static void on_large(void *object, void *arg)
{
	(void)arg;
	struct leaf **words = object;
	while (!is_swept)
		usleep(1000);
	check(memspan_usable_size(words[LARGE_WORDS - 1]) >= sizeof(struct leaf));
	check(words[LARGE_WORDS - 1]->value == 42);
	ran++;
}

static void on_small(void *object, void *arg)
{
	(void)object, (void)arg;
}

/* The last to get a finalizer are looked at first, and fill the queue. */
static void *make_finalizable(void *arg)
{
	for (int i = 0; i < LARGE; i++) {
		struct leaf **words = memspan_alloc(LARGE_WORDS * sizeof *words);
		words[LARGE_WORDS - 1] = memspan_alloc(sizeof(struct leaf));
		words[LARGE_WORDS - 1]->value = 42;
		check(memspan_set_finalizer(words, on_large, NULL) == 0);
	}
	for (int i = 0; i < SMALL; i++) {
		struct leaf *leaf = memspan_alloc(sizeof *leaf);
		leaf->child = memspan_alloc(sizeof *leaf);
		check(memspan_set_finalizer(leaf, on_small, NULL) == 0);
	}
	return arg;
}

static void what_large_objects_with_finalizers_lead_to_is_kept(void)
{
	pthread_t id;
	check(pthread_create(&id, NULL, make_finalizable, NULL) == 0);
	check(pthread_join(id, NULL) == 0);
	memspan_gc();
	is_swept = true;
	for (int ms = 0; ran == 0 && ms < 10000; ms++)
		usleep(1000);
	check(ran > 0);
}

int main(void)
{
	mark_queue_bytes_max = 1; /* one mapping of buffers, for 16,000 objects */
	memspan_set_gc_percent(-1);
	what_large_objects_with_finalizers_lead_to_is_kept();
	memspan_set_gc_percent(100);
	struct leaf **wide = memspan_alloc(WIDTH * sizeof *wide);
	for (uint64_t i = 0; i < WIDTH; i++) {
		wide[i] = memspan_alloc(sizeof **wide);
		wide[i]->value = i;
		wide[i]->child = memspan_alloc(sizeof **wide);
		wide[i]->child->value = ~i;
	}
	memspan_mem_stats before, after;
	memspan_gc();
	memspan_read_mem_stats(&before);
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 200000; i++)
			memset(memspan_alloc(16), 0xee, 16);
		memspan_gc();
	}
	memspan_read_mem_stats(&after);
	check(before.heap_objects >= 2 * WIDTH && after.heap_objects >= 2 * WIDTH);
	for (uint64_t i = 0; i < WIDTH; i++)
		check(wide[i]->value == i && wide[i]->child->value == ~i);
	return 0;
}
