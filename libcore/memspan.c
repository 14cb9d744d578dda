/* memspan.c - the public functions of memspan.h that allocate, free and collect. */
#include "memspan.h"

#include <errno.h>
#include <string.h>

#include "cycle.h"
#include "heap.h"
#include "json.h"
#include "os.h"
#include "scavenge.h"
#include "special.h"
#include "stackspan.h"
#include "stats.h"
#include "trace.h"
#include "world.h"

const char *memspan_version(void)
{
	return MEMSPAN_VERSION;
}

/* ---- allocation -------------------------------------------------------- */

/* The object of no size: outside the heap, shared, never freed. */
static uint64_t no_size[2];

static inline bool is_no_size(const void *p)
{
	return p == (const void *)no_size;
}

static __attribute__((noinline)) void *refuse(int error)
{
	errno = error;
	return NULL;
}

static __attribute__((noinline)) void *alloc_slow(enum span_kind kind, size_t size, bool clear)
{
	if (size == 0)
		return no_size;
	struct thread *t = heap_thread();
	void *p = NULL;
	if (t && size <= SIZECLASS_BYTES_MAX) {
		unsigned class = span_class(kind, sizeclass_of(size));
		p = clear ? heap_alloc_class(t, class) : heap_take_slow(t, class);
	} else if (t) {
		p = clear ? heap_alloc_large(t, kind, size, 1) : heap_take_large(t, kind, size, 1);
	}
	return p ? p : refuse(ENOMEM);
}

static __attribute__((noinline)) void *cleared(void *p, size_t bytes)
{
	heap_zero(p, bytes);
	return p;
}

/*
 * What the fast path ends with where it is not plain: the thread has entered the heap and must
 * leave it. Calls in last place, so that it saves no register.
 */
static __attribute__((noinline)) void *alloc_inside(enum span_kind kind, size_t size, bool clear)
{
	struct thread *t = thread_current;
	if (t->gate != 0 || size - 1 >= SIZECLASS_BYTES_MAX) {
		thread_leave(t);
		return alloc_slow(kind, size, clear);
	}
	unsigned class = span_class(kind, sizeclass_of(size));
	void *p = mcache_alloc_next(&t->mcache, class);
	if (!p) {
		p = clear ? heap_alloc_inside(t, class) : heap_take_inside(t, class);
		return p ? p : alloc_slow(kind, size, clear);
	}
	const struct mcache_slot slot = t->mcache.slots[class];
	heap_hold(p);
	thread_leave(t);
	sanitizer_show(p, slot.elem_bytes);
	return slot.dirty && clear ? cleared(p, slot.elem_bytes) : p;
}

static __attribute__((noinline)) void *alloc_parked(void *p, size_t bytes, bool dirty)
{
	thread_park_pending(thread_current);
	sanitizer_show(p, bytes);
	return dirty ? cleared(p, bytes) : p;
}

static inline __attribute__((always_inline)) void *alloc(enum span_kind kind, size_t size,
                                                         bool clear)
{
	struct thread *t = thread_current;
	size_t class = sizeclass_or_none(size);
	if (__builtin_expect(!t, 0))
		return alloc_slow(kind, size, clear);
	t->in_heap = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	struct mcache_slot *slot = &t->mcache.slots[span_class(kind, 0) + class];
	uint64_t word = *slot->word;
	if (__builtin_expect(word == 0 || t->gate != 0, 0))
		return alloc_inside(kind, size, clear);
	size_t bytes = slot->elem_bytes;
	bool dirty = slot->dirty && clear;
	void *p = mcache_slot_take(slot, word);
	heap_hold(p);
	__atomic_store_n(&t->in_heap, 0, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(t->stop_pending != 0, 0))
		return alloc_parked(p, bytes, dirty);
	sanitizer_show(p, bytes);
	return dirty ? cleared(p, bytes) : p;
}

void *memspan_alloc(size_t size)
{
	return alloc(SPAN_SCAN, size, true);
}

static inline __attribute__((always_inline)) void *alloc_noscan(size_t size, bool clear)
{
	if (size - 1 < 15) {
		struct thread *t = heap_thread();
		void *p = t ? heap_alloc_tiny(t, size) : NULL;
		return p ? p : refuse(ENOMEM);
	}
	return alloc(SPAN_NOSCAN, size, clear);
}

void *memspan_alloc_noscan(size_t size)
{
	return alloc_noscan(size, true);
}

void *memspan_alloc_noscan_uninit(size_t size)
{
	return alloc_noscan(size, false);
}

void *memspan_alloc_uncollectable(size_t size)
{
	return alloc(SPAN_ROOT, size, true);
}

