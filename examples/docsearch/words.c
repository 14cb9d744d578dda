#include "words.h"

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || (unsigned char)c >= 0x80;
}

void words_begin(struct words *words, const char *text, size_t bytes)
{
	words->start = words->at = text;
	words->end = text + bytes;
	words->bytes = 0;
}

/* "tables" becomes "table", "queries" "query"; "access", "status" and "analysis" stay. */
static void drop_plural(struct words *words)
{
	char *end = words->word + words->bytes;

	if (words->bytes <= 3 || end[-1] != 's' || end[-2] == 's' || end[-2] == 'u' ||
	    end[-2] == 'i')
		return;
	words->bytes--;
	if (words->bytes > 4 && end[-2] == 'e' && end[-3] == 'i') {
		end[-3] = 'y';
		words->bytes--;
	}
}

bool words_next(struct words *words)
{
	const char *at = words->at;

	while (at < words->end && !is_letter(*at))
		at++;
	words->start = at;
	words->bytes = 0;
	for (; at < words->end && is_letter(*at); at++) {
		char c = *at >= 'A' && *at <= 'Z' ? (char)(*at - 'A' + 'a') : *at;
		if (words->bytes < WORD_BYTES_MAX)
			words->word[words->bytes++] = c;
	}
	words->at = at;
	if (words->bytes == 0)
		return false;
	drop_plural(words);
	words->word[words->bytes] = '\0';
	words->hash = 2166136261u; /* FNV-1a */
	for (size_t i = 0; i < words->bytes; i++)
		words->hash = (words->hash ^ (unsigned char)words->word[i]) * 16777619u;
	return true;
}
