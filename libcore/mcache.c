/* mcache.c - see mcache.h. */
#include "mcache.h"

#include <string.h>

#include "bits.h"
#include "counters.h"
#include "mcentral.h"
#include "sanitizer.h"
#include "sweep.h"

struct counters counters = {.shrink_trigger = COUNTERS_NEVER};
void (*counters_shrunk)(void);

/* What a thread keeps to itself of its share of heap_live. */
enum { LIVE_FREED_MAX_BYTES = 256 << 10, LIVE_TAKEN_MAX_BYTES = 32 << 10 };

/* How many spans a refill sweeps in search of free slots before it takes a new one. */
enum { SWEEP_TRIES = 64 };

uint64_t mcache_no_slots;

static void forget_current(struct mcache *m, unsigned class)
{
	m->slots[class].span = NULL;
	m->slots[class].word = &mcache_no_slots;
}

void mcache_open(struct mcache *m)
{
	m->ticket = SPAN_NO_TICKET;
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		forget_current(m, class);
	atomic_store_explicit(&m->remote, NULL, memory_order_release);
}

/* ---- lists of owned spans ---------------------------------------------- */

/*
 * An owned span is full until more than an eighth of its slots are free again: where single
 * objects come and go all over the heap, a refill then finds some and not one.
 */
static unsigned full_count_max(const struct span *s)
{
	return s->nelems >> 3;
}

static void own_partial(struct mcache *m, struct span *s)
{
	mcentral_list_push(&m->partial[span_class_of(s)], s);
	s->listed = true;
	span_set_turn_count(s, s->nelems);
}

static void own_full(struct mcache *m, struct span *s)
{
	mcentral_list_push(&m->full[span_class_of(s)], s);
	span_set_turn_count(s, full_count_max(s) + 1);
}

/*
 * An owned span in the list has become empty. Some are kept, so that a heap that goes up and
 * down by a little is cheap.
 */
static void keep_or_release(struct mcache *m, struct span *s)
{
	if (m->empty_pages + s->npages <= MCACHE_EMPTY_PAGES_MAX) {
		m->empty_pages += (uint32_t)s->npages;
		s->kept_empty = true;
		return;
	}
	if (atomic_load(&s->remote_queued))
		return;
	mcentral_list_remove(&m->partial[span_class_of(s)], s);
	s->listed = false;
	mcentral_put(s);
}

/* Slots were freed in an owned span that is not the current one. */
static void gained_slots(struct mcache *m, struct span *s)
{
	if (!s->listed && span_free_count(s) > full_count_max(s)) {
		mcentral_list_remove(&m->full[span_class_of(s)], s);
		own_partial(m, s);
	}
	if (span_free_count(s) == s->nelems && !s->kept_empty)
		keep_or_release(m, s);
}

static struct span *take_partial(struct mcache *m, unsigned class)
{
	struct span *s = m->partial[class];
	if (s) {
		mcentral_list_remove(&m->partial[class], s);
		s->listed = false;
		m->empty_pages -= s->kept_empty ? (uint32_t)s->npages : 0;
		s->kept_empty = false;
	}
	return s;
}

/* ---- heap_live --------------------------------------------------------- */

static int64_t slot_bytes(const struct span *s, unsigned count)
{
	return (int64_t)count * (int64_t)s->elem_bytes;
}

static void add_freed_live(struct mcache *m, const struct span *s, int64_t bytes)
{
	m->live_freed += bytes;
	m->scan_freed += span_noscan(s) ? 0 : bytes;
}

static void settle_if_much(struct mcache *m)
{
	if (m->live_freed > LIVE_FREED_MAX_BYTES || m->live_freed < -LIVE_TAKEN_MAX_BYTES)
		mcache_settle_live(m);
}

/* Free slots became the thread's to hand out. */
static void charge(struct mcache *m, struct span *s, unsigned count)
{
	add_freed_live(m, s, -slot_bytes(s, count));
	settle_if_much(m);
}

/* What was charged of a span and not taken. */
static void uncharge(struct mcache *m, struct span *s)
{
	add_freed_live(m, s, slot_bytes(s, s->charged_count));
	s->charged_count = 0;
}

