#include "memory.h"

#include "recorder.h"

/* Before each block stands its size; 64 bytes keep what follows on a line of its own. */
enum { BLOCK_HEAD_BYTES = 64 };

static void *block_alloc(void *opaque, size_t bytes)
{
	char *block;

	(void)opaque;
	if (bytes > SIZE_MAX - BLOCK_HEAD_BYTES)
		return NULL;
	block = recorder_map(bytes + BLOCK_HEAD_BYTES);
	if (!block)
		return NULL;
	*(size_t *)block = bytes + BLOCK_HEAD_BYTES;
	return block + BLOCK_HEAD_BYTES;
}

static void block_free(void *opaque, void *p)
{
	char *block = p;

	(void)opaque;
	if (!block)
		return;
	block -= BLOCK_HEAD_BYTES;
	recorder_unmap(block, *(size_t *)block);
}

const struct snapshot_memory dump_memory = {block_alloc, block_free, NULL};
