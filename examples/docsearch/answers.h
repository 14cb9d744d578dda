/*
 * answers.h - what a person gets to read: the best pages with an excerpt of each.
 */
#ifndef DOCSEARCH_ANSWERS_H
#define DOCSEARCH_ANSWERS_H

#include <stddef.h>
#include <stdint.h>

#include "cache.h"
#include "library.h"
#include "questions.h"
#include "search.h"

enum { ANSWER_PAGES = 3 };

/* The answer to one question, some lines of text; "" when no page has any of its words. */
const char *answer_write(const struct library *library, struct cache *cache,
                         const struct weights *weights, const char *question);

/* Answers every `step`th question from `start` on: an array of *count texts. */
const char **answers_write(const struct library *library, struct cache *cache,
                           const struct weights *weights, const struct questions *questions,
                           size_t start, size_t step, size_t *count, unsigned threads);

/* A checksum over the texts and their order. */
uint64_t answers_checksum(const char *const *answers, size_t count);

#endif
