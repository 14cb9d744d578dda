/* pageheap.c - see pageheap.h. */
#include "pageheap.h"

#include <string.h>

#include "bits.h"
#include "os.h"
#include "sanitizer.h"
#include "sysmem.h"

struct pageheap pageheap;
pageheap_change *_Atomic pageheap_before_change;

/* ---- summaries --------------------------------------------------------- */

static uint32_t max32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

/*
 * The pages of a chunk that cannot be taken. The heap's first page never is: its address
 * stands in the runtime's own frames, and so would keep the object there for ever.
 */
static void blocked_pages(const struct chunk *chunk, uint64_t blocked[CHUNK_PAGES / 64])
{
	memcpy(blocked, chunk->used, sizeof chunk->used);
	if (chunk == pageheap.chunks)
		blocked[0] |= 1;
}

/* The longest run of set bits in a word if it is longer than `longest`, which it is else. */
static uint32_t longer_run(uint64_t word, uint32_t longest)
{
	/* Bit i stays as long as `length` bits from i on are set. */
	uint32_t length = 1;
	for (uint32_t step; word && length <= longest; length += step) {
		step = length <= longest + 1 - length ? length : longest + 1 - length;
		word &= word >> step;
	}
	for (; word; word &= word >> 1)
		longest++;
	return longest;
}

static struct run_summary chunk_summary(const struct chunk *chunk)
{
	uint64_t blocked[CHUNK_PAGES / 64];
	uint32_t run = 0, start = CHUNK_PAGES, longest = 0;
	if (chunk->used_pages == 0 && chunk != pageheap.chunks)
		return (struct run_summary){CHUNK_PAGES, CHUNK_PAGES, CHUNK_PAGES};
	blocked_pages(chunk, blocked);
	for (size_t w = 0; w < CHUNK_PAGES / 64; w++) {
		if (blocked[w] == 0) {
			run += 64;
			continue;
		}
		unsigned below = (unsigned)__builtin_ctzll(blocked[w]);
		unsigned above = (unsigned)__builtin_clzll(blocked[w]);
		run += below;
		if (start == CHUNK_PAGES)
			start = run;
		longest = max32(longest, run);
		if (64 - below - above > longest + 2)
			longest = longer_run(~blocked[w] & bits_mask(below, 64 - above), longest);
		run = above;
	}
	return (struct run_summary){.start = start, .longest = max32(longest, run), .end = run};
}

/* What a kind sees of a chunk: nothing of another kind's. */
static struct run_summary leaf_summary(size_t chunk_index, enum chunk_kind kind)
{
	const struct chunk *chunk = &pageheap.chunks[chunk_index];
	if (chunk->kind != kind && chunk->kind != CHUNK_FREE)
		return (struct run_summary){0, 0, 0};
	return chunk_summary(chunk);
}

/* Two neighbours of `pages` pages each, as one. */
static struct run_summary join(struct run_summary a, struct run_summary b, uint32_t pages)
{
	return (struct run_summary){
	    .start = a.start == pages ? pages + b.start : a.start,
	    .end = b.end == pages ? pages + a.end : b.end,
	    .longest = max32(max32(a.longest, b.longest), a.end + b.start),
	};
}

static bool same(struct run_summary a, struct run_summary b)
{
	return a.start == b.start && a.longest == b.longest && a.end == b.end;
}

static void tree_update(size_t chunk_index, enum chunk_kind kind)
{
	struct run_summary *tree = pageheap.tree[kind];
	size_t node = pageheap.chunk_count + chunk_index;
	tree[node] = leaf_summary(chunk_index, kind);
	for (uint32_t pages = CHUNK_PAGES; node > 1; pages *= 2) {
		node /= 2;
		struct run_summary sum = join(tree[2 * node], tree[2 * node + 1], pages);
		if (same(sum, tree[node]))
			break;
		tree[node] = sum;
	}
}

