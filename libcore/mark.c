/* mark.c - see mark.h. */
#include "mark.h"

#include <memspan.h>
#include <string.h>

#include "lock.h"
#include "mark_queue.h"
#include "mcentral.h"
#include "os.h"
#include "roots.h"
#include "sanitizer.h"
#include "seen.h"
#include "special.h"
#include "stackspan.h"
#include "sysmem.h"

enum {
	BATCH_OBJECTS = 32,         /* scanned while the lines of the next ones arrive */
	TELL_BATCHES = 8,           /* between two looks at the others */
	ROOT_PIECE_BYTES = 128 << 10,
	OBJECT_PIECE_BYTES = 128 << 10, /* large objects are scanned in pieces, by any worker */
	ROOTS_MAX = 1 << 22,
	DONATE_OBJECTS = 8,
	LONG_BYTES = 48,            /* an object whose words are worth to be looked at beforehand */
	SHORT_WORDS_MAX = LONG_BYTES / sizeof(uintptr_t) - 1,
	WORDS_TOGETHER = 48,
	SETS_KNOWN = 16,
	WRITTEN_TOGETHER = 8,
	PREFETCH_BYTES = 4096,
	LINE_BYTES = 64,
	ASSIST_SLOTS = 16,          /* of the workers, the last: for threads of the program */
	SPANS_TOGETHER = 64,
};

/*
 * What the low bits of an object's address in the queue tell of it: how many words a short one
 * has, all of which may be pointers, or one of these.
 */
enum queue_tag { TAG_ASK_SPAN = 0, TAG_LONG = SHORT_WORDS_MAX + 1, TAGS = sizeof(uintptr_t) };

struct mark_root {
	/* The last two are of so many spans that nobody has visited yet. */
	enum { ROOT_WORDS, ROOT_WRITTEN, ROOT_FETCH, ROOT_UNCOLLECTABLE, ROOT_SPECIALS } what;
	uintptr_t lo, hi; /* UNCOLLECTABLE: size class, 0; SPECIALS: 0, 0 */
};

struct mark_worker {
	struct mark_buffer *buffer;
	uint64_t marked_bytes, scan_bytes, objects, cpu_ns;
	struct lock taken; /* of an assist's slot */
} __attribute__((aligned(64)));

static struct {
	struct mark_worker *workers;    /* MARK_WORKERS_MAX; no static data, which may be a root */
	struct mark_root *roots;        /* those of the present mark_run, then those of the next */
	_Atomic size_t root_count;
	size_t root_first, root_end, roots_together;
	_Atomic size_t root_next;
	mark_fetch *fetch;
	struct lock lock;               /* uncollectable, helpers_max */
	struct span *uncollectable[SIZECLASS_COUNT]; /* to be visited, linked by all_next */
	_Atomic unsigned busy;          /* workers that may still produce work */
	unsigned helpers_max;           /* how many may join */
	_Atomic bool wanted;            /* a worker found no work */
	_Atomic unsigned helping;       /* helpers that joined and have not left */
	_Atomic bool overflow;          /* some span has `rescan` set */
	_Atomic uint64_t scanned_bytes; /* so far, by all */
	uintptr_t heap_base;
	size_t heap_bytes;
} mark;

/* ---- marking ----------------------------------------------------------- */

static void overflowed(struct span *s)
{
	atomic_store_explicit(&s->rescan, 1, memory_order_relaxed);
	atomic_store_explicit(&mark.overflow, true, memory_order_relaxed);
}

static __attribute__((noinline)) void push_slow(struct mark_worker *worker, uintptr_t object)
{
	struct mark_buffer *fresh = mark_queue_new();
	if (!fresh) {
		overflowed(pageheap_span_of(object));
		return;
	}
	if (worker->buffer)
		mark_queue_put(worker->buffer);
	worker->buffer = fresh;
	fresh->objects[fresh->count++] = object;
}

static inline void push(struct mark_worker *worker, uintptr_t object)
{
	struct mark_buffer *buffer = worker->buffer;
	if (__builtin_expect(!buffer || buffer->count == MARK_BUFFER_OBJECTS, 0))
		push_slow(worker, object);
	else
		buffer->objects[buffer->count++] = object;
}

static inline unsigned tag_of(const struct span *s)
{
	if (s->elem_bytes >= LONG_BYTES)
		return TAG_LONG;
	return s->kind == SPAN_TYPED ? TAG_ASK_SPAN : (unsigned)(s->elem_bytes / sizeof(uintptr_t));
}

/* Sets the bit; false when it was set, or the slot is free. */
static inline bool mark_slot(struct span *s, unsigned index)
{
	unsigned w = index >> 6;
	uint64_t bit = (uint64_t)1 << (index & 63);
	_Atomic uint64_t *marks = span_mark_word(s, w);
	if ((atomic_load_explicit(marks, memory_order_relaxed) | *span_free_word(s, w)) & bit)
		return false;
	return !(atomic_fetch_or_explicit(marks, bit, memory_order_relaxed) & bit);
}

