/* special.c - see special.h. */
#include "special.h"

#include <string.h>

#include "lock.h"
#include "os.h"
#include "sysmem.h"

enum { SPANS_MAX = 1 << 24, VISITED_TOGETHER = 32 };

void (*special_shade)(const struct special *special);

static struct {
	struct lock lock;
	struct special *unused;
	struct span **spans; /* those with specials, each at its special_place; a table */
	uint32_t span_count, span_count_max;
	uint32_t to_visit; /* of them, the first ones */
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

/* ---- spans with specials --------------------------------------------------- */

/* The table's memory counts as it is touched. */
static bool spans_make_room(void)
{
	if (specials.span_count < specials.span_count_max)
		return true;
	if (!specials.spans)
		specials.spans = sysmem_table(SPANS_MAX * sizeof *specials.spans);
	if (!specials.spans || specials.span_count == SPANS_MAX)
		return false;
	specials.span_count_max += (uint32_t)(os_page_bytes() / sizeof *specials.spans);
	sysmem_stats.other_sys += os_page_bytes();
	return true;
}

static bool span_enter(struct span *s)
{
	if (s->special_place)
		return true;
	if (!spans_make_room())
		return false;
	specials.spans[specials.span_count] = s;
	s->special_place = ++specials.span_count;
	/* Its frees look here first. */
	__atomic_store_n(&s->quick_nelems, 0, __ATOMIC_RELAXED);
	return true;
}

static void span_leave_if_bare(struct span *s)
{
	if (s->specials || !s->special_place)
		return;
	struct span *last = specials.spans[--specials.span_count];
	specials.spans[s->special_place - 1] = last;
	last->special_place = s->special_place;
	s->special_place = 0;
}

/* ---- the queue ------------------------------------------------------------- */

static void enqueue(struct special *sp)
{
	if (!specials.queue)
		specials.queue_end = &specials.queue;
	sp->queue_next = NULL;
	sp->queue_link = specials.queue_end;
	*specials.queue_end = sp;
	specials.queue_end = &sp->queue_next;
}

static void dequeue(struct special *sp)
{
	*sp->queue_link = sp->queue_next;
	if (sp->queue_next)
		sp->queue_next->queue_link = sp->queue_link;
	else
		specials.queue_end = sp->queue_link;
	sp->queue_link = NULL;
}

/* ---- a span's list --------------------------------------------------------- */

/* The link that leads to the first special at the address or behind it. */
static struct special **find(struct span *s, uintptr_t address)
{
	struct special **link = &s->specials;
	while (*link && (*link)->address < address)
		link = &(*link)->next;
	return link;
}

/* The link to the one at this address that is a weak reference, or an attached finalizer; or NULL. */
static struct special **find_kind(struct span *s, uintptr_t address, bool weak)
{
	struct special **link = find(s, address);
	for (; *link && (*link)->address == address; link = &(*link)->next)
		if (special_is_weak(*link) == weak && !(*link)->queue_link)
			return link;
	return NULL;
}

/* Who marks may have been here. */
static void shade(const struct special *sp)
{
	if (__builtin_expect(span_marking, 0))
		special_shade(sp);
}

static bool insert(struct span *s, struct special special)
{
	struct special *sp = special_new(), **link = find(s, special.address);
	if (!sp)
		return false;
	if (!span_enter(s)) {
		special_delete(sp);
		return false;
	}
	*sp = special;
	sp->next = *link;
	*link = sp;
	shade(sp);
	return true;
}

static struct special *unlink_special(struct special **link)
{
	struct special *sp = *link;
	*link = sp->next;
	return sp;
}

static void drop(struct special **link)
{
	struct special *sp = unlink_special(link);
	if (special_is_weak(sp))
		atomic_store_explicit(sp->handle, 0, memory_order_release);
	if (sp->queue_link)
		dequeue(sp);
	special_delete(sp);
}

bool special_set(struct span *s, uintptr_t object, void (*fn)(void *, void *), void *arg)
{
	bool ok = true;
	lock_acquire(&specials.lock);
	struct special **link = find_kind(s, object, false);
	if (link && fn) {
		(*link)->fn = fn;
		(*link)->arg = arg;
		shade(*link);
	} else if (link) {
		drop(link);
		span_leave_if_bare(s);
	} else if (fn) {
		ok = insert(s, (struct special){.address = object, .fn = fn, .arg = arg});
	}
	lock_release(&specials.lock);
	return ok;
}

_Atomic uintptr_t *special_handle(struct span *s, uintptr_t address, _Atomic uintptr_t *fresh)
{
	lock_acquire(&specials.lock);
	struct special **link = find_kind(s, address, true);
	_Atomic uintptr_t *handle = link ? (*link)->handle : fresh;
	if (!link && fresh) {
		atomic_store_explicit(fresh, address, memory_order_relaxed);
		if (!insert(s, (struct special){.address = address, .handle = fresh}))
			handle = NULL;
	}
	lock_release(&specials.lock);
	return handle;
}

void special_drop(struct span *s, uintptr_t lo, uintptr_t hi)
{
	lock_acquire(&specials.lock);
	struct special **link = find(s, lo);
	while (*link && (*link)->address < hi)
		drop(link);
	span_leave_if_bare(s);
	lock_release(&specials.lock);
}

static void move_one(struct special **link, struct span *target, uintptr_t address)
{
	struct special *sp = unlink_special(link), **to = find(target, address);
	sp->address = address;
	if (special_is_weak(sp))
		atomic_store_explicit(sp->handle, address, memory_order_release);
	sp->next = *to;
	*to = sp;
	shade(sp);
}

bool special_move(struct span *s, uintptr_t from, struct span *target, uintptr_t to, size_t bytes)
{
	lock_acquire(&specials.lock);
	bool done = span_enter(target);
	struct special **link = find(s, from);
	while (done && *link && (*link)->address < from + s->elem_bytes) {
		uintptr_t offset = (*link)->address - from;
		if (offset >= bytes) {
			drop(link);
			continue;
		}
		move_one(link, target, to + offset);
		link = find(s, from); /* both may be in the same list */
	}
	span_leave_if_bare(s);
	span_leave_if_bare(target);
	lock_release(&specials.lock);
	return done;
}

/* ---- sweep and mark -------------------------------------------------------- */

static _Atomic uint64_t *mark_of(struct span *s, uintptr_t address, uint64_t *bit)
{
	unsigned index = span_index(s, address);
	*bit = (uint64_t)1 << (index & 63);
	return span_mark_word(s, index >> 6);
}

/* Who sees the object marked has seen its handles cleared. */
static void clear_handles(struct span *s)
{
	uint64_t bit;
	for (struct special **link = &s->specials; *link;) {
		if (special_is_weak(*link) && !(*mark_of(s, (*link)->address, &bit) & bit))
			drop(link);
		else
			link = &(*link)->next;
	}
}

unsigned special_sweep(struct span *s)
{
	unsigned queued = 0;
	uint64_t bit;
	lock_acquire(&specials.lock);
	clear_handles(s);
	for (struct special *sp = s->specials; sp; sp = sp->next) {
		_Atomic uint64_t *mark = mark_of(s, sp->address, &bit);
		if (special_is_weak(sp) || *mark & bit)
			continue;
		*mark |= bit;
		enqueue(sp);
		queued++;
	}
	span_leave_if_bare(s);
	lock_release(&specials.lock);
	return queued;
}

/* ---- visits ---------------------------------------------------------------- */

size_t special_visit_begin(void)
{
	return specials.to_visit = specials.span_count;
}

static unsigned copy_some(struct span *s, uintptr_t lo, uintptr_t hi, struct special *copies)
{
	unsigned count = 0;
	lock_acquire(&specials.lock);
	for (struct special *sp = *find(s, lo); sp && sp->address < hi && count < VISITED_TOGETHER;
	     sp = sp->next)
		copies[count++] = *sp;
	lock_release(&specials.lock);
	return count;
}

/*
 * The next copies begin at the address of the last one, which may have more: three at most, a
 * weak reference, a finalizer, and one that is queued.
 */
void special_visit_between(struct span *s, uintptr_t lo, uintptr_t hi, special_visit *visit, void *arg)
{
	struct special copies[VISITED_TOGETHER];
	unsigned count;
	do {
		count = copy_some(s, lo, hi, copies);
		for (unsigned i = 0; i < count; i++)
			visit(arg, s, &copies[i]);
		if (count)
			lo = copies[count - 1].address;
	} while (count == VISITED_TOGETHER);
}

/* From the last to the first: a span whose place changes meanwhile moves towards the first. */
bool special_visit_next(special_visit *visit, void *arg)
{
	struct span *s = NULL;
	lock_acquire(&specials.lock);
	if (specials.to_visit > specials.span_count)
		specials.to_visit = specials.span_count;
	if (specials.to_visit)
		s = specials.spans[--specials.to_visit];
	lock_release(&specials.lock);
	if (s)
		special_visit_between(s, 0, UINTPTR_MAX, visit, arg);
	return s;
}

bool special_running(struct special *out)
{
	*out = specials.running;
	return specials.is_running;
}

/* ---- the finalizer thread -------------------------------------------------- */

static void take_first(struct special *out)
{
	struct special *sp = specials.queue;
	struct span *s = pageheap_span_of(sp->address);
	struct special **link = find(s, sp->address);
	while (*link != sp)
		link = &(*link)->next;
	*out = *sp;
	drop(link);
	span_leave_if_bare(s);
}

bool special_run_next(struct special *out)
{
	lock_acquire(&specials.lock);
	memset(&specials.running, 0, sizeof specials.running);
	specials.is_running = specials.queue != NULL;
	if (specials.is_running) {
		take_first(out);
		specials.running = *out;
		shade(out);
	}
	bool found = specials.is_running;
	lock_release(&specials.lock);
	return found;
}

bool special_queue_empty(void)
{
	return __atomic_load_n(&specials.queue, __ATOMIC_RELAXED) == NULL;
}

void special_after_fork(void)
{
	specials.lock = (struct lock){0};
	specials.is_running = false;
	memset(&specials.running, 0, sizeof specials.running);
}
