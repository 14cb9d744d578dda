/*
 * What the C standard and glibc promise of malloc and its relatives. The test is run with
 * glibc's own malloc and with ours in its place, and has to hold with both.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int failures;

#define EXPECT(condition)                                                    \
	do {                                                                     \
		if (!(condition)) {                                                  \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);           \
			failures++;                                                      \
		}                                                                    \
	} while (0)

/* What the compiler knows of sizes is not what is tested here. */
static volatile size_t too_much = (size_t)PTRDIFF_MAX + 1;

static int is_aligned(const void *p, size_t align)
{
	return (uintptr_t)p % align == 0;
}

static void test_sizes(void)
{
	for (size_t bytes = 0; bytes < 70000; bytes += bytes < 2100 ? 1 : 331) {
		unsigned char *p = malloc(bytes);
		EXPECT(p && is_aligned(p, bytes >= 16 ? 16 : 8));
		EXPECT(malloc_usable_size(p) >= bytes);
		memset(p, 0x5a, malloc_usable_size(p));
		unsigned char *q = calloc(1, bytes);
		EXPECT(q && q != p);
		for (size_t i = 0; i < bytes; i++)
			if (q[i] != 0) {
				EXPECT(!"calloc's memory is zero");
				break;
			}
		free(p);
		p = malloc(bytes);
		EXPECT(p && p != q);
		memset(p, 0xa5, bytes);
		free(q);
		free(p);
	}
	EXPECT(malloc_usable_size(NULL) == 0);
}

static void test_zero_size(void)
{
	void *a = malloc(0), *b = malloc(0), *c = calloc(0, 8), *d = calloc(8, 0);
	EXPECT(a && b && c && d && a != b && c != d && a != c);
	EXPECT(realloc(a, 0) == NULL);
	free(b);
	free(c);
	free(d);
	free(NULL);
	a = realloc(NULL, 0);
	EXPECT(a);
	free(a);
}

