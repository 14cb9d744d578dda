/* special.c - see special.h. */
#include "special.h"

#include <string.h>

#include "lock.h"
#include "sysmem.h"

/* Spans with specials, in a list of their own, so that marking finds them without a walk. */
struct special_span {
	struct special_span *next;
	struct span *span;
};

static struct {
	struct lock lock;
	struct special *unused;
	struct special_span *unused_spans, *spans;
	struct special *queue, **queue_end;
	struct special running;
	bool is_running;
} specials;

static struct special *special_new(void)
{
	struct special *sp = specials.unused;
	if (sp)
		specials.unused = sp->next;
	else
		sp = sysmem_alloc(sizeof *sp, &sysmem_stats.other_sys);
	return sp;
}

static void special_delete(struct special *sp)
{
	memset(sp, 0, sizeof *sp);
	sp->next = specials.unused;
	specials.unused = sp;
}

static bool span_listed(struct span *s)
{
	struct special_span *entry = specials.unused_spans;
	if (entry)
		specials.unused_spans = entry->next;
	else
		entry = sysmem_alloc(sizeof *entry, &sysmem_stats.other_sys);
	if (!entry)
		return false;
	entry->span = s;
	entry->next = specials.spans;
	specials.spans = entry;
	return true;
}

/* The link that leads to the object's special, or to where it would stand. */
static struct special **find(struct span *s, uintptr_t object)
{
	struct special **link = &s->specials;
	while (*link && (*link)->object < object)
		link = &(*link)->next;
	return link;
}

static bool insert(struct span *s, struct special **link, uintptr_t object,
                   void (*fn)(void *, void *), void *arg)
{
	struct special *sp = special_new();
	if (!sp)
		return false;
	if (!s->specials && !span_listed(s)) {
		special_delete(sp);
		return false;
	}
	*sp = (struct special){.next = *link, .object = object, .fn = fn, .arg = arg};
	*link = sp;
	return true;
}

/* Takes *link out of the span's list. A span without specials leaves the list of spans lazily. */
static struct special *unlink_special(struct special **link)
{
	struct special *sp = *link;
	*link = sp->next;
	return sp;
}

static void spans_forget(struct span *s)
{
	for (struct special_span **link = &specials.spans; *link; link = &(*link)->next) {
		if ((*link)->span != s)
			continue;
		struct special_span *entry = *link;
		*link = entry->next;
		entry->next = specials.unused_spans;
		specials.unused_spans = entry;
		return;
	}
}

bool special_set(struct span *s, uintptr_t object, void (*fn)(void *, void *), void *arg)
{
	bool ok = true;
	lock_acquire(&specials.lock);
	struct special **link = find(s, object);
	bool exists = *link && (*link)->object == object;
	if (exists && fn) {
		(*link)->fn = fn;
		(*link)->arg = arg;
	} else if (exists) {
		special_delete(unlink_special(link));
		if (!s->specials)
			spans_forget(s);
	} else if (fn) {
		ok = insert(s, link, object, fn, arg);
		__atomic_store_n(&s->quick_nelems, 0, __ATOMIC_RELAXED); /* its frees look here first */
	}
	lock_release(&specials.lock);
	return ok;
}

bool special_take(struct span *s, uintptr_t object, struct special *out)
{
	lock_acquire(&specials.lock);
	struct special **link = find(s, object);
	bool exists = *link && (*link)->object == object;
	if (exists) {
		*out = **link;
		special_delete(unlink_special(link));
		if (!s->specials)
			spans_forget(s);
	}
	lock_release(&specials.lock);
	return exists;
}

static void enqueue(struct special *sp)
{
	sp->next = NULL;
	if (!specials.queue)
		specials.queue_end = &specials.queue;
	*specials.queue_end = sp;
	specials.queue_end = &sp->next;
}

unsigned special_sweep(struct span *s)
{
	unsigned queued = 0;
	lock_acquire(&specials.lock);
	for (struct special **link = &s->specials; *link;) {
		unsigned index = span_index(s, (*link)->object);
		_Atomic uint64_t *mark = span_mark_word(s, index >> 6);
		uint64_t bit = (uint64_t)1 << (index & 63);
		if (*mark & bit) {
			link = &(*link)->next;
			continue;
		}
		*mark |= bit;
		enqueue(unlink_special(link));
		queued++;
	}
	if (!s->specials)
		spans_forget(s);
	lock_release(&specials.lock);
	return queued;
}

void special_visit_attached(void (*visit)(void *arg, struct span *s, const struct special *), void *arg)
{
	for (struct special_span *entry = specials.spans; entry; entry = entry->next)
		for (struct special *sp = entry->span->specials; sp; sp = sp->next)
			visit(arg, entry->span, sp);
}

void special_visit_queued(void (*visit)(void *arg, const struct special *), void *arg)
{
	for (struct special *sp = specials.queue; sp; sp = sp->next)
		visit(arg, sp);
	if (specials.is_running)
		visit(arg, &specials.running);
}

bool special_run_next(struct special *out)
{
	lock_acquire(&specials.lock);
	struct special *sp = specials.queue;
	specials.is_running = sp != NULL;
	if (sp) {
		specials.queue = sp->next;
		*out = specials.running = *sp;
		special_delete(sp);
	} else {
		memset(&specials.running, 0, sizeof specials.running);
	}
	lock_release(&specials.lock);
	return sp != NULL;
}

bool special_queue_empty(void)
{
	return __atomic_load_n(&specials.queue, __ATOMIC_RELAXED) == NULL;
}

void special_after_fork(void)
{
	specials.is_running = false;
	memset(&specials.running, 0, sizeof specials.running);
}
