/*
 * weak_references - what memspan.h says of them: whom they follow, when they end, who keeps
 * the handle; with finalizers, explicit frees, moves, forks and many threads.
 */
#include <errno.h>
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "heap.h"

enum { MANY = 64, MOST = MANY - 8 }; /* a forgotten word may keep some of what is dead */

static memspan_weak *handles[MANY];
static uintptr_t hidden[MANY];

/* A pointer that nothing on this stack remembers: made, and lost, on a thread of its own. */
static void on_thread(void *(*run)(void *), void *arg)
{
	pthread_t id;
	check(pthread_create(&id, NULL, run, arg) == 0);
	check(pthread_join(id, NULL) == 0);
}

static uintptr_t hide(const void *p)
{
	return ~(uintptr_t)p;
}

static void *show(uintptr_t hidden_pointer)
{
	return (void *)~hidden_pointer;
}

static unsigned ended(void)
{
	unsigned count = 0;
	for (int i = 0; i < MANY; i++) {
		void *p = memspan_weak_get(handles[i]);
		check(!p || hide(p) == hidden[i]);
		count += !p;
	}
	return count;
}

/* ---- whom they follow ------------------------------------------------------- */

static void *make_of_each_kind(void *keep)
{
	static const size_t offsets[] = {8};
	static const memspan_type pair = {"pair", 16, 1, offsets};
	for (int i = 0; i < MANY; i++) {
		char *p = i % 4 == 0   ? memspan_alloc(64)
		          : i % 4 == 1 ? memspan_alloc_noscan(100)
		          : i % 4 == 2 ? memspan_alloc_typed(&pair, 5)
		                       : memspan_alloc(100000);
		handles[i] = memspan_weak_make(p + i % 16);
		check(handles[i] && memspan_weak_get(handles[i]) == p + i % 16);
		hidden[i] = hide(p + i % 16);
		if (keep)
			((void **)keep)[i] = p;
	}
	return NULL;
}

static void they_end_with_their_objects(void)
{
	static void *keep[MANY];
	on_thread(make_of_each_kind, keep);
	for (int i = 0; i < 3; i++)
		memspan_gc();
	check(ended() == 0);
	memset(keep, 0, sizeof keep);
	memspan_gc();
	check(ended() >= MOST);
}

/* Asked before the sweep has come to the object, which such a cycle does not wait for. */
static void they_end_though_the_sweep_is_lazy(void)
{
	uint64_t period_ns = cycle_period_ns;
	on_thread(make_of_each_kind, NULL);
	cycle_period_ns = 0;
	for (int i = 0; i < 2000 && ended() < MOST; i++) {
		check(heap_collect(heap_thread(), RECORDER_PERIODIC));
		usleep(i > 0 ? 500 : 0);
	}
	cycle_period_ns = period_ns;
	check(ended() >= MOST);
}

static void one_place_has_one_handle(void)
{
	char *p = memspan_alloc(64);
	memspan_weak *start = memspan_weak_make(p), *inside = memspan_weak_make(p + 5);
	check(start && inside && start != inside);
	check(memspan_weak_make(p) == start && memspan_weak_make(p + 5) == inside);
	check(memspan_weak_get(start) == p && memspan_weak_get(inside) == p + 5);
	memspan_free(start); /* changes nothing */
	check(memspan_weak_make(p) == start && memspan_weak_get(start) == p);
	memspan_free(p);
	check(!memspan_weak_get(start) && !memspan_weak_get(inside));
	char *other = memspan_alloc(64); /* in the same place, most likely */
	check(memspan_weak_make(other) != start && !memspan_weak_get(start));
}

/* The handle itself is known to nobody for a while. */
static void *make_and_hide(void *objects)
{
	for (int i = 0; i < MANY; i++) {
		((void **)objects)[i] = memspan_alloc(32);
		hidden[i] = hide(memspan_weak_make(((void **)objects)[i]));
	}
	return NULL;
}

static void *churn(void *arg)
{
	for (int i = 0; i < 20000; i++) {
		memset(memspan_alloc_noscan(8), 0x55, 8);
		memset(memspan_alloc(64), 0x55, 64);
	}
	return arg;
}

