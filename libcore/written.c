/* written.c - see written.h. */
#include "written.h"

#include <stdatomic.h>

#include "background.h"
#include "mark.h"
#include "os.h"
#include "pageheap.h"
#include "tracking.h"

enum {
	FETCH_BYTES = 8 * CHUNK_BYTES, /* at a time: some tens of microseconds */
	BYTES_WORTH_HELP = 8 * FETCH_BYTES,
	IDLE_RUNS_MAX = 1024, /* that are left out: each is one more call */
	PAGES_TOGETHER = 256, /* that written_scan collects before it marks from them */
	PAGES_WORTH_HELP = 128, /* a page takes a microsecond, a helper some tens to come */
};

static struct {
	bool protect;
	_Atomic size_t pages;
	_Atomic bool failed;
	size_t idle_pages_min; /* that are left out together */
} fetching;

static bool holds_scanned(size_t chunk)
{
	return __atomic_load_n(&pageheap.chunks[chunk].kind, __ATOMIC_RELAXED) == CHUNK_SCAN;
}

/* Of these, where something is marked: what was written elsewhere need not be known. */
static bool holds_marked(size_t chunk)
{
	return holds_scanned(chunk) &&
	       atomic_load_explicit(&pageheap.chunks[chunk].marked, memory_order_relaxed);
}

static size_t opened_chunks(void)
{
	return pageheap_opened_pages() / CHUNK_PAGES;
}

/*
 * The next run of chunks, from *chunk on, of which `holds` is true: of what is scanned, or a part of
 * it. The others must not be touched, for a protected page costs memory even where there is none.
 * False: no more.
 */
static bool next_run(size_t chunks, bool (*holds)(size_t chunk), size_t *chunk, uintptr_t *lo,
                     uintptr_t *hi)
{
	size_t first = *chunk;
	while (first < chunks && !holds(first))
		first++;
	for (*chunk = first; *chunk < chunks && holds(*chunk);)
		++*chunk;
	*lo = pageheap.base + first * CHUNK_BYTES;
	*hi = pageheap.base + *chunk * CHUNK_BYTES;
	return first < *chunk;
}

/*
 * The next run of pages in use in [*at, hi), short idle runs between them included. The others
 * are left out: what is allocated there while marking would fault at each page, only to be told
 * as written. Taken into use, they are in the next fetch.
 */
static bool next_used(uintptr_t *at, uintptr_t hi, uintptr_t *used_lo, uintptr_t *used_hi)
{
	size_t end = (hi - pageheap.base) >> PAGE_SHIFT;
	size_t first = pageheap_next((*at - pageheap.base) >> PAGE_SHIFT, end, true);
	size_t idle = pageheap_next(first, end, false), next = pageheap_next(idle, end, true);
	while (next < end && next - idle < fetching.idle_pages_min) {
		idle = pageheap_next(next, end, false);
		next = pageheap_next(idle, end, true);
	}
	*used_lo = pageheap.base + first * PAGE_BYTES;
	*used_hi = pageheap.base + idle * PAGE_BYTES;
	*at = pageheap.base + next * PAGE_BYTES;
	return first < end;
}

/* What is opened after this is left out: asking for it before it is tracked would fail. */
static bool cover(size_t *chunks)
{
	*chunks = opened_chunks();
	fetching.idle_pages_min = *chunks * CHUNK_PAGES / IDLE_RUNS_MAX;
	return tracking_cover(pageheap.base, pageheap.base + *chunks * CHUNK_BYTES);
}

bool written_begin(void)
{
	size_t chunks;
	uintptr_t lo, hi, used_lo, used_hi;
	bool known = tracking_begin() && cover(&chunks);
	for (size_t chunk = 0; known && chunk < chunks; chunk++) {
		atomic_store_explicit(&pageheap.chunks[chunk].blank, false, memory_order_relaxed);
		atomic_store_explicit(&pageheap.chunks[chunk].marked, false, memory_order_relaxed);
	}
	for (size_t chunk = 0; known && next_run(chunks, holds_scanned, &chunk, &lo, &hi);)
		while (known && next_used(&lo, hi, &used_lo, &used_hi))
			known = tracking_protect(used_lo, used_hi);
	if (!known)
		tracking_lost();
	return known;
}

