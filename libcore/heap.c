/* heap.c - see heap.h. */
#include "heap.h"

#include "background.h"
#include "counters.h"
#include "cycle.h"
#include "fill.h"
#include "finalizer.h"
#include "leaks.h"
#include "mcentral.h"
#include "os.h"
#include "pacepoint.h"
#include "recorder_link.h"
#include "settings.h"
#include "spantable.h"
#include "special.h"
#include "stats.h"
#include "sweep.h"
#include "trace.h"
#include "world.h"

/* ---- start, threads, fork ---------------------------------------------- */

static struct {
	struct lock lock;
	_Atomic bool ready;
	bool settled; /* the environment was read; by the main thread, lock held or in a constructor */
} heap;

static bool thread_begins(struct thread *t)
{
	mcache_open(&t->mcache);
	return true;
}

static void thread_ends(struct thread *t)
{
	stats_thread_ended(&t->mcache);
}

static void child_begins(void)
{
	background_after_fork();
	finalizer_after_fork();
	special_after_fork();
	cycle_after_fork();
	pacepoint_after_fork();
	spantable_after_fork();
	recorder_link_after_fork();
}

/* A span of before: the loader's own blocks, and what was free beside them. */
static void fill_span_of_before(struct span *s)
{
	for (unsigned w = 0; w < s->words; w++)
		fill_slots(s, w, *span_free_word(s, w) | *span_remote_word(s, w) |
		                     s->groups[w].cached);
	if (span_cached(s))
		span_owner(s)->slots[span_class_of(s)].dirty = 1;
	fill_adopt(s);
}

/*
 * First the threads are told: who frees past the slow paths fills nothing. Where there is more
 * than one already, spans of before are left out.
 */
static void begin_to_fill(void)
{
	thread_watch_all();
	fill_open();
	fill_wanted = true;
	if (thread_count() > 1)
		return;
	for (unsigned class = 1; class < SIZECLASS_COUNT; class++)
		for (struct span *s = mcentral[span_class(SPAN_ROOT, class)].all; s; s = s->all_next)
			fill_span_of_before(s);
}

/*
 * Trace, percent and limit from the environment, which the C library shows us only later
 * than the loader's first allocations.
 */
static void settle(void)
{
	if (heap.settled || !os_has_environment())
		return;
	struct settings settings = settings_read();
	heap.settled = true;
	trace_gc = settings.trace_gc;
	trace_scavenge = settings.trace_scavenge;
	leaks_wanted = settings.leaks;
	if (settings.debug && !SANITIZER_ENABLED)
		begin_to_fill();
	cycle_init(settings.gc_percent, settings.limit_bytes);
}

static bool heap_init(void)
{
	static const struct thread_hooks hooks = {thread_begins, thread_ends, child_begins};
	if (atomic_load_explicit(&heap.ready, memory_order_acquire))
		return true;
	lock_acquire(&heap.lock);
	if (!atomic_load(&heap.ready) && pageheap_init()) {
		thread_set_hooks(&hooks);
		cycle_init(SETTINGS_PERCENT_DEFAULT, SETTINGS_LIMIT_NONE);
		settle();
		atomic_store_explicit(&heap.ready, true, memory_order_release);
	}
	lock_release(&heap.lock);
	return atomic_load(&heap.ready);
}

struct thread *heap_thread_slow(void)
{
	if (!heap_init())
		return NULL;
	return thread_self_slow();
}

/* Before main: the main thread is known from the start, its caller's stack included. */
__attribute__((constructor)) static void heap_load(void)
{
	if (heap_thread_slow())
		settle();
}

/* ---- allocation -------------------------------------------------------- */

/* All registers that the program may keep values in go to this frame. */
__attribute__((noinline)) bool heap_collect(struct thread *t, enum recorder_reason reason)
{
	__builtin_unwind_init();
	t->program_frames = (uintptr_t)__builtin_alloca(1);
	bool done = cycle_run(reason);
	t->program_frames = 0;
	return done;
}

