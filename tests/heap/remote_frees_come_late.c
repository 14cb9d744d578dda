/*
 * A thread that freed into another's span may be late with telling so: the span is gone by
 * then, and its structure stands for a span of another class. Neither may suffer.
 *
 * What the late thread does is done here by hand, step by step, with the heap's internals.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "../libcore/check.h"
#include "mcache.h"
#include "mcentral.h"
#include "thread.h"

enum { FIRST_BYTES = 2048, SECOND_BYTES = 1536 }; /* classes 37 and 35: one word of bits each */

static struct span *span_of(const void *p)
{
	return pageheap_span_of((uintptr_t)p);
}

/* Fills spans of the class until one of them is the given structure; an object of it. */
static void *object_in(const struct span *wanted, size_t bytes)
{
	for (int i = 0; i < 100000; i++) {
		void *p = memspan_alloc_uncollectable(bytes);
		check(p);
		if (span_of(p) == wanted)
			return p;
	}
	check(!"the structure is used again");
	return NULL;
}

/* Two spans of the class, emptied and given back. */
static void make_dead_spans(struct span *dead[2])
{
	enum { OBJECTS = 600 }; /* more than a cache keeps of empty spans */
	void *objects[OBJECTS];
	unsigned found = 0;
	for (int i = 0; i < OBJECTS; i++)
		check((objects[i] = memspan_alloc_uncollectable(FIRST_BYTES)));
	for (int turn = 0; turn < 2; turn++) { /* an object of each span first: all have room */
		for (int i = 0; i < OBJECTS; i++) {
			struct span *s = span_of(objects[i]);
			if (!s || (span_index(s, (uintptr_t)objects[i]) == 0) != (turn == 0))
				continue;
			memspan_free(objects[i]);
			if (s->state == SPAN_DEAD && found < 2)
				dead[found++] = s;
		}
	}
	check(found == 2);
}

static void push_late(struct span *s)
{
	struct thread *t = thread_self();
	thread_enter(t);
	mcentral_push_remote(s);
	thread_leave(t);
}

static void drain(unsigned class)
{
	struct thread *t = thread_self();
	thread_enter(t);
	mcentral_drain(class);
	thread_leave(t);
}

static bool is_partial(unsigned class, const struct span *s)
{
	for (const struct span *p = mcentral[class].partial; p; p = p->link_next)
		if (p == s)
			return true;
	return false;
}

static _Atomic(struct span *) structure; /* that the large objects have, one after the other */
static _Atomic bool done;

static void *late(void *arg)
{
	(void)arg;
	while (!done) {
		push_late(structure);
		for (unsigned kind = 0; kind < SPAN_KINDS; kind++)
			drain(span_class((enum span_kind)kind, 0));
	}
	return NULL;
}

/*
 * The structure is on a central stack, and is drained while a large object that it stands for
 * by now is freed: only one of the two may give the span back.
 */
static void large_objects_are_freed_once(void)
{
	enum { OBJECTS = 300000, LARGE_BYTES = 40000 };
	pthread_t thread;
	void *p = memspan_alloc_uncollectable(LARGE_BYTES);
	structure = span_of(p);
	check(pthread_create(&thread, NULL, late, NULL) == 0);
	for (int i = 0; i < OBJECTS; i++) {
		memspan_free(p);
		check((p = memspan_alloc_uncollectable(LARGE_BYTES)));
		check(span_of(p)->base == (uintptr_t)p && span_of(p)->npages == 5);
		structure = span_of(p);
	}
	done = true;
	pthread_join(thread, NULL);
	memspan_free(p);
}

int main(void)
{
	unsigned first = span_class(SPAN_ROOT, sizeclass_of(FIRST_BYTES));
	unsigned second = span_class(SPAN_ROOT, sizeclass_of(SECOND_BYTES));
	struct span *dead[2];
	make_dead_spans(dead);
	push_late(dead[0]);
	push_late(dead[1]); /* from here the way to the other leads: it must not be lost */
	check(mcentral[first].remote == dead[1]);

	void *object = object_in(dead[1], SECOND_BYTES);
	check(dead[1]->state == SPAN_INUSE && span_class_of(dead[1]) == second);
	drain(first);
	check(!is_partial(first, dead[0]) && !is_partial(first, dead[1]));
	check(!dead[0]->remote_queued);

	/* Its owner goes on with it as with any other. */
	memspan_free(object);
	memspan_gc();
	drain(second);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		for (const struct span *s = mcentral[class].partial; s; s = s->link_next)
			check(span_class_of(s) == class);
	for (int i = 0; i < 1000; i++) {
		void *p = memspan_alloc_uncollectable(FIRST_BYTES);
		check(p && memspan_usable_size(p) == FIRST_BYTES);
	}
	large_objects_are_freed_once();
	memspan_gc(); /* in a build with checks: every count and list */
	return 0;
}
