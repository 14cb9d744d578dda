/* mark.c - see mark.h. */
#include "mark.h"

#include <memspan.h>
#include <string.h>

#include "lock.h"
#include "mcentral.h"
#include "os.h"
#include "roots.h"
#include "sanitizer.h"
#include "special.h"
#include "stackspan.h"
#include "sysmem.h"

enum {
	BUFFER_BYTES = 4096,
	BUFFER_OBJECTS = (BUFFER_BYTES - 2 * sizeof(void *)) / sizeof(uintptr_t),
	BUFFERS_A_MAP = 32,
	QUEUE_BYTES_MIN = 16 << 20,
	FIFO_OBJECTS = 16,          /* objects on their way into the processor's cache */
	ROOT_PIECE_BYTES = 128 << 10,
	OBJECT_PIECE_BYTES = 128 << 10, /* large objects are scanned in pieces, by any worker */
	ROOTS_MAX = 1 << 22,
	DONATE_OBJECTS = 8,
};

struct mark_buffer {
	struct mark_buffer *next;
	size_t count;
	uintptr_t objects[BUFFER_OBJECTS];
};

/* A root range, or with hi 0 a span of uncollectable objects. */
struct mark_root {
	uintptr_t lo, hi;
};

struct mark_worker {
	struct mark_buffer *buffer;
	uintptr_t fifo[FIFO_OBJECTS];
	unsigned fifo_first, fifo_count;
	uint64_t marked_bytes, scan_bytes, objects, cpu_ns;
} __attribute__((aligned(64)));

size_t mark_queue_bytes_max;

static struct {
	struct mark_worker workers[MARK_WORKERS_MAX];
	struct mark_root *roots;
	size_t root_count;
	_Atomic size_t root_next;
	struct lock lock;               /* the two lists of buffers */
	struct mark_buffer *work, *unused;
	_Atomic size_t work_count;
	size_t mapped_bytes;
	_Atomic unsigned busy;          /* workers that may still produce work */
	bool open;                      /* helpers may join; guarded by lock */
	_Atomic unsigned helping;       /* helpers that joined and have not left */
	_Atomic bool overflow;          /* some span has `rescan` set */
	uintptr_t heap_base;
	size_t heap_bytes;
} mark;

/* ---- buffers ----------------------------------------------------------- */

static size_t queue_bytes_max(void)
{
	if (mark_queue_bytes_max)
		return mark_queue_bytes_max;
	return mark.heap_bytes / 16 > QUEUE_BYTES_MIN ? mark.heap_bytes / 16 : QUEUE_BYTES_MIN;
}

/* Lock held. */
static void buffers_map(void)
{
	size_t bytes = BUFFERS_A_MAP * BUFFER_BYTES;
	if (mark.mapped_bytes + bytes > queue_bytes_max() && mark.mapped_bytes > 0)
		return;
	char *block = sysmem_map(bytes, &sysmem_stats.gc_sys);
	if (!block)
		return;
	mark.mapped_bytes += bytes;
	for (int i = 0; i < BUFFERS_A_MAP; i++) {
		struct mark_buffer *buffer = (void *)(block + i * BUFFER_BYTES);
		buffer->next = mark.unused;
		mark.unused = buffer;
	}
}

static struct mark_buffer *buffer_new(void)
{
	lock_acquire(&mark.lock);
	if (!mark.unused)
		buffers_map();
	struct mark_buffer *buffer = mark.unused;
	if (buffer) {
		mark.unused = buffer->next;
		buffer->count = 0;
	}
	lock_release(&mark.lock);
	return buffer;
}

static void buffer_unused(struct mark_buffer *buffer)
{
	lock_acquire(&mark.lock);
	buffer->next = mark.unused;
	mark.unused = buffer;
	lock_release(&mark.lock);
}

static void work_put(struct mark_buffer *buffer)
{
	lock_acquire(&mark.lock);
	buffer->next = mark.work;
	mark.work = buffer;
	atomic_fetch_add_explicit(&mark.work_count, 1, memory_order_relaxed);
	lock_release(&mark.lock);
}

static struct mark_buffer *work_take(void)
{
	if (!atomic_load_explicit(&mark.work_count, memory_order_relaxed))
		return NULL;
	lock_acquire(&mark.lock);
	struct mark_buffer *buffer = mark.work;
	if (buffer) {
		mark.work = buffer->next;
		atomic_fetch_sub_explicit(&mark.work_count, 1, memory_order_relaxed);
	}
	lock_release(&mark.lock);
	return buffer;
}

