/* stackspan.c - see stackspan.h. */
#include "stackspan.h"

#include "lock.h"
#include "sanitizer.h"
#include "span.h"

static struct {
	struct lock lock;
	struct span *first; /* linked by all_next and all_prev */
} stacks;

struct span *stackspan_new(size_t bytes)
{
	size_t pages = bytes / PAGE_BYTES + (bytes % PAGE_BYTES != 0);
	struct span *s = span_new(SPAN_STACK, SPAN_SCAN, 0, pages, 1);
	if (!s)
		return NULL;
	sanitizer_show(s->base, pages * PAGE_BYTES);
	pageheap_note_marked(s->base, pages * PAGE_BYTES);
	lock_acquire(&stacks.lock);
	s->all_prev = NULL;
	s->all_next = stacks.first;
	if (stacks.first)
		stacks.first->all_prev = s;
	stacks.first = s;
	lock_release(&stacks.lock);
	return s;
}

void stackspan_free(struct span *s)
{
	lock_acquire(&stacks.lock);
	if (s->all_prev)
		s->all_prev->all_next = s->all_next;
	else
		stacks.first = s->all_next;
	if (s->all_next)
		s->all_next->all_prev = s->all_prev;
	lock_release(&stacks.lock);
	span_free(s);
}

bool stackspan_set_sp(struct span *s, uintptr_t sp)
{
	if (sp && (sp < s->base || sp > s->base + s->elem_bytes))
		return false;
	uintptr_t former = __atomic_load_n(&s->stack_sp, __ATOMIC_RELAXED);
	if (sp < former)
		atomic_store_explicit(&s->rescan, 1, memory_order_relaxed);
	__atomic_store_n(&s->stack_sp, sp, __ATOMIC_RELAXED);
	return true;
}

static void visit_live(struct span *s, void (*visit)(void *arg, uintptr_t lo, uintptr_t hi),
                       void *arg)
{
	uintptr_t sp = __atomic_load_n(&s->stack_sp, __ATOMIC_RELAXED);
	atomic_store_explicit(&s->rescan, 0, memory_order_relaxed);
	pageheap_note_marked(s->base, s->elem_bytes);
	visit(arg, sp ? sp : s->base, s->base + s->elem_bytes);
}

void stackspan_visit(void (*visit)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	for (struct span *s = stacks.first; s; s = s->all_next)
		visit_live(s, visit, arg);
}

void stackspan_visit_grown(void (*visit)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	for (struct span *s = stacks.first; s; s = s->all_next)
		if (atomic_load_explicit(&s->rescan, memory_order_relaxed))
			visit_live(s, visit, arg);
}
