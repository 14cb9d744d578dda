/* os_linux.c - see os.h. */
#define _GNU_SOURCE
#include "os.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <pthread.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <time.h>
#include <unistd.h>

size_t os_page_bytes(void)
{
	static size_t bytes;
	if (bytes == 0)
		bytes = (size_t)sysconf(_SC_PAGESIZE);
	return bytes;
}

unsigned os_cpu_count(void)
{
	int saved = errno;
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
	errno = saved;
	return n > 0 ? (unsigned)n : 1;
}

uint64_t os_memory_bytes(void)
{
	struct sysinfo info;
	int saved = errno;
	uint64_t bytes = sysinfo(&info) == 0 ? (uint64_t)info.totalram * info.mem_unit : 0;
	errno = saved;
	return bytes;
}

uint64_t os_address_bytes_max(void)
{
	struct rlimit limit;
	int saved = errno;
	bool known = getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
	errno = saved;
	return known ? limit.rlim_cur : UINT64_MAX;
}

static void *map(size_t bytes, int protection, int flags)
{
	int saved = errno;
	void *p = mmap(NULL, bytes, protection, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

static void *map_at(uintptr_t address, size_t bytes)
{
	int saved = errno;
	void *p = mmap((void *)address, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
	               -1, 0);
	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

/* Without room for the alignment: wherever there is room for the rest, or below that. */
static void *reserve_narrowly(size_t bytes, size_t align)
{
	enum { ATTEMPTS = 8 };
	uintptr_t wanted = 0;
	for (int i = 0; i < ATTEMPTS; i++) {
		uintptr_t p = (uintptr_t)map_at(wanted, bytes);
		if (!p || (p & (align - 1)) == 0)
			return (void *)p;
		os_unmap((void *)p, bytes);
		wanted = (wanted ? wanted - align : p & -align);
	}
	return NULL;
}

void *os_reserve(size_t bytes, size_t align)
{
	if (bytes > SIZE_MAX - align)
		return NULL;
	char *p = map(bytes + align, PROT_NONE, MAP_NORESERVE);
	if (!p)
		return reserve_narrowly(bytes, align);
	size_t head = -(uintptr_t)p & (align - 1);
	if (head)
		os_unmap(p, head);
	if (align - head)
		os_unmap(p + head + bytes, align - head);
	return p + head;
}

bool os_commit(void *p, size_t bytes)
{
	int saved = errno;
	bool ok = mprotect(p, bytes, PROT_READ | PROT_WRITE) == 0;
	errno = saved;
	return ok;
}

bool os_release(void *p, size_t bytes)
{
	int saved = errno;
	bool ok = madvise(p, bytes, MADV_DONTNEED) == 0;
	errno = saved;
	return ok;
}

/* Whether the system makes huge pages where nobody asked for them. */
static bool makes_huge_pages(void)
{
	char mode[64] = "";
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "/sys/kernel/mm/transparent_hugepage/enabled",
	                      O_RDONLY | O_CLOEXEC); /* the C library's are cancellation points */
	if (fd < 0)
		return errno != ENOENT;
	long n = syscall(SYS_read, fd, mode, sizeof mode - 1);
	syscall(SYS_close, fd);
	return n <= 0 || strstr(mode, "[always]");
}

void os_keep_pages_small(void *p, size_t bytes)
{
	static _Atomic int wanted = -1;
	int saved = errno;
	if (wanted < 0)
		wanted = makes_huge_pages();
	if (wanted)
		madvise(p, bytes, MADV_NOHUGEPAGE);
	errno = saved;
}

/* Mostly there is none: one page is asked for first, then ever more at once, fewer at the end. */
size_t os_resident_below(uintptr_t end, size_t bytes_max)
{
	enum { PAGES_MAX = 64 };
	unsigned char resident[PAGES_MAX];
	size_t unit = os_page_bytes(), found = 0, pages = 1;
	int saved = errno;
	while (pages > 0 && bytes_max - found >= pages * unit) {
		uintptr_t begin = end - found - pages * unit;
		size_t here = 0;
		if (mincore((void *)begin, pages * unit, resident) == 0)
			while (here < pages && resident[pages - 1 - here] & 1)
				here++;
		found += here * unit;
		if (here < pages)
			pages = here > 0 ? 0 : pages / 2;
		else if (pages < PAGES_MAX)
			pages *= 2;
	}
	errno = saved;
	return found;
}

/*
 * In a program that has had all its future mappings locked (mlockall) a lazy one would be filled
 * at once, however large: it is one of those no longer before there can be memory behind it.
 */
static void *map_lazily(size_t bytes)
{
	void *p = map(bytes, PROT_NONE, MAP_NORESERVE);
	int saved = errno;
	if (p)
		munlock(p, bytes);
	errno = saved;
	if (!p || os_commit(p, bytes))
		return p;
	os_unmap(p, bytes);
	return NULL;
}

void *os_map(size_t bytes, bool lazy)
{
	return lazy ? map_lazily(bytes) : map(bytes, PROT_READ | PROT_WRITE, 0);
}

void os_unmap(void *p, size_t bytes)
{
	int saved = errno;
	munmap(p, bytes);
	errno = saved;
}

void os_yield(void)
{
	sched_yield();
}

void os_name_thread(const char *name)
{
	prctl(PR_SET_NAME, name);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;
	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

uint64_t os_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t os_unix_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

uint64_t os_thread_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

#if defined(__x86_64__)
/* Restored from an image that holds none of them, they are as in a new process. */
void os_clear_vectors(void)
{
	enum { SSE = 1 << 1, AVX = 1 << 2, MASKS = 1 << 5, UPPER_HALVES = 1 << 6, UPPER_16 = 1 << 7 };
	static const struct {
		uint32_t unused[6], mxcsr, rest[137];
	} __attribute__((aligned(64))) image = {.mxcsr = 0x1f80};
	uint32_t mxcsr;
	if (!__builtin_cpu_supports("avx"))
		return;
	__asm__ volatile("stmxcsr %0\n\txrstor %1\n\tldmxcsr %0"
	                 : "=m"(mxcsr)
	                 : "m"(image), "a"(SSE | AVX | MASKS | UPPER_HALVES | UPPER_16), "d"(0)
	                 : "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7", "xmm8",
	                   "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
}
#else
void os_clear_vectors(void)
{
}
#endif

static struct {
	int fd; /* 0: none */
	dev_t device;
	ino_t inode;
} kept;

/* Out of the way of programs that choose numbers for their own. */
void os_stderr_keep(void)
{
	enum { KEPT_FD_MIN = 200 };
	struct stat st;
	int saved = errno;
	if (kept.fd == 0 && fstat(STDERR_FILENO, &st) == 0) {
		int fd = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, KEPT_FD_MIN);
		kept.fd = fd > 0 ? fd : 0;
		kept.device = st.st_dev;
		kept.inode = st.st_ino;
	}
	errno = saved;
}

/* The number may mean a file of the program's by now. */
static bool is_kept(void)
{
	struct stat st;
	return kept.fd > 0 && fstat(kept.fd, &st) == 0 && st.st_dev == kept.device &&
	       st.st_ino == kept.inode;
}

/* write would be a cancellation point: a thread may hold locks here, or be in the heap. */
void os_stderr(const char *text, size_t bytes)
{
	int saved = errno;
	long written = syscall(SYS_write, STDERR_FILENO, text, bytes);
	if (written < 0 && errno == EBADF && is_kept())
		written = syscall(SYS_write, kept.fd, text, bytes);
	(void)written;
	errno = saved;
}

static void warn(const char *format, va_list args)
{
	char line[512] = "memspan: ";
	int saved = errno;
	size_t used = strlen(line);
	int n = vsnprintf(line + used, sizeof line - used - 1, format, args);
	if (n > 0)
		used += (size_t)n < sizeof line - used - 1 ? (size_t)n : sizeof line - used - 2;
	line[used++] = '\n';
	os_stderr(line, used);
	errno = saved;
}

void os_warn(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	warn(format, args);
	va_end(args);
}

_Noreturn void os_fatal(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	warn(format, args);
	va_end(args);
	abort();
}

#if defined(__GLIBC__)
/* What pthread_atfork calls, in the Linux Standard Base; it never forgets what has no library. */
int __register_atfork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void),
                      void *library);
#endif

void os_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void))
{
#if defined(__GLIBC__)
	__register_atfork(before, in_parent, in_child, NULL);
#else
	pthread_atfork(before, in_parent, in_child);
#endif
}

bool os_has_environment(void)
{
	return environ != NULL;
}

/* The C library has this locale from the start: nothing is allocated. */
void *os_locale_plain(void)
{
	return uselocale(newlocale(LC_ALL_MASK, "C", (locale_t)0));
}

void os_locale_restore(void *former)
{
	uselocale(former);
}

const char *os_setting(const char *name)
{
	return getauxval(AT_SECURE) ? NULL : getenv(name);
}
