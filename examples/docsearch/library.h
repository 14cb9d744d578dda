/*
 * library.h - the pages of a folder, the index over their words, and the links
 * between them.
 *
 * Page numbers follow the file names' order, so they do not depend on which
 * thread read which page when. bookindex.html is not a page of its own: what it
 * says about the others is questions.h's.
 */
#ifndef DOCSEARCH_LIBRARY_H
#define DOCSEARCH_LIBRARY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "document.h"
#include "index.h"

#define LIBRARY_BOOK_INDEX "bookindex.html"

struct page {
	const char *file;    /* its name in the folder */
	const char *title;
	const char **hrefs;  /* what it links to, as written, each once */
	uint32_t *links;     /* the pages it links to, rising, each once */
	uint32_t href_count;
	uint32_t link_count;
	uint32_t word_count;
	double rank;         /* PageRank: the share of all attention */
};

struct library {
	const char *folder;
	struct page *pages;
	size_t page_count;
	uint64_t word_count;
	uint64_t link_count;
	struct index *index;
};

/* Reads all *.html of a folder. NULL after one line on stderr when there is none. */
struct library *library_read(const char *folder, unsigned threads);

/* Reads one page again. NULL when the file has gone. */
struct node *library_document(const struct library *library, size_t page);

/* The path of a file of the folder. */
char *library_path(const char *folder, const char *file);

/* The page that an href or a file name leads to, or page_count. */
size_t library_find(const struct library *library, const char *href);

/* Computes each page's rank from the links. */
void library_rank(struct library *library);

/*
 * The page's words in the order of its text: title first, navigation left out.
 * heading tells whether the word is a part of the title, a heading or a defined term.
 */
void library_words(const struct node *document,
                   void (*visit)(const char *word, uint32_t hash, bool heading, void *arg),
                   void *arg);

#endif