/* What frees of malloc's objects have not done: they only count themselves. */
static int64_t uncredited_bytes(const struct mcache *m, unsigned size_class)
{
	return (int64_t)(m->counts.nfree[span_class(SPAN_ROOT, size_class)] - m->credited[size_class]) *
	       sizeclass_bytes[size_class];
}

static void credit_counted(struct mcache *m, unsigned size_class)
{
	int64_t bytes = uncredited_bytes(m, size_class);
	m->live_freed += bytes;
	m->scan_freed += bytes;
	m->credited[size_class] = m->counts.nfree[span_class(SPAN_ROOT, size_class)];
	settle_if_much(m);
}

/* An object of the span was freed and counted. */
static void credit(struct mcache *m, const struct span *s)
{
	if (s->kind == SPAN_ROOT) {
		credit_counted(m, s->size_class);
		return;
	}
	add_freed_live(m, s, slot_bytes(s, 1));
	settle_if_much(m);
}

void mcache_settle_live(struct mcache *m)
{
	if (m->live_freed || m->scan_freed)
		counters_live_sub(m->live_freed, m->scan_freed);
	m->live_freed = m->scan_freed = 0;
}

int64_t mcache_freed_live(const struct mcache *m, int64_t *scan_bytes)
{
	int64_t counted = 0;
	for (unsigned size_class = 1; size_class < SIZECLASS_COUNT; size_class++)
		counted += uncredited_bytes(m, size_class);
	*scan_bytes = m->scan_freed + counted;
	return m->live_freed + counted;
}

/* ---- the current span -------------------------------------------------- */

/*
 * Small objects are cleared by the group where the whole group is free, which is
 * what a collection leaves behind of short-lived objects: one store stream instead
 * of a few words at each allocation.
 */
static bool clear_group(const struct span *s, const struct mcache_slot *slot, unsigned count)
{
	enum { CLEAR_ELEM_BYTES_MAX = 128 };
	if (SANITIZER_ENABLED || count < 64 || s->elem_bytes > CLEAR_ELEM_BYTES_MAX ||
	    s->kind == SPAN_ROOT) /* malloc's: most of them need not be clear */
		return false;
	memset((void *)slot->group_base, 0, count * s->elem_bytes);
	return true;
}

/*
 * A marker that runs beside the program reads a slot's type word as soon as the slot's mark
 * is set, which is before the slot is taken: no type may stand there that is gone.
 */
static void clear_types(struct span *s, unsigned w, uint64_t slots)
{
	for (; slots; slots &= slots - 1) {
		uintptr_t slot = span_object(s, w * 64 + (unsigned)__builtin_ctzll(slots));
		uintptr_t word = slot + s->elem_bytes - sizeof(void *);
		sanitizer_show(slot, s->elem_bytes);
		*(const void *volatile *)word = NULL;
		sanitizer_hide(slot, s->elem_bytes);
	}
}

/*
 * Single free slots of a used group have long left the processor's cache, and what takes them
 * writes to them at once: they are asked for together. Most programs write a whole object, and
 * what lies between the ends follows by itself. Long runs follow each other, which the
 * processor sees. Inline, for a call to what does nothing else is left out by the compiler.
 */
static inline __attribute__((always_inline)) void
fetch_slots(const struct mcache_slot *slot, uint64_t slots)
{
	enum { LINE_BYTES = 64 };
	for (; slots; slots &= slots - 1) {
		uintptr_t p = slot->group_base +
		              (uintptr_t)__builtin_ctzll(slots) * slot->elem_bytes;
		__builtin_prefetch((void *)p, 1);
		if (slot->elem_bytes > LINE_BYTES)
			__builtin_prefetch((void *)(p + slot->elem_bytes - LINE_BYTES), 1);
	}
}

static void word_load(struct mcache *m, unsigned class, unsigned w)
{
	enum { FETCHED_SLOTS_MAX = 16 };
	struct mcache_slot *slot = &m->slots[class];
	struct span *s = slot->span;
	uint64_t *free = span_free_word(s, w);
	unsigned count = bits_in(*free);
	span_will_change(s);
	s->dirty = span_is_dirty(s);
	s->group = (uint16_t)w;
	span_set_free_count(s, span_free_count(s) - count);
	s->taken_count = (uint16_t)(s->taken_count + count);
	m->counts.nmalloc[class] += count;
	unsigned charged = count < s->charged_count ? count : s->charged_count;
	s->charged_count = (uint16_t)(s->charged_count - charged);
	if (charged < count) /* freed since the span was charged */
		charge(m, s, count - charged);
	slot->word = &s->groups[w].cached;
	slot->group_base = span_object(s, w * 64);
	slot->elem_bytes = (uint32_t)s->elem_bytes;
	slot->dirty = s->dirty && !clear_group(s, slot, count);
	if (s->kind == SPAN_TYPED && s->dirty)
		clear_types(s, w, *free);
	span_mark_new(s, w, *free);
	if (count < FETCHED_SLOTS_MAX)
		fetch_slots(slot, *free);
	*slot->word = *free;
	*free = 0;
}

