/* The page heap against a plain model: a byte a page. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"
#include "pageheap.h"
#include "sanitizer.h"

enum { PAGES = 4 * ARENA_BYTES / PAGE_BYTES, RUNS = 400 };

static struct {
	unsigned char kind[PAGES]; /* 0 idle, else 1 + the kind */
	struct {
		size_t first, pages;
	} runs[RUNS];
	size_t count;
} model;

static void setup(void)
{
	cr_assert(pageheap_init());
}

static size_t page_of(uintptr_t base)
{
	return (base - pageheap.base) / PAGE_BYTES;
}

/* Takes from heap and model; the heap's answer must be the model's first fit. */
static void take(size_t pages, size_t align, enum chunk_kind kind)
{
	bool dirty;
	uintptr_t base = pageheap_take(pages, align, kind, &dirty);
	cr_assert_neq(base, 0);
	size_t first = page_of(base);
	cr_assert_eq(first % align, 0);
	cr_assert_leq(first + pages, PAGES);
	for (size_t i = first; i < first + pages; i++) {
		cr_assert_eq(model.kind[i], 0, "page %zu is taken twice", i);
		model.kind[i] = (unsigned char)(1 + kind);
	}
	model.runs[model.count].first = first;
	model.runs[model.count++].pages = pages;
}

static void give(size_t run)
{
	size_t first = model.runs[run].first, pages = model.runs[run].pages;
	pageheap_give(pageheap.base + first * PAGE_BYTES, pages);
	memset(model.kind + first, 0, pages);
	model.runs[run] = model.runs[--model.count];
}

static void check_chunks_are_of_one_kind(void)
{
	for (size_t chunk = 0; chunk < PAGES / CHUNK_PAGES; chunk++) {
		unsigned seen = 0;
		for (size_t i = chunk * CHUNK_PAGES; i < (chunk + 1) * CHUNK_PAGES; i++)
			seen |= model.kind[i];
		cr_assert_neq(seen, 3, "chunk %zu holds scanned and pointer-free pages", chunk);
	}
}

Test(pageheap, random_runs_agree_with_a_model, .init = setup)
{
	srand(7);
	for (int step = 0; step < 20000; step++) {
		if (model.count < RUNS && rand() % 5 < 3) {
			size_t pages = rand() % 20 ? 1 + (size_t)rand() % 12 : 1 + (size_t)rand() % 1500;
			if (pageheap.used_pages + 2 * pages < PAGES / 4)
				take(pages, rand() % 9 ? 1 : 8, rand() % 2 ? CHUNK_SCAN : CHUNK_NOSCAN);
		} else if (model.count) {
			give((size_t)rand() % model.count);
		}
		if (step % 97 == 0)
			pageheap_release((size_t)rand() % 2000);
		if (step % 50 == 0) {
			pageheap_check();
			check_chunks_are_of_one_kind();
		}
	}
	while (model.count)
		give(0);
	pageheap_check();
	cr_assert_eq(pageheap.used_pages, 0);
}

Test(pageheap, the_first_fit_by_address_is_taken, .init = setup)
{
	bool dirty;
	uintptr_t runs[10];
	for (int i = 0; i < 10; i++)
		runs[i] = pageheap_take(3, 1, CHUNK_SCAN, &dirty);
	for (int i = 1; i < 10; i++)
		cr_assert_eq(runs[i], runs[i - 1] + 3 * PAGE_BYTES);
	pageheap_give(runs[2], 3);
	pageheap_give(runs[6], 3);
	pageheap_give(runs[7], 3);
	cr_assert_eq(pageheap_take(4, 1, CHUNK_SCAN, &dirty), runs[6], "two neighbours are one run");
	cr_assert_eq(pageheap_take(2, 1, CHUNK_SCAN, &dirty), runs[2]);
}

