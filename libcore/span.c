/* span.c - see span.h. */
#include "span.h"

#include <stddef.h>
#include <string.h>

#include "fill.h"
#include "os.h"
#include "sanitizer.h"
#include "sysmem.h"

_Atomic uint32_t span_sweepgen = 2;
_Atomic uint32_t span_gc_num;
struct span_totals span_totals;
bool span_marking;
_Atomic uint64_t span_freed_twice[SPAN_CLASSES];
bool span_dies_of_double_free;

enum { STRUCT_SIZES = 5 }; /* 1, 2, 4, 8 and 16 groups */

/* Linked by all_next; guarded by pageheap.lock. `given`: while marking goes on. */
static struct span *unused[STRUCT_SIZES], *given[STRUCT_SIZES];

static size_t struct_bytes(unsigned words)
{
	size_t bytes = sizeof(struct span) + words * sizeof(struct span_group);
	return (bytes + 63) & ~(size_t)63;
}

/* The power of two of groups that holds n objects, and its index. */
static unsigned words_for(unsigned nelems, unsigned *size_index)
{
	unsigned words = 1, i = 0;
	while (words * 64 < nelems) {
		words *= 2;
		i++;
	}
	*size_index = i;
	return words;
}

/* As new but for what a stack of spans with remote frees knows of it (span.h). */
static void struct_clear(struct span *s, unsigned words)
{
	memset(&s->size_class, 0, struct_bytes(words) - offsetof(struct span, size_class));
	atomic_store_explicit(&s->owner, SPAN_IN_HAND, memory_order_relaxed);
}

static struct span *struct_take(unsigned nelems)
{
	unsigned i, words = words_for(nelems, &i);
	struct span *s = unused[i];
	if (s)
		unused[i] = s->all_next;
	else
		s = sysmem_alloc(struct_bytes(words), &sysmem_stats.mspan_sys);
	if (!s)
		return NULL;
	struct_clear(s, words);
	s->words = (uint16_t)words;
	span_totals.struct_bytes += struct_bytes(words);
	span_totals.count++;
	return s;
}

static void struct_give(struct span *s)
{
	unsigned i;
	words_for(s->words * 64u, &i);
	span_totals.struct_bytes -= struct_bytes(s->words);
	span_totals.count--;
	atomic_store_explicit(&s->state, SPAN_DEAD, memory_order_relaxed);
	atomic_store_explicit(&s->owner, SPAN_IN_HAND, memory_order_relaxed);
	struct span **list = span_marking ? &given[i] : &unused[i];
	s->all_next = *list;
	*list = s;
}

void span_reuse_structures(void)
{
	for (unsigned i = 0; i < STRUCT_SIZES; i++) {
		struct span *s;
		while ((s = given[i])) {
			given[i] = s->all_next;
			s->all_next = unused[i];
			unused[i] = s;
		}
	}
}

static void map_pages(uintptr_t base, size_t pages, struct span *s)
{
	size_t first = (base - pageheap.base) >> PAGE_SHIFT;
	for (size_t i = first; i < first + pages; i++)
		atomic_store_explicit(&pageheap.page_map[i], s, memory_order_release);
}

static void all_free(struct span *s)
{
	for (unsigned left = s->nelems, w = 0; left > 0; w++) {
		unsigned here = left < 64 ? left : 64;
		*span_free_word(s, w) = ~(uint64_t)0 >> (64 - here);
		left -= here;
	}
	span_set_free_count(s, s->nelems);
}

static unsigned elems_for(unsigned size_class, size_t pages)
{
	return size_class ? (unsigned)(pages * PAGE_BYTES / sizeclass_bytes[size_class]) : 1;
}

static void describe(struct span *s, enum span_state state, enum span_kind kind,
                     unsigned size_class, size_t pages)
{
	s->npages = pages;
	s->size_class = (uint8_t)size_class;
	s->kind = (uint8_t)kind;
	s->group = SPAN_GROUP_NONE;
	s->born_gc = atomic_load_explicit(&span_gc_num, memory_order_relaxed);
	s->elem_bytes = size_class ? sizeclass_bytes[size_class] : pages * PAGE_BYTES;
	s->magic = sizeclass_magic[size_class];
	s->span_class = (uint16_t)span_class(kind, size_class);
	if (state == SPAN_INUSE) {
		s->nelems = (uint16_t)elems_for(size_class, pages);
		s->quick_nelems = kind == SPAN_ROOT && size_class ? s->nelems : 0;
		s->turn_count = UINT16_MAX;
		all_free(s);
	}
	atomic_store_explicit(&s->sweepgen, atomic_load(&span_sweepgen), memory_order_relaxed);
	atomic_store_explicit(&s->state, (uint8_t)state, memory_order_release);
}

static bool is_collectable(const struct span *s)
{
	return s->state == SPAN_INUSE && s->kind != SPAN_ROOT;
}

struct span *span_new(enum span_state state, enum span_kind kind, unsigned size_class,
                      size_t pages, size_t align_pages)
{
	unsigned nelems = elems_for(size_class, pages);
	enum chunk_kind chunks = span_kind_is_noscan(kind) ? CHUNK_NOSCAN : CHUNK_SCAN;
	bool dirty;
	lock_acquire(&pageheap.lock);
	struct span *s = struct_take(nelems);
	if (!s)
		goto no_struct;
	s->base = pageheap_take(pages, align_pages, chunks, &dirty);
	if (!s->base)
		goto no_pages;
	s->dirty = dirty;
	if (__builtin_expect(fill_wanted, 0))
		fill_pages_taken(s->base, pages);
	describe(s, state, kind, size_class, pages);
	map_pages(s->base, pages, s);
	*(state == SPAN_STACK ? &span_totals.stack_pages : &span_totals.inuse_pages) += pages;
	if (is_collectable(s))
		span_totals.collectable++;
	lock_release(&pageheap.lock);
	return s;
no_pages:
	struct_give(s);
no_struct:
	lock_release(&pageheap.lock);
	return NULL;
}