static void word_unload(struct mcache *m, unsigned class)
{
	struct mcache_slot *slot = &m->slots[class];
	struct span *s = slot->span;
	unsigned count = bits_in(*slot->word);
	span_will_change(s);
	if (count) {
		*span_free_word(s, s->group) |= *slot->word;
		*slot->word = 0;
		span_set_free_count(s, span_free_count(s) + count);
		s->taken_count = (uint16_t)(s->taken_count - count);
		s->charged_count = (uint16_t)(s->charged_count + count);
		m->counts.nmalloc[class] -= count;
	}
	s->group = SPAN_GROUP_NONE;
	forget_current(m, class);
}

/*
 * The word to allocate from next: the same one again where half of it was freed meanwhile,
 * for that is in the processor's cache, else the next with free slots, and around. SPAN_GROUP_NONE:
 * none, or after two times around so few that each refill would find single ones.
 */
static unsigned next_word(struct span *s)
{
	enum { WORTH_SLOTS = 32 };
	unsigned count = span_free_count(s);
	if (count == 0 || (s->gone_around && count <= s->nelems >> 4u))
		return SPAN_GROUP_NONE;
	if (s->words == 1) {
		s->gone_around = true;
		return 0;
	}
	unsigned w = s->group;
	if (w == SPAN_GROUP_NONE)
		w = 0;
	else if (bits_in(*span_free_word(s, w)) < WORTH_SLOTS)
		w++;
	for (; w < s->words; w++)
		if (*span_free_word(s, w))
			return w;
	s->gone_around = true;
	for (w = 0; !*span_free_word(s, w);)
		w++;
	return w;
}

static void make_current(struct mcache *m, unsigned class, struct span *s)
{
	m->slots[class].span = s;
	span_set_turn_count(s, UINT16_MAX);
	s->gone_around = false;
	s->charged_count = (uint16_t)span_free_count(s);
	if (s->kind == SPAN_ROOT)
		credit_counted(m, s->size_class);
	charge(m, s, s->charged_count);
}

static void leave_current(struct mcache *m, unsigned class, struct span *s)
{
	span_will_change(s);
	forget_current(m, class);
	s->group = SPAN_GROUP_NONE;
	uncharge(m, s);
	own_full(m, s);
}

/* ---- frees for others ---------------------------------------------------- */

/* Afterwards none is open. */
static void hand_over(struct mcache_parcel *parcel)
{
	struct mcache_parcel full = *parcel;
	*parcel = (struct mcache_parcel){0};
	if (!full.slots)
		return;
	span_will_change(full.span);
	uint64_t before = atomic_fetch_or(&full.group->remote, full.slots);
	if (before & full.slots)
		span_freed_by_two(full.span, (unsigned)(full.group - full.span->groups),
		                  before & full.slots);
	mcentral_push_remote(full.span);
}

void mcache_hand_over(struct mcache *m)
{
	for (unsigned size_class = 1; size_class < SIZECLASS_COUNT; size_class++)
		hand_over(&m->parcels[size_class]);
}

/*
 * Where no parcel is open for the group, or it is full, or knows the slot to be free: which
 * the owner may have taken since. False: it is free still.
 */
static bool open_parcel(struct mcache *m, struct span *s, uintptr_t p)
{
	struct mcache_parcel *parcel = &m->parcels[s->size_class];
	struct span_group *group = &s->groups[span_index(s, p) >> 6];
	if (parcel->group != group || parcel->bytes >= MCACHE_PARCEL_BYTES_MAX)
		hand_over(parcel);
	credit_counted(m, s->size_class);
	parcel->span = s;
	parcel->group = group;
	parcel->known_free = span_group_free(group) & ~parcel->slots;
	return mcache_free_into_parcel(m, s, p);
}

