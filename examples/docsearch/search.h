/*
 * search.h - answers a question with the pages that fit it best.
 *
 * The score is BM25 with weights: words in headings count more, so do words that
 * stand together as they do in the question, and pages that many others link to.
 * Only reads the index; any number of threads.
 */
#ifndef DOCSEARCH_SEARCH_H
#define DOCSEARCH_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "library.h"

enum { QUERY_WORDS_MAX = 8, HITS_MAX = 10 };

struct query {
	size_t count; /* words that the index knows, each once */
	const struct term *terms[QUERY_WORDS_MAX];
};

struct weights {
	double heading; /* occurrences that one in a heading is worth, besides itself */
	double phrase;  /* of two words side by side, in the worth of the rarer one */
	double rank;    /* of the page's rank */
	double length;  /* how much a long page is held against it, 0 to 1 */
};

struct hit {
	double score;
	uint32_t page;
};

/* The best pages, falling; equal ones in page order. */
struct hits {
	size_t count;
	struct hit hits[HITS_MAX];
};

const struct query *query_parse(const struct library *library, const char *question);

const struct hits *search(const struct library *library, const struct query *query,
                          const struct weights *weights);

/* The place of a page's text that has most of the question's words, shortened to a line. */
const char *search_excerpt(const struct query *query, const struct node *document);

#endif