/* The heap has grown, perhaps. */
static void keep_pace(struct thread *t)
{
	cycle_keep_limit();
	if (__builtin_expect(!cycle_is_due(), 1))
		return;
	if (pacepoint_stands_for_cycle())
		pacepoint_reached();
	else
		heap_collect(t, RECORDER_GC);
}

static inline void *take_inside(struct thread *t, unsigned class, bool clear)
{
	void *p = mcache_alloc(&t->mcache, class);
	bool dirty = t->mcache.slots[class].dirty;
	size_t bytes = t->mcache.slots[class].elem_bytes;
	heap_hold(p);
	thread_leave(t);
	if (!p)
		return NULL;
	sanitizer_show(p, bytes);
	if (clear && dirty)
		heap_zero(p, bytes);
	recorder_link_heap_used();
	keep_pace(t);
	return p;
}

static inline void *take_slow(struct thread *t, unsigned class, bool clear)
{
	thread_enter(t);
	void *p = take_inside(t, class, clear);
	if (p)
		return p;
	heap_collect(t, RECORDER_LIMIT);
	thread_enter(t);
	return take_inside(t, class, clear);
}

void *heap_alloc_inside(struct thread *t, unsigned class)
{
	return take_inside(t, class, true);
}

void *heap_take_inside(struct thread *t, unsigned class)
{
	return take_inside(t, class, false);
}

void *heap_alloc_slow(struct thread *t, unsigned class)
{
	return take_slow(t, class, true);
}

void *heap_take_slow(struct thread *t, unsigned class)
{
	return take_slow(t, class, false);
}

void *heap_alloc_typed(struct thread *t, unsigned size_class, const void *type)
{
	unsigned class = span_class(SPAN_TYPED, size_class);
	size_t bytes = sizeclass_bytes[size_class];
	for (int attempt = 0;; attempt++) {
		thread_enter(t);
		char *p = mcache_alloc(&t->mcache, class);
		if (p) {
			sanitizer_show(p, bytes);
			if (t->mcache.slots[class].dirty)
				heap_zero(p, bytes);
			*(const void **)(p + bytes - sizeof(void *)) = type;
		}
		heap_hold(p);
		thread_leave(t);
		if (p) {
			recorder_link_heap_used();
			keep_pace(t);
			return p;
		}
		if (attempt == 1)
			return NULL;
		heap_collect(t, RECORDER_LIMIT);
	}
}

/* Large spans that this cycle found dead are freed before the heap grows for a new one. */
static void sweep_before_growth(struct thread *t, size_t pages)
{
	enum { PAGES_A_SPAN_MIN = 1, SPANS_MAX = 256 };
	size_t spans = pages / PAGES_A_SPAN_MIN < SPANS_MAX ? pages / PAGES_A_SPAN_MIN : SPANS_MAX;
	bool more = atomic_load_explicit(&sweep_left, memory_order_relaxed) > 0;
	for (size_t i = 0; i < spans && more; i++) {
		thread_enter(t);
		more = mcache_sweep_one(&t->mcache);
		thread_leave(t);
	}
}

static size_t pages_for(size_t bytes)
{
	return (bytes + PAGE_BYTES - 1) >> PAGE_SHIFT;
}

static size_t align_pages_for(size_t align)
{
	return align > PAGE_BYTES ? align >> PAGE_SHIFT : 1;
}

/* The object, not yet cleared; *dirty: it has to be. NULL: the OS refuses. */
static void *large_take(struct thread *t, enum span_kind kind, size_t pages, size_t align_pages,
                        bool *dirty)
{
	void *p = NULL;
	thread_enter(t);
	struct span *s = mcentral_new_span(span_class(kind, 0), NULL, pages, align_pages);
	if (s) {
		t->mcache.counts.nmalloc[span_class(kind, 0)]++;
		t->mcache.counts.large_alloc_bytes += s->elem_bytes;
		mcache_settle_live(&t->mcache);
		counters_live_add((int64_t)s->elem_bytes, !span_noscan(s));
		*dirty = s->dirty;
		p = (void *)s->base;
	}
	heap_hold(p);
	thread_leave(t);
	return p;
}