/* ---- frees by others ----------------------------------------------------- */

/* Frees by other threads into a span that m owns. */
static void fold_own(struct mcache *m, struct span *s)
{
	if (span_fold_remote(s) && m->slots[span_class_of(s)].span != s)
		gained_slots(m, s);
}

static void drain_own(struct mcache *m)
{
	if (!atomic_load_explicit(&m->remote, memory_order_relaxed))
		return;
	struct span *s = atomic_exchange_explicit(&m->remote, NULL, memory_order_acquire), *next;
	for (; s; s = next) {
		next = s->remote_next;
		mcentral_unqueue(s);
		if (span_owned_by(s, m))
			fold_own(m, s);
		else
			mcentral_push_remote(s);
	}
}

/* ---- sweeping ------------------------------------------------------------- */

static void sweep_claimed(struct mcache *m, struct span *s)
{
	unsigned class = span_class_of(s);
	size_t bytes = s->elem_bytes;
	unsigned freed = sweep_span(s);
	m->counts.nfree[class] += freed;
	if (s->size_class == 0)
		m->counts.large_free_bytes += freed * bytes;
	mcentral_put(s);
}

bool mcache_sweep_one(struct mcache *m)
{
	struct span *s = mcentral_claim_any_unswept();
	if (s)
		sweep_claimed(m, s);
	return s;
}

void mcache_sweep_span(struct mcache *m, struct span *s)
{
	while (s->state == SPAN_INUSE &&
	       (!span_is_swept(s) || atomic_load(&s->owner) == SPAN_IN_HAND))
		if (sweep_claim(s))
			sweep_claimed(m, s);
}

/*
 * Go's proportional sweep: who takes a new span sweeps as many as it takes for all to be swept
 * when the next cycle begins. Otherwise dead objects would keep their pages, beside the new ones,
 * for as long as the background thread gets no processor.
 */
static void sweep_in_proportion(struct mcache *m)
{
	enum { SPANS_MAX = 64 };
	int64_t left = atomic_load_explicit(&sweep_left, memory_order_relaxed);
	if (left <= 0)
		return;
	int64_t live = atomic_load_explicit(&counters.heap_live, memory_order_relaxed);
	uint64_t trigger = atomic_load_explicit(&counters.gc_trigger, memory_order_relaxed);
	uint64_t room = live > 0 && (uint64_t)live < trigger ? trigger - (uint64_t)live : 0;
	uint64_t share = (uint64_t)left / (room / PAGE_BYTES + 1) + 1;
	for (uint64_t i = 0; i < share && i < SPANS_MAX && mcache_sweep_one(m);)
		i++;
}

/* ---- finding a span ---------------------------------------------------- */

static struct span *sweep_for_slots(struct mcache *m, unsigned class)
{
	for (int i = 0; i < SWEEP_TRIES; i++) {
		struct span *s = mcentral_claim_unswept(class);
		if (!s)
			return NULL;
		m->counts.nfree[class] += sweep_span(s);
		if (span_free_count(s) > 0) {
			mcentral_adopt(s, m);
			return s;
		}
		mcentral_put(s);
	}
	return NULL;
}

/*
 * Go's table, but longer spans for malloc's objects, the longer the more spans there are of
 * the class: a refill finds more, and frees all over the heap meet fewer span structures.
 */
static size_t pages_for_new(unsigned class)
{
	enum { PAGES_MAX = 8, OBJECTS_MAX = 1024 };
	unsigned size_class = class % SIZECLASS_COUNT;
	size_t pages = sizeclass_pages[size_class];
	size_t pages_max = OBJECTS_MAX * (size_t)sizeclass_bytes[size_class] / PAGE_BYTES;
	if (class < span_class(SPAN_ROOT, 0))
		return pages;
	pages_max = pages_max < PAGES_MAX ? pages_max : PAGES_MAX;
	unsigned spans = __atomic_load_n(&mcentral[class].count, __ATOMIC_RELAXED);
	for (; spans >= 2 && 2 * pages <= pages_max; spans /= 2)
		pages *= 2;
	return pages;
}

