/* fillcheck.c - see fillcheck.h. */
#include "fillcheck.h"

#include "fill.h"
#include "interpose_confine.h"
#include "mcentral.h"
#include "world.h"

/* What another thread has freed and still has in hand is not among them. */
static void check_span(struct span *s)
{
	for (unsigned w = 0; s->filled && w < s->words; w++)
		fill_check_slots(s, w,
		                 *span_free_word(s, w) | s->groups[w].cached |
		                     atomic_load_explicit(span_remote_word(s, w), memory_order_relaxed));
}

void fillcheck_all(void)
{
	struct world_stop stop;
	if (!fill_wanted || !thread_current || confine_is_done() || !world_stop(&stop))
		return;
	for (unsigned class = 1; class < SIZECLASS_COUNT; class++)
		for (struct span *s = mcentral[span_class(SPAN_ROOT, class)].all; s; s = s->all_next)
			check_span(s);
	fill_check_pages();
	world_start();
}
