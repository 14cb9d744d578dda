/* sweep.c - see sweep.h. */
#include "sweep.h"

#include "sanitizer.h"
#include "special.h"

_Atomic int64_t sweep_left;
void (*sweep_ended)(void);
void (*sweep_queued_finalizers)(void);

bool sweep_claim(struct span *s)
{
	uint32_t unswept = atomic_load_explicit(&span_sweepgen, memory_order_relaxed) - 2;
	return atomic_load_explicit(&s->sweepgen, memory_order_relaxed) == unswept &&
	       atomic_compare_exchange_strong(&s->sweepgen, &unswept, unswept + 1);
}

static void hide_freed(struct span *s, unsigned w, uint64_t freed)
{
	if (!SANITIZER_ENABLED)
		return;
	for (; freed; freed &= freed - 1)
		sanitizer_hide(span_object(s, w * 64 + (unsigned)__builtin_ctzll(freed)), s->elem_bytes);
}

/* The slots that exist in a word of the span's bits. */
static uint64_t slots_mask(const struct span *s, unsigned w)
{
	unsigned left = s->nelems > w * 64 ? s->nelems - w * 64 : 0;
	return left >= 64 ? ~(uint64_t)0 : ((uint64_t)1 << left) - 1;
}

/* free |= ~mark but for uncollectable objects, mark = 0; returns the objects freed. */
static unsigned free_unmarked(struct span *s)
{
	unsigned count = 0;
	for (unsigned w = 0; w < s->words; w++) {
		uint64_t *free = span_free_word(s, w);
		_Atomic uint64_t *mark = span_mark_word(s, w);
		uint64_t marked = atomic_load_explicit(mark, memory_order_relaxed);
		uint64_t freed = s->kind == SPAN_ROOT ? 0 : slots_mask(s, w) & ~*free & ~marked;
		if (marked)
			atomic_store_explicit(mark, 0, memory_order_relaxed);
		if (!freed)
			continue;
		hide_freed(s, w, freed);
		*free |= freed;
		count += (unsigned)__builtin_popcountll(freed);
	}
	return count;
}

unsigned sweep_span(struct span *s)
{
	span_will_change(s);
	bool queued = s->specials && special_sweep(s) > 0;
	span_fold_remote(s);
	unsigned freed = free_unmarked(s);
	span_set_free_count(s, span_free_count(s) + freed);
	s->link_next = s->link_prev = NULL;
	s->listed = s->kept_empty = false;
	atomic_store_explicit(&s->owner, SPAN_IN_HAND, memory_order_relaxed);
	atomic_store_explicit(&s->sweepgen, atomic_load(&span_sweepgen), memory_order_release);
	if (queued)
		sweep_queued_finalizers();
	if (atomic_fetch_sub(&sweep_left, 1) == 1)
		sweep_ended();
	return freed;
}
