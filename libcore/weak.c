/*
 * weak.c - weak references, as memspan.h has them.
 *
 * A handle is a tiny object of the heap: a word that holds the address, as nothing that the
 * marker reads. special.c keeps it while the object lives, and clears it when that is found
 * dead. So there is no lock in memspan_weak_get: inside the heap no stop comes between, and
 * in a span that is swept nothing is cleared before the next stop. While the program is
 * marked the address that it returns is found like any other: registers, stacks and written
 * pages are read in the last stop.
 */
#include <memspan.h>

#include <errno.h>

#include "cycle.h"
#include "heap.h"
#include "special.h"

static inline _Atomic uintptr_t *word_of(const memspan_weak *weak)
{
	return (_Atomic uintptr_t *)weak;
}

/* The handle of p there is, or `fresh` as its first. False: p can have none. */
static bool find_handle(struct thread *t, void *p, _Atomic uintptr_t *fresh,
                        _Atomic uintptr_t **handle)
{
	struct heap_object o;
	thread_enter(t);
	bool found = heap_find_to_attach(t, p, &o);
	if (found)
		*handle = special_handle(o.span, (uintptr_t)p, fresh);
	heap_hold(*handle);
	heap_hold(p);
	thread_leave(t);
	return found;
}

memspan_weak *memspan_weak_make(void *p)
{
	_Atomic uintptr_t *handle = NULL, *fresh;
	int error = EINVAL;
	if (!p)
		return NULL;
	struct thread *t = heap_thread();
	if (!t)
		goto no_memory;
	if (!find_handle(t, p, NULL, &handle))
		goto invalid;
	if (handle)
		return (memspan_weak *)handle;
	fresh = heap_alloc_tiny(t, sizeof *fresh);
	if (!fresh)
		goto no_memory;
	if (!find_handle(t, p, fresh, &handle))
		goto invalid;
	if (handle)
		return (memspan_weak *)handle;
no_memory:
	error = ENOMEM;
invalid:
	errno = error;
	return NULL;
}

/* Whether the address is the object's still: a span that waits for its sweep is swept. Inside the heap. */
static inline bool is_current(struct thread *t, const _Atomic uintptr_t *handle, uintptr_t address)
{
	struct span *s = pageheap_span_of(address);
	if (s && !span_is_swept(s))
		mcache_sweep_span(&t->mcache, s);
	return atomic_load_explicit(handle, memory_order_acquire) == address;
}

void *memspan_weak_get(const memspan_weak *weak)
{
	struct thread *t = weak ? heap_thread() : NULL;
	uintptr_t address = 0;
	if (!t)
		return NULL;
	thread_enter(t);
	do
		address = atomic_load_explicit(word_of(weak), memory_order_relaxed);
	while (address && !is_current(t, word_of(weak), address));
	void *p = (void *)address;
	heap_hold(p);
	thread_leave(t);
	return p;
}