static struct span *find_span(struct mcache *m, unsigned class)
{
	struct span *s = take_partial(m, class);
	if (s)
		return s;
	hand_over(&m->parcels[class % SIZECLASS_COUNT]); /* before a span of it is the thread's own */
	drain_own(m);
	if ((s = take_partial(m, class)) || (s = mcentral_take(class, m)) ||
	    (s = sweep_for_slots(m, class)))
		return s;
	sweep_in_proportion(m);
	return mcentral_new_span(class, m, pages_for_new(class), 1);
}

void *mcache_alloc_next(struct mcache *m, unsigned class)
{
	struct mcache_slot *slot = &m->slots[class];
	if (*slot->word)
		return mcache_slot_take(slot, *slot->word);
	unsigned w = slot->span ? next_word(slot->span) : SPAN_GROUP_NONE;
	if (w == SPAN_GROUP_NONE)
		return NULL;
	word_load(m, class, w);
	return mcache_slot_take(slot, *slot->word);
}

void *mcache_alloc_slow(struct mcache *m, unsigned class)
{
	void *p = mcache_alloc_next(m, class);
	if (p)
		return p;
	if (m->slots[class].span)
		leave_current(m, class, m->slots[class].span);
	struct span *s = find_span(m, class);
	if (!s)
		return NULL;
	make_current(m, class, s);
	return mcache_alloc_next(m, class);
}

/* ---- what is free already ----------------------------------------------- */

bool mcache_is_allocated(struct span *s, unsigned index)
{
	return index < s->nelems && !(span_group_free(&s->groups[index >> 6]) >> (index & 63) & 1);
}

/* ---- free -------------------------------------------------------------- */

static enum mcache_free_result free_owned(struct mcache *m, struct span *s, unsigned index)
{
	unsigned class = span_class_of(s), w = index >> 6;
	uint64_t bit = (uint64_t)1 << (index & 63);
	if ((s->groups[w].free | s->groups[w].cached) & bit)
		return MCACHE_DOUBLE_FREE;
	*span_free_word(s, w) |= bit;
	s->until_turn--;
	m->counts.nfree[class]++;
	credit(m, s);
	if (m->slots[class].span != s)
		gained_slots(m, s);
	return MCACHE_FREED;
}

static enum mcache_free_result free_remote(struct mcache *m, struct span *s, unsigned index)
{
	unsigned class = span_class_of(s), w = index >> 6;
	uint64_t bit = (uint64_t)1 << (index & 63);
	hand_over(&m->parcels[s->size_class]); /* it may be in there */
	if ((span_group_free(&s->groups[w]) & bit) || (atomic_fetch_or(span_remote_word(s, w), bit) & bit))
		return MCACHE_DOUBLE_FREE;
	m->counts.nfree[class]++;
	credit(m, s);
	mcentral_push_remote(s);
	return MCACHE_FREED;
}

static enum mcache_free_result free_anywhere(struct mcache *m, struct span *s, unsigned index)
{
	return span_owned_by(s, m) ? free_owned(m, s, index) : free_remote(m, s, index);
}

/* Apart: a call in the middle of the other would cost each free the saving of registers. */
static __attribute__((noinline, cold)) enum mcache_free_result
keep_and_free(struct mcache *m, struct span *s, unsigned index)
{
	span_will_change(s);
	return free_anywhere(m, s, index);
}

enum mcache_free_result mcache_free(struct mcache *m, struct span *s, unsigned index)
{
	if (pageheap_is_read())
		return keep_and_free(m, s, index);
	m->ticket = span_ticket(m);
	return free_anywhere(m, s, index);
}

void mcache_span_turned(struct mcache *m, struct span *s)
{
	credit(m, s);
	gained_slots(m, s);
}

bool mcache_free_plain(struct mcache *m, struct span *s, uintptr_t p)
{
	uint64_t product = (p - s->base) * s->magic;
	unsigned index = (unsigned)(product >> 32);
	if ((uint32_t)product >= s->magic || index >= s->quick_nelems)
		return false;
	if (pageheap_is_read() || span_owned_by(s, m))
		return mcache_free(m, s, index) == MCACHE_FREED;
	return open_parcel(m, s, p);
}

/* ---- marking begins beside the program ------------------------------------ */