/* The first page of the leftmost run of at least `pages`, which the root says exists. */
static size_t tree_find(size_t pages, enum chunk_kind kind)
{
	const struct run_summary *tree = pageheap.tree[kind];
	size_t node = 1, first = 0, half = pageheap.chunk_count * CHUNK_PAGES / 2;
	while (node < pageheap.chunk_count) {
		const struct run_summary *left = &tree[2 * node], *right = &tree[2 * node + 1];
		if (left->longest >= pages) {
			node = 2 * node;
		} else if (left->end + right->start >= pages) {
			return first + half - left->end;
		} else {
			node = 2 * node + 1;
			first += half;
		}
		half /= 2;
	}
	uint64_t blocked[CHUNK_PAGES / 64];
	blocked_pages(&pageheap.chunks[node - pageheap.chunk_count], blocked);
	size_t from = 0, to;
	for (;; from = to) {
		from = bits_next(blocked, from, CHUNK_PAGES, false);
		to = bits_next(blocked, from, CHUNK_PAGES, true);
		if (to - from >= pages)
			return first + from;
	}
}

/* ---- arenas ------------------------------------------------------------ */

enum { RESERVE_MIN_SHIFT = 38, RESERVE_MAX_SHIFT = 44, BESIDE_BYTES_MIN = 128 << 20 };

/*
 * Eight times the machine's memory, so that no program meets the end before the OS
 * refuses; under a limit of the address space two thirds of that, for the program has
 * stacks, libraries and files mapped, too, and the marker a table of roots.
 */
static size_t reserve_bytes_wanted(void)
{
	unsigned shift = RESERVE_MIN_SHIFT;
	while (shift < RESERVE_MAX_SHIFT && ((uint64_t)1 << shift) < 8 * os_memory_bytes())
		shift++;
	uint64_t wanted = (uint64_t)1 << shift, limit = os_address_bytes_max(), most = limit / 3 * 2;
	if (limit - most < BESIDE_BYTES_MIN)
		most = limit > BESIDE_BYTES_MIN ? limit - BESIDE_BYTES_MIN : 0;
	if (wanted > most)
		wanted = most & -(uint64_t)ARENA_BYTES;
	return wanted > ARENA_BYTES ? (size_t)wanted : ARENA_BYTES;
}

/* A power of two. Those behind the last chunk have no summary and so look full. */
static size_t leaves_for(size_t bytes)
{
	size_t leaves = ARENA_CHUNKS;
	while (leaves < bytes / CHUNK_BYTES)
		leaves *= 2;
	return leaves;
}

static bool tables_map(size_t bytes)
{
	size_t chunks = leaves_for(bytes), pages = bytes / PAGE_BYTES;
	pageheap.chunks = sysmem_table(chunks * sizeof(struct chunk));
	pageheap.page_map = sysmem_table(pages * sizeof *pageheap.page_map);
	for (int kind = 0; kind < CHUNK_KINDS; kind++)
		pageheap.tree[kind] = sysmem_table(2 * chunks * sizeof(struct run_summary));
	return pageheap.chunks && pageheap.page_map && pageheap.tree[0] && pageheap.tree[1];
}

static void tables_unmap(size_t bytes)
{
	size_t chunks = leaves_for(bytes), pages = bytes / PAGE_BYTES;
	sysmem_table_unmap(pageheap.chunks, chunks * sizeof(struct chunk));
	sysmem_table_unmap((void *)pageheap.page_map, pages * sizeof *pageheap.page_map);
	for (int kind = 0; kind < CHUNK_KINDS; kind++)
		sysmem_table_unmap(pageheap.tree[kind], 2 * chunks * sizeof(struct run_summary));
}

bool pageheap_init(void)
{
	for (size_t bytes = reserve_bytes_wanted(); bytes >= ARENA_BYTES;
	     bytes = bytes / 2 & -(size_t)ARENA_BYTES) {
		void *base = os_reserve(bytes, ARENA_BYTES);
		if (!base)
			continue;
		if (tables_map(bytes)) {
			pageheap.base = (uintptr_t)base;
			pageheap.reserved_bytes = bytes;
			pageheap.chunk_count = leaves_for(bytes);
			os_keep_pages_small(base, 0); /* looks at the system while the program lets us */
			return true;
		}
		tables_unmap(bytes);
		os_unmap(base, bytes);
	}
	return false;
}

