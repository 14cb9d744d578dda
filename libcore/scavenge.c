/* scavenge.c - see scavenge.h. */
#include "scavenge.h"

#include "os.h"
#include "pageheap.h"
#include "span.h"

enum { STEP_PAGES = 32 }; /* 256 KiB a madvise: some tens of microseconds with the lock held */

static _Atomic uint64_t retain_bytes = UINT64_MAX;

void scavenge_set_goal(uint64_t heap_inuse, uint64_t last_goal, uint64_t next_goal)
{
	double growth = last_goal && last_goal != UINT64_MAX && next_goal != UINT64_MAX
	                    ? (double)next_goal / (double)last_goal
	                    : 1;
	atomic_store(&retain_bytes, (uint64_t)((double)heap_inuse * growth * 1.1));
}

/* Lock held. */
static uint64_t retained_bytes(void)
{
	uint64_t stacks = span_totals.stack_pages;
	return (pageheap_opened_pages() - stacks - pageheap.released_pages) * PAGE_BYTES;
}

size_t scavenge_step(uint64_t busy_ns, bool *more)
{
	size_t done = 0;
	uint64_t begin = os_thread_cpu_ns();
	*more = true;
	do {
		lock_acquire(&pageheap.lock);
		*more = retained_bytes() > atomic_load(&retain_bytes);
		size_t pages = *more ? pageheap_release(STEP_PAGES) : 0;
		lock_release(&pageheap.lock);
		if (!pages)
			*more = false;
		done += pages * PAGE_BYTES;
	} while (*more && os_thread_cpu_ns() - begin < busy_ns);
	return done;
}

size_t scavenge_retained(void)
{
	lock_acquire(&pageheap.lock);
	size_t pages = pageheap_opened_pages() - pageheap.used_pages - pageheap.released_pages;
	lock_release(&pageheap.lock);
	return pages * PAGE_BYTES;
}

size_t scavenge_release(size_t bytes)
{
	size_t done = 0;
	while (done < bytes) {
		size_t pages = (bytes - done) / PAGE_BYTES + 1;
		lock_acquire(&pageheap.lock);
		pages = pageheap_release(pages < CHUNK_PAGES ? pages : CHUNK_PAGES);
		lock_release(&pageheap.lock);
		if (!pages)
			break;
		done += pages * PAGE_BYTES;
	}
	return done;
}