/* ---- marking ----------------------------------------------------------- */

static void overflowed(struct span *s)
{
	atomic_store_explicit(&s->rescan, 1, memory_order_relaxed);
	atomic_store_explicit(&mark.overflow, true, memory_order_relaxed);
}

static __attribute__((noinline)) void push_slow(struct mark_worker *worker, uintptr_t object)
{
	struct mark_buffer *fresh = buffer_new();
	if (!fresh) {
		overflowed(pageheap_span_of(object));
		return;
	}
	if (worker->buffer)
		work_put(worker->buffer);
	worker->buffer = fresh;
	fresh->objects[fresh->count++] = object;
}

static inline void push(struct mark_worker *worker, uintptr_t object)
{
	struct mark_buffer *buffer = worker->buffer;
	if (__builtin_expect(!buffer || buffer->count == BUFFER_OBJECTS, 0))
		push_slow(worker, object);
	else
		buffer->objects[buffer->count++] = object;
}

/* Sets the bit; false when it was set, or the slot is free. */
static inline bool mark_slot(struct span *s, unsigned index)
{
	unsigned w = index >> 6;
	uint64_t bit = (uint64_t)1 << (index & 63);
	_Atomic uint64_t *marks = span_mark_word(s, w);
	if (atomic_load_explicit(marks, memory_order_relaxed) & bit)
		return false;
	if (*span_free_word(s, w) & bit)
		return false;
	return !(atomic_fetch_or_explicit(marks, bit, memory_order_relaxed) & bit);
}

/* A word: marks the object it leads to, if it leads to one. */
static inline __attribute__((always_inline)) void mark_word(struct mark_worker *worker, uintptr_t word)
{
	if (word - mark.heap_base >= mark.heap_bytes)
		return;
	struct span *s = atomic_load_explicit(
	    &pageheap.page_map[(word - mark.heap_base) >> PAGE_SHIFT], memory_order_relaxed);
	if (!s || s->state != SPAN_INUSE)
		return;
	unsigned index = span_index(s, word);
	if (index >= s->nelems || !mark_slot(s, index))
		return;
	worker->marked_bytes += s->elem_bytes;
	worker->objects++;
	if (span_noscan(s))
		return;
	worker->scan_bytes += s->elem_bytes;
	uintptr_t object = span_object(s, index);
	push(worker, object);
}

static inline MARK_READS void scan_words(struct mark_worker *worker, uintptr_t lo, uintptr_t hi)
{
	for (const uintptr_t *p = (const uintptr_t *)lo; p < (const uintptr_t *)hi; p++)
		mark_word(worker, *p);
}

static MARK_READS void scan_typed(struct mark_worker *worker, uintptr_t object, size_t slot_bytes)
{
	size_t room = slot_bytes - sizeof(void *);
	const memspan_type *type = *(const memspan_type *const *)(object + room);
	if (!type)
		return;
	for (size_t at = 0; at + type->size <= room; at += type->size)
		for (size_t i = 0; i < type->pointer_count; i++)
			mark_word(worker, *(const uintptr_t *)(object + at + type->pointer_offsets[i]));
}

/* The first piece of a large object queues the others. */
static void scan_large(struct mark_worker *worker, struct span *s, uintptr_t piece)
{
	uintptr_t end = s->base + s->elem_bytes;
	if (piece == s->base)
		for (uintptr_t p = s->base + OBJECT_PIECE_BYTES; p < end; p += OBJECT_PIECE_BYTES)
			push(worker, p);
	scan_words(worker, piece, end - piece > OBJECT_PIECE_BYTES ? piece + OBJECT_PIECE_BYTES : end);
}

static void scan_object(struct mark_worker *worker, struct span *s, uintptr_t object)
{
	if (s->kind == SPAN_TYPED)
		scan_typed(worker, object, s->elem_bytes);
	else if (s->elem_bytes > OBJECT_PIECE_BYTES)
		scan_large(worker, s, object);
	else
		scan_words(worker, object, object + s->elem_bytes);
}

/*
 * At once, whatever its size: for an object that is not found again if the queue has no room
 * for its pieces, because it is not marked itself, or was looked for for that very reason.
 */
static void scan_whole(struct mark_worker *worker, struct span *s, uintptr_t object)
{
	if (s->kind == SPAN_TYPED)
		scan_typed(worker, object, s->elem_bytes);
	else
		scan_words(worker, object, object + s->elem_bytes);
}