/* What the tables of one arena hold: page map, chunks and two trees. */
static size_t arena_table_bytes(void)
{
	return ARENA_BYTES / PAGE_BYTES * sizeof *pageheap.page_map +
	       ARENA_CHUNKS * (sizeof(struct chunk) + 4 * sizeof(struct run_summary));
}

static bool arena_open(void)
{
	size_t opened = atomic_load_explicit(&pageheap.opened_bytes, memory_order_relaxed);
	if (opened == pageheap.reserved_bytes)
		return false;
	if (!os_commit((void *)(pageheap.base + opened), ARENA_BYTES))
		return false;
	sanitizer_hide(pageheap.base + opened, ARENA_BYTES);
	size_t first = opened / CHUNK_BYTES;
	for (size_t i = first; i < first + ARENA_CHUNKS; i++) {
		pageheap.chunks[i].kind = CHUNK_FREE;
		bits_set(pageheap.chunks[i].released, 0, CHUNK_PAGES);
		tree_update(i, CHUNK_SCAN);
		tree_update(i, CHUNK_NOSCAN);
	}
	pageheap.released_pages += ARENA_BYTES / PAGE_BYTES;
	atomic_fetch_add_explicit(&sysmem_stats.gc_sys, arena_table_bytes(), memory_order_relaxed);
	atomic_store_explicit(&pageheap.opened_bytes, opened + ARENA_BYTES, memory_order_release);
	return true;
}

/* ---- runs -------------------------------------------------------------- */

/* Calls body with the part of [first, first + n) in each chunk: chunk, from, count. */
#define EACH_CHUNK(first, n, body)                                                     \
	for (size_t at_ = (first), end_ = (first) + (n); at_ < end_;) {                \
		size_t chunk_index = at_ / CHUNK_PAGES, from = at_ % CHUNK_PAGES;      \
		size_t count = CHUNK_PAGES - from;                                     \
		if (count > end_ - at_)                                                \
			count = end_ - at_;                                            \
		struct chunk *chunk = &pageheap.chunks[chunk_index];                   \
		body;                                                                  \
		at_ += count;                                                          \
	}

/*
 * A write to a protected page splits the huge page around it, and one write then makes all of it
 * count as written. For good, as there is no advice that takes this one back.
 */
static void keep_pages_small(size_t chunk)
{
	pageheap.chunks[chunk].small_pages = true;
	os_keep_pages_small((void *)(pageheap.base + chunk * CHUNK_BYTES), CHUNK_BYTES);
}

static bool run_use(size_t first, size_t pages, enum chunk_kind kind)
{
	size_t released = 0;
	pageheap_will_change(pageheap.base + first * PAGE_BYTES, pages);
	EACH_CHUNK(first, pages, {
		size_t here = bits_count(chunk->released, from, count);
		if (here) {
			bits_clear(chunk->released, from, count);
			released += here;
		}
		if (here >= BLANK_PAGES)
			atomic_store_explicit(&chunk->blank, true, memory_order_relaxed);
		bits_set(chunk->used, from, count);
		bool claimed = chunk->kind == CHUNK_FREE;
		chunk->used_pages += (uint32_t)count;
		chunk->kind = kind;
		tree_update(chunk_index, kind);
		if (claimed)
			tree_update(chunk_index, kind ^ 1);
		if (claimed && kind == CHUNK_SCAN && !chunk->small_pages)
			keep_pages_small(chunk_index);
	})
	pageheap.used_pages += pages;
	pageheap.released_pages -= released;
	return released < pages;
}

/* From this page on, the first whose address is aligned; the heap's base need not be. */
static size_t align_up(size_t first, size_t align_pages)
{
	return first + (-(pageheap.base / PAGE_BYTES + first) & (align_pages - 1));
}

/* A run so long that an aligned one is in it; arenas are opened until there is one. */
static bool find_run(size_t pages, size_t align_pages, enum chunk_kind kind, size_t *first)
{
	size_t wanted = pages + align_pages - 1;
	if (wanted > pageheap.reserved_bytes / PAGE_BYTES)
		return false;
	while (pageheap.tree[kind][1].longest < wanted)
		if (!arena_open())
			return false;
	*first = align_up(tree_find(wanted, kind), align_pages);
	return true;
}

