/* tracking.c - see tracking.h. */
#define _GNU_SOURCE
#include "tracking.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "lock.h"
#include "os.h"
#include "pagescan.h"

/* What headers older than Linux 6.7 lack; include/uapi/linux/userfaultfd.h. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1
#endif
static const uint64_t FEATURES = (uint64_t)1 << 13    /* UFFD_FEATURE_WP_UNPOPULATED */
                                 | (uint64_t)1 << 15; /* UFFD_FEATURE_WP_ASYNC */

enum {
	REGIONS = 256,
	DESCRIPTOR_MIN = 512, /* out of the way of programs that count on low numbers */
};

static struct {
	struct lock lock;  /* opening */
	bool asked;
	const char *why;   /* what is missing; NULL when nothing is */
	bool short_way_errs;
	int descriptor;    /* a userfaultfd, from the first use on; -1 for none */
	uintptr_t covered_hi; /* tracked up to here; 0: nothing yet */
	int pages;         /* /proc/self/pagemap, the same */
	dev_t pages_device;
	ino_t pages_inode;
} tracking = {.descriptor = -1, .pages = -1};

/* ---- opening ------------------------------------------------------------ */

static int out_of_the_way(int descriptor)
{
	struct rlimit limit;
	int least = DESCRIPTOR_MIN;
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= DESCRIPTOR_MIN)
		least = (int)limit.rlim_cur / 2;
	int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, least);
	if (moved < 0)
		return descriptor; /* the limit of descriptors is near: where it is, then */
	close(descriptor);
	return moved;
}

/* A new descriptor, or -1 with `why` set. */
static int open_descriptor(const char **why)
{
	struct uffdio_api api = {.api = UFFD_API, .features = FEATURES};
	int descriptor = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY);
	if (descriptor < 0) {
		*why = errno == ENOSYS ? "the kernel has no userfaultfd"
		                       : "userfaultfd is not permitted (seccomp?)";
		return -1;
	}
	if (ioctl(descriptor, UFFDIO_API, &api) != 0 || (api.features & FEATURES) != FEATURES) {
		*why = "the kernel is older than 6.7: no asynchronous write protection";
		close(descriptor);
		return -1;
	}
	return out_of_the_way(descriptor);
}

/* Which file it is, is asked before it has a number that the program may close at any time. */
static int open_pages(void)
{
	struct stat status;
	int pages = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (pages < 0)
		return -1;
	if (fstat(pages, &status) != 0)
		memset(&status, 0, sizeof status);
	tracking.pages_device = status.st_dev;
	tracking.pages_inode = status.st_ino;
	return out_of_the_way(pages);
}

/* The program may have closed a descriptor of ours, and its number be a file of its own. */
static bool pages_are_ours(void)
{
	struct stat status;
	return tracking.pages >= 0 && fstat(tracking.pages, &status) == 0 &&
	       status.st_dev == tracking.pages_device && status.st_ino == tracking.pages_inode;
}

static bool descriptor_is_ours(void)
{
	static const char ours[] = "anon_inode:[userfaultfd]";
	char path[40], target[sizeof ours];
	if (tracking.descriptor < 0)
		return false;
	snprintf(path, sizeof path, "/proc/self/fd/%d", tracking.descriptor);
	return readlink(path, target, sizeof target) == (ssize_t)sizeof ours - 1 &&
	       memcmp(target, ours, sizeof ours - 1) == 0;
}

/* The child of a fork, and a heap that cannot be tracked, need none. */
static void give_back(void)
{
	if (descriptor_is_ours())
		close(tracking.descriptor);
	if (pages_are_ours())
		close(tracking.pages);
	tracking.descriptor = tracking.pages = -1;
}

/*
 * Something failed: what is no longer ours is forgotten, and all is tracked anew. Nothing is
 * closed here, for between a look and a close the number may become the program's.
 */
void tracking_lost(void)
{
	if (!pages_are_ours())
		tracking.pages = -1;
	if (!descriptor_is_ours())
		tracking.descriptor = -1;
	tracking.covered_hi = 0;
}

/* One page of our own is tracked and asked about: what fails there fails for all. */
static const char *try_out(void)
{
	const char *why = NULL;
	struct pagescan_region region;
	size_t bytes = os_page_bytes();
	char *page = os_map(bytes, false);
	if (!page)
		return "no memory to try it with";
	struct uffdio_register range = {.range = {(uintptr_t)page, bytes},
	                                .mode = UFFDIO_REGISTER_MODE_WP};
	struct pagescan_request request = {
	    .size = sizeof request,
	    .flags = PAGESCAN_PROTECT | PAGESCAN_FAIL_UNTRACKED,
	    .start = (uintptr_t)page,
	    .end = (uintptr_t)page + bytes,
	    .regions = (uintptr_t)&region,
	    .region_count = 1,
	    .all_of = PAGESCAN_WRITTEN,
	    .returned = PAGESCAN_WRITTEN,
	};
	if (ioctl(tracking.descriptor, UFFDIO_REGISTER, &range) != 0)
		why = "userfaultfd does not take the heap's memory";
	else if (ioctl(tracking.pages, PAGESCAN, &request) < 0)
		why = "/proc/self/pagemap does not tell written pages";
	os_unmap(page, bytes);
	return why;
}

