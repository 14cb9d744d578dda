/* leaks.c - see leaks.h. */
#include "leaks.h"

#include "background.h"
#include "mark.h"
#include "mcentral.h"
#include "os.h"
#include "roots.h"
#include "roots_glibc.h"
#include "roots_mapped.h"
#include "seen.h"
#include "sysmem.h"
#include "thread.h"
#include "world.h"

_Static_assert((int)RECORDER_CLASSES == (int)SIZECLASS_COUNT, "a leak's class is a size class");

enum settings_leaks leaks_wanted;

static struct {
	uintptr_t lo, hi;
} own;

void leaks_add_root(const void *start, size_t bytes)
{
	own.lo = (uintptr_t)start;
	own.hi = own.lo + bytes;
}

/* ---- roots --------------------------------------------------------------- */

static void add_range(void *arg, uintptr_t lo, uintptr_t hi)
{
	struct recorder_leaks *out = arg;
	out->root_bytes += hi - lo;
	mark_now(lo, hi); /* some are words on the stack of who gives them */
}

static void add_root(void *arg, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	(void)kind;
	add_range(arg, lo, hi);
}

static void add_mapped(void *arg, uintptr_t lo, uintptr_t hi)
{
	struct recorder_leaks *out = arg;
	out->mapped_bytes += hi - lo;
	add_range(arg, lo, hi);
}

/* ---- what is free though no free bit says so ------------------------------- */

static void mark_slots(struct span *s, unsigned w, uint64_t slots)
{
	atomic_fetch_or_explicit(span_mark_word(s, w), slots, memory_order_relaxed);
}

static void mark_cached(struct thread *t, void *arg)
{
	(void)arg;
	mcache_hand_over(&t->mcache);
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		const struct mcache_slot *slot = &t->mcache.slots[class];
		if (*slot->word)
			mark_slots(slot->span, slot->span->group, *slot->word);
	}
}

/* Slots in a cache's word and slots freed by others: nobody is to visit them. */
static void mark_unlisted_free(void)
{
	world_for_each_thread(mark_cached, NULL);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		for (struct span *s = mcentral[class].all; s; s = s->all_next)
			for (unsigned w = 0; w < s->words; w++)
				mark_slots(s, w, atomic_load_explicit(span_remote_word(s, w),
				                                      memory_order_relaxed));
}

/* ---- what is lost --------------------------------------------------------- */

/* Slots of a word that are allocated and not among those. */
static uint64_t lost_slots(struct span *s, unsigned w, uint64_t reached)
{
	unsigned here = s->nelems - w * 64 < 64 ? s->nelems - w * 64 : 64;
	return ~(uint64_t)0 >> (64 - here) & ~*span_free_word(s, w) & ~reached;
}

static unsigned lost_in(struct span *s)
{
	unsigned lost = 0;
	for (unsigned w = 0; w * 64 < s->nelems; w++)
		lost += (unsigned)__builtin_popcountll(lost_slots(
		    s, w, atomic_load_explicit(span_mark_word(s, w), memory_order_relaxed)));
	return lost;
}

static void add_lost(struct recorder_lost *sum, uint64_t blocks, size_t bytes)
{
	sum->blocks += blocks;
	sum->bytes += blocks * bytes;
}

static void count_lost(struct recorder_leaks *out)
{
	for (unsigned class = 0; class < SIZECLASS_COUNT; class++) {
		for (struct span *s = mcentral[span_class(SPAN_ROOT, class)].all; s; s = s->all_next)
			add_lost(&out->by_class[class], lost_in(s), s->elem_bytes);
		out->blocks += out->by_class[class].blocks;
		out->bytes += out->by_class[class].bytes;
	}
}

/* ---- directly and indirectly ----------------------------------------------- */

/*
 * A word of each table for each word of bits of all spans, in the order of the lists: forth,
 * and back from the end.
 */
struct split {
	uint64_t *reached; /* marked from the roots; behind it as many words of `first` */
	uint64_t *first;   /* blocks from which some were marked that none before them led to */
	size_t words, at;
	struct recorder_leaks *out;
};

static void for_each_span(void (*fn)(struct split *split, struct span *s), struct split *split)
{
	split->at = 0;
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		for (struct span *s = mcentral[class].all; s; s = s->all_next) {
			fn(split, s);
			split->at += s->words;
		}
	}
}

