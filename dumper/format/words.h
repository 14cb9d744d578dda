/*
 * words.h - numbers as bytes: little-endian fields, LEB128 varints, and vectors of words.
 *
 * A vector is written as the differences to a former vector of the same kind: most
 * words of two successive snapshots are equal, and a run of zero bytes is what the
 * compressor likes best.
 */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { VARINT_BYTES_MAX = 10 };

static inline void put_le16(uint8_t *out, uint16_t value)
{
	out[0] = (uint8_t)value;
	out[1] = (uint8_t)(value >> 8);
}

static inline void put_le32(uint8_t *out, uint32_t value)
{
	put_le16(out, (uint16_t)value);
	put_le16(out + 2, (uint16_t)(value >> 16));
}

static inline uint16_t get_le16(const uint8_t *in)
{
	return (uint16_t)(in[0] | in[1] << 8);
}

static inline uint32_t get_le32(const uint8_t *in)
{
	return get_le16(in) | (uint32_t)get_le16(in + 2) << 16;
}

/* Signed differences as small unsigned numbers: 0, -1, 1, -2, 2 ... become 0, 1, 2, 3, 4 ... */
static inline uint64_t zigzag(uint64_t difference)
{
	return difference << 1 ^ (difference >> 63 ? UINT64_MAX : 0);
}

static inline uint64_t unzigzag(uint64_t value)
{
	return value >> 1 ^ (value & 1 ? UINT64_MAX : 0);
}

/* Writes 1 to VARINT_BYTES_MAX bytes and returns the place after them. */
static inline uint8_t *put_varint(uint8_t *out, uint64_t value)
{
	for (; value >= 0x80; value >>= 7)
		*out++ = (uint8_t)(value | 0x80);
	*out++ = (uint8_t)value;
	return out;
}

/*
 * Bytes being read. A read past the end, or of a varint beyond 2^64, yields 0 and sets
 * failed, which stays: a sequence of reads is checked once, at its end.
 */
struct reader {
	const uint8_t *at, *end;
	bool failed;
};

static inline uint64_t get_varint(struct reader *in)
{
	uint64_t value = 0;
	unsigned shift = 0;

	while (in->at < in->end) {
		uint8_t byte = *in->at++;

		if (shift == 63 && byte > 1)
			break;
		value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80)
			return value;
		shift += 7;
		if (shift > 63)
			break;
	}
	in->failed = true;
	return 0;
}

/* Takes count bytes; NULL and failed when there are fewer. */
static inline const uint8_t *get_bytes(struct reader *in, uint64_t count)
{
	const uint8_t *bytes = in->at;

	if (in->failed || count > (uint64_t)(in->end - in->at)) {
		in->failed = true;
		return NULL;
	}
	in->at += count;
	return bytes;
}

/*
 * The struct at words, of count 8-byte words, as differences to the one at former; former
 * becomes words. Room for (count + 1) * VARINT_BYTES_MAX bytes is needed.
 */
uint8_t *put_words(uint8_t *out, const void *words, void *former, size_t count);

/*
 * The reverse: former becomes the vector read. Of a longer vector the rest is passed
 * over; words that a shorter one lacks become 0.
 */
void get_words(struct reader *in, void *former, size_t count);

#endif
