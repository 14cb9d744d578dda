/* mcentral.c - see mcentral.h. */
#include "mcentral.h"

#include <string.h>

#include "fill.h"
#include "mcache.h"
#include "sanitizer.h"
#include "sweep.h"

struct mcentral mcentral[SPAN_CLASSES];

void mcentral_list_push(struct span **head, struct span *s)
{
	s->link_prev = NULL;
	s->link_next = *head;
	if (*head)
		(*head)->link_prev = s;
	*head = s;
}

void mcentral_list_remove(struct span **head, struct span *s)
{
	if (s->link_prev)
		s->link_prev->link_next = s->link_next;
	else
		*head = s->link_next;
	if (s->link_next)
		s->link_next->link_prev = s->link_prev;
	s->link_next = s->link_prev = NULL;
}

static void all_insert(struct mcentral *c, struct span *s)
{
	s->all_prev = NULL;
	s->all_next = c->all;
	if (c->all)
		c->all->all_prev = s;
	c->all = s;
	c->count++;
}

static void all_remove(struct mcentral *c, struct span *s)
{
	if (c->cursor == s)
		c->cursor = s->all_next;
	if (s->all_prev)
		s->all_prev->all_next = s->all_next;
	else
		c->all = s->all_next;
	if (s->all_next)
		s->all_next->all_prev = s->all_prev;
	c->count--;
}

/*
 * A slot's type word is read by the marker as soon as the slot is taken, which is
 * before it is cleared and typed: it must never hold what another kind left there.
 */
static void clear_pages(struct span *s)
{
	size_t bytes = s->npages * PAGE_BYTES;
	sanitizer_show(s->base, bytes);
	memset((void *)s->base, 0, bytes);
	sanitizer_hide(s->base, bytes);
	s->dirty = false;
}

struct span *mcentral_new_span(unsigned span_class_, struct mcache *owner, size_t pages,
                               size_t align_pages)
{
	struct span *s = span_new(SPAN_INUSE, (enum span_kind)(span_class_ / SIZECLASS_COUNT),
	                          span_class_ % SIZECLASS_COUNT, pages, align_pages);
	if (!s)
		return NULL;
	if (s->kind == SPAN_TYPED && s->dirty)
		clear_pages(s);
	if (__builtin_expect(fill_wanted, 0))
		fill_begin(s);
	if (!owner) {
		span_mark_new(s, 0, 1);
		*span_free_word(s, 0) = 0; /* an empty span without owner would be freed */
		span_set_free_count(s, 0);
	}
	struct mcentral *c = &mcentral[span_class_];
	lock_acquire(&c->lock);
	atomic_store_explicit(&s->owner, owner ? span_ticket(owner) : SPAN_NOBODYS,
	                      memory_order_relaxed);
	all_insert(c, s);
	lock_release(&c->lock);
	return s;
}

void mcentral_adopt(struct span *s, struct mcache *m)
{
	struct mcentral *c = &mcentral[span_class_of(s)];
	lock_acquire(&c->lock);
	span_fold_remote(s);
	atomic_store_explicit(&s->owner, span_ticket(m), memory_order_relaxed);
	lock_release(&c->lock);
}

/*
 * Lists or unlists a span without owner by what it now holds. Lock held; true: it is in the
 * caller's hand, to be freed, and whoever finds it on a stack of remote frees leaves it alone.
 * While marking goes on an empty one stays where it is, for the sweep to free.
 */
static bool settle(struct mcentral *c, struct span *s)
{
	if (span_free_count(s) == s->nelems && !s->remote_queued && !span_marking) {
		if (s->listed)
			mcentral_list_remove(&c->partial, s);
		s->listed = false;
		all_remove(c, s);
		atomic_store_explicit(&s->owner, SPAN_IN_HAND, memory_order_relaxed);
		return true;
	}
	if (span_free_count(s) > 0 && !s->listed) {
		mcentral_list_push(&c->partial, s);
		s->listed = true;
	}
	return false;
}

/* In no list, all slots free. */
static void give_back(struct span *s)
{
	if (__builtin_expect(s->filled, 0))
		fill_check_all(s);
	span_free(s);
}

void mcentral_put(struct span *s)
{
	struct mcentral *c = &mcentral[span_class_of(s)];
	lock_acquire(&c->lock);
	atomic_store_explicit(&s->owner, SPAN_NOBODYS, memory_order_relaxed);
	span_fold_remote(s);
	bool empty = settle(c, s);
	lock_release(&c->lock);
	if (empty)
		give_back(s);
}

bool mcentral_free_large(struct span *s)
{
	struct mcentral *c = &mcentral[span_class_of(s)];
	bool empty = false;
	lock_acquire(&c->lock);
	bool done = *span_free_word(s, 0) == 0;
	if (done) {
		__atomic_store_n(span_free_word(s, 0), 1, __ATOMIC_RELAXED);
		span_set_free_count(s, 1);
		empty = settle(c, s);
	}
	lock_release(&c->lock);
	if (empty)
		give_back(s);
	return done;
}

