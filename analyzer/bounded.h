/*
 * bounded - sums and products of figures that a file claims: where the true one lies beyond
 * int64_t, the end of int64_t on that side.
 */
#ifndef BOUNDED_H
#define BOUNDED_H

#include <stdint.h>

static inline int64_t bounded_sum(int64_t a, int64_t b)
{
	int64_t sum;

	if (!__builtin_add_overflow(a, b, &sum))
		return sum;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t bounded_difference(int64_t a, int64_t b)
{
	int64_t difference;

	if (!__builtin_sub_overflow(a, b, &difference))
		return difference;
	return a < 0 ? INT64_MIN : INT64_MAX;
}

static inline int64_t bounded_product(int64_t a, int64_t b)
{
	int64_t product;

	if (!__builtin_mul_overflow(a, b, &product))
		return product;
	return (a < 0) != (b < 0) ? INT64_MIN : INT64_MAX;
}

#endif
