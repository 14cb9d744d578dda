/*
 * block.h - malloc's blocks: objects of SPAN_ROOT, which live until they are freed.
 *
 * The inline functions are the whole fast path: a class from a table, the lowest bit of
 * a word. Behind them stand the slow ones, which also serve who has no thread
 * record: the heap's own beginning (early.h) and threads past their last destructor, which
 * borrow a record for one operation.
 *
 * All keep to malloc's rules: 16-byte alignment from 16 bytes on, 8 below; NULL with
 * ENOMEM; what is freed wrongly ends the process with a message.
 */
#ifndef MALLOC_BLOCK_H
#define MALLOC_BLOCK_H

#include <stddef.h>
#include <stdint.h>

#include "heap.h"
#include "pageheap.h"

enum block_content { BLOCK_AS_IT_IS, BLOCK_ZEROED };

/* A block of any size; sizes over PTRDIFF_MAX are refused. align: a power of two. */
void *block_alloc_slow(size_t bytes, size_t align, enum block_content content);

/* Frees it in the name of `caller`. Keeps errno. */
void block_free_slow(void *p, const char *caller);

/* A block of the new size with the old content; p is not NULL, bytes not 0. */
void *block_resize(void *p, size_t bytes);

/* What p's block holds; 0 for what is no block. */
size_t block_room(const void *p);

/*
 * What the fast paths end with where it is not plain: the thread has entered the heap and
 * must leave it. Calls in last place, so that the fast paths save no register.
 */
void *block_alloc_inside(size_t bytes);
void *block_alloc_parked(void *p);
void block_free_inside(void *p, const char *caller);
void block_free_turned(void *p);
void block_free_parked(void);

static inline void *block_alloc(size_t bytes)
{
	struct thread *t = thread_or_nobody;
	size_t class = sizeclass_or_none(bytes);
	t->in_heap = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	struct mcache_slot *slots = &t->open_mcache->slots[SPAN_ROOT * SIZECLASS_COUNT];
	struct mcache_slot *slot = &slots[class];
	uint64_t word = *slot->word;
	if (__builtin_expect(word == 0, 0))
		return block_alloc_inside(bytes);
	void *p = mcache_slot_take(slot, word);
	heap_hold(p);
	__atomic_store_n(&t->in_heap, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	return __builtin_expect(t->stop_pending != 0, 0) ? block_alloc_parked(p) : p;
}

/* Wherever it stands the name is known: it takes no register. */
static inline __attribute__((always_inline)) void block_free(void *p, const char *caller)
{
	struct thread *t = thread_or_nobody;
	struct span *s = pageheap_span_of((uintptr_t)p); /* none for NULL */
	if (__builtin_expect(!s, 0)) {
		block_free_slow(p, caller);
		return;
	}
	t->in_heap = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(!mcache_free_quick(t->open_mcache, s, (uintptr_t)p), 0)) {
		block_free_inside(p, caller);
		return;
	}
	if (__builtin_expect(--s->until_turn == 0, 0)) {
		block_free_turned(p);
		return;
	}
	__atomic_store_n(&t->in_heap, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(t->stop_pending != 0, 0))
		block_free_parked();
}

static inline void *block_alloc_zeroed(size_t bytes)
{
	struct thread *t = thread_current;
	if (__builtin_expect(!t || bytes - 1 >= SIZECLASS_BYTES_MAX || t->gate != 0, 0))
		return block_alloc_slow(bytes, 1, BLOCK_ZEROED);
	void *p = heap_alloc_class(t, span_class(SPAN_ROOT, sizeclass_of(bytes)));
	return __builtin_expect(p != NULL, 1) ? p : block_alloc_slow(bytes, 1, BLOCK_ZEROED);
}

#endif
