/* mapping.c - see mapping.h. */
#define _GNU_SOURCE
#include "mapping.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "os.h"
#include "pagescan.h"
#include "sanitizer.h"

enum {
	READ_BYTES = 2048,
	LINE_BYTES = 128, /* as much of a line of /proc/self/maps as matters */
	PAGES = 128,      /* asked about at a time */
	REGIONS = 64,     /* the same, of a scan */
};

static const uint64_t SPARSE_BYTES_MAX = (uint64_t)64 << 30;

static const uint64_t PAGEMAP_TOUCHED = 3ull << 62; /* present or swapped out */
static const uint64_t PAGEMAP_FILE = 1ull << 61;

/* open, read and close would be cancellation points. */
static int open_proc(const char *path)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

static const char *parse_hex(const char *at, uintptr_t *value)
{
	*value = 0;
	for (;; at++) {
		if (*at >= '0' && *at <= '9')
			*value = *value << 4 | (uintptr_t)(*at - '0');
		else if (*at >= 'a' && *at <= 'f')
			*value = *value << 4 | (uintptr_t)(*at - 'a' + 10);
		else
			return at;
	}
}

/* line_fn: true ends it. */
typedef bool line_fn(void *arg, const char *line);

/* Whether all of them were read, or one said that it is enough. */
static bool visit_lines(line_fn *line_of, void *arg)
{
	char buffer[READ_BYTES], line[LINE_BYTES];
	size_t length = 0;
	long n = -1;
	int saved = errno;
	int fd = open_proc("/proc/self/maps");
	bool enough = false;
	while (fd >= 0 && !enough && (n = syscall(SYS_read, fd, buffer, sizeof buffer)) > 0) {
		for (long i = 0; i < n && !enough; i++) {
			if (buffer[i] != '\n') {
				if (length < sizeof line - 1)
					line[length++] = buffer[i];
				continue;
			}
			line[length] = '\0';
			length = 0;
			enough = line_of(arg, line);
		}
	}
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = saved;
	return enough || n == 0;
}

/* Where the permissions stand; NULL: no such line. */
static const char *parse_range(const char *line, uintptr_t *lo, uintptr_t *hi)
{
	const char *at = parse_hex(line, lo);
	if (*at != '-')
		return NULL;
	at = parse_hex(at + 1, hi);
	return *at == ' ' ? at + 1 : NULL;
}

struct around {
	uintptr_t address;
	struct mapping *out;
	bool found;
};

static bool line_is_around(void *arg, const char *line)
{
	struct around *search = arg;
	struct mapping *out = search->out;
	const char *permissions = parse_range(line, &out->lo, &out->hi);
	if (!permissions)
		return false;
	out->shared = permissions[3] == 's';
	out->main_stack = strstr(line, "[stack]") != NULL;
	search->found = out->lo <= search->address && search->address < out->hi;
	return search->found;
}

bool mapping_around(uintptr_t address, struct mapping *out)
{
	struct around search = {.address = address, .out = out};
	return visit_lines(line_is_around, &search) && search.found;
}

struct visit {
	bool (*fn)(void *arg, uintptr_t lo, uintptr_t hi);
	void *arg;
	bool ended;
};

static bool line_is_private(void *arg, const char *line)
{
	struct visit *visit = arg;
	uintptr_t lo, hi;
	const char *permissions = parse_range(line, &lo, &hi);
	if (!permissions || strncmp(permissions, "rw", 2) != 0 || permissions[3] != 'p' ||
	    strstr(line, "[stack]"))
		return false;
	visit->ended = !visit->fn(visit->arg, lo, hi);
	return visit->ended;
}

bool mapping_visit_private(bool (*fn)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	struct visit visit = {.fn = fn, .arg = arg};
	return visit_lines(line_is_private, &visit) && !visit.ended;
}

MARK_READS static void copy(void *to, uintptr_t from, size_t bytes)
{
	const volatile char *source = (const volatile char *)from;
	for (size_t i = 0; i < bytes; i++)
		((char *)to)[i] = source[i];
}

static long read_self(void *to, uintptr_t from, size_t bytes)
{
	struct iovec local = {.iov_base = to, .iov_len = bytes};
	struct iovec remote = {.iov_base = (void *)from, .iov_len = bytes};
	return syscall(SYS_process_vm_readv, getpid(), &local, 1L, &remote, 1L, 0L);
}

bool mapping_reads_safely(void)
{
	int saved = errno;
	char from = 0, to;
	bool done = read_self(&to, (uintptr_t)&from, 1) == 1;
	errno = saved;
	return done;
}

bool mapping_read(void *to, uintptr_t from, size_t bytes)
{
	int saved = errno;
	long n = read_self(to, from, bytes);
	bool done = n == (long)bytes;
	if (n < 0 && errno != EFAULT) {
		copy(to, from, bytes);
		done = true;
	}
	errno = saved;
	return done;
}

