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
	FETCHES_WORTH_HELP = 8,
};

static struct {
	bool protect;
	_Atomic size_t pages;
	_Atomic bool failed;
} fetching;

static bool holds_scanned(size_t chunk)
{
	return __atomic_load_n(&pageheap.chunks[chunk].kind, __ATOMIC_RELAXED) == CHUNK_SCAN;
}

static size_t opened_chunks(void)
{
	return pageheap_opened_pages() / CHUNK_PAGES;
}

/*
 * The next run of chunks, from *chunk on, that hold what is scanned; the others must not be
 * touched, for a protected page costs memory even where there is none. False: no more.
 */
static bool next_scanned(size_t chunks, size_t *chunk, uintptr_t *lo, uintptr_t *hi)
{
	size_t first = *chunk;
	while (first < chunks && !holds_scanned(first))
		first++;
	for (*chunk = first; *chunk < chunks && holds_scanned(*chunk);)
		++*chunk;
	*lo = pageheap.base + first * CHUNK_BYTES;
	*hi = pageheap.base + *chunk * CHUNK_BYTES;
	return first < *chunk;
}

/* What is opened after this is left out: asking for it before it is tracked would fail. */
static bool cover(size_t *chunks)
{
	*chunks = opened_chunks();
	return tracking_cover(pageheap.base, pageheap.base + *chunks * CHUNK_BYTES);
}

bool written_begin(void)
{
	size_t chunks;
	uintptr_t lo, hi;
	bool known = tracking_begin() && cover(&chunks);
	for (size_t chunk = 0; known && chunk < chunks; chunk++)
		atomic_store_explicit(&pageheap.chunks[chunk].blank, false, memory_order_relaxed);
	for (size_t chunk = 0; known && next_scanned(chunks, &chunk, &lo, &hi);)
		known = tracking_protect(lo, hi);
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
	size_t chunk = (lo - pageheap.base) / CHUNK_BYTES, end = (hi - pageheap.base) / CHUNK_BYTES;
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

/*
 * Protecting is for one thread: each page table changed is told to all other processors that
 * run the program, helpers among them, and that takes ten times as long as to read it. In a
 * stop there are none.
 */
bool written_fetch(bool protect, size_t *pages)
{
	uintptr_t lo, hi;
	size_t chunks, pieces = 0;
	fetching.protect = protect;
	fetching.pages = 0;
	fetching.failed = !cover(&chunks);
	for (size_t chunk = 0; !fetching.failed && next_scanned(chunks, &chunk, &lo, &hi);)
		for (; lo < hi; lo += FETCH_BYTES, pieces++)
			mark_add_fetch(fetch, lo, hi - lo < FETCH_BYTES ? hi : lo + FETCH_BYTES);
	bool helped = !protect && pieces >= FETCHES_WORTH_HELP;
	mark_run(helped ? MARK_WORKERS_MAX : 0, background_help_mark);
	*pages = fetching.pages;
	if (!fetching.failed)
		return true;
	tracking_lost();
	*pages = SIZE_MAX;
	return false;
}

void written_all(void)
{
	uintptr_t lo, hi;
	for (size_t chunk = 0, chunks = opened_chunks(); next_scanned(chunks, &chunk, &lo, &hi);)
		mark_add_written(lo, hi);
}

void written_end(void)
{
	uintptr_t lo, hi;
	for (size_t chunk = 0, chunks = opened_chunks(); next_scanned(chunks, &chunk, &lo, &hi);)
		tracking_release(lo, hi);
}
