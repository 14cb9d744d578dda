/* rootpages.c - see rootpages.h. */
#include "rootpages.h"

#include "mapping.h"
#include "mark.h"
#include "os.h"
#include "tracking.h"

enum {
	RANGES_MAX = 256,
	BYTES_MIN = 64 << 10, /* tens of microseconds to read, a few to track */
	COPY_BYTES = 16 << 10,
};

static struct {
	struct range {
		uintptr_t lo, hi; /* whole pages */
		enum root_kind kind;
		bool known;       /* protected, and still what it was */
	} ranges[RANGES_MAX];
	size_t count;
	bool begun;           /* protected once */
	uint64_t bytes;
} rootpages;

static bool whole_pages(uintptr_t lo, uintptr_t hi, struct range *inner)
{
	uintptr_t page = os_page_bytes();
	inner->lo = (lo + page - 1) & -page;
	inner->hi = hi & -page;
	inner->known = true;
	return inner->lo < inner->hi && inner->hi - inner->lo >= BYTES_MIN;
}

bool rootpages_put_off(uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	struct range inner;
	if (!whole_pages(lo, hi, &inner) || rootpages.count == RANGES_MAX ||
	    (rootpages.count == 0 && !mapping_reads_safely()))
		return false;
	mark_now(lo, inner.lo);
	mark_now(inner.hi, hi);
	inner.kind = kind;
	rootpages.ranges[rootpages.count++] = inner;
	return true;
}

/* ---- beside the program -------------------------------------------------- */

struct reading {
	struct range *range;
	size_t pages;
};

static void read_copied(void *arg, uintptr_t lo, uintptr_t hi)
{
	struct reading *reading = arg;
	uintptr_t copy[COPY_BYTES / sizeof(uintptr_t)];
	reading->pages += (hi - lo) / os_page_bytes();
	for (; lo < hi && reading->range->known; lo += COPY_BYTES) {
		size_t bytes = hi - lo < COPY_BYTES ? hi - lo : COPY_BYTES;
		reading->range->known = mapping_read(copy, lo, bytes);
		if (reading->range->known)
			mark_now((uintptr_t)copy, (uintptr_t)copy + bytes);
	}
}

/* Static data of a library always is; a range of the program's may be anything. */
static bool is_private(const struct range *range)
{
	struct mapping part;
	uintptr_t at = range->lo;
	while (range->kind == ROOT_REGISTERED && at < range->hi) {
		if (!mapping_around(at, &part) || part.shared)
			return false;
		at = part.hi;
	}
	return true;
}

size_t rootpages_read(void)
{
	size_t pages = 0;
	for (size_t i = 0; i < rootpages.count; i++) {
		struct range *range = &rootpages.ranges[i];
		struct reading reading = {range, 0};
		if (!rootpages.begun)
			range->known = is_private(range) && tracking_add(range->lo, range->hi);
		range->known = range->known &&
		               tracking_collect(range->lo, range->hi, TRACKING_PROTECT | TRACKING_CONTENT,
		                                read_copied, &reading) &&
		               range->known;
		pages += reading.pages;
	}
	if (!rootpages.begun)
		rootpages.bytes = pages * os_page_bytes();
	rootpages.begun = true;
	return pages;
}

/* ---- the last stop --------------------------------------------------------- */

static void read_now(void *arg, uintptr_t lo, uintptr_t hi)
{
	(void)arg;
	mark_now(lo, hi);
}

bool rootpages_finish(uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	struct range inner;
	bool done = false;
	if (!rootpages.begun || !whole_pages(lo, hi, &inner))
		return false;
	for (size_t i = 0; i < rootpages.count && !done; i++) {
		const struct range *range = &rootpages.ranges[i];
		done = range->known && range->lo == inner.lo && range->hi == inner.hi &&
		       range->kind == kind &&
		       tracking_collect(range->lo, range->hi, TRACKING_CONTENT, read_now, NULL);
	}
	if (!done)
		return false;
	mark_now(lo, inner.lo);
	mark_now(inner.hi, hi);
	return true;
}

uint64_t rootpages_bytes(void)
{
	return rootpages.bytes;
}

void rootpages_end(void)
{
	for (size_t i = 0; i < rootpages.count && rootpages.begun; i++)
		tracking_remove(rootpages.ranges[i].lo, rootpages.ranges[i].hi);
	rootpages_after_fork();
}

void rootpages_after_fork(void)
{
	rootpages.count = 0;
	rootpages.bytes = 0;
	rootpages.begun = false;
}