void *heap_take_large_quietly(struct thread *t, enum span_kind kind, size_t bytes, size_t align)
{
	bool dirty;
	if (bytes > SIZE_MAX - PAGE_BYTES)
		return NULL;
	return large_take(t, kind, pages_for(bytes), align_pages_for(align), &dirty);
}

static void *alloc_large(struct thread *t, enum span_kind kind, size_t bytes, size_t align,
                         bool clear)
{
	bool dirty = false;
	if (bytes > SIZE_MAX - PAGE_BYTES)
		return NULL;
	size_t pages = pages_for(bytes), align_pages = align_pages_for(align);
	sweep_before_growth(t, pages);
	void *p = large_take(t, kind, pages, align_pages, &dirty);
	if (!p) {
		heap_collect(t, RECORDER_LIMIT);
		p = large_take(t, kind, pages, align_pages, &dirty);
	}
	if (!p)
		return NULL;
	sanitizer_show(p, pages * PAGE_BYTES);
	if (clear && dirty)
		memset(p, 0, pages * PAGE_BYTES);
	recorder_link_heap_used();
	keep_pace(t);
	return p;
}

void *heap_alloc_large(struct thread *t, enum span_kind kind, size_t bytes, size_t align)
{
	return alloc_large(t, kind, bytes, align, true);
}

void *heap_take_large(struct thread *t, enum span_kind kind, size_t bytes, size_t align)
{
	return alloc_large(t, kind, bytes, align, false);
}

bool heap_resize_large(struct thread *t, struct span *s, size_t bytes)
{
	struct mcache *m = &t->mcache;
	if (bytes > PTRDIFF_MAX)
		return false;
	thread_enter(t);
	mcache_sweep_span(m, s);
	size_t former = s->elem_bytes;
	/* A marker beside the program may have pieces of it in hand. */
	bool done = !span_marking && *span_free_word(s, 0) == 0 && span_resize(s, pages_for(bytes));
	if (done && s->elem_bytes > former) {
		m->counts.large_alloc_bytes += s->elem_bytes - former;
		counters_live_add((int64_t)(s->elem_bytes - former), true);
	} else if (done) {
		m->counts.large_free_bytes += former - s->elem_bytes;
		counters_live_sub((int64_t)(former - s->elem_bytes),
		                  (int64_t)(former - s->elem_bytes));
		if (s->specials)
			special_drop(s, s->base + s->elem_bytes, s->base + former);
	}
	thread_leave(t);
	if (done)
		keep_pace(t);
	return done;
}

static size_t tiny_align(size_t bytes)
{
	return bytes >= 8 ? 8 : bytes >= 4 ? 4 : bytes >= 2 ? 2 : 1;
}

void *heap_alloc_tiny(struct thread *t, size_t bytes)
{
	enum { BLOCK_BYTES = 16, BLOCK_CLASS = 2 };
	struct mcache *m = &t->mcache;
	size_t align = tiny_align(bytes);
	thread_enter(t);
	uintptr_t p = (m->tiny + align - 1) & -align;
	if (m->tiny && p + bytes <= m->tiny_end) {
		m->tiny = p + bytes;
		m->counts.tinyallocs++;
		heap_hold(p);
		thread_leave(t);
		return (void *)p;
	}
	thread_leave(t);
	/* The new block stays reachable through the object returned; it becomes the current
	 * one only if it has more room left than the old one. */
	char *block = heap_alloc_class(t, span_class(SPAN_TINY, BLOCK_CLASS));
	if (!block)
		return NULL;
	thread_enter(t);
	if (m->tiny_end - m->tiny < BLOCK_BYTES - bytes) {
		m->tiny = (uintptr_t)block + bytes;
		m->tiny_end = (uintptr_t)block + BLOCK_BYTES;
	}
	thread_leave(t);
	return block;
}

