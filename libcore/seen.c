/* seen.c - see seen.h. */
#include "seen.h"

#include <string.h>

#include "sysmem.h"

struct seen seen;

static struct {
	uint8_t *chunks;  /* 1: it may have bits */
	size_t noted;     /* chunks before this one were looked at */
	size_t had_bits;  /* most chunks that had any: they stay resident */
} notes;

void seen_open(void)
{
	if (seen.words)
		return;
	if (!notes.chunks)
		notes.chunks = sysmem_table(pageheap.chunk_count);
	if (notes.chunks && !seen.pages)
		seen.pages = sysmem_table(pageheap.chunk_count * SEEN_CHUNK_PAGE_BYTES);
	if (notes.chunks && seen.pages)
		seen.words = sysmem_table(pageheap.chunk_count * SEEN_CHUNK_BYTES);
}

/* Nothing is freed in a mark phase: what has bits is in use still. */
void seen_note(void)
{
	if (!seen.words)
		return;
	size_t chunks = pageheap_opened_pages() / CHUNK_PAGES, used = 0;
	for (size_t i = 0; i < chunks; i++) {
		notes.chunks[i] |= pageheap.chunks[i].used_pages > 0;
		used += notes.chunks[i];
	}
	notes.noted = chunks;
	if (used > notes.had_bits) {
		atomic_fetch_add(&sysmem_stats.gc_sys,
		                 (used - notes.had_bits) * (SEEN_CHUNK_BYTES + SEEN_CHUNK_PAGE_BYTES));
		notes.had_bits = used;
	}
}

void seen_clear(void)
{
	for (size_t i = 0; i < notes.noted; i++) {
		if (!notes.chunks[i])
			continue;
		memset((char *)seen.words + i * SEEN_CHUNK_BYTES, 0, SEEN_CHUNK_BYTES);
		memset((char *)seen.pages + i * SEEN_CHUNK_PAGE_BYTES, 0, SEEN_CHUNK_PAGE_BYTES);
		notes.chunks[i] = 0;
	}
	notes.noted = 0;
}
