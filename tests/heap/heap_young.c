/*
 * heap_young HEAPS [SEED] - a heap's first moments, many times: each process has a heap of its
 * own, a few threads and some dozens of calls, drawn from all of memspan.h, and ends. What
 * holds in a heap that has run for a while need not hold before its first cycle, its first span
 * or its first thread.
 *
 * The seed of a heap that fails is printed: heap_young 1 SEED makes it again.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <memspan.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/young.h"

enum { SLOTS = 12, STEPS_MAX = 60, GIVEN = 4 };

/* An object begins with a pointer or with bytes of a pattern, as its kind says. */
struct slot {
	unsigned char *object;
	size_t bytes;
	unsigned char pattern;
	bool holds_pointers;
	memspan_weak *weak;
};

struct node {
	struct node *next;
	uint64_t value;
};

static const size_t node_offsets[] = {offsetof(struct node, next)};
static const memspan_type node_type = {"node", sizeof(struct node), 1, node_offsets};

static _Atomic(struct node *) given[GIVEN]; /* from thread to thread */
static _Atomic unsigned finalized;
static void *static_root[8];

static size_t size_of_some_class(uint64_t *random)
{
	switch (roll(random, 8)) {
	case 0:
		return roll(random, 16);
	case 1:
		return 1024 + roll(random, 32768);
	case 2:
		return 32768 + roll(random, 300000);
	default:
		return 8 + roll(random, 1000);
	}
}

static void slot_holds(const struct slot *slot)
{
	check(!slot->object || memspan_is_heap_pointer(slot->object));
	for (size_t i = slot->holds_pointers ? sizeof(void *) : 0; i < slot->bytes;
	     i += slot->bytes / 7 + 1)
		check(slot->object[i] == slot->pattern);
	if (slot->weak && slot->object)
		check(memspan_weak_get(slot->weak) == slot->object);
}

static void slot_put(struct slot *slot, void *object, size_t bytes, bool holds_pointers,
		     uint64_t *random)
{
	*slot = (struct slot){0};
	if (bytes == 0 || (holds_pointers && bytes < sizeof(void *)))
		return;
	check(object != NULL);
	slot->object = object;
	slot->bytes = bytes;
	slot->pattern = (unsigned char)roll(random, 256);
	slot->holds_pointers = holds_pointers;
	for (size_t i = 0; i < bytes; i += bytes / 50 + 1)
		check(slot->object[i] == 0);
	memset(object, slot->pattern, bytes);
	if (holds_pointers)
		*(void **)object = NULL;
	if (bytes >= 16 && roll(random, 4))
		check((slot->weak = memspan_weak_make(object)) != NULL);
}

static void count_finalized(void *object, void *arg)
{
	(void)object;
	check(arg == &finalized);
	atomic_fetch_add(&finalized, 1);
	check(memspan_alloc(24) != NULL);
}

static int visit(const memspan_span *span, void *arg)
{
	check(span->npages > 0);
	*(uint64_t *)arg += span->alloc_count;
	return 0;
}

static void statistics_hold(void)
{
	static _Thread_local memspan_mem_stats s;
	static _Thread_local memspan_mstats m;
	static _Thread_local char json[32768];
	uint64_t objects = 0;
	memspan_read_mem_stats(&s);
	check(s.heap_sys == s.heap_inuse + s.heap_idle && s.heap_alloc <= s.heap_inuse);
	check(s.heap_objects == s.mallocs - s.frees && s.heap_released <= s.heap_idle);
	check(memspan_mem_stats_to_json(&s, json, sizeof json) > 0);
	check(memspan_visit_spans(visit, &objects, &m) == 0);
	check(objects == m.heap_objects);
}

static void use_a_stack(uint64_t *random)
{
	size_t bytes = 1 + roll(random, 100000);
	char *stack = memspan_stack_alloc(bytes);
	check(stack != NULL);
	stack[bytes - 1] = 1;
	check(memspan_stack_set_sp(stack, stack + roll(random, (unsigned)bytes)) == 0);
	if (roll(random, 2))
		memspan_gc();
	memspan_stack_free(stack);
}

static void set_the_pace(uint64_t *random)
{
	static const int percents[] = {-1, 0, 10, 100, 1000};
	static const int64_t limits[] = {0, 1 << 20, 64 << 20, INT64_MAX};
	if (roll(random, 2))
		memspan_set_gc_percent(percents[roll(random, 5)]);
	else
		memspan_set_memory_limit(limits[roll(random, 4)]);
}

static void hand_over(struct slot *slot, uint64_t *random)
{
	struct node *node = NULL;
	if (roll(random, 2)) {
		node = memspan_alloc_typed(&node_type, 1 + roll(random, 3));
		check(node != NULL);
		node->value = (uintptr_t)node;
	}
	check(memspan_thread_register() == 0); /* what an unknown thread takes nobody keeps */
	struct node *former = atomic_exchange(&given[roll(random, GIVEN)], node);
	if (!former)
		return;
	check(former->value == (uintptr_t)former);
	if (roll(random, 2))
		memspan_free(former);
	else if (slot->holds_pointers)
		*(void **)slot->object = former;
}

