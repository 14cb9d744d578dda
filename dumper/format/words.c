#include "words.h"

#include <string.h>

/* The vectors are structs of uint64_t and double: reached by memcpy, never by a cast. */
static uint64_t word_load(const void *vector, size_t index)
{
	uint64_t word;

	memcpy(&word, (const char *)vector + index * sizeof(word), sizeof(word));
	return word;
}

static void word_store(void *vector, size_t index, uint64_t word)
{
	memcpy((char *)vector + index * sizeof(word), &word, sizeof(word));
}

uint8_t *put_words(uint8_t *out, const void *words, void *former, size_t count)
{
	out = put_varint(out, count);
	for (size_t i = 0; i < count; i++) {
		uint64_t word = word_load(words, i);

		out = put_varint(out, zigzag(word - word_load(former, i)));
		word_store(former, i, word);
	}
	return out;
}

void get_words(struct reader *in, void *former, size_t count)
{
	uint64_t stored = get_varint(in);

	/* A word takes a byte at least: this bounds the loops. */
	if (in->failed || stored > (uint64_t)(in->end - in->at)) {
		in->failed = true;
		return;
	}
	for (size_t i = 0; i < count; i++) {
		if (i < stored)
			word_store(former, i, word_load(former, i) + unzigzag(get_varint(in)));
		else
			word_store(former, i, 0);
	}
	for (uint64_t i = count; i < stored; i++)
		get_varint(in);
}