/* One that does not say what it is is taken for an old one. */
static bool kernel_is_before(unsigned long major, unsigned long minor)
{
	struct utsname system;
	char *end;
	if (uname(&system) != 0)
		return true;
	unsigned long here = strtoul(system.release, &end, 10);
	return here < major || (here == major && (*end != '.' || strtoul(end + 1, NULL, 10) < minor));
}

/* Lock held. */
static void ask(void)
{
	tracking.asked = true;
	tracking.short_way_errs = kernel_is_before(6, 9);
	tracking.descriptor = open_descriptor(&tracking.why);
	if (tracking.descriptor < 0)
		return;
	tracking.pages = open_pages();
	tracking.why = tracking.pages < 0 ? "/proc/self/pagemap cannot be opened" : try_out();
	if (tracking.why)
		give_back();
}

bool tracking_available(const char **why)
{
	int saved = errno;
	lock_acquire(&tracking.lock);
	if (!tracking.asked)
		ask();
	const char *missing = tracking.why;
	lock_release(&tracking.lock);
	if (why)
		*why = missing;
	errno = saved;
	return missing == NULL;
}

bool tracking_begin(void)
{
	const char *why;
	if (!tracking_available(NULL))
		return false;
	int saved = errno;
	if (tracking.descriptor < 0)
		tracking.descriptor = open_descriptor(&why);
	if (tracking.pages < 0)
		tracking.pages = open_pages();
	errno = saved;
	return tracking.descriptor >= 0 && tracking.pages >= 0;
}

/* The child has no other thread that could come in between. */
void tracking_after_fork(void)
{
	int saved = errno;
	give_back();
	tracking.covered_hi = 0;
	tracking.lock = (struct lock){0};
	errno = saved;
}

/* ---- ranges -------------------------------------------------------------- */

static bool enlist(uintptr_t lo, uintptr_t hi)
{
	struct uffdio_register range = {.range = {lo, hi - lo}, .mode = UFFDIO_REGISTER_MODE_WP};
	return ioctl(tracking.descriptor, UFFDIO_REGISTER, &range) == 0;
}

bool tracking_add(uintptr_t lo, uintptr_t hi)
{
	int saved = errno;
	bool done = enlist(lo, hi);
	errno = saved;
	return done;
}

void tracking_remove(uintptr_t lo, uintptr_t hi)
{
	struct uffdio_range range = {lo, hi - lo};
	int saved = errno;
	if (tracking.descriptor >= 0)
		ioctl(tracking.descriptor, UFFDIO_UNREGISTER, &range);
	errno = saved;
}

bool tracking_cover(uintptr_t lo, uintptr_t hi)
{
	if (lo < tracking.covered_hi)
		lo = tracking.covered_hi;
	if (lo >= hi)
		return true;
	int saved = errno;
	bool done = enlist(lo, hi);
	if (done)
		tracking.covered_hi = hi;
	else
		tracking_lost();
	errno = saved;
	return done;
}

/* What was never written counts as written too, but there is nothing to read. */
static bool has_content(const struct pagescan_region *region)
{
	return (region->categories & (PAGESCAN_PRESENT | PAGESCAN_SWAPPED)) &&
	       !(region->categories & PAGESCAN_ZERO);
}

/*
 * Only what is asked about written pages and nothing else takes the kernel's short way, which
 * before Linux 6.9 takes some of the swapped-out pages for protected, written or not.
 */
bool tracking_collect(uintptr_t lo, uintptr_t hi, unsigned what,
                      void (*written)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	struct pagescan_region regions[REGIONS];
	bool with_content = what & TRACKING_CONTENT;
	uint64_t content = with_content || tracking.short_way_errs
	                       ? PAGESCAN_PRESENT | PAGESCAN_SWAPPED | PAGESCAN_ZERO
	                       : 0;
	int saved = errno;
	bool done = true;
	while (done && lo < hi) {
		struct pagescan_request request = {
		    .size = sizeof request,
		    .flags = PAGESCAN_FAIL_UNTRACKED | (what & TRACKING_PROTECT ? PAGESCAN_PROTECT : 0),
		    .start = lo,
		    .end = hi,
		    .regions = (uintptr_t)regions,
		    .region_count = REGIONS,
		    .all_of = PAGESCAN_WRITTEN,
		    .returned = PAGESCAN_WRITTEN | content,
		};
		int count = ioctl(tracking.pages, PAGESCAN, &request);
		done = count >= 0 && request.walk_end > lo;
		for (int i = 0; i < count; i++)
			if (!with_content || has_content(&regions[i]))
				written(arg, regions[i].start, regions[i].end);
		lo = request.walk_end;
	}
	errno = saved;
	return done;
}

static void ignore(void *arg, uintptr_t lo, uintptr_t hi)
{
	(void)arg, (void)lo, (void)hi;
}

/*
 * Without room to tell pages the kernel would need no more than one call, but those before
 * Linux 6.18 read through a null pointer where the range begins or ends in a huge page.
 */
bool tracking_protect(uintptr_t lo, uintptr_t hi)
{
	return tracking_collect(lo, hi, TRACKING_PROTECT, ignore, NULL);
}

void tracking_release(uintptr_t lo, uintptr_t hi)
{
	struct uffdio_writeprotect range = {.range = {lo, hi - lo}, .mode = 0};
	int saved = errno;
	if (tracking.descriptor >= 0)
		ioctl(tracking.descriptor, UFFDIO_WRITEPROTECT, &range);
	errno = saved;
}
