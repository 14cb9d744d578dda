/*
 * pagescan.h - what headers older than Linux 6.7 lack of PAGEMAP_SCAN, the ioctl of
 * /proc/self/pagemap that finds pages by what they are and leaps over those that are nothing
 * (include/uapi/linux/fs.h).
 */
#ifndef PAGESCAN_H
#define PAGESCAN_H

#include <stdint.h>
#include <sys/ioctl.h>

struct pagescan_region {
	uint64_t start, end, categories;
};

/* Pages with all categories of all_of and one of any_of, those of `inverted` turned round. */
struct pagescan_request {
	uint64_t size, flags, start, end, walk_end, regions, region_count, pages_max;
	uint64_t inverted, all_of, any_of, returned;
};

#define PAGESCAN _IOWR('f', 16, struct pagescan_request)

enum {
	PAGESCAN_PROTECT = 1 << 0,
	PAGESCAN_FAIL_UNTRACKED = 1 << 1,
};

enum {
	PAGESCAN_WRITTEN = 1 << 1,
	PAGESCAN_FILE = 1 << 2,
	PAGESCAN_PRESENT = 1 << 3,
	PAGESCAN_SWAPPED = 1 << 4,
	PAGESCAN_ZERO = 1 << 5, /* present, and the kernel's page of zeroes */
};

#endif