static void for_each_span_back(void (*fn)(struct split *split, struct span *s), struct split *split)
{
	split->at = split->words;
	for (unsigned class = SPAN_CLASSES; class-- > 0;) {
		struct span *s = mcentral[class].all;
		while (s && s->all_next)
			s = s->all_next;
		for (; s; s = s->all_prev) {
			split->at -= s->words;
			fn(split, s);
		}
	}
}

static void note_nothing(struct split *split, struct span *s)
{
	(void)split, (void)s;
}

static void note_reached(struct split *split, struct span *s)
{
	for (unsigned w = 0; w < s->words; w++)
		split->reached[split->at + w] =
		    atomic_load_explicit(span_mark_word(s, w), memory_order_relaxed);
}

static void restore_reached(struct split *split, struct span *s)
{
	for (unsigned w = 0; w < s->words; w++)
		atomic_store_explicit(span_mark_word(s, w), split->reached[split->at + w],
		                      memory_order_relaxed);
}

static bool is_marked(struct span *s, unsigned index)
{
	return atomic_load_explicit(span_mark_word(s, index / 64), memory_order_relaxed) >>
	       index % 64 & 1;
}

static void find_first(struct split *split, struct span *s)
{
	if (s->kind != SPAN_ROOT)
		return;
	for (unsigned w = 0; w * 64 < s->nelems; w++) {
		uint64_t lost = lost_slots(s, w, split->reached[split->at + w]);
		for (; lost; lost &= lost - 1) {
			unsigned bit = (unsigned)__builtin_ctzll(lost);
			if (is_marked(s, w * 64 + bit))
				continue;
			split->first[split->at + w] |= (uint64_t)1 << bit;
			mark_reach(span_object(s, w * 64 + bit));
		}
	}
}

static void count_indirect(struct split *split, struct span *s)
{
	if (s->kind != SPAN_ROOT)
		return;
	for (unsigned w = s->words; w-- > 0;) {
		uint64_t first = split->first[split->at + w];
		uint64_t indirect = w * 64 < s->nelems
		                        ? lost_slots(s, w, split->reached[split->at + w]) & ~first
		                        : 0;
		while (first) {
			unsigned bit = 63 - (unsigned)__builtin_clzll(first);
			first &= ~((uint64_t)1 << bit);
			if (is_marked(s, w * 64 + bit))
				indirect |= (uint64_t)1 << bit;
			else
				mark_reach(span_object(s, w * 64 + bit));
		}
		add_lost(&split->out->indirect_by_class[s->size_class],
		         (unsigned)__builtin_popcountll(indirect), s->elem_bytes);
	}
}

/*
 * Forth, each lost block that none before it led to marks what it leads to. To such a block one
 * of those after it may lead, but none before it: so back from the last, each to which none
 * of those after it led is lost directly. All others are lost indirectly.
 */
static void split_lost(struct recorder_leaks *out)
{
	struct split split = {.out = out};
	for_each_span(note_nothing, &split);
	split.words = split.at;
	size_t bytes = 2 * split.words * sizeof *split.reached;
	split.reached = out->blocks ? sysmem_map(bytes, &sysmem_stats.gc_sys) : NULL;
	out->split = split.reached || !out->blocks;
	if (!split.reached)
		return;
	split.first = split.reached + split.words;
	for_each_span(note_reached, &split);
	for_each_span(find_first, &split);
	for_each_span(restore_reached, &split);
	seen_note();
	seen_clear();
	for_each_span_back(count_indirect, &split);
	sysmem_unmap(split.reached, bytes, &sysmem_stats.gc_sys);
	for (unsigned class = 0; class < SIZECLASS_COUNT; class++) {
		out->indirect_blocks += out->indirect_by_class[class].blocks;
		out->indirect_bytes += out->indirect_by_class[class].bytes;
	}
}

void leaks_search(const struct world_stop *stop, struct recorder_leaks *out)
{
	uint64_t start_ns = os_mono_ns();
	bool helped = background_is_started();
	if (!mark_begin())
		return;
	mark_unlisted_free();
	roots_visit(add_root, out);
	roots_glibc_visit(add_range, out);
	add_range(out, own.lo, own.hi);
	if (leaks_wanted == SETTINGS_LEAKS_WITH_MAPPED)
		out->mapped_searched = roots_mapped_visit(add_mapped, out);
	mark_add_heap_roots_but_uncollectable();
	mark_run(helped ? MARK_WORKERS_MAX : 0, background_help_mark);
	count_lost(out);
	split_lost(out);
	mark_end();
	mark_clear();
	out->threads_unknown = stop->threads_unknown;
	out->search_ns = os_mono_ns() - start_ns;
	out->searched = true;
}