bool mcentral_stack_push(_Atomic(struct span *) *stack, struct span *s)
{
	struct span *head = atomic_load_explicit(stack, memory_order_relaxed);
	do {
		if (head == MCACHE_CLOSED)
			return false;
		s->remote_next = head;
	} while (!atomic_compare_exchange_weak_explicit(stack, &head, s, memory_order_release,
	                                                memory_order_relaxed));
	return true;
}

void mcentral_push_remote(struct span *s)
{
	/* Looked at first: whoever clears it does so before he folds, and sees the bit just set. */
	if (atomic_load(&s->remote_queued) || atomic_exchange(&s->remote_queued, true))
		return;
	struct mcache *owner = span_owner(s);
	if (owner && mcentral_stack_push(&owner->remote, s))
		return;
	mcentral_stack_push(&mcentral[span_class_of(s)].remote, s);
}

void mcentral_unqueue(struct span *s)
{
	atomic_store_explicit(&s->remote_queued, false, memory_order_relaxed);
	atomic_thread_fence(memory_order_seq_cst);
}

/*
 * One span from the central stack. It may have found an owner meanwhile, or be unswept
 * or in a sweeper's hand: then that one folds it. Or it is a span of another class by now,
 * pushed late: then it goes where that one's belong. Lock held; true: free it.
 */
static bool drain_one(struct mcentral *c, struct span *s)
{
	mcentral_unqueue(s);
	if (!span_is_swept(s))
		return false;
	uintptr_t owner = atomic_load_explicit(&s->owner, memory_order_relaxed);
	if (owner == SPAN_IN_HAND)
		return false;
	if (owner != SPAN_NOBODYS || c != &mcentral[span_class_of(s)]) {
		mcentral_push_remote(s);
		return false;
	}
	span_fold_remote(s);
	return settle(c, s);
}

/* Under the lock; returns empty spans to free, linked by all_next. */
static struct span *drain_locked(struct mcentral *c)
{
	struct span *empty = NULL, *next;
	struct span *s = atomic_exchange_explicit(&c->remote, NULL, memory_order_acquire);
	for (; s; s = next) {
		next = s->remote_next;
		if (drain_one(c, s)) {
			s->all_next = empty;
			empty = s;
		}
	}
	return empty;
}

static void free_all(struct span *empty)
{
	while (empty) {
		struct span *next = empty->all_next;
		give_back(empty);
		empty = next;
	}
}

void mcentral_drain(unsigned span_class_)
{
	struct mcentral *c = &mcentral[span_class_];
	if (!atomic_load_explicit(&c->remote, memory_order_relaxed))
		return;
	lock_acquire(&c->lock);
	struct span *empty = drain_locked(c);
	lock_release(&c->lock);
	free_all(empty);
}

struct span *mcentral_take(unsigned span_class_, struct mcache *m)
{
	struct mcentral *c = &mcentral[span_class_];
	lock_acquire(&c->lock);
	struct span *empty = atomic_load_explicit(&c->remote, memory_order_relaxed) ? drain_locked(c)
	                                                                           : NULL;
	struct span *s = c->partial;
	if (s) {
		mcentral_list_remove(&c->partial, s);
		s->listed = false;
		atomic_store_explicit(&s->owner, span_ticket(m), memory_order_relaxed);
	}
	lock_release(&c->lock);
	free_all(empty);
	return s;
}

struct span *mcentral_claim_unswept(unsigned span_class_)
{
	struct mcentral *c = &mcentral[span_class_];
	if (!__atomic_load_n(&c->cursor, __ATOMIC_RELAXED))
		return NULL;
	lock_acquire(&c->lock);
	struct span *s = c->cursor;
	while (s && !sweep_claim(s))
		s = s->all_next;
	c->cursor = s ? s->all_next : NULL;
	lock_release(&c->lock);
	return s;
}

/* Where mcentral_claim_any_unswept looks first. */
static _Atomic unsigned unswept_class;

struct span *mcentral_claim_any_unswept(void)
{
	unsigned class = atomic_load_explicit(&unswept_class, memory_order_relaxed);
	struct span *s = NULL;
	for (; class < SPAN_CLASSES && !s; class++)
		s = mcentral_claim_unswept(class);
	if (s)
		atomic_store_explicit(&unswept_class, class - 1, memory_order_relaxed);
	return s;
}

size_t mcentral_begin_sweep(unsigned span_class_)
{
	atomic_store_explicit(&unswept_class, 0, memory_order_relaxed);
	struct mcentral *c = &mcentral[span_class_];
	c->partial = NULL;
	c->cursor = c->all;
	return c->count;
}

void mcentral_fold_stack(_Atomic(struct span *) *stack)
{
	struct span *s = atomic_load_explicit(stack, memory_order_relaxed);
	if (s == MCACHE_CLOSED)
		return;
	atomic_store_explicit(stack, NULL, memory_order_relaxed);
	for (struct span *next; s; s = next) {
		next = s->remote_next;
		atomic_store_explicit(&s->remote_queued, false, memory_order_relaxed);
		span_fold_remote(s);
	}
}
