/*
 * mcentral.h - the spans of one span class.
 *
 * `all` holds every span of the class, owned or not, newest first; `cursor` runs
 * through it once a cycle and claims spans for sweeping; `partial` holds swept
 * spans without owner that have free slots. `remote` is a stack of spans without
 * owner into which threads freed.
 *
 * Lock: mcentral.lock guards the lists and the free bits of spans without owner.
 * Order: mcentral.lock before pageheap.lock.
 */
#ifndef MCENTRAL_H
#define MCENTRAL_H

#include "lock.h"
#include "span.h"

struct mcentral {
	struct lock lock;
	struct span *all, *cursor, *partial;
	size_t count; /* spans in `all` */
	_Atomic(struct span *) remote;
} __attribute__((aligned(64)));

extern struct mcentral mcentral[SPAN_CLASSES];

/* A new span of the class, owned by m (NULL: by nobody, for a large object, which it holds). */
struct span *mcentral_new_span(unsigned span_class, struct mcache *owner, size_t pages,
                               size_t align_pages);

/* A swept span with free slots, now owned by m; NULL if there is none. */
struct span *mcentral_take(unsigned span_class, struct mcache *m);

/* The next span of the class that this cycle has not swept, claimed; NULL at the end. */
struct span *mcentral_claim_unswept(unsigned span_class);

/* The same of any class, large objects first. */
struct span *mcentral_claim_any_unswept(void);

/* Makes m the owner of a swept span that nobody has in a list. */
void mcentral_adopt(struct span *s, struct mcache *m);

/*
 * A swept span in no list, owned by nobody else: from now on nobody's. Freed if
 * empty, listed if it has free slots. Every sweep but an owner's ends with this or
 * mcentral_adopt: both fold what was freed remotely while it ran.
 */
void mcentral_put(struct span *s);

/*
 * Frees the object of a swept span of class 0, which nobody has in hand. False: it is free already.
 * Whether the span is empty is for the lock to tell: drained too late from a stack on which the
 * structure was as another span, it may be freed by who drains as soon as its count says so.
 */
bool mcentral_free_large(struct span *s);

/* Notes that a thread freed into s, which it does not own. */
void mcentral_push_remote(struct span *s);

/*
 * A span was popped from a stack: from now on a remote free pushes it again. The
 * caller folds after this.
 */
void mcentral_unqueue(struct span *s);

/* Folds the remote frees of spans without owner in. Lock not held. */
void mcentral_drain(unsigned span_class);

/* World stopped: the sweep begins; returns the spans of the class. */
size_t mcentral_begin_sweep(unsigned span_class);

/* World stopped, caches flushed: folds the remote frees of all spans on the stack. */
void mcentral_fold_stack(_Atomic(struct span *) *stack);

/* Stack of spans through remote_next, on a cache or a central list. false: closed. */
bool mcentral_stack_push(_Atomic(struct span *) *stack, struct span *s);

/* Doubly linked lists through link_next and link_prev. */
void mcentral_list_push(struct span **head, struct span *s);
void mcentral_list_remove(struct span **head, struct span *s);

#endif
