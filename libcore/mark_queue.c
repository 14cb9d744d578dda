/* mark_queue.c - see mark_queue.h. */
#include "mark_queue.h"

#include <stdatomic.h>

#include "lock.h"
#include "pageheap.h"
#include "sysmem.h"

enum { BUFFERS_A_MAP = 32, QUEUE_BYTES_MIN = 16 << 20 };

size_t mark_queue_bytes_max;

static struct {
	struct lock lock;
	struct mark_buffer *full, *unused;
	_Atomic size_t full_count;
	size_t mapped_bytes;
} queue;

static size_t bytes_max(void)
{
	size_t part = pageheap_opened_pages() * PAGE_BYTES / 16;
	if (mark_queue_bytes_max)
		return mark_queue_bytes_max;
	return part > QUEUE_BYTES_MIN ? part : QUEUE_BYTES_MIN;
}

/* Lock held. */
static void map_buffers(void)
{
	size_t bytes = BUFFERS_A_MAP * MARK_BUFFER_BYTES;
	if (queue.mapped_bytes + bytes > bytes_max() && queue.mapped_bytes > 0)
		return;
	char *block = sysmem_map(bytes, &sysmem_stats.gc_sys);
	if (!block)
		return;
	queue.mapped_bytes += bytes;
	for (int i = 0; i < BUFFERS_A_MAP; i++) {
		struct mark_buffer *buffer = (void *)(block + i * MARK_BUFFER_BYTES);
		buffer->next = queue.unused;
		queue.unused = buffer;
	}
}

struct mark_buffer *mark_queue_new(void)
{
	lock_acquire(&queue.lock);
	if (!queue.unused)
		map_buffers();
	struct mark_buffer *buffer = queue.unused;
	if (buffer) {
		queue.unused = buffer->next;
		buffer->count = 0;
	}
	lock_release(&queue.lock);
	return buffer;
}

void mark_queue_unused(struct mark_buffer *buffer)
{
	lock_acquire(&queue.lock);
	buffer->next = queue.unused;
	queue.unused = buffer;
	lock_release(&queue.lock);
}

void mark_queue_put(struct mark_buffer *buffer)
{
	lock_acquire(&queue.lock);
	buffer->next = queue.full;
	queue.full = buffer;
	atomic_fetch_add_explicit(&queue.full_count, 1, memory_order_relaxed);
	lock_release(&queue.lock);
}

struct mark_buffer *mark_queue_take(void)
{
	if (mark_queue_is_empty())
		return NULL;
	lock_acquire(&queue.lock);
	struct mark_buffer *buffer = queue.full;
	if (buffer) {
		queue.full = buffer->next;
		atomic_fetch_sub_explicit(&queue.full_count, 1, memory_order_relaxed);
	}
	lock_release(&queue.lock);
	return buffer;
}

bool mark_queue_is_empty(void)
{
	return atomic_load_explicit(&queue.full_count, memory_order_relaxed) == 0;
}

/* The buffers are mapped anew, all of them, for some were in a marker's hand. */
void mark_queue_after_fork(bool lost)
{
	queue.lock = (struct lock){0};
	if (!lost)
		return;
	queue.full = queue.unused = NULL;
	queue.full_count = 0;
	queue.mapped_bytes = 0;
}
