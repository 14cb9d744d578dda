/*
 * cache.h - the last few pages that were read, by page number.
 *
 * Invariant: at most `room` pages, each once; the one that was longest not asked
 * for makes room. A page that is put out while another thread still reads it stays
 * as long as that thread needs it: the collector sees to that, there is nothing to
 * count. The mutex guards all fields; it is not held while a page is read.
 */
#ifndef DOCSEARCH_CACHE_H
#define DOCSEARCH_CACHE_H

#include <stddef.h>

#include "library.h"

struct cache;

struct cache *cache_new(const struct library *library, size_t room);

/* The tree of a page; NULL when its file cannot be read. Any thread. */
const struct node *cache_document(struct cache *cache, size_t page);

#endif
