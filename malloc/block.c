/* block.c - see block.h. */
#include "block.h"

#include <errno.h>
#include <stdlib.h>

#include "early.h"
#include "fill.h"
#include "fillcheck.h"
#include "memspan.h"
#include "os.h"
#include "pacepoint.h"
#include "stats.h"

/* The calling thread makes the heap ready: what it allocates meanwhile is early. */
static _Thread_local bool starting __attribute__((tls_model("initial-exec")));

/* Before everything else that a constructor does. */
__attribute__((constructor(101))) static void serve_malloc(void)
{
	pacepoint_enable();
	early_tell_root();
}

/* After everything else that a destructor does: a recording has ended by then. */
__attribute__((destructor(101))) static void end_malloc(void)
{
	fillcheck_all();
}

/* ---- threads without a record ------------------------------------------ */

/* The calling thread's record. NULL: the heap begins, the thread is late, or no memory is left. */
static struct thread *known_thread(void)
{
	if (thread_current || thread_has_ended || starting)
		return thread_current;
	starting = true;
	pacepoint_enable();
	struct thread *t = heap_thread();
	starting = false;
	return t;
}

/*
 * For threads that have ended. While the list of threads is locked no world is stopped, so
 * the record need not be known to anybody; in between it holds nothing.
 */
static struct thread late;

static struct thread *late_begin(void)
{
	lock_acquire(&thread_list.lock);
	mcache_open(&late.mcache);
	return &late;
}

static void late_end(void)
{
	stats_thread_ended(&late.mcache);
	lock_release(&thread_list.lock);
}

static void *late_alloc(unsigned class, size_t bytes, size_t align)
{
	struct thread *t = late_begin();
	void *p = class ? mcache_alloc(&t->mcache, span_class(SPAN_ROOT, class))
	                : heap_take_large_quietly(t, SPAN_ROOT, bytes, align);
	late_end();
	return p;
}

/* ---- allocation -------------------------------------------------------- */

/* With MEMSPAN_MALLOC_DEBUG: as it was left, which is looked at, and then filled anew. */
static void *take_watched(struct thread *t, size_t bytes, size_t align, enum block_content content)
{
	unsigned class = heap_class_for(bytes, align);
	void *p = !t      ? late_alloc(class, bytes, align)
	          : class ? heap_take_slow(t, span_class(SPAN_ROOT, class))
	                  : heap_take_large(t, SPAN_ROOT, bytes, align);
	if (!p)
		return NULL;
	struct span *s = pageheap_span_of((uintptr_t)p);
	fill_check_taken(s, (uintptr_t)p);
	if (content == BLOCK_ZEROED)
		memset(p, 0, bytes);
	else
		fill_new(p, s->elem_bytes);
	return p;
}

static void *take(struct thread *t, size_t bytes, size_t align, enum block_content content)
{
	unsigned class = heap_class_for(bytes, align);
	bool clear = content == BLOCK_ZEROED;
	void *p;
	if (!t) {
		p = late_alloc(class, bytes, align);
		if (p && clear)
			memset(p, 0, bytes);
	} else if (class) {
		class = span_class(SPAN_ROOT, class);
		p = clear ? heap_alloc_class(t, class) : heap_take_slow(t, class);
	} else {
		p = clear ? heap_alloc_large(t, SPAN_ROOT, bytes, align)
		          : heap_take_large(t, SPAN_ROOT, bytes, align);
	}
	return p;
}

void *block_alloc_slow(size_t bytes, size_t align, enum block_content content)
{
	int saved = errno;
	void *p = NULL;
	if (bytes == 0)
		bytes = 1;
	if (bytes <= PTRDIFF_MAX && align <= PTRDIFF_MAX) {
		struct thread *t = known_thread();
		if (starting)
			p = early_alloc(bytes, align);
		else if (t || thread_has_ended)
			p = fill_wanted ? take_watched(t, bytes, align, content)
			                : take(t, bytes, align, content);
	}
	errno = p ? saved : ENOMEM;
	return p;
}

/* ---- free -------------------------------------------------------------- */

static void free_or_die(struct thread *t, void *p, const char *caller)
{
	if (!heap_free(t, p, caller))
		abort();
}

void block_free_slow(void *p, const char *caller)
{
	struct thread *t = thread_current;
	if (!p)
		return;
	if (__builtin_expect(t != NULL, 1)) {
		if (__builtin_expect(!heap_free(t, p, caller), 0) && !early_contains(p))
			abort();
		return;
	}
	if (early_contains(p))
		return;
	t = known_thread();
	if (t) {
		free_or_die(t, p, caller);
	} else if (thread_has_ended) {
		free_or_die(late_begin(), p, caller);
		late_end();
	}
}