static void add(void *arg, uintptr_t lo, uintptr_t hi)
{
	size_t *pages = arg;
	*pages += (hi - lo) / os_page_bytes();
	mark_add_written(lo, hi);
}

/* Reading what has no content yet would give it some. */
static bool is_blank(uintptr_t lo, uintptr_t hi)
{
	size_t chunk = (lo - pageheap.base) / CHUNK_BYTES;
	size_t end = (hi - pageheap.base + CHUNK_BYTES - 1) / CHUNK_BYTES;
	while (chunk < end &&
	       !atomic_load_explicit(&pageheap.chunks[chunk].blank, memory_order_relaxed))
		chunk++;
	return chunk < end;
}

static void fetch(uintptr_t lo, uintptr_t hi)
{
	size_t pages = 0;
	unsigned what = (fetching.protect ? TRACKING_PROTECT : 0) |
	                (is_blank(lo, hi) ? TRACKING_CONTENT : 0);
	if (!tracking_collect(lo, hi, what, add, &pages))
		atomic_store(&fetching.failed, true);
	atomic_fetch_add(&fetching.pages, pages);
}

void written_mark(size_t pages)
{
	mark_run(pages >= PAGES_WORTH_HELP ? MARK_WORKERS_MAX : 0, background_help_mark);
}

static void scan_range(uintptr_t lo, uintptr_t hi, size_t *marked)
{
	for (; lo < hi && !fetching.failed; lo += FETCH_BYTES) {
		fetch(lo, hi - lo < FETCH_BYTES ? hi : lo + FETCH_BYTES);
		size_t found = fetching.pages - *marked;
		if (found < PAGES_TOGETHER)
			continue;
		written_mark(found);
		*marked += found;
	}
}

/* Of all that was begun: how many pages, or that nothing is known. */
static bool fetched(size_t *pages)
{
	*pages = fetching.pages;
	if (!fetching.failed)
		return true;
	tracking_lost();
	*pages = SIZE_MAX;
	return false;
}

bool written_scan(size_t *pages)
{
	uintptr_t lo, hi, used_lo, used_hi;
	size_t chunks, marked = 0;
	fetching.protect = true;
	fetching.pages = 0;
	fetching.failed = !cover(&chunks);
	for (size_t chunk = 0; !fetching.failed && next_run(chunks, holds_marked, &chunk, &lo, &hi);)
		while (next_used(&lo, hi, &used_lo, &used_hi))
			scan_range(used_lo, used_hi, &marked);
	written_mark(fetching.pages - marked);
	return fetched(pages);
}

static void add_fetches(uintptr_t lo, uintptr_t hi)
{
	for (; lo < hi; lo += FETCH_BYTES)
		mark_add_fetch(fetch, lo, hi - lo < FETCH_BYTES ? hi : lo + FETCH_BYTES);
}

/*
 * Protecting is for one thread: each page table changed is told to all other processors that
 * run the program, helpers among them, and that takes ten times as long as to read it. In a
 * stop there are none.
 */
bool written_fetch(bool protect, size_t *pages)
{
	uintptr_t lo, hi, used_lo, used_hi;
	size_t chunks, bytes = 0;
	fetching.protect = protect;
	fetching.pages = 0;
	fetching.failed = !cover(&chunks);
	for (size_t chunk = 0; !fetching.failed && next_run(chunks, holds_marked, &chunk, &lo, &hi);)
		for (; next_used(&lo, hi, &used_lo, &used_hi); bytes += used_hi - used_lo)
			add_fetches(used_lo, used_hi);
	bool helped = !protect && bytes >= BYTES_WORTH_HELP;
	mark_run(helped ? MARK_WORKERS_MAX : 0, background_help_mark);
	return fetched(pages);
}

void written_all(void)
{
	uintptr_t lo, hi;
	for (size_t chunk = 0, chunks = opened_chunks();
	     next_run(chunks, holds_marked, &chunk, &lo, &hi);)
		mark_add_written(lo, hi);
}

void written_end(void)
{
	uintptr_t lo, hi;
	for (size_t chunk = 0, chunks = opened_chunks();
	     next_run(chunks, holds_scanned, &chunk, &lo, &hi);)
		tracking_release(lo, hi);
}