bool span_resize(struct span *s, size_t pages)
{
	bool dirty = false, done = true;
	uintptr_t end = s->base + s->npages * PAGE_BYTES;
	pageheap_will_change(s->base, s->npages); /* what it grows by is looked after below */
	lock_acquire(&pageheap.lock);
	if (pages > s->npages) {
		size_t more = pages - s->npages;
		done = pageheap_extend(end, more, span_noscan(s) ? CHUNK_NOSCAN : CHUNK_SCAN, &dirty);
		if (done)
			map_pages(end, more, s);
		if (done && __builtin_expect(fill_wanted, 0))
			fill_pages_taken(end, more);
	} else {
		size_t less = s->npages - pages;
		if (__builtin_expect(fill_wanted, 0) && s->kind == SPAN_ROOT)
			fill_tail(end - less * PAGE_BYTES, less);
		map_pages(end - less * PAGE_BYTES, less, NULL);
		pageheap_give(end - less * PAGE_BYTES, less);
	}
	if (done) {
		span_totals.inuse_pages += pages - s->npages;
		s->npages = pages;
		s->elem_bytes = pages * PAGE_BYTES;
		s->dirty |= dirty;
	}
	lock_release(&pageheap.lock);
	return done;
}

void span_free(struct span *s)
{
	lock_acquire(&pageheap.lock);
	size_t pages = s->npages;
	pageheap_will_change(s->base, pages);
	*(s->state == SPAN_STACK ? &span_totals.stack_pages : &span_totals.inuse_pages) -= pages;
	if (is_collectable(s))
		span_totals.collectable--;
	map_pages(s->base, pages, NULL);
	if (__builtin_expect(s->filled, 0))
		fill_pages_given(s);
	pageheap_give(s->base, pages);
	struct_give(s);
	lock_release(&pageheap.lock);
}

void span_freed_by_two(struct span *s, unsigned w, uint64_t slots)
{
	void *first = (void *)span_object(s, w * 64 + (unsigned)__builtin_ctzll(slots));
	bool dies = span_dies_of_double_free && s->kind == SPAN_ROOT;
	(dies ? os_fatal : os_warn)("the object at %p was freed by two threads; span at %p of %zu"
	                            " pages, class %u, objects of %zu bytes", first,
	                            (void *)s->base, s->npages, s->size_class, s->elem_bytes);
	atomic_fetch_add(&span_freed_twice[span_class_of(s)],
	                 (uint64_t)__builtin_popcountll(slots));
}

unsigned span_fold_remote(struct span *s)
{
	unsigned folded = 0;
	for (unsigned w = 0; w < s->words; w++) {
		_Atomic uint64_t *remote = span_remote_word(s, w);
		uint64_t *free = span_free_word(s, w);
		if (!atomic_load_explicit(remote, memory_order_relaxed))
			continue;
		span_will_change(s); /* for a moment the bits are in neither */
		uint64_t bits = atomic_exchange_explicit(remote, 0, memory_order_acquire);
		uint64_t free_already = *free | s->groups[w].cached;
		if (bits & free_already)
			span_freed_by_two(s, w, bits & free_already);
		bits &= ~free_already;
		*free |= bits;
		folded += (unsigned)__builtin_popcountll(bits);
	}
	span_set_free_count(s, span_free_count(s) + folded);
	return folded;
}

unsigned span_alloc_count(struct span *s, unsigned cached_count)
{
	unsigned free = cached_count;
	for (unsigned w = 0; w < s->words; w++)
		free += (unsigned)__builtin_popcountll(
		    *span_free_word(s, w) |
		    atomic_load_explicit(span_remote_word(s, w), memory_order_relaxed));
	return s->nelems - free;
}

void span_check(struct span *s)
{
	unsigned free_count = 0;
	const char *broken = NULL;
	for (unsigned w = 0; w < s->words; w++) {
		uint64_t free = *span_free_word(s, w);
		free_count += (unsigned)__builtin_popcountll(free);
		if (free & *span_remote_word(s, w))
			broken = "a slot is free and freed by another thread";
		if (free & s->groups[w].cached)
			broken = "a slot is free and in a cache";
		if (w != s->group && s->groups[w].cached)
			broken = "a group is in a cache that no cache allocates from";
		if (w * 64 + 64 > s->nelems && w * 64 < s->nelems &&
		    free >> (s->nelems - w * 64))
			broken = "a slot past the last is free";
	}
	if (free_count != span_free_count(s))
		broken = "the count of free slots is wrong";
	if (span_alloc_count(s, (unsigned)__builtin_popcountll(span_cached(s))) > s->nelems)
		broken = "more slots are free than there are";
	if (pageheap_span_of(s->base) != s ||
	    pageheap_span_of(s->base + s->npages * PAGE_BYTES - 1) != s)
		broken = "the page map does not lead to it";
	if (broken)
		os_fatal("span at %#zx, class %u, %zu pages, %u objects: %s", (size_t)s->base,
		         s->size_class, s->npages, s->nelems, broken);
}