Test(pageheap, a_run_larger_than_an_arena_crosses_arenas, .init = setup)
{
	bool dirty;
	size_t pages = 5 * ARENA_BYTES / PAGE_BYTES / 2;
	uintptr_t base = pageheap_take(pages, 1, CHUNK_NOSCAN, &dirty);
	cr_assert_neq(base, 0);
	cr_assert_not(dirty);
	sanitizer_show(base, pages * PAGE_BYTES); /* as spans do when they hand out */
	memset((void *)base, 1, pages * PAGE_BYTES);
	pageheap_give(base, pages);
	pageheap_check();
}

Test(pageheap, released_pages_read_as_zero_and_are_not_dirty, .init = setup)
{
	bool dirty;
	uintptr_t base = pageheap_take(10, 1, CHUNK_SCAN, &dirty);
	sanitizer_show(base, 10 * PAGE_BYTES);
	memset((void *)base, 0xff, 10 * PAGE_BYTES);
	pageheap_give(base, 10);
	cr_assert_eq(pageheap_take(10, 1, CHUNK_SCAN, &dirty), base);
	cr_assert(dirty, "retained pages keep what was in them");
	pageheap_give(base, 10);
	uint64_t before = pageheap.released_pages;
	cr_assert_eq(pageheap_release(SIZE_MAX), 10);
	cr_assert_eq(pageheap.released_pages, before + 10);
	cr_assert_eq(pageheap_take(10, 1, CHUNK_SCAN, &dirty), base);
	cr_assert_not(dirty);
	sanitizer_show(base, 10 * PAGE_BYTES);
	for (size_t i = 0; i < 10 * PAGE_BYTES; i++)
		cr_assert_eq(((char *)base)[i], 0);
}

Test(pageheap, a_far_alignment_is_served_from_idle_pages, .init = setup)
{
	enum { ARENA_PAGES = ARENA_BYTES / PAGE_BYTES };
	bool dirty;
	uintptr_t all = pageheap_take(4 * ARENA_PAGES, 1, CHUNK_SCAN, &dirty);
	pageheap_give(all, 4 * ARENA_PAGES);
	size_t opened = pageheap.opened_bytes;
	uintptr_t first = pageheap_take(3, ARENA_PAGES, CHUNK_SCAN, &dirty);
	uintptr_t second = pageheap_take(ARENA_PAGES, ARENA_PAGES, CHUNK_SCAN, &dirty);
	uintptr_t other = pageheap_take(1, 2 * CHUNK_PAGES, CHUNK_NOSCAN, &dirty);
	cr_assert(first && second && other);
	cr_assert_eq(first % ARENA_BYTES, 0);
	cr_assert_eq(second % ARENA_BYTES, 0);
	cr_assert_eq(other % (2 * CHUNK_BYTES), 0);
	cr_assert_neq(first / CHUNK_BYTES, other / CHUNK_BYTES, "chunks are of one kind");
	cr_assert_eq(pageheap.opened_bytes, opened, "no address space is spent");
	pageheap_check();
}

Test(pageheap, an_alignment_that_leads_too_far_off_is_refused, .init = setup)
{
	bool dirty;
	size_t most = 0;
	for (size_t align = 1; align; align *= 2) {
		uintptr_t base = pageheap_take(1, align, CHUNK_SCAN, &dirty);
		cr_assert_eq(base / PAGE_BYTES % align, 0);
		if (base && align > most)
			most = align;
	}
	cr_assert_geq(most, (size_t)ALIGN_SKIP_PAGES_MAX);
	cr_assert_leq(pageheap.opened_bytes, 24 * ((size_t)1 << 30));
	pageheap_check();
}

Test(pageheap, what_does_not_fit_is_refused, .init = setup)
{
	bool dirty;
	cr_assert_eq(pageheap_take(0, 1, CHUNK_SCAN, &dirty), 0);
	cr_assert_eq(pageheap_take(SIZE_MAX, 1, CHUNK_SCAN, &dirty), 0);
	cr_assert_eq(pageheap_take(SIZE_MAX, SIZE_MAX / 2 + 1, CHUNK_SCAN, &dirty), 0);
	cr_assert_eq(pageheap_take(pageheap.reserved_bytes / PAGE_BYTES + 1, 1, CHUNK_SCAN, &dirty), 0);
	pageheap_check();
}
