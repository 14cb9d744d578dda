/* fill.c - see fill.h. */
#include "fill.h"

#include <string.h>

#include "os.h"
#include "sanitizer.h"

bool fill_wanted;

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

void fill_freed(struct span *s, uintptr_t object)
{
	if (SANITIZER_ENABLED || s->kind != SPAN_ROOT)
		return;
	size_t bytes = s->elem_bytes;
	if (s->size_class == 0 && bytes > FILL_LARGE_BYTES_MAX)
		bytes = FILL_LARGE_BYTES_MAX;
	if (s->filled || s->size_class == 0)
		memset((void *)object, FILL_FREED, bytes);
}

void fill_new(void *block, size_t bytes)
{
	if (SANITIZER_ENABLED)
		return;
	memset(block, FILL_NEW, bytes < FILL_LARGE_BYTES_MAX ? bytes : FILL_LARGE_BYTES_MAX);
}

/* The first byte that is not as it was left; `bytes`, a multiple of 8, when all are. */
static size_t first_written(const unsigned char *object, size_t bytes)
{
	const uint64_t *words = (const uint64_t *)object;
	uint64_t left;
	size_t at = 0;
	memset(&left, FILL_FREED, sizeof left);
	while (at < bytes && words[at / sizeof left] == left)
		at += sizeof left;
	while (at < bytes && object[at] == FILL_FREED)
		at++;
	return at;
}

void fill_check_taken(struct span *s, uintptr_t object)
{
	if (!s->filled)
		return;
	size_t at = first_written((const unsigned char *)object, s->elem_bytes);
	if (at < s->elem_bytes)
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