unsigned heap_class_for(size_t bytes, size_t align)
{
	if (bytes > SIZECLASS_BYTES_MAX || align > PAGE_BYTES)
		return 0;
	unsigned class = sizeclass_of(bytes < align ? align : bytes);
	while (class < SIZECLASS_COUNT && sizeclass_bytes[class] % align != 0)
		class++;
	return class < SIZECLASS_COUNT ? class : 0;
}

void *heap_alloc(struct thread *t, enum span_kind kind, size_t bytes, size_t align)
{
	if (kind == SPAN_NOSCAN && bytes < 16 && align <= tiny_align(bytes))
		return heap_alloc_tiny(t, bytes);
	if (kind == SPAN_TINY)
		kind = SPAN_NOSCAN;
	unsigned class = heap_class_for(bytes, align);
	if (class)
		return heap_alloc_class(t, span_class(kind, class));
	return heap_alloc_large(t, kind, bytes, align);
}

/* ---- objects ----------------------------------------------------------- */

bool heap_find(uintptr_t p, struct heap_object *out)
{
	struct span *s = pageheap_span_of(p);
	if (!s || s->state != SPAN_INUSE)
		return false;
	out->span = s;
	out->index = span_index(s, p);
	out->start = span_object(s, out->index);
	return out->index < s->nelems;
}

static bool allocated(const struct heap_object *o)
{
	return mcache_is_allocated(o->span, o->index);
}

bool heap_find_to_attach(struct thread *t, const void *p, struct heap_object *out)
{
	if (!heap_find((uintptr_t)p, out))
		return false;
	mcache_sweep_span(&t->mcache, out->span);
	/* It is there no more if p was a number only, which kept nothing. */
	return heap_find((uintptr_t)p, out) && out->span->kind != SPAN_TINY && allocated(out);
}

static void report(const char *caller, const void *p, struct span *s, const char *what)
{
	if (!s)
		os_warn("%s(%p): %s", caller, p, what);
	else
		os_warn("%s(%p): %s; span at %p of %zu pages, class %u, objects of %zu bytes", caller,
		        p, what, (void *)s->base, s->npages, s->size_class, s->elem_bytes);
}

/* Explicit free of an object with a span of its own. Inside the heap. */
static bool free_large(struct mcache *m, struct span *s)
{
	uintptr_t base = s->base;
	size_t bytes = s->elem_bytes;
	unsigned class = span_class_of(s);
	bool noscan = span_noscan(s);
	mcache_sweep_span(m, s);
	if (pageheap_span_of(base) != s)
		return true; /* no pointer led to it when it was marked: the sweep has freed it */
	span_will_change(s);
	if (!mcentral_free_large(s))
		return false;
	m->counts.nfree[class]++;
	m->counts.large_free_bytes += bytes;
	counters_live_sub((int64_t)bytes, noscan ? 0 : (int64_t)bytes);
	return true;
}

bool heap_free(struct thread *t, void *p, const char *caller)
{
	struct heap_object o;
	const char *wrong = NULL;
	struct span *s = NULL;
	thread_enter(t);
	if (!heap_find((uintptr_t)p, &o)) {
		wrong = pageheap_contains((uintptr_t)p) ? "not in a span of objects (freed already?)"
		                                        : "not a pointer of this heap";
	} else if (s = o.span, o.start != (uintptr_t)p && s->kind != SPAN_TINY) {
		wrong = "points inside an object, not to its start";
	} else if (s->kind == SPAN_TINY) {
		if (!allocated(&o))
			wrong = "freed already";
	} else {
		if ((SANITIZER_ENABLED || fill_wanted) && !allocated(&o)) {
			wrong = "freed already";
		} else {
			if (__builtin_expect(fill_wanted, 0))
				fill_freed(s, o.start);
			sanitizer_hide(p, s->elem_bytes);
			if (s->specials)
				special_drop(s, o.start, o.start + s->elem_bytes);
			bool freed = s->size_class ? mcache_free(&t->mcache, s, o.index) == MCACHE_FREED
			                           : free_large(&t->mcache, s);
			if (!freed)
				wrong = "freed already";
		}
	}
	thread_leave(t);
	if (wrong)
		report(caller, p, s, wrong);
	return !wrong;
}