bool mapping_readable(uintptr_t lo, uintptr_t hi)
{
	size_t unit = os_page_bytes();
	bool readable = true;
	int saved = errno;
	for (uintptr_t at = lo; readable && at < hi;) {
		char bytes[PAGES];
		struct iovec remote[PAGES];
		size_t pages = 0;
		for (; pages < PAGES && at < hi; pages++, at = (at & -unit) + unit)
			remote[pages] = (struct iovec){.iov_base = (void *)at, .iov_len = 1};
		struct iovec local = {.iov_base = bytes, .iov_len = pages};
		long n = syscall(SYS_process_vm_readv, getpid(), &local, 1L, remote, (long)pages, 0L);
		readable = n == (long)pages || (n < 0 && errno != EFAULT);
	}
	errno = saved;
	return readable;
}

uintptr_t mapping_readable_end(uintptr_t address, size_t bytes_max)
{
	uintptr_t at = (address | (os_page_bytes() - 1)) + 1;
	bool tells = mapping_reads_safely();
	while (tells && at - address < bytes_max && mapping_readable(at, at + 1))
		at += os_page_bytes();
	return at;
}

static bool is_mapped(uintptr_t page, size_t unit)
{
	unsigned char resident;
	return mincore((void *)page, unit, &resident) == 0;
}

void mapping_touched(uintptr_t lo, uintptr_t hi,
                     void (*touched)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	size_t unit = os_page_bytes();
	uint64_t entries[PAGES];
	int saved = errno;
	int fd = open_proc("/proc/self/pagemap");
	for (uintptr_t at = lo & -unit; at < hi;) {
		size_t pages = (hi - at + unit - 1) / unit;
		if (pages > PAGES)
			pages = PAGES;
		long n = fd < 0 ? -1
		                : syscall(SYS_pread64, fd, entries, pages * sizeof *entries,
		                          (long)(at / unit * sizeof *entries));
		bool known = n == (long)(pages * sizeof *entries);
		for (size_t i = 0; i < pages; i++, at += unit)
			if (known ? (entries[i] & PAGEMAP_TOUCHED) != 0 : is_mapped(at, unit))
				touched(arg, at < lo ? lo : at, at + unit > hi ? hi : at + unit);
	}
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = saved;
}

struct written {
	uintptr_t lo, hi;
	void (*fn)(void *arg, uintptr_t lo, uintptr_t hi);
	void *arg;
};

static void give_written(const struct written *to, uintptr_t lo, uintptr_t hi)
{
	to->fn(to->arg, lo < to->lo ? to->lo : lo, hi > to->hi ? to->hi : hi);
}

/* Linux 6.7 leaps over what was never touched. False before, and nothing given then. */
static bool scan_written(int fd, const struct written *to, uintptr_t start, uintptr_t end)
{
	struct pagescan_region regions[REGIONS];
	struct pagescan_request request = {
	    .size = sizeof request,
	    .start = start,
	    .end = end,
	    .regions = (uintptr_t)regions,
	    .region_count = REGIONS,
	    .inverted = PAGESCAN_FILE | PAGESCAN_ZERO,
	    .all_of = PAGESCAN_FILE | PAGESCAN_ZERO,
	    .any_of = PAGESCAN_PRESENT | PAGESCAN_SWAPPED,
	    .returned = PAGESCAN_PRESENT | PAGESCAN_SWAPPED,
	};
	while (request.start < request.end) {
		int count = ioctl(fd, PAGESCAN, &request);
		if (count < 0 || request.walk_end <= request.start)
			return false; /* the first time, or never */
		for (int i = 0; i < count; i++)
			give_written(to, (uintptr_t)regions[i].start, (uintptr_t)regions[i].end);
		request.start = request.walk_end;
	}
	return true;
}

/* Page by page: of a mapping that is larger than most machines nobody would see the end. */
static bool read_written(int fd, const struct written *to, uintptr_t start, uintptr_t end)
{
	size_t unit = os_page_bytes();
	uint64_t entries[PAGES];
	if (end - start > SPARSE_BYTES_MAX)
		return false;
	for (uintptr_t at = start; at < end;) {
		size_t pages = (end - at) / unit < PAGES ? (end - at) / unit : PAGES;
		long n = syscall(SYS_pread64, fd, entries, pages * sizeof *entries,
		                 (long)(at / unit * sizeof *entries));
		if (n != (long)(pages * sizeof *entries))
			return false;
		for (size_t i = 0; i < pages; i++, at += unit)
			if (entries[i] & PAGEMAP_TOUCHED && !(entries[i] & PAGEMAP_FILE))
				give_written(to, at, at + unit);
	}
	return true;
}

bool mapping_written(uintptr_t lo, uintptr_t hi,
                     void (*fn)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	const struct written to = {lo, hi, fn, arg};
	uintptr_t unit = os_page_bytes(), start = lo & -unit, end = (hi + unit - 1) & -unit;
	int saved = errno;
	int fd = open_proc("/proc/self/pagemap");
	bool known = fd >= 0 && (scan_written(fd, &to, start, end) || read_written(fd, &to, start, end));
	if (fd >= 0)
		syscall(SYS_close, fd);
	errno = saved;
	return known;
}
