/*
 * words.h - text as a sequence of words, folded so that what means the same
 * compares equal: small letters (ASCII), the plural's s dropped.
 *
 * A word is a run of letters, digits, underscores and bytes beyond ASCII.
 */
#ifndef DOCSEARCH_WORDS_H
#define DOCSEARCH_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORD_BYTES_MAX = 63 }; /* what is longer is cut */

struct words {
	const char *start; /* of the current word in the text */
	const char *at;    /* its end: where the reader stands */
	const char *end;
	char word[WORD_BYTES_MAX + 1];
	size_t bytes;
	uint32_t hash;     /* of the folded word */
};

/* A reader before the first word. The text must stay as it is. */
void words_begin(struct words *words, const char *text, size_t bytes);

/* Goes to the next word; false at the end. */
bool words_next(struct words *words);

#endif