/* Whether a kind may take the run. What is not opened yet is free. */
static bool run_is_free(size_t first, size_t pages, enum chunk_kind kind)
{
	size_t opened = pageheap_opened_pages();
	if (first >= opened)
		return true;
	EACH_CHUNK(first, pages < opened - first ? pages : opened - first, {
		uint64_t blocked[CHUNK_PAGES / 64];
		if (chunk->kind != kind && chunk->kind != CHUNK_FREE)
			return false;
		blocked_pages(chunk, blocked);
		if (bits_count(blocked, from, count))
			return false;
	})
	return true;
}

/*
 * An alignment over a chunk: the run is looked for where it may be, as one in which it
 * surely is would spend the whole alignment. Arenas are opened up to the run's end.
 */
static bool find_far_aligned(size_t pages, size_t align_pages, enum chunk_kind kind, size_t *first)
{
	size_t all = pageheap.reserved_bytes / PAGE_BYTES;
	size_t last = pageheap_opened_pages() + ALIGN_SKIP_PAGES_MAX;
	size_t at = align_up(0, align_pages);
	while (at <= last && !run_is_free(at, pages, kind))
		at += align_pages;
	if (at > last || at > all || pages > all - at)
		return false;
	while (pageheap_opened_pages() < at + pages)
		if (!arena_open())
			return false;
	*first = at;
	return true;
}

uintptr_t pageheap_take(size_t pages, size_t align_pages, enum chunk_kind kind, bool *dirty)
{
	size_t first;
	if (pages == 0 || pages > pageheap.reserved_bytes / PAGE_BYTES)
		return 0;
	if (align_pages <= CHUNK_PAGES ? !find_run(pages, align_pages, kind, &first)
	                               : !find_far_aligned(pages, align_pages, kind, &first))
		return 0;
	*dirty = run_use(first, pages, kind);
	return pageheap.base + first * PAGE_BYTES;
}

bool pageheap_extend(uintptr_t base, size_t pages, enum chunk_kind kind, bool *dirty)
{
	size_t first = (base - pageheap.base) / PAGE_BYTES;
	size_t all = pageheap.reserved_bytes / PAGE_BYTES;
	if (pages > all - first || !run_is_free(first, pages, kind))
		return false;
	while (pageheap_opened_pages() < first + pages)
		if (!arena_open())
			return false;
	*dirty = run_use(first, pages, kind);
	return true;
}

void pageheap_give(uintptr_t base, size_t pages)
{
	size_t first = (base - pageheap.base) / PAGE_BYTES;
	sanitizer_hide(base, pages * PAGE_BYTES);
	EACH_CHUNK(first, pages, {
		bits_clear(chunk->used, from, count);
		chunk->used_pages -= (uint32_t)count;
		enum chunk_kind kind = chunk->kind;
		bool freed = chunk->used_pages == 0;
		if (freed)
			chunk->kind = CHUNK_FREE;
		tree_update(chunk_index, kind);
		if (freed)
			tree_update(chunk_index, kind ^ 1);
	})
	pageheap.used_pages -= pages;
}

/* ---- release ----------------------------------------------------------- */

/* Releases [from, to) of a chunk, whole OS pages only; returns the pages released. */
static size_t release_run(size_t chunk_index, size_t from, size_t to)
{
	size_t unit = os_page_bytes() > PAGE_BYTES ? os_page_bytes() / PAGE_BYTES : 1;
	from = (from + unit - 1) / unit * unit;
	to = to / unit * unit;
	if (from >= to)
		return 0;
	uintptr_t base = pageheap.base + (chunk_index * CHUNK_PAGES + from) * PAGE_BYTES;
	pageheap_will_change(base, to - from);
	if (!os_release((void *)base, (to - from) * PAGE_BYTES))
		return 0;
	bits_set(pageheap.chunks[chunk_index].released, from, to - from);
	return to - from;
}

