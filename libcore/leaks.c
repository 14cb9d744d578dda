/* leaks.c - see leaks.h. */
#include "leaks.h"

#include "background.h"
#include "mark.h"
#include "mcentral.h"
#include "os.h"
#include "roots.h"
#include "roots_glibc.h"
#include "thread.h"
#include "world.h"

_Static_assert((int)RECORDER_CLASSES == (int)SIZECLASS_COUNT, "a leak's class is a size class");

bool leaks_wanted;

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

static unsigned lost_in(struct span *s)
{
	unsigned lost = 0;
	for (unsigned w = 0, left = s->nelems; left > 0; w++) {
		unsigned here = left < 64 ? left : 64;
		uint64_t slots = ~(uint64_t)0 >> (64 - here);
		slots &= ~*span_free_word(s, w);
		slots &= ~atomic_load_explicit(span_mark_word(s, w), memory_order_relaxed);
		lost += (unsigned)__builtin_popcountll(slots);
		left -= here;
	}
	return lost;
}

static void count_lost(struct recorder_leaks *out)
{
	for (unsigned class = 0; class < SIZECLASS_COUNT; class++) {
		for (struct span *s = mcentral[span_class(SPAN_ROOT, class)].all; s; s = s->all_next) {
			unsigned lost = lost_in(s);
			out->by_class[class].blocks += lost;
			out->by_class[class].bytes += lost * s->elem_bytes;
		}
		out->blocks += out->by_class[class].blocks;
		out->bytes += out->by_class[class].bytes;
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
	mark_add_heap_roots_but_uncollectable();
	mark_run(helped ? MARK_WORKERS_MAX : 0, background_help_mark);
	mark_end();
	count_lost(out);
	mark_clear();
	out->threads_unknown = stop->threads_unknown;
	out->search_ns = os_mono_ns() - start_ns;
	out->searched = true;
}
