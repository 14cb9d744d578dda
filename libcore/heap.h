/*
 * heap.h - the heap as a whole: the only place where allocation meets collection.
 *
 * Functions here take the calling thread's record and are called outside the heap
 * (thread.h); they enter and leave it themselves, and may run a cycle after they left.
 */
#ifndef HEAP_H
#define HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "mcache.h"
#include "recorder.h"
#include "sanitizer.h"
#include "span.h"
#include "thread.h"

/*
 * cycle_run, with no frame below the caller's taken for one of the program. Outside the
 * heap; false when a thread could not be stopped.
 */
bool heap_collect(struct thread *t, enum recorder_reason reason);

/* The calling thread's record, made (and the heap with it) at first use; NULL: no memory. */
struct thread *heap_thread_slow(void);

static inline struct thread *heap_thread(void)
{
	struct thread *t = thread_current;
	return __builtin_expect(t != NULL, 1) ? t : heap_thread_slow();
}

/*
 * Before thread_leave: from here on the address itself is in a register or on the stack,
 * where a stop finds it. Without it the compiler may keep what it is computed from.
 */
#define heap_hold(p) __asm__ volatile("" : "+r"(p) : : "memory")

static inline void heap_zero(void *p, size_t bytes)
{
	uint64_t *words = p;
	if (bytes <= 64) {
		for (size_t i = 0; i < bytes / 8; i++)
			words[i] = 0;
	} else {
		memset(p, 0, bytes);
	}
}

/* An object of a small class, zeroed, where the cache may hold none. NULL: the OS refuses. */
void *heap_alloc_slow(struct thread *t, unsigned span_class);

/* The same, as the former object left it. */
void *heap_take_slow(struct thread *t, unsigned span_class);

/* The same two for a thread that has entered the heap, and leaves it. NULL: go the slow way. */
void *heap_alloc_inside(struct thread *t, unsigned span_class);
void *heap_take_inside(struct thread *t, unsigned span_class);

/* An object of a small class, zeroed; NULL: the OS refuses. */
static inline void *heap_alloc_class(struct thread *t, unsigned class)
{
	thread_enter(t);
	struct mcache_slot *slot = &t->mcache.slots[class];
	uint64_t word = *slot->word;
	if (__builtin_expect(word == 0, 0)) {
		thread_leave(t);
		return heap_alloc_slow(t, class);
	}
	size_t bytes = slot->elem_bytes;
	bool dirty = slot->dirty;
	void *p = mcache_slot_take(slot, word);
	heap_hold(p);
	thread_leave(t);
	sanitizer_show(p, bytes);
	if (dirty)
		heap_zero(p, bytes);
	return p;
}

/*
 * An object of a small class of SPAN_TYPED, zeroed, its type word set. All of it inside
 * the heap: no stop sees the type of the object that was in the slot before.
 */
void *heap_alloc_typed(struct thread *t, unsigned size_class, const void *type);

/* An object over SIZECLASS_BYTES_MAX, or of any size with an alignment over a page. Zeroed. */
void *heap_alloc_large(struct thread *t, enum span_kind kind, size_t bytes, size_t align);

/* The same, as the former object left it. */
void *heap_take_large(struct thread *t, enum span_kind kind, size_t bytes, size_t align);

/* The same once more, for a caller that must neither collect nor be stopped. */
void *heap_take_large_quietly(struct thread *t, enum span_kind kind, size_t bytes, size_t align);

/*
 * Makes malloc's large block at p, in span s, hold `bytes` where it is, longer or shorter.
 * False: it cannot.
 */
bool heap_resize_large(struct thread *t, struct span *s, size_t bytes);

/* The smallest class that holds the bytes at the alignment; 0 if none does. */
unsigned heap_class_for(size_t bytes, size_t align);

/* A pointer-free object under 16 bytes. Zeroed. */
void *heap_alloc_tiny(struct thread *t, size_t bytes);

/* An object of any size and kind, zeroed; align a power of two. NULL: the OS refuses. */
void *heap_alloc(struct thread *t, enum span_kind kind, size_t bytes, size_t align);

/* What p points into. False: not into a span of objects, or into its tail. */
struct heap_object {
	struct span *span;
	uintptr_t start;
	unsigned index;
};
bool heap_find(uintptr_t p, struct heap_object *out);

/*
 * The same for an object on which something may hang (special.h): allocated, not tiny, its span
 * swept, because the mark of the last cycle says nothing of what is attached after it. Inside
 * the heap.
 */
bool heap_find_to_attach(struct thread *t, const void *p, struct heap_object *out);

/* Frees the object that starts at p, or reports why not in the name of `caller`: false. */
bool heap_free(struct thread *t, void *p, const char *caller);

#endif
