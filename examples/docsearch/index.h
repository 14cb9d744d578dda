/*
 * index.h - the inverted index: for each word the pages that have it, and where.
 *
 * Life: filled by many threads at once (index_add), then sealed, then read by many
 * threads with no lock at all; index_retire and index_seal run alone.
 * Invariant of a sealed index: each term has one posting or more, in rising order
 * of their pages, no page twice; each posting has count positions, rising.
 * Locks: each shard's mutex guards its table and its terms while the index is filled.
 */
#ifndef DOCSEARCH_INDEX_H
#define DOCSEARCH_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { INDEX_SHARDS = 64 };

struct posting {
	const uint32_t *positions; /* of the word in the page, counted in words */
	uint32_t page;
	uint32_t count;
	uint32_t heading_count; /* how many of them stand in the title or a heading */
};

struct term {
	struct term *next; /* in the bucket */
	const char *word;
	struct posting *postings;
	uint32_t posting_count;
	uint32_t posting_room;
	uint32_t hash;
};

struct index;

struct index *index_new(void);

/* Adds what one page says about one word; the index keeps the positions. Any thread. */
void index_add(struct index *index, const char *word, uint32_t hash, const struct posting *posting);

/* Brings the postings in order. No page may be added any more. */
void index_seal(struct index *index, unsigned threads);

/* The term of a folded word, or NULL. */
const struct term *index_find(const struct index *index, const char *word, uint32_t hash);

/* Drops every posting of the pages that retired[] marks, and the terms that have no other. */
void index_retire(struct index *index, const bool *retired, unsigned threads);

size_t index_terms(const struct index *index);
size_t index_postings(const struct index *index);

#endif