static bool type_is_valid(const memspan_type *type)
{
	if (!type || type->size == 0 || type->size % sizeof(void *) != 0)
		return false;
	if (type->pointer_count && !type->pointer_offsets)
		return false;
	for (size_t i = 0; i < type->pointer_count; i++)
		if (type->pointer_offsets[i] % sizeof(void *) != 0 ||
		    type->pointer_offsets[i] >= type->size)
			return false;
	return true;
}

static inline void **type_word(const struct span *s, uintptr_t start)
{
	return (void **)(start + s->elem_bytes - sizeof(void *));
}

/* The type stands in the slot's last word, where the marker finds it (span.h). */
static void *alloc_typed(const memspan_type *type, size_t bytes)
{
	if (type->pointer_count == 0)
		return memspan_alloc_noscan(bytes);
	if (bytes == 0)
		return no_size;
	if (bytes > SIZE_MAX - sizeof(void *))
		return refuse(ENOMEM);
	struct thread *t = heap_thread();
	void *p = NULL;
	bytes += sizeof(void *);
	if (t && bytes <= SIZECLASS_BYTES_MAX) {
		p = heap_alloc_typed(t, sizeclass_of(bytes), type);
	} else if (t) {
		p = heap_alloc_large(t, SPAN_TYPED, bytes, 1);
		if (p)
			*type_word(pageheap_span_of((uintptr_t)p), (uintptr_t)p) = (void *)type;
	}
	return p ? p : refuse(ENOMEM);
}

void *memspan_alloc_typed(const memspan_type *type, size_t count)
{
	size_t bytes;
	if (!type_is_valid(type))
		return refuse(EINVAL);
	if (__builtin_mul_overflow(type->size, count, &bytes))
		return refuse(ENOMEM);
	return alloc_typed(type, bytes);
}

void *memspan_aligned_alloc(size_t alignment, size_t size)
{
	if (alignment == 0 || (alignment & (alignment - 1)) != 0)
		return refuse(EINVAL);
	struct thread *t = heap_thread();
	if (!t)
		return refuse(ENOMEM);
	void *p = heap_alloc(t, SPAN_SCAN, size ? size : 1, alignment);
	return p ? p : refuse(ENOMEM);
}

static size_t usable(const struct heap_object *o)
{
	return o->span->elem_bytes - (o->span->kind == SPAN_TYPED ? sizeof(void *) : 0);
}

/*
 * A new object of the same kind. What had a slot to itself keeps one at any size: it may be
 * freed at once, and have a finalizer.
 */
static void *alloc_like(const struct heap_object *o, size_t size)
{
	switch ((enum span_kind)o->span->kind) {
	case SPAN_TYPED:
		return alloc_typed(*type_word(o->span, o->start), size);
	case SPAN_NOSCAN:
		return alloc(SPAN_NOSCAN, size, true);
	case SPAN_TINY:
		return memspan_alloc_noscan(size);
	case SPAN_ROOT:
		return memspan_alloc_uncollectable(size);
	default:
		return memspan_alloc(size);
	}
}

/* False when memory is refused: then it stands where it stood. */
static bool move_specials(struct thread *t, const struct heap_object *o, void *to)
{
	struct heap_object target;
	if (!o->span->specials)
		return true;
	thread_enter(t);
	bool done = heap_find((uintptr_t)to, &target) &&
	            special_move(o->span, o->start, target.span, target.start, usable(&target));
	thread_leave(t);
	return done;
}

/* Whether p is what an allocation returned and is in use. */
static bool find_own(struct thread *t, void *p, struct heap_object *o)
{
	thread_enter(t);
	bool found = heap_find((uintptr_t)p, o) &&
	             (o->start == (uintptr_t)p || o->span->kind == SPAN_TINY) &&
	             mcache_is_allocated(o->span, o->index);
	thread_leave(t);
	return found;
}

void *memspan_realloc(void *p, size_t size)
{
	struct heap_object o;
	if (!p || is_no_size(p))
		return memspan_alloc(size);
	struct thread *t = heap_thread();
	if (!t)
		return refuse(ENOMEM);
	if (size == 0) {
		heap_free(t, p, "memspan_realloc");
		return no_size;
	}
	if (!find_own(t, p, &o)) {
		heap_free(t, p, "memspan_realloc"); /* says what is wrong with it */
		return refuse(EINVAL);
	}
	size_t room = o.start + usable(&o) - (uintptr_t)p;
	if (o.span->kind != SPAN_TINY && size <= room && size >= room / 2)
		return p;
	void *fresh = alloc_like(&o, size);
	if (!fresh)
		return NULL;
	memmove(fresh, p, size < room ? size : room); /* tiny ones may share a block */
	if (!move_specials(t, &o, fresh)) {
		memspan_free(fresh);
		return refuse(ENOMEM);
	}
	heap_free(t, p, "memspan_realloc");
	return fresh;
}