static size_t release_chunk(size_t chunk_index, size_t pages)
{
	struct chunk *chunk = &pageheap.chunks[chunk_index];
	uint64_t kept[CHUNK_PAGES / 64]; /* idle and not released */
	bool any = false;
	for (size_t w = 0; w < CHUNK_PAGES / 64; w++) {
		kept[w] = ~(chunk->used[w] | chunk->released[w]);
		any |= kept[w] != 0;
	}
	size_t done = 0;
	for (size_t from = 0, to; any && done < pages; from = to) {
		from = bits_next(kept, from, CHUNK_PAGES, true);
		if (from == CHUNK_PAGES)
			break;
		to = bits_next(kept, from, CHUNK_PAGES, false);
		if (to - from > pages - done)
			to = from + (pages - done);
		done += release_run(chunk_index, from, to);
	}
	return done;
}

size_t pageheap_release(size_t pages)
{
	size_t done = 0;
	size_t chunks = atomic_load_explicit(&pageheap.opened_bytes, memory_order_relaxed) / CHUNK_BYTES;
	for (size_t i = chunks; i-- > 0 && done < pages;)
		done += release_chunk(i, pages - done);
	pageheap.released_pages += done;
	pageheap.released_pages_total += done;
	return done;
}

/* ---- what is idle ------------------------------------------------------ */

size_t pageheap_idle_run(size_t first, size_t end, uint64_t *released)
{
	size_t at = first;
	*released = 0;
	while (at < end) {
		const struct chunk *chunk = &pageheap.chunks[at / CHUNK_PAGES];
		size_t from = at % CHUNK_PAGES;
		size_t last = end - at < CHUNK_PAGES - from ? from + (end - at) : CHUNK_PAGES;
		size_t to = bits_next(chunk->used, from, last, true);
		*released += bits_count(chunk->released, from, to - from);
		at += to - from;
		if (to < last)
			break;
	}
	return at - first;
}

size_t pageheap_next(size_t page, size_t end, bool used)
{
	while (page < end) {
		uint64_t words[CHUNK_PAGES / 64];
		const struct chunk *chunk = &pageheap.chunks[page / CHUNK_PAGES];
		size_t from = page % CHUNK_PAGES;
		size_t last = end - page < CHUNK_PAGES - from ? from + (end - page) : CHUNK_PAGES;
		for (size_t w = 0; w < CHUNK_PAGES / 64; w++)
			words[w] = __atomic_load_n(&chunk->used[w], __ATOMIC_RELAXED);
		size_t to = bits_next(words, from, last, used);
		page += to - from;
		if (to < last)
			break;
	}
	return page;
}

/* ---- check ------------------------------------------------------------- */

void pageheap_check(void)
{
	uint64_t used = 0, released = 0;
	size_t chunks = pageheap.opened_bytes / CHUNK_BYTES;
	for (size_t i = 0; i < chunks; i++) {
		const struct chunk *chunk = &pageheap.chunks[i];
		size_t here = bits_count(chunk->used, 0, CHUNK_PAGES);
		if (here != chunk->used_pages || (here == 0) != (chunk->kind == CHUNK_FREE))
			os_fatal("chunk %zu: %zu pages used, %u counted, kind %u", i, here,
			         chunk->used_pages, chunk->kind);
		for (size_t w = 0; w < CHUNK_PAGES / 64; w++)
			if (chunk->used[w] & chunk->released[w])
				os_fatal("chunk %zu: a page is used and released", i);
		used += here;
		released += bits_count(chunk->released, 0, CHUNK_PAGES);
		for (int kind = 0; kind < CHUNK_KINDS; kind++)
			if (!same(pageheap.tree[kind][pageheap.chunk_count + i], leaf_summary(i, kind)))
				os_fatal("chunk %zu: stale summary for kind %d", i, kind);
	}
	if (used != pageheap.used_pages || released != pageheap.released_pages)
		os_fatal("page heap: %llu used and %llu released, counted %llu and %llu",
		         (unsigned long long)used, (unsigned long long)released,
		         (unsigned long long)pageheap.used_pages,
		         (unsigned long long)pageheap.released_pages);
}