/* errno is changed only where memory is refused. */
static void test_refusal(void)
{
	char *kept = malloc(100);
	strcpy(kept, "kept");
	errno = 0;
	EXPECT(malloc(too_much) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(malloc(SIZE_MAX - (too_much & 1)) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(calloc(too_much, 1) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(calloc(too_much / 4, 8) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(realloc(kept, too_much) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(reallocarray(kept, too_much / 4, 8) == NULL && errno == ENOMEM);
	EXPECT(strcmp(kept, "kept") == 0);
	errno = 0;
	EXPECT(memalign(64, too_much) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(aligned_alloc(64, too_much) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(valloc(too_much) == NULL && errno == ENOMEM);
	errno = 0;
	EXPECT(pvalloc(SIZE_MAX - 1) == NULL && errno == ENOMEM);
	void *p = kept;
	EXPECT(posix_memalign(&p, 64, too_much) == ENOMEM && p == kept);
	EXPECT(posix_memalign(&p, 3, 8) == EINVAL && p == kept);
	EXPECT(posix_memalign(&p, 2, 8) == EINVAL && p == kept);
	EXPECT(posix_memalign(&p, 0, 8) == EINVAL && p == kept);
	errno = 77;
	free(kept);
	EXPECT(errno == 77);
	p = malloc(200000);
	free(p);
	EXPECT(errno == 77);
}

static void test_alignment(void)
{
	for (size_t align = 8; align <= 1 << 20; align *= 2) {
		for (size_t bytes = 0; bytes < 20000; bytes = bytes * 3 + 1) {
			void *p = NULL;
			EXPECT(posix_memalign(&p, align, bytes) == 0 && p && is_aligned(p, align));
			memset(p, 1, bytes);
			void *q = aligned_alloc(align, bytes);
			EXPECT(q && q != p && is_aligned(q, align));
			memset(q, 2, bytes);
			void *r = memalign(align, bytes);
			EXPECT(r && is_aligned(r, align));
			free(p);
			q = realloc(q, bytes + 1000);
			EXPECT(q && (bytes == 0 || *(char *)q == 2));
			free(q);
			free(r);
		}
	}
	void *p = memalign(24, 10); /* the next power of two */
	EXPECT(p && is_aligned(p, 32));
	free(p);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	p = valloc(10);
	EXPECT(p && is_aligned(p, page));
	free(p);
	p = pvalloc(page + 1);
	EXPECT(p && is_aligned(p, page) && malloc_usable_size(p) >= 2 * page);
	free(p);
}

static int holds(const unsigned char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i] != (unsigned char)(i * 7))
			return 0;
	return 1;
}

static void fill(unsigned char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i++)
		p[i] = (unsigned char)(i * 7);
}

static void test_realloc(void)
{
	size_t bytes = 1;
	unsigned char *p = malloc(bytes);
	fill(p, 0, bytes);
	while (bytes < 5 << 20) {
		size_t more = bytes + bytes / 3 + 1;
		p = realloc(p, more);
		EXPECT(p && holds(p, bytes) && is_aligned(p, more >= 16 ? 16 : 8));
		EXPECT(malloc_usable_size(p) >= more);
		fill(p, bytes, more);
		bytes = more;
	}
	while (bytes > 1) {
		bytes = bytes * 2 / 5 + 1;
		p = realloc(p, bytes);
		EXPECT(p && holds(p, bytes));
		if (bytes == 1)
			break;
	}
	free(p);
	int *array = reallocarray(NULL, 10, sizeof(int));
	EXPECT(array);
	array[9] = 42;
	array = reallocarray(array, 1000, sizeof(int));
	EXPECT(array && array[9] == 42);
	free(array);
}

static void test_figures(void)
{
	enum { BLOCKS = 1000, BYTES = 1000 };
	void *blocks[BLOCKS];
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = malloc(BYTES);
	struct mallinfo2 after = mallinfo2();
	EXPECT(after.uordblks - before.uordblks >= BLOCKS * BYTES);
	EXPECT(after.arena >= after.uordblks);
	void *large = malloc(1 << 20);
	EXPECT(mallinfo2().hblkhd - after.hblkhd >= 1 << 20);
	EXPECT(mallinfo2().hblks == after.hblks + 1);
	free(large);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	EXPECT(mallinfo2().uordblks <= before.uordblks + 100);
	EXPECT(mallopt(M_MMAP_THRESHOLD, 1 << 20) == 1);
	char *text = NULL;
	size_t bytes = 0;
	FILE *out = open_memstream(&text, &bytes);
	EXPECT(malloc_info(0, out) == 0);
	errno = 0;
	EXPECT(malloc_info(1, out) != 0);
	fclose(out);
	EXPECT(strncmp(text, "<malloc version=\"1\">", 20) == 0 && strstr(text, "</malloc>"));
	free(text);
}

/* Aligned blocks share their class with malloc's: none of its free slots may be lost to them. */
static void test_figures_of_aligned(void)
{
	enum { BLOCKS = 1000, BYTES = 64 };
	void *blocks[BLOCKS];
	struct mallinfo2 before = mallinfo2();
	for (int i = 0; i < BLOCKS; i++)
		EXPECT(posix_memalign(&blocks[i], BYTES, BYTES) == 0);
	size_t taken = mallinfo2().uordblks - before.uordblks;
	EXPECT(taken >= BLOCKS * BYTES && taken <= 3 * BLOCKS * BYTES);
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
}

/* glibc exports them under these names, too, and each may free what another allocated. */
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t count, size_t bytes);
void *__libc_realloc(void *p, size_t bytes);
void *__libc_memalign(size_t align, size_t bytes);
void __libc_free(void *p);

static void test_other_names(void)
{
	free(__libc_malloc(100));
	free(__libc_realloc(__libc_calloc(10, 10), 1000));
	free(__libc_memalign(256, 100));
	__libc_free(malloc(100));
	__libc_free(realloc(__libc_malloc(10), 100000));
	void (*cfree)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, "cfree");
	if (cfree)
		cfree(malloc(100));
}

static long resident_bytes(void)
{
	long pages = 0, resident = 0;
	FILE *f = fopen("/proc/self/statm", "r");
	if (!f || fscanf(f, "%ld %ld", &pages, &resident) != 2)
		resident = 0;
	if (f)
		fclose(f);
	return resident * sysconf(_SC_PAGESIZE);
}

static void test_trim(void)
{
	enum { BLOCKS = 20000, BYTES = 4000 };
	static void *blocks[BLOCKS];
	for (int i = 0; i < BLOCKS; i++)
		memset(blocks[i] = malloc(BYTES), 1, BYTES);
	long peak = resident_bytes();
	struct mallinfo2 full = mallinfo2();
	for (int i = 0; i < BLOCKS; i++)
		free(blocks[i]);
	malloc_trim(0);
	EXPECT(peak - resident_bytes() > (long)BLOCKS * BYTES / 2);
	struct mallinfo2 trimmed = mallinfo2(); /* what went back is no part of the arena */
	EXPECT(full.arena - trimmed.arena > (size_t)BLOCKS * BYTES / 2 && full.arena > trimmed.arena);
	EXPECT(trimmed.arena == trimmed.uordblks + trimmed.fordblks);
}

int main(void)
{
	test_sizes();
	test_zero_size();
	test_refusal();
	test_alignment();
	test_realloc();
	test_figures();
	test_figures_of_aligned();
	test_other_names();
	test_trim();
	return failures != 0;
}