/* The slot of the span that the word leads to; false if it leads to none. */
static inline bool find_slot(const struct span *s, uintptr_t word, unsigned *index)
{
	if (s->state != SPAN_INUSE)
		return false;
	*index = span_index(s, word);
	return *index < s->nelems;
}

/* An object whose mark was set: it is counted, and queued if it may hold pointers. */
static void marked(struct mark_worker *worker, struct span *s, unsigned index)
{
	span_note_marked(s);
	worker->marked_bytes += s->elem_bytes;
	worker->objects++;
	if (span_noscan(s))
		return;
	worker->scan_bytes += s->elem_bytes;
	push(worker, span_object(s, index) | tag_of(s));
}

static inline struct span *span_at(uintptr_t offset)
{
	return atomic_load_explicit(&pageheap.page_map[offset >> PAGE_SHIFT], memory_order_relaxed);
}

static inline void mark_word(struct mark_worker *worker, uintptr_t word)
{
	unsigned index;
	uintptr_t offset = word - mark.heap_base;
	struct span *s = offset < mark.heap_bytes ? span_at(offset) : NULL;
	if (s && find_slot(s, word, &index) && mark_slot(s, index))
		marked(worker, s, index);
}

/*
 * What up to WORDS_TOGETHER words into the heap lead to, on the way to being marked. For each word
 * there are three loads that wait for each other, page map, span and mark, and an atomic
 * instruction that waits for all before it and holds up all after it. So the loads of all words
 * wait together, and what is atomic comes last, once for all objects of a group.
 */
struct together {
	uintptr_t words[WORDS_TOGETHER];
	struct span *spans[WORDS_TOGETHER];
	struct span_group *groups[WORDS_TOGETHER];
	unsigned indices[WORDS_TOGETHER];
	uint8_t sets[WORDS_TOGETHER]; /* which one each object is in; 0: it is not to be marked */
	struct {
		struct span *span;
		struct span_group *group;
		uint64_t slots;
	} set[WORDS_TOGETHER + 1];
};

/* The spans that the words lead to; how many there are. */
static inline __attribute__((always_inline)) MARK_READS unsigned
find_spans(struct together *of, const uintptr_t *words, unsigned count, bool remembers)
{
	const uintptr_t base = mark.heap_base;
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++) {
		uintptr_t word = words[i], offset = word - base;
		struct span *s = remembers && seen_before(offset) ? NULL : span_at(offset);
		if (!s)
			continue;
		__builtin_prefetch(s);
		of->spans[found] = s;
		of->words[found++] = word;
	}
	return found;
}

/* The slots of these that the words lead to; how many are left. */
static inline MARK_READS unsigned find_slots(struct together *of, unsigned count)
{
	unsigned found = 0;
	for (unsigned i = 0; i < count; i++) {
		struct span *s = of->spans[i];
		uintptr_t word = of->words[i];
		unsigned index;
		if (!find_slot(s, word, &index))
			continue;
		struct span_group *group = &s->groups[index >> 6];
		__builtin_prefetch(group);
		of->spans[found] = s;
		of->groups[found] = group;
		of->words[found] = word;
		of->indices[found++] = index;
	}
	return found;
}

/* Gathers what is neither marked nor free by groups; how many sets there are. */
static inline __attribute__((always_inline)) MARK_READS unsigned
find_unmarked(struct together *of, unsigned count, bool remembers)
{
	uint8_t latest[SETS_KNOWN] = {0}; /* the last set of a group with such an address */
	unsigned sets = 1;
	of->set[0].span = NULL;
	of->set[0].group = NULL;
	of->set[0].slots = 0;
	for (unsigned i = 0; i < count; i++) {
		struct span_group *group = of->groups[i];
		uint64_t bit = (uint64_t)1 << (of->indices[i] & 63);
		uint8_t *known = &latest[(uintptr_t)group / sizeof *group % SETS_KNOWN];
		unsigned set = *known, other = of->set[set].group != group;
		uint64_t slots = of->set[set].slots & ((uint64_t)other - 1);
		of->sets[i] = 0;
		if ((atomic_load_explicit(&group->mark, memory_order_relaxed) | slots) & bit) {
			if (remembers)
				seen_now(of->words[i] - mark.heap_base); /* most are led to once */
			continue;
		}
		if (group->free & bit)
			continue;
		if (other) {
			*known = (uint8_t)(set = sets++);
			of->set[set].span = of->spans[i];
			of->set[set].group = group;
		}
		of->sets[i] = (uint8_t)set;
		of->set[set].slots = slots | bit;
	}
	return sets;
}