/* ---- draining ---------------------------------------------------------- */

static bool take_object(struct mark_worker *worker, uintptr_t *object)
{
	struct mark_buffer *buffer = worker->buffer;
	if (!buffer || buffer->count == 0) {
		struct mark_buffer *more = work_take();
		if (!more)
			return false;
		if (buffer)
			buffer_unused(buffer);
		worker->buffer = buffer = more;
	}
	*object = buffer->objects[--buffer->count];
	return true;
}

/* Gives half of what it has to whoever has nothing. */
static void donate(struct mark_worker *worker)
{
	struct mark_buffer *buffer = worker->buffer, *half = buffer_new();
	if (!half)
		return;
	half->count = buffer->count / 2;
	memcpy(half->objects, buffer->objects, half->count * sizeof half->objects[0]);
	memmove(buffer->objects, buffer->objects + half->count,
	        (buffer->count - half->count) * sizeof buffer->objects[0]);
	buffer->count -= half->count;
	work_put(half);
}

static inline bool queue_is_empty(void)
{
	return atomic_load_explicit(&mark.work_count, memory_order_relaxed) == 0;
}

/*
 * Scans queued objects until there are none. An object passes through the fifo, so
 * that its first line is fetched while others are scanned.
 */
static void drain(struct mark_worker *worker, bool shared)
{
	unsigned scanned = 0;
	for (;;) {
		uintptr_t object;
		while (worker->fifo_count < FIFO_OBJECTS && take_object(worker, &object)) {
			__builtin_prefetch((const void *)object);
			worker->fifo[(worker->fifo_first + worker->fifo_count++) % FIFO_OBJECTS] = object;
		}
		if (worker->fifo_count == 0)
			return;
		object = worker->fifo[worker->fifo_first];
		worker->fifo_first = (worker->fifo_first + 1) % FIFO_OBJECTS;
		worker->fifo_count--;
		scan_object(worker, pageheap_span_of(object), object);
		if (shared && (++scanned & 31) == 0 && queue_is_empty() &&
		    worker->buffer && worker->buffer->count >= DONATE_OBJECTS)
			donate(worker);
	}
}

static void scan_root_span(struct mark_worker *worker, struct span *s)
{
	for (unsigned i = 0; i < s->nelems; i++)
		mark_word(worker, span_object(s, i));
}

static void scan_roots(struct mark_worker *worker, bool shared)
{
	size_t i;
	while ((i = atomic_fetch_add(&mark.root_next, 1)) < mark.root_count) {
		if (mark.roots[i].hi)
			scan_words(worker, mark.roots[i].lo, mark.roots[i].hi);
		else
			scan_root_span(worker, (struct span *)mark.roots[i].lo);
		drain(worker, shared);
	}
}

/* The one waited for may need this very processor: after some turns it is given up. */
static void wait_a_little(unsigned *spins)
{
	enum { SPINS = 128 };
	if (++*spins % SPINS == 0)
		os_yield();
	else
		lock_pause();
}

/* Until no worker has anything left and none can make more. */
static void work(struct mark_worker *worker, bool shared)
{
	uint64_t cpu = os_thread_cpu_ns();
	scan_roots(worker, shared);
	drain(worker, shared);
	while (shared) {
		atomic_fetch_sub(&mark.busy, 1);
		for (unsigned spins = 0; atomic_load(&mark.busy) > 0 && queue_is_empty();)
			wait_a_little(&spins);
		if (queue_is_empty() && atomic_load(&mark.busy) == 0)
			break;
		atomic_fetch_add(&mark.busy, 1);
		drain(worker, shared);
	}
	worker->cpu_ns += os_thread_cpu_ns() - cpu;
}

/* ---- the phase --------------------------------------------------------- */

bool mark_begin(void)
{
	if (!mark.roots)
		mark.roots = sysmem_table(ROOTS_MAX * sizeof *mark.roots);
	if (!mark.roots)
		return false;
	mark.root_count = 0;
	mark.heap_base = pageheap.base;
	mark.heap_bytes = pageheap.opened_bytes;
	mark.overflow = false;
	for (int i = 0; i < MARK_WORKERS_MAX; i++) {
		struct mark_worker *worker = &mark.workers[i];
		worker->marked_bytes = worker->scan_bytes = worker->objects = worker->cpu_ns = 0;
	}
	if (!mark.workers[0].buffer)
		mark.workers[0].buffer = buffer_new();
	return mark.workers[0].buffer != NULL;
}