static void a_handle_lives_as_long_as_its_object(void)
{
	static void *objects[MANY];
	on_thread(make_and_hide, objects);
	for (int i = 0; i < 3; i++) {
		memspan_gc();
		on_thread(churn, NULL);
	}
	for (int i = 0; i < MANY; i++) {
		memspan_weak *weak = memspan_weak_make(objects[i]);
		check(hide(weak) == hidden[i] && memspan_weak_get(weak) == objects[i]);
	}
}

static void errors_are_those_that_are_promised(void)
{
	static char word[16];
	void *not_objects[] = {word, memspan_alloc(0), memspan_alloc_noscan(8), memspan_stack_alloc(8192),
	                       memspan_weak_make(memspan_alloc(16))};
	for (size_t i = 0; i < sizeof not_objects / sizeof *not_objects; i++) {
		errno = 0;
		check(!memspan_weak_make(not_objects[i]) && errno == EINVAL);
	}
	memspan_stack_free(not_objects[3]);
	errno = EDOM;
	check(!memspan_weak_make(NULL) && !memspan_weak_get(NULL));
	check(memspan_weak_get(memspan_weak_make(memspan_alloc(100))) && errno == EDOM);
}

/* ---- with frees, moves and forks --------------------------------------------- */

static void uncollectable_ones_end_when_they_are_freed(void)
{
	static const size_t bytes[] = {24, 1000, 200000};
	for (int i = 0; i < 3; i++) {
		char *p = memspan_alloc_uncollectable(bytes[i]);
		memspan_weak *weak = memspan_weak_make(p + 8);
		uintptr_t number = hide(p);
		p = NULL;
		memspan_gc();
		memspan_gc();
		check(memspan_weak_get(weak) == (char *)show(number) + 8);
		memspan_free(show(number));
		check(!memspan_weak_get(weak));
	}
}

static void nothing(void *object, void *arg)
{
	(void)object, (void)arg;
}

static void they_move_with_their_objects(void)
{
	static const size_t sizes[] = {100, 5000, 300000, 40};
	char *p = memspan_alloc(sizes[0]);
	memspan_weak *start = memspan_weak_make(p), *early = memspan_weak_make(p + 16),
	             *late = memspan_weak_make(p + 90);
	check(memspan_set_finalizer(p, nothing, NULL) == 0);
	for (int i = 1; i < 4; i++) {
		char *moved = memspan_realloc(p, sizes[i]);
		check(moved && moved != p);
		p = moved;
		check(memspan_weak_get(start) == p && memspan_weak_get(early) == p + 16);
		check(memspan_weak_get(late) == (i < 3 ? p + 90 : NULL));
		check(memspan_weak_make(p) == start);
	}
	check(memspan_set_finalizer(p, NULL, NULL) == 0);
	memspan_free(p);
	check(!memspan_weak_get(start) && !memspan_weak_get(early));
}

static void what_is_cut_off_in_place_is_gone(void)
{
	enum { LARGE = 1 << 20 };
	struct thread *t = heap_thread();
	char *p = memspan_alloc_uncollectable(LARGE);
	memspan_weak *start = memspan_weak_make(p), *end = memspan_weak_make(p + LARGE - 1);
	struct heap_object o;
	check(heap_find((uintptr_t)p, &o) && heap_resize_large(t, o.span, LARGE / 2));
	check(memspan_weak_get(start) == p && !memspan_weak_get(end));
	memspan_free(p);
}

static void a_forked_child_goes_on_with_them(void)
{
	static void *keep[MANY];
	on_thread(make_of_each_kind, keep);
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		memspan_gc();
		check(ended() == 0);
		memset(keep, 0, sizeof keep);
		memspan_gc();
		check(ended() >= MOST);
		_exit(0);
	}
	int status;
	check(waitpid(child, &status, 0) == child && status == 0);
	check(ended() == 0);
	memset(keep, 0, sizeof keep);
}

/* ---- with finalizers ---------------------------------------------------------- */

struct node {
	struct node *next;
	memspan_weak *own, *of_next;
	uint64_t number;
};