/* A buffer of the worker's with room for all of what is looked at together; NULL: no memory. */
static inline struct mark_buffer *with_room(struct mark_worker *worker)
{
	struct mark_buffer *buffer = worker->buffer;
	if (__builtin_expect(buffer && buffer->count <= MARK_BUFFER_OBJECTS - WORDS_TOGETHER, 1))
		return buffer;
	struct mark_buffer *fresh = mark_queue_new();
	if (!fresh)
		return NULL;
	if (buffer)
		mark_queue_put(buffer);
	return worker->buffer = fresh;
}

/* Counts those whose marks it was that were set, and queues them if they may hold pointers. */
static inline MARK_READS void queue_marked(struct mark_worker *worker, const struct together *of,
                                           unsigned count)
{
	struct mark_buffer *buffer = with_room(worker);
	size_t bytes = 0, scan_bytes = 0, queued = buffer ? buffer->count : 0;
	unsigned objects = 0;
	for (unsigned i = 0; i < count; i++) {
		struct span *s = of->spans[i];
		unsigned index = of->indices[i];
		if (!(of->set[of->sets[i]].slots >> (index & 63) & 1))
			continue;
		bytes += s->elem_bytes;
		objects++;
		if (span_noscan(s))
			continue;
		scan_bytes += s->elem_bytes;
		if (__builtin_expect(buffer != NULL, 1))
			buffer->objects[queued++] = span_object(s, index) | tag_of(s);
		else
			overflowed(s);
	}
	if (buffer)
		buffer->count = queued;
	worker->marked_bytes += bytes;
	worker->scan_bytes += scan_bytes;
	worker->objects += objects;
}

static inline __attribute__((always_inline)) MARK_READS void
mark_together(struct mark_worker *worker, const uintptr_t *words, unsigned count, bool remembers)
{
	struct together of;
	count = find_spans(&of, words, count, remembers);
	count = find_slots(&of, count);
	unsigned sets = find_unmarked(&of, count, remembers);
	for (unsigned set = 1; set < sets; set++) {
		of.set[set].slots &= ~atomic_fetch_or_explicit(
		    &of.set[set].group->mark, of.set[set].slots, memory_order_relaxed);
		if (of.set[set].span != of.set[set - 1].span)
			span_note_marked(of.set[set].span);
	}
	queue_marked(worker, &of, count);
}

/* The program may be writing it: it is read once. */
static inline MARK_READS uintptr_t word_at(const uintptr_t *p)
{
	return __atomic_load_n(p, __ATOMIC_RELAXED);
}

/* Adds those of a short object's words that lead into the heap; how many there are now. */
static inline MARK_READS unsigned add_short(uintptr_t tagged, uintptr_t *words, unsigned count)
{
	const uintptr_t *p = (const uintptr_t *)(tagged & -(uintptr_t)TAGS);
	const uintptr_t base = mark.heap_base, bytes = mark.heap_bytes;
	_Static_assert(SHORT_WORDS_MAX == 5, "a case for each");
#define ADD(i)                           \
	words[count] = word_at(p + (i)); \
	count += words[count] - base < bytes
	switch (tagged % TAGS) {
	case 5:
		ADD(4); /* fall through */
	case 4:
		ADD(3); /* fall through */
	case 3:
		ADD(2); /* fall through */
	case 2:
		ADD(1); /* fall through */
	default:
		ADD(0);
	}
#undef ADD
	return count;
}

/* Those of the words that may lead to objects not marked yet; what tells more is fetched. */
static inline MARK_READS unsigned pick(const uintptr_t *p, const uintptr_t *end, uintptr_t *picked)
{
	uintptr_t base = mark.heap_base, bytes = mark.heap_bytes;
	const _Atomic uint64_t *settled = seen.words ? seen.pages : NULL;
	unsigned count = 0;
	for (; p < end; p++) {
		uintptr_t word = word_at(p), offset = word - base;
		if (offset >= bytes || (settled && seen_settled(settled, offset)))
			continue;
		seen_prefetch(offset);
		__builtin_prefetch(&pageheap.page_map[offset >> PAGE_SHIFT]);
		picked[count++] = word;
	}
	return count;
}

static MARK_READS void scan_words(struct mark_worker *worker, uintptr_t lo, uintptr_t hi)
{
	uintptr_t picked[WORDS_TOGETHER];
	const uintptr_t *p = (const uintptr_t *)lo, *end = (const uintptr_t *)hi;
	while (p < end) {
		const uintptr_t *next = end - p > WORDS_TOGETHER ? p + WORDS_TOGETHER : end;
		mark_together(worker, picked, pick(p, next, picked), true);
		p = next;
	}
}

