/*
 * questions.h - questions whose right answers are known.
 *
 * A manual's own index (bookindex.html) names, for each of its entries, the pages
 * that its editors think one should read: thousands of questions with answers. A
 * folder without one is asked for its pages' titles.
 */
#ifndef DOCSEARCH_QUESTIONS_H
#define DOCSEARCH_QUESTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "library.h"
#include "search.h"

struct question {
	const char *text;
	uint32_t *pages; /* any of them is right */
	uint32_t page_count;
};

struct questions {
	size_t count, room;
	bool from_book_index;
	struct question *questions;
};

struct questions *questions_read(const struct library *library);

/* The place of the first right page among the hits, counted from 1; 0: none of them. */
size_t question_place(const struct question *question, const struct hits *hits);

#endif