void memspan_free(void *p)
{
	if (!p || is_no_size(p))
		return;
	struct thread *t = heap_thread();
	if (t)
		heap_free(t, p, "memspan_free");
}

/* An allocated object that p points into; counts as a lookup. */
static bool lookup(const void *p, struct heap_object *o)
{
	struct thread *t = heap_thread();
	if (!t)
		return false;
	thread_enter(t);
	t->mcache.counts.lookups++;
	bool found = heap_find((uintptr_t)p, o) && mcache_is_allocated(o->span, o->index);
	thread_leave(t);
	return found;
}

size_t memspan_usable_size(const void *p)
{
	struct heap_object o;
	if (!p || !lookup(p, &o))
		return 0;
	return o.span->kind == SPAN_TINY ? o.start + o.span->elem_bytes - (uintptr_t)p : usable(&o);
}

bool memspan_is_heap_pointer(const void *p)
{
	struct heap_object o;
	return lookup(p, &o);
}

/* ---- stacks ------------------------------------------------------------ */

void *memspan_stack_alloc(size_t bytes)
{
	struct thread *t = heap_thread();
	if (bytes == 0)
		return refuse(EINVAL);
	if (!t || bytes > PTRDIFF_MAX)
		return refuse(ENOMEM);
	for (int attempt = 0;; attempt++) {
		thread_enter(t);
		struct span *s = stackspan_new(bytes);
		thread_leave(t);
		if (s)
			return (void *)s->base;
		if (attempt == 1)
			return refuse(ENOMEM);
		heap_collect(t, RECORDER_LIMIT);
	}
}

static struct span *stack_of(const void *stack)
{
	struct span *s = pageheap_span_of((uintptr_t)stack);
	return s && s->state == SPAN_STACK && s->base == (uintptr_t)stack ? s : NULL;
}

void memspan_stack_free(void *stack)
{
	struct thread *t = heap_thread();
	if (!stack || !t)
		return;
	thread_enter(t);
	struct span *s = stack_of(stack);
	if (s)
		stackspan_free(s);
	thread_leave(t);
	if (!s)
		os_warn("memspan_stack_free(%p): not the start of a stack span", stack);
}

int memspan_stack_set_sp(void *stack, void *sp)
{
	struct thread *t = stack ? heap_thread() : NULL;
	bool done = false;
	if (t) {
		thread_enter(t);
		struct span *s = stack_of(stack);
		done = s && stackspan_set_sp(s, (uintptr_t)sp);
		thread_leave(t);
	}
	if (done)
		return 0;
	errno = EINVAL;
	return -1;
}

/* ---- collection -------------------------------------------------------- */

void memspan_gc(void)
{
	struct thread *t = heap_thread();
	if (t)
		heap_collect(t, RECORDER_FORCED);
}

int memspan_set_gc_percent(int percent)
{
	return heap_thread() ? cycle_set_percent(percent) : 100;
}

int64_t memspan_set_memory_limit(int64_t bytes)
{
	return heap_thread() ? cycle_set_limit(bytes) : INT64_MAX;
}

void memspan_free_os_memory(void)
{
	struct thread *t = heap_thread();
	if (!t)
		return;
	heap_collect(t, RECORDER_FORCED);
	thread_enter(t);
	size_t bytes = scavenge_release(SIZE_MAX);
	thread_leave(t);
	if (bytes)
		trace_scavenged(0, bytes);
}

int memspan_set_finalizer(void *obj, void (*fn)(void *obj, void *arg), void *arg)
{
	struct heap_object o;
	struct thread *t = heap_thread();
	bool ok = false;
	if (!obj || !t)
		goto invalid;
	thread_enter(t);
	bool valid = heap_find_to_attach(t, obj, &o) && o.start == (uintptr_t)obj;
	if (valid)
		ok = special_set(o.span, o.start, fn, arg);
	thread_leave(t);
	if (!valid)
		goto invalid;
	if (ok)
		return 0;
	errno = ENOMEM;
	return -1;
invalid:
	errno = EINVAL;
	return -1;
}

/* ---- statistics -------------------------------------------------------- */

void memspan_read_mstats(memspan_mstats *out)
{
	struct world_stop stop;
	memset(out, 0, sizeof *out);
	if (!heap_thread())
		return;
	world_close(&stop);
	stats_read(out);
	world_start();
}

void memspan_read_mem_stats(memspan_mem_stats *out)
{
	memspan_mstats internal;
	memspan_read_mstats(&internal);
	stats_publish(&internal, out);
}

int memspan_mem_stats_to_json(const memspan_mem_stats *stats, char *buf, size_t cap)
{
	return json_mem_stats(stats, buf, cap);
}