void mcache_mark_new(struct mcache *m)
{
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		if (*m->slots[class].word)
			span_mark_new(m->slots[class].span, m->slots[class].span->group,
			              *m->slots[class].word);
	struct span *s = m->tiny ? pageheap_span_of(m->tiny - 1) : NULL;
	if (s) {
		unsigned index = span_index(s, m->tiny - 1);
		span_mark_new(s, index >> 6, (uint64_t)1 << (index & 63));
	}
}

/* ---- a span table is cut --------------------------------------------------- */

void mcache_cut(struct mcache *m)
{
	mcache_hand_over(m);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		m->cut_counts[class] = (uint8_t)bits_in(*m->slots[class].word);
	m->ticket = SPAN_NO_TICKET;
}

/* ---- flush and close --------------------------------------------------- */

void mcache_flush(struct mcache *m)
{
	mcache_hand_over(m);
	m->ticket = SPAN_NO_TICKET;
	m->tiny = m->tiny_end = 0;
	m->live_freed = m->scan_freed = 0; /* heap_live is found anew */
	__builtin_memcpy(m->credited, &m->counts.nfree[span_class(SPAN_ROOT, 0)], sizeof m->credited);
	m->empty_pages = 0;
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		if (m->slots[class].span)
			word_unload(m, class);
		m->partial[class] = m->full[class] = NULL;
	}
}

void mcache_counts_add(struct mcache_counts *to, const struct mcache_counts *from)
{
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		to->nmalloc[class] += from->nmalloc[class];
		to->nfree[class] += from->nfree[class];
	}
	to->large_alloc_bytes += from->large_alloc_bytes;
	to->large_free_bytes += from->large_free_bytes;
	to->tinyallocs += from->tinyallocs;
	to->lookups += from->lookups;
}

static void put_list(struct span **head)
{
	struct span *s;
	while ((s = *head)) {
		mcentral_list_remove(head, s);
		s->listed = s->kept_empty = false;
		mcentral_put(s);
	}
}

static void close_stack(struct mcache *m)
{
	struct span *s = atomic_exchange(&m->remote, MCACHE_CLOSED), *next;
	for (; s && s != MCACHE_CLOSED; s = next) {
		next = s->remote_next;
		mcentral_unqueue(s);
		mcentral_push_remote(s);
	}
}

uint64_t mcache_activity(const struct mcache *m, bool *holds)
{
	static const uint64_t odd = 0x9e3779b97f4a7c15; /* a word that only moves its bits counts, too */
	uint64_t sum = 0;
	*holds = atomic_load_explicit(&m->remote, memory_order_relaxed) != NULL;
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		const struct mcache_slot *slot = &m->slots[class];
		sum += __atomic_load_n(&m->counts.nmalloc[class], __ATOMIC_RELAXED) +
		       __atomic_load_n(&m->counts.nfree[class], __ATOMIC_RELAXED);
		sum += __atomic_load_n(__atomic_load_n(&slot->word, __ATOMIC_RELAXED),
		                       __ATOMIC_RELAXED) * odd;
		sum = sum << 1 | sum >> 63;
		*holds |= __atomic_load_n(&slot->span, __ATOMIC_RELAXED) ||
		          __atomic_load_n(&m->partial[class], __ATOMIC_RELAXED) ||
		          __atomic_load_n(&m->full[class], __ATOMIC_RELAXED);
	}
	for (unsigned size_class = 1; size_class < SIZECLASS_COUNT; size_class++)
		*holds |= __atomic_load_n(&m->parcels[size_class].slots, __ATOMIC_RELAXED) != 0;
	return sum;
}

void mcache_close(struct mcache *m, struct mcache_counts *ended)
{
	mcache_hand_over(m);
	close_stack(m);
	for (unsigned class = 0; class < SPAN_CLASSES; class++) {
		struct span *s = m->slots[class].span;
		if (s) {
			word_unload(m, class);
			uncharge(m, s);
			mcentral_put(s);
		}
		put_list(&m->partial[class]);
		put_list(&m->full[class]);
	}
	m->empty_pages = 0;
	m->live_freed = mcache_freed_live(m, &m->scan_freed);
	mcache_settle_live(m);
	mcache_counts_add(ended, &m->counts);
	__builtin_memset(&m->counts, 0, sizeof m->counts);
	__builtin_memset(m->credited, 0, sizeof m->credited);
	m->tiny = m->tiny_end = 0;
}
