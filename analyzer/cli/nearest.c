/* nearest.c - see nearest.h. */
#include "nearest.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

enum { WORD_BYTES_MAX = 64, SLIPS_MAX = 4, LETTERS_A_SLIP = 3, BEGINNING_BYTES_LEAST = 3 };

static unsigned smaller(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static unsigned char lower(char letter)
{
	return (unsigned char)(letter >= 'A' && letter <= 'Z' ? letter - 'A' + 'a' : letter);
}

/* Slips from one word to the other: Damerau and Levenshtein, restricted to neighbours swapped once. */
static unsigned slips(const char *a, size_t a_bytes, const char *b, size_t b_bytes)
{
	unsigned rows[3][WORD_BYTES_MAX + 1];
	unsigned *before = rows[0], *above = rows[1], *row = rows[2];
	for (size_t j = 0; j <= b_bytes; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= a_bytes; i++) {
		unsigned *oldest = before;
		before = above;
		above = row;
		row = oldest;
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_bytes; j++) {
			unsigned differs = lower(a[i - 1]) != lower(b[j - 1]);
			row[j] = smaller(smaller(above[j], row[j - 1]) + 1, above[j - 1] + differs);
			if (i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
			    lower(a[i - 2]) == lower(b[j - 1]))
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
	}
	return row[b_bytes];
}

const char *nearest_word(const char *typed, const char *const *words)
{
	const char *best = NULL;
	unsigned least = SLIPS_MAX + 1;
	size_t typed_bytes = strnlen(typed, WORD_BYTES_MAX + 1);
	if (typed_bytes > WORD_BYTES_MAX)
		return NULL;
	for (; *words; words++) {
		size_t bytes = strnlen(*words, WORD_BYTES_MAX + 1);
		if (bytes > WORD_BYTES_MAX)
			continue;
		unsigned n = slips(typed, typed_bytes, *words, bytes);
		size_t letters = typed_bytes < bytes ? typed_bytes : bytes;
		bool is_beginning = typed_bytes >= BEGINNING_BYTES_LEAST &&
		                    strncasecmp(typed, *words, typed_bytes) == 0;
		if (is_beginning)
			n = smaller(n, SLIPS_MAX);
		if (n < least && (is_beginning || n * LETTERS_A_SLIP <= letters)) {
			least = n;
			best = *words;
		}
	}
	return best;
}