static void write_a_dump(uint64_t *random)
{
	char path[] = "/tmp/heap_young.XXXXXX";
	int fd = mkstemp(path);
	check(fd >= 0 && close(fd) == 0);
	if (roll(random, 2))
		check(unlink(path) == 0);
	int result = memspan_dump(path);
	check(result == 0 || errno == EEXIST);
	unlink(path);
}

/* What only the stack of an unknown thread leads to is lost. */
static void be_unknown(struct slot *slots)
{
	memset(slots, 0, SLOTS * sizeof *slots);
	memspan_thread_unregister();
}

static void *clear_myself(size_t bytes)
{
	void *object = memspan_alloc_noscan_uninit(bytes);
	check(object != NULL);
	return memset(object, 0, bytes);
}

static void step(struct slot *slots, uint64_t *random, bool in_child)
{
	struct slot *slot = &slots[roll(random, SLOTS)];
	size_t bytes = size_of_some_class(random);
	slot_holds(slot);
	switch (roll(random, 25)) {
	case 0:
	case 1:
	case 2:
		slot_put(slot, memspan_alloc(bytes), bytes, true, random);
		break;
	case 3:
	case 4:
		slot_put(slot, roll(random, 2) ? memspan_alloc_noscan(bytes) : clear_myself(bytes), bytes,
			 false, random);
		break;
	case 5: {
		void *object = memspan_alloc_uncollectable(bytes);
		check(object != NULL);
		if (roll(random, 4))
			memspan_free(object);
		break;
	}
	case 6: {
		size_t align = (size_t)1 << roll(random, 17);
		unsigned char *object = memspan_aligned_alloc(align, bytes);
		check((uintptr_t)object % align == 0 || bytes == 0);
		slot_put(slot, object, bytes, true, random);
		break;
	}
	case 7:
		if (slot->object && bytes) {
			unsigned char *object = memspan_realloc(slot->object, bytes);
			check(object != NULL);
			slot->object = object;
			slot->weak = NULL;
			if (slot->bytes < bytes)
				memset(object + slot->bytes, slot->pattern, bytes - slot->bytes);
			slot->bytes = bytes;
		}
		break;
	case 8:
	case 9:
	case 10:
		memspan_free(slot->object);
		*slot = (struct slot){0};
		break;
	case 11:
		check(!slot->object || slot->bytes == 0 ||
		      memspan_usable_size(slot->object) >= slot->bytes);
		check(memspan_usable_size(slots) == 0 && !memspan_is_heap_pointer(&bytes));
		check(!slot->object || memspan_is_heap_pointer(slot->object + slot->bytes / 2));
		break;
	case 12:
		memspan_gc();
		break;
	case 13:
		set_the_pace(random);
		break;
	case 14:
		memspan_free_os_memory();
		break;
	case 15:
		if (memspan_remove_roots(static_root, sizeof static_root) != 0)
			check(memspan_add_roots(static_root, sizeof static_root) == 0);
		break;
	case 16:
		if (slot->bytes >= 16)
			check(memspan_set_finalizer(slot->object,
						    roll(random, 3) ? count_finalized : NULL,
						    &finalized) == 0);
		break;
	case 17:
		if (slot->bytes >= 16)
			check((slot->weak = memspan_weak_make(slot->object)) != NULL);
		break;
	case 18:
		use_a_stack(random);
		break;
	case 19:
		statistics_hold();
		break;
	case 20:
		hand_over(slot, random);
		break;
	case 21:
	case 24:
		if (!in_child)
			start_thread(random);
		break;
	case 22:
		if (roll(random, 4) == 0)
			write_a_dump(random);
		else if (roll(random, 4) == 0)
			be_unknown(slots);
		else if (roll(random, 4) == 0)
			check(memspan_thread_register() == 0);
		break;
	case 23:
		if (!in_child && roll(random, 8) == 0)
			in_a_child(*random);
		break;
	}
}

static void live(uint64_t seed, bool in_child)
{
	struct slot slots[SLOTS] = {0};
	uint64_t random = seed;
	unsigned steps_max = roll(&random, 2) ? 6 : STEPS_MAX;
	for (unsigned left = 1 + roll(&random, steps_max); left > 0; left--)
		step(slots, &random, in_child);
	for (int i = 0; i < SLOTS; i++)
		slot_holds(&slots[i]);
}

int main(int argc, char **argv)
{
	uint64_t heaps = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
	uint64_t first = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
	for (uint64_t seed = first; seed < first + heaps; seed++) {
		pid_t child = fork();
		check(child >= 0);
		if (child == 0) {
			live_and_wait(seed);
			exit(0);
		}
		if (!ended_well(child)) {
			fprintf(stderr, "heap_young: heap_young 1 %llu fails\n",
				(unsigned long long)seed);
			return 1;
		}
	}
	return 0;
}