/* ---- the ends of the fast paths ------------------------------------------ */

static __attribute__((noinline)) void *alloc_from_next_span(struct thread *t, unsigned class,
                                                                  size_t bytes)
{
	int saved = errno;
	void *p = heap_take_inside(t, class);
	errno = saved;
	return p ? p : block_alloc_slow(bytes, 1, BLOCK_AS_IT_IS);
}

void *block_alloc_inside(size_t bytes)
{
	struct thread *t = thread_current;
	void *p = NULL;
	if (!t)
		return block_alloc_slow(bytes, 1, BLOCK_AS_IT_IS);
	if (t->gate == 0 && bytes - 1 < SIZECLASS_BYTES_MAX) {
		unsigned class = span_class(SPAN_ROOT, sizeclass_of(bytes));
		p = mcache_alloc_next(&t->mcache, class);
		if (!p)
			return alloc_from_next_span(t, class, bytes);
		heap_hold(p);
	}
	thread_leave(t);
	return p ? p : block_alloc_slow(bytes, 1, BLOCK_AS_IT_IS);
}

void *block_alloc_parked(void *p)
{
	thread_park_pending(thread_current);
	return p;
}

static __attribute__((noinline)) void free_not_quickly(void *p, const char *caller)
{
	struct thread *t = thread_current;
	struct span *s = pageheap_span_of((uintptr_t)p);
	bool freed = t->gate == 0 && s && mcache_free_plain(&t->mcache, s, (uintptr_t)p);
	thread_leave(t);
	if (!freed)
		block_free_slow(p, caller);
}

void block_free_inside(void *p, const char *caller)
{
	struct thread *t = thread_current;
	struct span *s = pageheap_span_of((uintptr_t)p);
	if (!t)
		block_free_slow(p, caller);
	else if (t->gate == 0 && s && mcache_free_into_parcel(&t->mcache, s, (uintptr_t)p))
		thread_leave(t);
	else
		free_not_quickly(p, caller);
}

void block_free_turned(void *p)
{
	struct thread *t = thread_current;
	mcache_span_turned(&t->mcache, pageheap_span_of((uintptr_t)p));
	thread_leave(t);
}

void block_free_parked(void)
{
	thread_park_pending(thread_current);
}

/* ---- size -------------------------------------------------------------- */

size_t block_room(const void *p)
{
	struct heap_object o;
	if (early_contains(p))
		return early_size(p);
	if (!heap_find((uintptr_t)p, &o))
		return 0;
	return o.start + o.span->elem_bytes - (uintptr_t)p;
}

/* Whether a block with this room is still the right place. */
static bool fits(size_t room, size_t bytes)
{
	return bytes <= room && (bytes >= room / 2 || room <= 16);
}

/* Of a block with pages of its own that is to stay one. */
static bool resized_in_place(struct span *s, size_t bytes)
{
	struct thread *t = thread_current;
	return t && s->size_class == 0 && bytes > SIZECLASS_BYTES_MAX && heap_resize_large(t, s, bytes);
}

/*
 * A large block that has grown once will do so again: with an eighth more, however small the
 * steps, all its moves together cost no more than some times its size.
 */
static void *grow_large(size_t bytes)
{
	void *fresh = NULL;
	if (bytes <= PTRDIFF_MAX - bytes / 8)
		fresh = block_alloc_slow(bytes + bytes / 8, 1, BLOCK_AS_IT_IS);
	return fresh ? fresh : block_alloc(bytes);
}

void *block_resize(void *p, size_t bytes)
{
	struct heap_object o;
	bool is_early = early_contains(p);
	if (!is_early && (!heap_find((uintptr_t)p, &o) || o.start != (uintptr_t)p))
		block_free(p, "realloc"); /* says what is wrong with it, and does not return */
	if (!is_early && o.span->kind != SPAN_ROOT)
		return memspan_realloc(p, bytes);
	size_t room = block_room(p);
	if (fits(room, bytes) || (!is_early && resized_in_place(o.span, bytes)))
		return p;
	void *fresh = bytes > SIZECLASS_BYTES_MAX && room > SIZECLASS_BYTES_MAX
	                  ? grow_large(bytes)
	                  : block_alloc(bytes);
	if (!fresh)
		return NULL;
	memcpy(fresh, p, bytes < room ? bytes : room);
	block_free(p, "realloc");
	return fresh;
}
