/* spantable.c - see spantable.h. */
#include "spantable.h"

#include "lock.h"
#include "mcache.h"
#include "pageheap.h"
#include "span.h"
#include "thread.h"
#include "world.h"

/* A block is kept in some microseconds, unless its claimant has lost the processor. */
enum { CLAIM_WAIT_NS = 20 * 1000 };

/* Changed in the stopped world only: who comes late finds all blocks kept. */
static struct {
	memspan_span *rows;
	size_t end;      /* the pages that were opened */
	uint32_t epoch;  /* even; the odd one before it says that a block is being kept */
} table;

size_t spantable_rows(void)
{
	return pageheap_opened_pages();
}

/* ---- keeping a block ----------------------------------------------------- */

static size_t page_of(const struct span *s)
{
	return (s->base - pageheap.base) >> PAGE_SHIFT;
}

/* Free slots that the owner's cache held in the stop. */
static unsigned cut_count(const struct span *s)
{
	if (s->group == SPAN_GROUP_NONE)
		return 0;
	return span_owner(s)->cut_counts[span_class_of(s)];
}

static memspan_span span_row(struct span *s)
{
	memspan_span row = {
	    .base = s->base,
	    .npages = s->npages,
	    .elem_bytes = s->elem_bytes,
	    .born_gc = s->born_gc,
	    .state = s->state == SPAN_STACK ? MEMSPAN_SPAN_STACK : MEMSPAN_SPAN_INUSE,
	    .size_class = s->size_class,
	    .noscan = span_noscan(s),
	};
	if (s->state == SPAN_INUSE) {
		row.nelems = s->nelems;
		row.alloc_count = span_alloc_count(s, cut_count(s));
	}
	return row;
}

static memspan_span idle_row(size_t first, size_t end)
{
	uint64_t released;
	memspan_span row = {.base = pageheap.base + first * PAGE_BYTES};
	row.npages = pageheap_idle_run(first, end, &released);
	row.released_bytes = released * PAGE_BYTES;
	return row;
}

/* A span's row belongs to the block of its first page. */
static void write_rows(size_t at, size_t end)
{
	struct span *s = atomic_load_explicit(&pageheap.page_map[at], memory_order_acquire);
	if (s && page_of(s) < at)
		at = page_of(s) + s->npages;
	while (at < end) {
		s = atomic_load_explicit(&pageheap.page_map[at], memory_order_acquire);
		table.rows[at] = s ? span_row(s) : idle_row(at, end);
		at += table.rows[at].npages;
	}
}

/* Inside the heap: so a stopped world finds no block claimed. */
static void keep(size_t block, bool write)
{
	struct chunk *chunk = &pageheap.chunks[block / CHUNK_BLOCKS];
	_Atomic uint32_t *kept = &chunk->kept[block % CHUNK_BLOCKS];
	uint32_t seen = atomic_load_explicit(kept, memory_order_acquire);
	while (seen != table.epoch) {
		if (seen == table.epoch - 1) {
			lock_sleep(kept, seen, CLAIM_WAIT_NS);
			seen = atomic_load_explicit(kept, memory_order_acquire);
		} else if (atomic_compare_exchange_weak_explicit(kept, &seen, table.epoch - 1,
		                                                 memory_order_acquire,
		                                                 memory_order_acquire)) {
			if (write)
				write_rows(block * BLOCK_PAGES, (block + 1) * BLOCK_PAGES);
			atomic_store_explicit(kept, table.epoch, memory_order_release);
			return;
		}
	}
}

static void before_change(size_t first, size_t pages)
{
	size_t end = first + pages < table.end ? first + pages : table.end;
	for (size_t block = first / BLOCK_PAGES; block * BLOCK_PAGES < end; block++)
		keep(block, true);
}

/* ---- cutting and reading --------------------------------------------------- */

static void count_words(struct thread *t, void *arg)
{
	(void)arg;
	if (t->open)
		mcache_cut(&t->mcache);
}

void spantable_cut(memspan_span *rows)
{
	table.rows = rows;
	table.end = pageheap_opened_pages();
	table.epoch += 2;
	world_for_each_thread(count_words, NULL);
	atomic_store(&pageheap_before_change, before_change);
}

static void finish(bool write)
{
	struct thread *t = thread_self();
	for (size_t block = 0; block * BLOCK_PAGES < table.end; block++) {
		thread_enter(t); /* for each anew: a stop waits for one block */
		keep(block, write);
		thread_leave(t);
	}
	atomic_store(&pageheap_before_change, NULL);
}

/* Closes the gaps between the rows, and makes one of idle rows that blocks divided. */
static size_t gather(void)
{
	memspan_span *rows = table.rows, *last = NULL;
	size_t count = 0;
	for (size_t at = 0, pages; at < table.end; at += pages) {
		memspan_span row = rows[at];
		pages = row.npages;
		if (last && last->state == MEMSPAN_SPAN_IDLE && row.state == MEMSPAN_SPAN_IDLE) {
			last->npages += row.npages;
			last->released_bytes += row.released_bytes;
		} else {
			last = &rows[count++];
			*last = row;
		}
	}
	return count;
}

size_t spantable_read(void)
{
	finish(true);
	return gather();
}

void spantable_drop(void)
{
	finish(false);
}

void spantable_after_fork(void)
{
	atomic_store(&pageheap_before_change, NULL);
}
