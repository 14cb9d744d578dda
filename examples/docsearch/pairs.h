/*
 * pairs.h - which words belong together: counts every pair of words that stand
 * close to each other and keeps those that do so far more often than by chance.
 *
 * The count needs a large table for a short time: the spike of the program's heap.
 */
#ifndef DOCSEARCH_PAIRS_H
#define DOCSEARCH_PAIRS_H

#include <stddef.h>
#include <stdint.h>

#include "library.h"

struct pair {
	struct pair *next; /* in the bucket */
	const struct term *first, *second;
	uint32_t count;    /* how often second follows first closely */
	uint32_t hash;
	double surprise;   /* log-likelihood ratio */
};

struct pair_list {
	size_t count;  /* up to what was asked for */
	size_t counted; /* different pairs seen */
	struct pair *pairs[];
};

/* The `most` most surprising pairs, falling; equal ones in the order of their words. */
struct pair_list *pairs_find(const struct library *library, size_t most, unsigned threads);

#endif
