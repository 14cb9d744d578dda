/* fill.c - see fill.h. */
#include "fill.h"

#include <string.h>

#include "os.h"
#include "sanitizer.h"
#include "sysmem.h"

bool fill_wanted;

static uint64_t *page_bits; /* of pages that were given back filled; NULL: not looked after */

static bool is_malloc_slots(const struct span *s)
{
	return s->kind == SPAN_ROOT && s->size_class != 0;
}

void fill_slots(struct span *s, unsigned w, uint64_t slots)
{
	for (; slots; slots &= slots - 1)
		memset((void *)span_object(s, w * 64 + (unsigned)__builtin_ctzll(slots)), FILL_FREED,
		       s->elem_bytes);
}

void fill_adopt(struct span *s)
{
	s->filled = s->dirty = true;
}

void fill_begin(struct span *s)
{
	if (SANITIZER_ENABLED || !is_malloc_slots(s))
		return;
	memset((void *)s->base, FILL_FREED, s->npages * PAGE_BYTES);
	s->filled = s->dirty = true;
}

/* Of an object; where it has pages of its own, the first of it. */
static size_t filled_bytes(const struct span *s)
{
	bool is_cut = s->size_class == 0 && s->elem_bytes > FILL_LARGE_BYTES_MAX;
	return is_cut ? FILL_LARGE_BYTES_MAX : s->elem_bytes;
}

void fill_freed(struct span *s, uintptr_t object)
{
	if (SANITIZER_ENABLED || s->kind != SPAN_ROOT)
		return;
	if (s->filled || s->size_class == 0)
		memset((void *)object, FILL_FREED, filled_bytes(s));
	if (s->size_class == 0)
		s->filled = true;
}

void fill_new(void *block, size_t bytes)
{
	if (SANITIZER_ENABLED)
		return;
	memset(block, FILL_NEW, bytes < FILL_LARGE_BYTES_MAX ? bytes : FILL_LARGE_BYTES_MAX);
}

/* The first byte that is not as it was filled; `bytes`, a multiple of 8, when all are. */
static size_t first_written(const unsigned char *object, unsigned char fill, size_t bytes)
{
	const uint64_t *words = (const uint64_t *)object;
	uint64_t left;
	size_t at = 0;
	memset(&left, fill, sizeof left);
	while (at < bytes && words[at / sizeof left] == left)
		at += sizeof left;
	while (at < bytes && object[at] == fill)
		at++;
	return at;
}

void fill_check_taken(struct span *s, uintptr_t object)
{
	if (!s->filled)
		return;
	size_t at = first_written((const unsigned char *)object, FILL_FREED, filled_bytes(s));
	if (at < filled_bytes(s))
		os_fatal("malloc: the block at %p was written to after it was freed, first at byte %zu"
		         " (%#x is there); span at %p of %zu pages, class %u, objects of %zu bytes",
		         (void *)object, at, ((const unsigned char *)object)[at], (void *)s->base,
		         s->npages, s->size_class, s->elem_bytes);
}

void fill_check_all(struct span *s)
{
	for (unsigned i = 0; s->filled && i < s->nelems; i++)
		fill_check_taken(s, span_object(s, i));
}

void fill_check_slots(struct span *s, unsigned w, uint64_t slots)
{
	for (; slots; slots &= slots - 1)
		fill_check_taken(s, span_object(s, w * 64 + (unsigned)__builtin_ctzll(slots)));
}

/* ---- pages ----------------------------------------------------------------- */

void fill_open(void)
{
	page_bits = sysmem_table(pageheap.reserved_bytes / PAGE_BYTES / 8);
}

static uint64_t *bit_of(uintptr_t page, uint64_t *bit)
{
	size_t number = (page - pageheap.base) / PAGE_BYTES;
	*bit = (uint64_t)1 << number % 64;
	return &page_bits[number / 64];
}

static void set_bits(uintptr_t base, size_t pages)
{
	for (size_t i = 0; page_bits && i < pages; i++) {
		uint64_t bit, *word = bit_of(base + i * PAGE_BYTES, &bit);
		*word |= bit;
	}
}

void fill_pages_given(const struct span *s)
{
	if (s->filled)
		set_bits(s->base, s->size_class ? s->npages : filled_bytes(s) / PAGE_BYTES);
}

void fill_tail(uintptr_t base, size_t pages)
{
	if (SANITIZER_ENABLED || !page_bits)
		return;
	if (pages > FILL_LARGE_BYTES_MAX / PAGE_BYTES)
		pages = FILL_LARGE_BYTES_MAX / PAGE_BYTES;
	memset((void *)base, FILL_FREED, pages * PAGE_BYTES);
	set_bits(base, pages);
}

/* As much of it as the system takes back at once is as it was filled, or zero. */
static void check_page(uintptr_t page)
{
	size_t unit = os_page_bytes() < PAGE_BYTES ? os_page_bytes() : PAGE_BYTES;
	for (uintptr_t part = page; part < page + PAGE_BYTES; part += unit) {
		const unsigned char *bytes = (const unsigned char *)part;
		size_t at = first_written(bytes, FILL_FREED, unit);
		if (at == unit || first_written(bytes, 0, unit) == unit)
			continue;
		if (at == 0 && bytes[0] == 0) /* released, and then written to */
			at = first_written(bytes, 0, unit);
		os_fatal("malloc: memory at %p was written to after it was freed (%#x is there); it was"
		         " part of a large block, or of the last objects of a span",
		         (const void *)(bytes + at), bytes[at]);
	}
}

void fill_pages_taken(uintptr_t base, size_t pages)
{
	for (size_t i = 0; page_bits && i < pages; i++) {
		uint64_t bit, *word = bit_of(base + i * PAGE_BYTES, &bit);
		if (*word & bit)
			check_page(base + i * PAGE_BYTES);
		*word &= ~bit;
	}
}

void fill_check_pages(void)
{
	size_t words = page_bits ? (pageheap_opened_pages() + 63) / 64 : 0;
	for (size_t w = 0; w < words; w++)
		for (uint64_t bits = page_bits[w]; bits; bits &= bits - 1)
			check_page(pageheap.base + (w * 64 + (size_t)__builtin_ctzll(bits)) * PAGE_BYTES);
}