static struct node *back[MANY];       /* made reachable again */
static _Atomic unsigned ran, saw_own, saw_next;

static void come_back(void *object, void *arg)
{
	struct node *n = object;
	saw_own += memspan_weak_get(n->own) != NULL;
	saw_next += memspan_weak_get(n->of_next) == n->next && n->next->number == n->number + 1000;
	back[n->number] = n;
	ran++;
	(void)arg;
}

static void *make_pairs(void *arg)
{
	for (uint64_t i = 0; i < MANY; i++) {
		struct node *n = memspan_alloc(sizeof *n);
		n->next = memspan_alloc(sizeof *n);
		n->number = i;
		n->next->number = i + 1000;
		n->own = handles[i] = memspan_weak_make(n);
		n->of_next = memspan_weak_make(n->next);
		hidden[i] = hide(n);
		check(memspan_set_finalizer(n, come_back, NULL) == 0);
	}
	return arg;
}

static void they_end_before_the_finalizer_and_for_ever(void)
{
	on_thread(make_pairs, NULL);
	for (int i = 0; i < 500 && ran < MOST; i++) {
		memspan_gc();
		usleep(1000);
	}
	check(ran >= MOST && saw_own == 0 && saw_next == ran);
	memspan_gc();
	for (int i = 0; i < MANY; i++) {
		if (!back[i])
			continue;
		memspan_weak *again = memspan_weak_make(back[i]);
		check(!memspan_weak_get(handles[i]) && again != handles[i]);
		check(memspan_weak_get(again) == back[i]);
		check(memspan_weak_get(back[i]->of_next) == back[i]->next);
	}
	memset(back, 0, sizeof back);
}

/* ---- from many threads ---------------------------------------------------------- */

enum { THREADS = 4, ENTRIES = 97, STEPS = 30000 };

struct entry {
	uint64_t magic, number, copy;
};

static const uint64_t MAGIC = 0x6861732067726f77;
static _Atomic(memspan_weak *) cache[ENTRIES];
static _Atomic unsigned hits, misses;

/* A cache as users write it: what it finds is whole, what nobody uses any more goes. */
static struct entry *look_up(uint64_t number)
{
	struct entry *e = memspan_weak_get(atomic_load(&cache[number]));
	if (e) {
		hits++;
		check(e->magic == MAGIC && e->number == number && e->copy == number);
		return e;
	}
	misses++;
	e = memspan_alloc(sizeof *e);
	*e = (struct entry){MAGIC, number, number};
	memspan_weak *weak = memspan_weak_make(e);
	check(weak && memspan_weak_get(weak) == e);
	atomic_store(&cache[number], weak);
	return e;
}

static void *use_cache(void *seed)
{
	struct entry *in_use[8] = {NULL};
	unsigned x = (unsigned)(uintptr_t)seed;
	for (int i = 0; i < STEPS; i++) {
		x = x * 1664525 + 1013904223;
		in_use[x >> 8 & 7] = look_up((x >> 12) % ENTRIES);
		memset(memspan_alloc(sizeof(struct entry)), 0xee, sizeof(struct entry));
		if (x % 4999 == 0)
			memspan_gc();
		const struct entry *e = in_use[x >> 5 & 7];
		check(!e || (e->magic == MAGIC && e->number == e->copy));
	}
	return NULL;
}

static void a_cache_of_many_threads_is_right(void)
{
	pthread_t threads[THREADS];
	for (uintptr_t i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, use_cache, (void *)(i * 77 + 1)) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	check(hits > 0 && misses > ENTRIES);
}

int main(void)
{
	they_end_with_their_objects();
	they_end_though_the_sweep_is_lazy();
	one_place_has_one_handle();
	a_handle_lives_as_long_as_its_object();
	errors_are_those_that_are_promised();
	uncollectable_ones_end_when_they_are_freed();
	they_move_with_their_objects();
	what_is_cut_off_in_place_is_gone();
	a_forked_child_goes_on_with_them();
	they_end_before_the_finalizer_and_for_ever();
	a_cache_of_many_threads_is_right();
	return 0;
}