static MARK_READS void scan_typed(struct mark_worker *worker, uintptr_t object, size_t slot_bytes)
{
	size_t room = slot_bytes - sizeof(void *);
	const memspan_type *type = *(const memspan_type *const *)(object + room);
	if (!type)
		return;
	for (size_t at = 0; at + type->size <= room; at += type->size)
		for (size_t i = 0; i < type->pointer_count; i++)
			mark_word(worker,
			          word_at((const uintptr_t *)(object + at + type->pointer_offsets[i])));
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

/* Takes a batch of what waits, and asks for the first line of each; how many they are. */
static inline unsigned take_batch(struct mark_worker *worker, uintptr_t *batch)
{
	struct mark_buffer *buffer = worker->buffer;
	if (!buffer || buffer->count == 0) {
		struct mark_buffer *more = mark_queue_take();
		if (!more)
			return 0;
		if (buffer)
			mark_queue_unused(buffer);
		worker->buffer = buffer = more;
	}
	unsigned count = buffer->count < BATCH_OBJECTS ? (unsigned)buffer->count : BATCH_OBJECTS;
	buffer->count -= count;
	for (unsigned i = 0; i < count; i++) {
		batch[i] = buffer->objects[buffer->count + i];
		__builtin_prefetch((const void *)batch[i]);
	}
	return count;
}

/* Gives half of what it has to whoever has nothing. */
static void donate(struct mark_worker *worker)
{
	struct mark_buffer *buffer = worker->buffer, *half = mark_queue_new();
	if (!half)
		return;
	atomic_store_explicit(&mark.wanted, false, memory_order_relaxed);
	half->count = buffer->count / 2;
	memcpy(half->objects, buffer->objects, half->count * sizeof half->objects[0]);
	memmove(buffer->objects, buffer->objects + half->count,
	        (buffer->count - half->count) * sizeof buffer->objects[0]);
	buffer->count -= half->count;
	mark_queue_put(half);
}

/* Of an object whose first line has arrived: what tells of the objects that it leads to. */
static inline MARK_READS void fetch_line(uintptr_t object)
{
	for (uintptr_t end = (object | 63) + 1; object < end; object += sizeof object) {
		uintptr_t offset = *(const uintptr_t *)object - mark.heap_base;
		if (offset < mark.heap_bytes)
			seen_prefetch(offset);
	}
}

static inline size_t scan_queued(struct mark_worker *worker, uintptr_t object)
{
	struct span *s = pageheap_span_of(object);
	scan_object(worker, s, object);
	return s->elem_bytes < OBJECT_PIECE_BYTES ? s->elem_bytes : OBJECT_PIECE_BYTES;
}

static void tell_scanned(size_t bytes)
{
	atomic_fetch_add_explicit(&mark.scanned_bytes, bytes, memory_order_relaxed);
}

/* The words of short objects, gathered until they are worth to be looked at together. */
struct gathered {
	uintptr_t words[WORDS_TOGETHER];
	unsigned count;
};

/* Apart, as its frame is large and may be on a small stack of the program's. */
static __attribute__((noinline)) MARK_READS void mark_gathered(struct mark_worker *worker,
                                                               struct gathered *gathered)
{
	mark_together(worker, gathered->words, gathered->count, false);
	gathered->count = 0;
}

/* What the objects of a batch lead to; that of short ones may be left gathered. The bytes read. */
static inline MARK_READS size_t scan_batch(struct mark_worker *worker, const uintptr_t *batch,
                                           unsigned objects, struct gathered *gathered)
{
	enum { AHEAD = BATCH_OBJECTS / 2 };
	size_t bytes = 0;
	if (batch[0] % TAGS == TAG_LONG)
		for (unsigned i = 0; i < objects && i < AHEAD; i++)
			if (batch[i] % TAGS == TAG_LONG)
				fetch_line(batch[i] - TAG_LONG);
	for (unsigned i = 0; i < objects; i++) {
		unsigned tag = batch[i] % TAGS;
		if (tag == TAG_ASK_SPAN || tag == TAG_LONG) {
			if (i + AHEAD < objects && batch[i + AHEAD] % TAGS == TAG_LONG)
				fetch_line(batch[i + AHEAD] - TAG_LONG);
			bytes += scan_queued(worker, batch[i] - tag);
			continue;
		}
		gathered->count = add_short(batch[i], gathered->words, gathered->count);
		bytes += tag * sizeof *batch;
		if (gathered->count > WORDS_TOGETHER - SHORT_WORDS_MAX)
			mark_gathered(worker, gathered);
	}
	return bytes;
}

/*
 * Scans queued objects until there are none, or `budget_bytes` of them. While the objects of one
 * batch are scanned the first lines of the next are fetched.
 */
static MARK_READS void drain(struct mark_worker *worker, size_t budget_bytes)
{
	uintptr_t batches[2][BATCH_OBJECTS];
	struct gathered gathered;
	size_t bytes = 0, told = 0;
	unsigned turn = 0, objects = take_batch(worker, batches[0]);
	gathered.count = 0;
	while (objects > 0 && bytes < budget_bytes) {
		uintptr_t *next = batches[(turn + 1) % 2];
		unsigned next_objects = take_batch(worker, next);
		bytes += scan_batch(worker, batches[turn % 2], objects, &gathered);
		if (next_objects == 0) {
			mark_gathered(worker, &gathered);
			next_objects = take_batch(worker, next);
		}
		objects = next_objects;
		if (++turn % TELL_BATCHES != 0)
			continue;
		tell_scanned(bytes - told);
		told = bytes;
		if (atomic_load_explicit(&mark.wanted, memory_order_relaxed) && worker->buffer &&
		    worker->buffer->count >= DONATE_OBJECTS)
			donate(worker);
	}
	for (unsigned i = 0; i < objects; i++)
		push(worker, batches[turn % 2][i]);
	mark_gathered(worker, &gathered);
	tell_scanned(bytes - told);
}

/* Gives all that it has to the others. */
static void hand_over(struct mark_worker *worker)
{
	if (worker->buffer && worker->buffer->count > 0) {
		mark_queue_put(worker->buffer);
		worker->buffer = NULL;
	}
}

/* ---- what hangs on objects ----------------------------------------------- */

static void mark_special_words(struct mark_worker *worker, const struct special *special,
                               bool object_too)
{
	if (special_is_weak(special)) {
		mark_word(worker, (uintptr_t)special->handle);
		return;
	}
	mark_word(worker, (uintptr_t)special->arg);
	if (object_too)
		mark_word(worker, special->address);
}

/* Whether what the object leads to is kept, but not the object: it waits for its finalizer. */
static bool keeps_content(struct span *s, const struct special *special)
{
	unsigned index = span_index(s, special->address);
	return !special_is_weak(special) && !special->queue_link && !span_noscan(s) &&
	       !(*span_mark_word(s, index >> 6) >> (index & 63) & 1);
}

/* While the program runs the pieces of a large object wait for the next mark_run. */
static void mark_special(void *arg, struct span *s, const struct special *special)
{
	struct mark_worker *worker = arg;
	uintptr_t object = special->address;
	mark_special_words(worker, special, special->queue_link != NULL);
	if (!keeps_content(s, special))
		return;
	span_note_marked(s);
	if (span_marking && s->kind != SPAN_TYPED && s->elem_bytes > OBJECT_PIECE_BYTES)
		mark_add_root(object, object + s->elem_bytes);
	else
		scan_whole(worker, s, object);
}

/*
 * The program attaches it while marking goes on, or has it run: nobody may come to visit it. Not
 * with the hands of scan_at_once, which may wait for the lock that is held here.
 */
static void mark_attached(const struct special *special)
{
	struct mark_worker *worker = &mark.workers[MARK_WORKERS_MAX - ASSIST_SLOTS];
	while (!lock_try(&worker->taken))
		if (++worker == &mark.workers[MARK_WORKERS_MAX - 1])
			worker -= ASSIST_SLOTS - 1;
	atomic_fetch_add(&mark.busy, 1);
	if (!worker->buffer)
		worker->buffer = mark_queue_take(); /* it has room, most likely */
	mark_special_words(worker, special, true);
	hand_over(worker);
	atomic_fetch_sub(&mark.busy, 1);
	lock_release(&worker->taken);
}

struct written {
	struct mark_worker *worker;
	uintptr_t lo, hi;
};

static void scan_written_content(void *arg, struct span *s, const struct special *special)
{
	const struct written *written = arg;
	uintptr_t lo = special->address, hi = lo + s->elem_bytes;
	if (!keeps_content(s, special))
		return;
	if (s->kind == SPAN_TYPED)
		scan_typed(written->worker, lo, s->elem_bytes);
	else
		scan_words(written->worker, lo > written->lo ? lo : written->lo,
		           hi < written->hi ? hi : written->hi);
}

/* ---- roots ----------------------------------------------------------------- */

/* Beside the program too: it frees no span meanwhile, and lists new ones before those there. */
static unsigned take_uncollectable(unsigned class, struct span **spans)
{
	unsigned count = 0;
	lock_acquire(&mark.lock);
	struct span *s = mark.uncollectable[class];
	for (; s && count < SPANS_TOGETHER; s = s->all_next)
		spans[count++] = s;
	mark.uncollectable[class] = s;
	lock_release(&mark.lock);
	return count;
}

static void mark_uncollectable(struct mark_worker *worker, unsigned class)
{
	struct span *spans[SPANS_TOGETHER];
	unsigned count = take_uncollectable(class, spans);
	for (unsigned n = 0; n < count; n++)
		for (unsigned i = 0; i < spans[n]->nelems; i++)
			mark_word(worker, span_object(spans[n], i));
}

static void visit_specials(struct mark_worker *worker)
{
	for (int i = 0; i < SPANS_TOGETHER && special_visit_next(mark_special, worker);)
		i++;
}

/* The words of [lo, hi) that belong to marked objects of the span. */
static MARK_READS void scan_marked_between(struct mark_worker *worker, struct span *s, uintptr_t lo,
                                           uintptr_t hi)
{
	unsigned i = span_index(s, lo);
	while (i < s->nelems && span_object(s, i) < hi) {
		uint64_t marks = atomic_load_explicit(span_mark_word(s, i >> 6), memory_order_relaxed);
		marks >>= i & 63;
		if (!(marks & 1)) {
			i = marks ? i + (unsigned)__builtin_ctzll(marks) : (i | 63) + 1;
			continue;
		}
		unsigned run = ~marks ? (unsigned)__builtin_ctzll(~marks) : 64;
		uintptr_t from = span_object(s, i), to = from + run * s->elem_bytes;
		if (s->kind == SPAN_TYPED)
			for (unsigned n = 0; n < run && from + n * s->elem_bytes < hi; n++)
				scan_typed(worker, from + n * s->elem_bytes, s->elem_bytes);
		else
			scan_words(worker, from > lo ? from : lo, to < hi ? to : hi);
		i += run;
	}
}

static void scan_written_objects(struct mark_worker *worker, struct span *s, uintptr_t lo,
                                 uintptr_t hi)
{
	struct written written = {worker, lo, hi};
	scan_marked_between(worker, s, lo, hi);
	if (__atomic_load_n(&s->specials, __ATOMIC_RELAXED))
		special_visit_between(s, span_object(s, span_index(s, lo)), hi, scan_written_content,
		                      &written);
}

/* Pages of the heap that the program wrote to after they were scanned, or may have. */
static void scan_written(struct mark_worker *worker, uintptr_t lo, uintptr_t hi)
{
	while (lo < hi) {
		struct span *s = pageheap_span_of(lo);
		uintptr_t end = s ? s->base + s->npages * PAGE_BYTES : (lo | (PAGE_BYTES - 1)) + 1;
		if (end > hi)
			end = hi;
		uintptr_t sp = s ? __atomic_load_n(&s->stack_sp, __ATOMIC_RELAXED) : 0;
		if (s && s->state == SPAN_STACK)
			scan_words(worker, sp > lo ? sp & -sizeof sp : lo, end);
		else if (s && s->state == SPAN_INUSE && !span_noscan(s))
			scan_written_objects(worker, s, lo, end);
		lo = end;
	}
}

static void scan_root(struct mark_worker *worker, const struct mark_root *root)
{
	switch (root->what) {
	case ROOT_WORDS:
		scan_words(worker, root->lo, root->hi);
		break;
	case ROOT_WRITTEN:
		scan_written(worker, root->lo, root->hi);
		break;
	case ROOT_FETCH:
		mark.fetch(root->lo, root->hi);
		break;
	case ROOT_UNCOLLECTABLE:
		mark_uncollectable(worker, (unsigned)root->lo);
		break;
	case ROOT_SPECIALS:
		visit_specials(worker);
	}
}

/* A single written page is read as fast as its lines arrive: they are asked for beforehand. */
static void prefetch_root(const struct mark_root *root)
{
	if (root->what != ROOT_WRITTEN)
		return;
	__builtin_prefetch(pageheap_span_of(root->lo));
	for (uintptr_t line = root->lo, end = line + PREFETCH_BYTES; line < end; line += LINE_BYTES)
		__builtin_prefetch((const void *)line);
}

/* Roots [i, end), of which others take none. */
static void scan_some_roots(struct mark_worker *worker, size_t i, size_t end)
{
	if (end > mark.root_end)
		end = mark.root_end;
	for (; i < end; i++) {
		if (i + 1 < end)
			prefetch_root(&mark.roots[i + 1]);
		scan_root(worker, &mark.roots[i]);
		drain(worker, SIZE_MAX);
	}
}

static void scan_roots(struct mark_worker *worker)
{
	size_t i, together = mark.roots_together;
	while ((i = atomic_fetch_add(&mark.root_next, together)) < mark.root_end)
		scan_some_roots(worker, i, i + together);
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
static void work(struct mark_worker *worker)
{
	uint64_t cpu = os_thread_cpu_ns();
	scan_roots(worker);
	drain(worker, SIZE_MAX);
	for (;;) {
		atomic_fetch_sub(&mark.busy, 1);
		for (unsigned spins = 0; atomic_load(&mark.busy) > 0 && mark_queue_is_empty();) {
			atomic_store_explicit(&mark.wanted, true, memory_order_relaxed);
			wait_a_little(&spins);
		}
		if (mark_queue_is_empty() && atomic_load(&mark.busy) == 0)
			break;
		atomic_fetch_add(&mark.busy, 1);
		drain(worker, SIZE_MAX);
	}
	worker->cpu_ns += os_thread_cpu_ns() - cpu;
}

/* ---- the phase --------------------------------------------------------- */

bool mark_begin(void)
{
	if (!mark.roots)
		mark.roots = sysmem_table(ROOTS_MAX * sizeof *mark.roots);
	if (!mark.workers)
		mark.workers = sysmem_alloc(MARK_WORKERS_MAX * sizeof *mark.workers, &sysmem_stats.gc_sys);
	if (!mark.roots || !mark.workers)
		return false;
	seen_open();
	seen_clear();
	mark.root_first = mark.root_count = 0;
	mark.heap_base = pageheap.base;
	mark.heap_bytes = pageheap.opened_bytes;
	mark.overflow = false;
	special_shade = mark_attached;
	atomic_store(&mark.scanned_bytes, 0);
	for (int i = 0; i < MARK_WORKERS_MAX; i++) {
		struct mark_worker *worker = &mark.workers[i];
		worker->marked_bytes = worker->scan_bytes = worker->objects = worker->cpu_ns = 0;
	}
	if (!mark.workers[0].buffer)
		mark.workers[0].buffer = mark_queue_new();
	return mark.workers[0].buffer != NULL;
}

/* With the hands of an assist, which nobody else has. */
static void scan_at_once(const struct mark_root *root)
{
	struct mark_worker *worker = &mark.workers[MARK_WORKERS_MAX - 1];
	lock_acquire(&worker->taken);
	atomic_fetch_add(&mark.busy, 1);
	scan_root(worker, root);
	hand_over(worker);
	atomic_fetch_sub(&mark.busy, 1);
	lock_release(&worker->taken);
}

/* Where the table is full a root is read at once. */
static void add_root(struct mark_root root)
{
	size_t i = atomic_fetch_add(&mark.root_count, 1);
	if (i < ROOTS_MAX) {
		mark.roots[i] = root;
		return;
	}
	atomic_fetch_sub(&mark.root_count, 1);
	scan_at_once(&root);
}

static void add_pieces(int what, uintptr_t lo, uintptr_t hi)
{
	for (; lo < hi; lo += ROOT_PIECE_BYTES)
		add_root((struct mark_root){
		    .what = what, .lo = lo, .hi = hi - lo > ROOT_PIECE_BYTES ? lo + ROOT_PIECE_BYTES : hi});
}

void mark_add_root(uintptr_t lo, uintptr_t hi)
{
	add_pieces(ROOT_WORDS, (lo + sizeof lo - 1) & -sizeof lo, hi & -sizeof hi);
}

void mark_add_written(uintptr_t lo, uintptr_t hi)
{
	add_pieces(ROOT_WRITTEN, lo, hi);
}

void mark_add_fetch(mark_fetch *fetch, uintptr_t lo, uintptr_t hi)
{
	mark.fetch = fetch;
	add_root((struct mark_root){.what = ROOT_FETCH, .lo = lo, .hi = hi});
}

void mark_now(uintptr_t lo, uintptr_t hi)
{
	scan_words(&mark.workers[0], (lo + sizeof lo - 1) & -sizeof lo, hi & -sizeof hi);
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

static void add_visits(int what, uintptr_t lo, size_t spans)
{
	for (size_t i = 0; i < spans; i += SPANS_TOGETHER)
		add_root((struct mark_root){.what = what, .lo = lo});
}

static void add_uncollectable(void)
{
	for (unsigned class = 0; class < SIZECLASS_COUNT; class++) {
		const struct mcentral *central = &mcentral[span_class(SPAN_ROOT, class)];
		mark.uncollectable[class] = central->all;
		add_visits(ROOT_UNCOLLECTABLE, class, central->count);
	}
}

static void add_specials(void)
{
	struct special running;
	add_visits(ROOT_SPECIALS, 0, special_visit_begin());
	if (special_running(&running))
		mark_special_words(&mark.workers[0], &running, true);
}

static MARK_READS void scan_marked(struct mark_worker *worker, struct span *s)
{
	for (unsigned i = 0; i < s->nelems; i++)
		if (*span_mark_word(s, i >> 6) >> (i & 63) & 1)
			scan_whole(worker, s, span_object(s, i));
	drain(worker, SIZE_MAX);
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

static void helpers_admit(unsigned most)
{
	lock_acquire(&mark.lock);
	mark.helpers_max = most;
	lock_release(&mark.lock);
}

void mark_add_heap_roots_but_uncollectable(void)
{
	stackspan_visit(add_stack, NULL);
	add_specials();
}

void mark_add_grown_stacks(void)
{
	stackspan_visit_grown(add_stack, NULL);
}

void mark_add_heap_roots(void)
{
	add_uncollectable();
	mark_add_heap_roots_but_uncollectable();
}

void mark_run(unsigned helpers, void (*wake_helpers)(void))
{
	struct mark_worker *first = &mark.workers[0];
	mark.root_end = mark.root_count;
	mark.roots_together = mark.root_first < mark.root_end &&
	                              mark.roots[mark.root_first].what == ROOT_WRITTEN
	                          ? WRITTEN_TOGETHER
	                          : 1;
	atomic_store(&mark.root_next, mark.root_first);
	atomic_fetch_add(&mark.busy, 1);
	helpers_admit(helpers);
	if (helpers > 0)
		wake_helpers();
	work(first);
	helpers_admit(0);
	for (unsigned spins = 0; atomic_load(&mark.helping) > 0;)
		wait_a_little(&spins);
	mark.root_first = mark.root_end;
	if (mark.root_first == mark.root_count)
		mark.root_first = mark.root_count = 0;
	rescan_overflowed();
	os_clear_vectors(); /* what was moved between buffers would look like roots */
}

/* Whether each slot of the word is marked, or free: then it is marked when it is allocated. */
static bool word_is_settled(struct span *s, unsigned w)
{
	unsigned left = s->nelems - w * 64u;
	uint64_t slots = left < 64 ? ((uint64_t)1 << left) - 1 : ~(uint64_t)0;
	uint64_t marks = atomic_load_explicit(span_mark_word(s, w), memory_order_relaxed);
	return (slots & ~(marks | __atomic_load_n(span_free_word(s, w), __ATOMIC_RELAXED))) == 0;
}

static bool span_is_settled(struct span *s)
{
	bool settled = s->state == SPAN_INUSE;
	for (unsigned w = 0; settled && w < s->words; w++)
		settled = word_is_settled(s, w);
	return settled;
}

void mark_settle(void)
{
	for (size_t offset = 0; offset < mark.heap_bytes; offset += PAGE_BYTES) {
		struct span *s = span_at(offset);
		if (s && span_is_settled(s))
			seen_settle(offset);
	}
}

void mark_reach(uintptr_t object)
{
	struct mark_worker *first = &mark.workers[0];
	mark_word(first, object);
	drain(first, SIZE_MAX);
	rescan_overflowed();
}

size_t mark_assist(size_t bytes)
{
	static _Atomic unsigned next;
	if (mark_queue_is_empty()) {
		atomic_store_explicit(&mark.wanted, true, memory_order_relaxed);
		return 0;
	}
	unsigned slot = atomic_fetch_add_explicit(&next, 1, memory_order_relaxed) % ASSIST_SLOTS;
	struct mark_worker *worker = &mark.workers[MARK_WORKERS_MAX - 1 - slot];
	if (!lock_try(&worker->taken))
		return 0;
	uint64_t cpu = os_thread_cpu_ns();
	atomic_fetch_add(&mark.busy, 1);
	drain(worker, bytes);
	hand_over(worker);
	atomic_fetch_sub(&mark.busy, 1);
	worker->cpu_ns += os_thread_cpu_ns() - cpu;
	lock_release(&worker->taken);
	os_clear_vectors();
	return bytes;
}

uint64_t mark_scanned_bytes(void)
{
	return atomic_load_explicit(&mark.scanned_bytes, memory_order_relaxed);
}

void mark_help(unsigned worker)
{
	struct mark_worker *self = &mark.workers[worker];
	lock_acquire(&mark.lock);
	bool join = atomic_load(&mark.helping) < mark.helpers_max;
	if (join) {
		atomic_fetch_add(&mark.helping, 1);
		atomic_fetch_add(&mark.busy, 1);
	}
	lock_release(&mark.lock);
	if (!join)
		return;
	work(self);
	atomic_fetch_sub(&mark.helping, 1);
}

struct mark_totals mark_end(void)
{
	struct mark_totals totals = {0};
	seen_note();
	for (int i = 0; i < MARK_WORKERS_MAX; i++) {
		const struct mark_worker *worker = &mark.workers[i];
		totals.marked_bytes += worker->marked_bytes;
		totals.scan_bytes += worker->scan_bytes;
		totals.objects += worker->objects;
		*(i == 0                                   ? &totals.cpu_first_ns
		  : i < MARK_WORKERS_MAX - ASSIST_SLOTS ? &totals.cpu_helpers_ns
		                                        : &totals.cpu_assist_ns) += worker->cpu_ns;
	}
	return totals;
}

void mark_clear(void)
{
	seen_note();
	seen_clear();
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		for (struct span *s = mcentral[class].all; s; s = s->all_next) {
			s->rescan = 0;
			for (unsigned w = 0; w < s->words; w++)
				atomic_store_explicit(span_mark_word(s, w), 0, memory_order_relaxed);
		}
	}
}

void mark_forget_pointers(void)
{
	seen_clear();
}

/* A helper that comes when marking is over takes the lock all the same, and no stop waits for it. */
void mark_after_fork(bool marking)
{
	mark.lock = (struct lock){0};
	mark.helpers_max = 0;
	mark_queue_after_fork(marking);
	if (!marking)
		return;
	mark_clear();
	/* What others had in hand is lost with them. */
	memset(mark.workers, 0, MARK_WORKERS_MAX * sizeof *mark.workers);
	mark.root_first = mark.root_count = 0;
	mark.busy = mark.helping = 0;
}
