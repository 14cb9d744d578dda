/*
 * sizeclass.h - Go's 67 size classes (runtime/sizeclasses.go, Go 1.13 to 1.15).
 *
 * Class 0 is a large object with a span of its own; 1 to 66 are the table's. An
 * object of n bytes, 1 <= n <= SIZECLASS_BYTES_MAX, is in the smallest class with
 * sizeclass_bytes[class] >= n.
 */
#ifndef SIZECLASS_H
#define SIZECLASS_H

#include <stddef.h>
#include <stdint.h>

enum {
	PAGE_SHIFT = 13,
	PAGE_BYTES = 1 << PAGE_SHIFT,
	SIZECLASS_COUNT = 67,
	SIZECLASS_BYTES_MAX = 32768,
	SIZECLASS_SMALL_MAX = 1024, /* up to here the lookup is in steps of 8, then of 128 */
};

extern const uint16_t sizeclass_bytes[SIZECLASS_COUNT];
extern const uint8_t sizeclass_pages[SIZECLASS_COUNT];
/* ceil(2^32 / bytes): offset * magic >> 32 is offset / bytes for each offset in a span. */
extern const uint32_t sizeclass_magic[SIZECLASS_COUNT];
extern const uint8_t sizeclass_of_small[SIZECLASS_SMALL_MAX / 8 + 1]
    __attribute__((visibility("hidden")));
extern const uint8_t sizeclass_of_medium[(SIZECLASS_BYTES_MAX - SIZECLASS_SMALL_MAX) / 128 + 1];

/* The class of an object of n bytes, 1 <= n <= SIZECLASS_BYTES_MAX. */
static inline unsigned sizeclass_of(size_t n)
{
	if (n <= SIZECLASS_SMALL_MAX)
		return sizeclass_of_small[(n + 7) >> 3];
	return sizeclass_of_medium[(n - SIZECLASS_SMALL_MAX + 127) >> 7];
}

/* Of any n: 0, of which no thread caches a slot, for one that no class holds. */
static inline __attribute__((always_inline)) size_t sizeclass_or_none(size_t n)
{
	size_t last = n - 1;
	if (__builtin_expect(last < SIZECLASS_SMALL_MAX, 1))
		return sizeclass_of_small[(last >> 3) + 1];
	return last < SIZECLASS_BYTES_MAX ? sizeclass_of(n) : 0;
}

static inline unsigned sizeclass_elems(unsigned class)
{
	return (unsigned)sizeclass_pages[class] * PAGE_BYTES / sizeclass_bytes[class];
}

#endif
