/* stackspan.c - see stackspan.h. */
#define _GNU_SOURCE
#include "stackspan.h"

#include <errno.h>
#include <sys/mman.h>

#include "lock.h"
#include "os.h"
#include "sanitizer.h"
#include "span.h"

enum { RESIDENT_PAGES = 256 }; /* asked about at a time */

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
	__atomic_store_n(&s->stack_sp, sp, __ATOMIC_RELAXED);
	return true;
}

/* Reading a page that was never touched would make it resident: such pages are left out. */
static void visit_resident(uintptr_t lo, uintptr_t hi, void (*visit)(uintptr_t, uintptr_t))
{
	size_t unit = os_page_bytes();
	unsigned char resident[RESIDENT_PAGES];
	int saved = errno;
	for (uintptr_t at = lo & -unit; at < hi;) {
		size_t pages = (hi - at + unit - 1) / unit;
		if (pages > RESIDENT_PAGES)
			pages = RESIDENT_PAGES;
		bool known = mincore((void *)at, pages * unit, resident) == 0;
		for (size_t i = 0; i < pages; i++, at += unit)
			if (!known || resident[i] & 1)
				visit(at < lo ? lo : at, at + unit > hi ? hi : at + unit);
	}
	errno = saved;
}

void stackspan_visit(void (*visit)(uintptr_t lo, uintptr_t hi))
{
	for (struct span *s = stacks.first; s; s = s->all_next) {
		uintptr_t sp = __atomic_load_n(&s->stack_sp, __ATOMIC_RELAXED);
		visit_resident(sp ? sp : s->base, s->base + s->elem_bytes, visit);
	}
}
