/*
 * bits.h - runs of bits in arrays of 64-bit words. Bit i is word i / 64, bit i % 64.
 * Pure functions; no concurrency of their own.
 */
#ifndef BITS_H
#define BITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BITS_WORDS(n) (((n) + 63) / 64)

/* Of one word, bit i % 64. */
static inline bool bits_get_in(uint64_t word, unsigned i)
{
	return word >> (i & 63) & 1;
}

static inline uint64_t bits_with(uint64_t word, unsigned i)
{
	return word | (uint64_t)1 << (i & 63);
}

/* How many bits of a word are set. Without an instruction for it the compiler's own is a call. */
static inline unsigned bits_in(uint64_t word)
{
#if defined __POPCNT__ || defined __aarch64__
	return (unsigned)__builtin_popcountll(word);
#else
	word -= word >> 1 & 0x5555555555555555;
	word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
	return (unsigned)(((word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f) * 0x0101010101010101 >> 56);
#endif
}

/* The bits [from, to) of one word, 0 <= from < to <= 64. */
static inline uint64_t bits_mask(unsigned from, unsigned to)
{
	return (~(uint64_t)0 >> (64 - (to - from))) << from;
}

/* Calls op(word index, mask) for each word that [from, from + n) touches. */
#define BITS_EACH_WORD(from, n, w, mask, body)                                              \
	for (size_t bits_i_ = (from), bits_end_ = (from) + (n); bits_i_ < bits_end_;) {     \
		size_t w = bits_i_ >> 6;                                                    \
		size_t bits_next_ = (w + 1) << 6;                                           \
		size_t bits_stop_ = bits_next_ < bits_end_ ? bits_next_ : bits_end_;        \
		uint64_t mask = bits_mask(bits_i_ & 63, (unsigned)(bits_stop_ - (w << 6))); \
		body;                                                                       \
		bits_i_ = bits_stop_;                                                       \
	}

static inline void bits_set(uint64_t *words, size_t from, size_t n)
{
	BITS_EACH_WORD(from, n, w, mask, words[w] |= mask)
}

static inline void bits_clear(uint64_t *words, size_t from, size_t n)
{
	BITS_EACH_WORD(from, n, w, mask, words[w] &= ~mask)
}

static inline size_t bits_count(const uint64_t *words, size_t from, size_t n)
{
	size_t count = 0;
	BITS_EACH_WORD(from, n, w, mask, count += bits_in(words[w] & mask))
	return count;
}

/* First bit at or after `from` with the given value, or `end`. */
static inline size_t bits_next(const uint64_t *words, size_t from, size_t end, bool value)
{
	while (from < end) {
		uint64_t word = (value ? words[from >> 6] : ~words[from >> 6]) >> (from & 63);
		if (word) {
			size_t found = from + (size_t)__builtin_ctzll(word);
			return found < end ? found : end;
		}
		from = (from | 63) + 1;
	}
	return end;
}

#endif
