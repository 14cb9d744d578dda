/*
 * MEMSPAN_LEAKS in a program that collects: uncollectable blocks that nothing points to, with
 * objects of every other kind on the way. A collection before and after finds its marks clear.
 */
#undef NDEBUG
#include <assert.h>
#include <memspan.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "leaks.h"
#include "recorder.h"

enum { LOST = 100, LOST_BYTES = 80, KEPT = 50, KEPT_BYTES = 96, HIDDEN_BYTES = 112 };

struct node {
	void *block;
	uintptr_t number;
};

static const size_t node_pointers[] = {offsetof(struct node, block)};
static const memspan_type node_type = {
	.name = "node", .size = sizeof(struct node), .pointer_count = 1, .pointer_offsets = node_pointers,
};

static struct node *volatile kept[KEPT];

/* An object that is collected leads to the block; so does one with a finalizer. */
static void finalize(void *object, void *arg)
{
	(void)object;
	(void)arg;
}

static void *leave_behind(void *arg)
{
	(void)arg;
	for (int i = 0; i < LOST; i++)
		*(void *volatile *)memspan_alloc_uncollectable(LOST_BYTES) = NULL;
	for (int i = 0; i < KEPT; i++) {
		kept[i] = memspan_alloc_typed(&node_type, 1);
		kept[i]->block = memspan_alloc_uncollectable(KEPT_BYTES);
		/* The same word as a number keeps nothing. */
		kept[i]->number = (uintptr_t)memspan_alloc_uncollectable(HIDDEN_BYTES);
	}
	void **dying = memspan_alloc(24);
	*dying = memspan_alloc_uncollectable(128);
	assert(memspan_set_finalizer(dying, finalize, memspan_alloc_uncollectable(144)) == 0);
	return NULL;
}

static uint64_t blocks_of(const struct recorder_snapshot *snapshot, uint64_t bytes)
{
	for (unsigned i = 1; i < RECORDER_CLASSES; i++)
		if (snapshot->stats.by_size[i].size == bytes)
			return snapshot->leaks.by_class[i].blocks;
	abort();
}

static void search(void)
{
	struct recorder_snapshot *snapshot = recorder_capture(RECORDER_DUMP);
	assert(snapshot && snapshot->leaks.searched);
	assert(blocks_of(snapshot, LOST_BYTES) == LOST);
	assert(blocks_of(snapshot, HIDDEN_BYTES) == KEPT);
	assert(blocks_of(snapshot, KEPT_BYTES) == 0);
	assert(blocks_of(snapshot, 128) == 0 && blocks_of(snapshot, 144) == 0);
	assert(snapshot->leaks.blocks == LOST + KEPT);
	assert(snapshot->leaks.bytes == LOST * LOST_BYTES + KEPT * HIDDEN_BYTES);
	recorder_release(snapshot);
}

int main(void)
{
	pthread_t thread;
	struct recorder_snapshot *snapshot;
	memspan_mem_stats before, after;

	leaks_wanted = SETTINGS_LEAKS_WITH_MAPPED;
	pthread_create(&thread, NULL, leave_behind, NULL);
	pthread_join(thread, NULL);
	memspan_read_mem_stats(&before);
	search();
	search();
	memspan_read_mem_stats(&after);
	assert(after.heap_objects == before.heap_objects && after.num_gc == before.num_gc);
	memspan_gc();
	memspan_gc();
	memspan_read_mem_stats(&after);
	assert(after.heap_objects + 1 >= before.heap_objects); /* all that was marked is still there */
	for (int i = 0; i < KEPT; i++)
		assert(memspan_is_heap_pointer(kept[i]->block));

	/* What a collection or the pacer takes is not searched. */
	snapshot = recorder_capture(RECORDER_PACER);
	assert(snapshot && !snapshot->leaks.searched && snapshot->leaks.blocks == 0);
	recorder_release(snapshot);
	return 0;
}
