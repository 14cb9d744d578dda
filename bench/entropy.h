/*
 * entropy.h - the order-0 entropy of columns of numbers, as the measure of what a code that
 * knows nothing of their order can reach.
 *
 * Values are told apart by their low 16 bits: where more than that differ, the entropy comes
 * out too low, never too high.
 */
#ifndef ENTROPY_H
#define ENTROPY_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

struct histogram {
	uint64_t counts[1 << 16];
	uint64_t total;
};

static inline void histogram_add(struct histogram *histogram, uint64_t value)
{
	histogram->counts[value & 0xffff]++;
	histogram->total++;
}

static inline double histogram_bytes(const struct histogram *histogram)
{
	double bits = 0;

	for (size_t i = 0; i < sizeof(histogram->counts) / sizeof(histogram->counts[0]); i++)
		if (histogram->counts[i])
			bits -= (double)histogram->counts[i] *
			        log2((double)histogram->counts[i] / (double)histogram->total);
	return bits / 8;
}

/* Which rows of all are meant: one yes or no each. */
static inline double choice_bytes(uint64_t chosen, uint64_t all)
{
	double p = (double)chosen / (double)all;

	if (chosen == 0 || chosen == all)
		return 0;
	return -(double)all * (p * log2(p) + (1 - p) * log2(1 - p)) / 8;
}

#endif