static void add_root(uintptr_t lo, uintptr_t hi)
{
	if (mark.root_count < ROOTS_MAX)
		mark.roots[mark.root_count++] = (struct mark_root){lo, hi};
	else if (hi)
		scan_words(&mark.workers[0], lo, hi);
	else
		scan_root_span(&mark.workers[0], (struct span *)lo);
}

void mark_add_root(uintptr_t lo, uintptr_t hi)
{
	lo = (lo + sizeof(uintptr_t) - 1) & -sizeof(uintptr_t);
	hi &= -sizeof(uintptr_t);
	for (; lo < hi; lo += ROOT_PIECE_BYTES)
		add_root(lo, hi - lo > ROOT_PIECE_BYTES ? lo + ROOT_PIECE_BYTES : hi);
}

static void add_touched(void *arg, uintptr_t lo, uintptr_t hi)
{
	(void)arg;
	mark_add_root(lo, hi);
}

/* Reading what was never touched would make it resident. */
static void add_stack(void *arg, uintptr_t lo, uintptr_t hi)
{
	roots_touched(lo, hi, add_touched, arg);
}

static void add_uncollectable(void)
{
	for (unsigned class = 0; class < SIZECLASS_COUNT; class++)
		for (struct span *s = mcentral[span_class(SPAN_ROOT, class)].all; s; s = s->all_next)
			add_root((uintptr_t)s, 0);
}

/* What an object with a finalizer leads to is kept, the object itself is not. */
static void mark_attached(void *arg, struct span *s, const struct special *special)
{
	struct mark_worker *worker = arg;
	mark_word(worker, (uintptr_t)special->arg);
	if (!span_noscan(s))
		scan_whole(worker, s, special->object);
}

static void mark_queued(void *arg, const struct special *special)
{
	mark_word(arg, special->object);
	mark_word(arg, (uintptr_t)special->arg);
}

static MARK_READS void scan_marked(struct mark_worker *worker, struct span *s)
{
	for (unsigned i = 0; i < s->nelems; i++)
		if (*span_mark_word(s, i >> 6) >> (i & 63) & 1)
			scan_whole(worker, s, span_object(s, i));
	drain(worker, false);
}

/* The queue was full at times: what it dropped stands in spans with `rescan`. */
static void rescan_overflowed(void)
{
	while (atomic_exchange(&mark.overflow, false))
		for (unsigned class = 0; class < SPAN_CLASSES; class++)
			for (struct span *s = mcentral[class].all; s; s = s->all_next)
				if (atomic_exchange_explicit(&s->rescan, 0, memory_order_relaxed))
					scan_marked(&mark.workers[0], s);
}

static void helpers_admit(bool open)
{
	lock_acquire(&mark.lock);
	mark.open = open;
	lock_release(&mark.lock);
}

void mark_run(void (*wake_helpers)(void))
{
	struct mark_worker *first = &mark.workers[0];
	add_uncollectable();
	stackspan_visit(add_stack, NULL);
	special_visit_attached(mark_attached, first);
	special_visit_queued(mark_queued, first);
	atomic_store(&mark.root_next, 0);
	atomic_store(&mark.busy, 1);
	helpers_admit(wake_helpers != NULL);
	if (wake_helpers)
		wake_helpers();
	work(first, wake_helpers != NULL);
	helpers_admit(false);
	for (unsigned spins = 0; atomic_load(&mark.helping) > 0;)
		wait_a_little(&spins);
	rescan_overflowed();
}

void mark_help(unsigned worker)
{
	struct mark_worker *self = &mark.workers[worker];
	lock_acquire(&mark.lock);
	bool join = mark.open;
	if (join) {
		atomic_fetch_add(&mark.helping, 1);
		atomic_fetch_add(&mark.busy, 1);
	}
	lock_release(&mark.lock);
	if (!join)
		return;
	work(self, true);
	atomic_fetch_sub(&mark.helping, 1);
}

struct mark_totals mark_end(void)
{
	struct mark_totals totals = {0};
	for (int i = 0; i < MARK_WORKERS_MAX; i++) {
		const struct mark_worker *worker = &mark.workers[i];
		totals.marked_bytes += worker->marked_bytes;
		totals.scan_bytes += worker->scan_bytes;
		totals.objects += worker->objects;
		*(i ? &totals.cpu_ns : &totals.cpu_first_ns) += worker->cpu_ns;
	}
	return totals;
}
