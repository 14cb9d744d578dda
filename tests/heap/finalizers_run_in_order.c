/*
 * finalizers_run_in_order - Go's order: of what leads to each other the first only, rings
 * never; and what a program may do with an object whose finalizer is due already.
 */
#include <memspan.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../libcore/check.h"

enum { MANY = 64, MOST = MANY - 8, LENGTH = 3 }; /* a forgotten word may keep some of what is dead */

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

static void collect_until(const _Atomic unsigned *count, unsigned wanted)
{
	for (int i = 0; i < 2000 && *count < wanted; i++) {
		memspan_gc();
		usleep(500);
	}
	check(*count >= wanted);
}

/* ---- chains and rings ------------------------------------------------------- */

struct node {
	struct node *next;
	uint64_t chain, place;
};

static _Atomic unsigned ran[LENGTH], out_of_order, ring_ran;
static uint32_t gc_of[MANY][LENGTH];

static uint32_t cycles(void)
{
	static memspan_mem_stats s; /* on the finalizer thread only */
	memspan_read_mem_stats(&s);
	return s.num_gc;
}

/* All behind it is whole, all before it has run in an earlier cycle. */
static void on_node(void *object, void *arg)
{
	const struct node *n = object;
	uint64_t place = n->place;
	gc_of[n->chain][place] = cycles();
	out_of_order += place > 0 && (gc_of[n->chain][place - 1] == 0 ||
	                              gc_of[n->chain][place - 1] >= gc_of[n->chain][place]);
	for (; n; n = n->next, place++)
		check(n->place == place);
	check(place == LENGTH && arg == NULL);
	ran[((const struct node *)object)->place]++;
}

static void *make_chains(void *arg)
{
	for (uint64_t chain = 0; chain < MANY; chain++) {
		struct node *next = NULL;
		for (uint64_t place = LENGTH; place-- > 0;) {
			struct node *n = memspan_alloc(sizeof *n);
			*n = (struct node){.next = next, .chain = chain, .place = place};
			check(memspan_set_finalizer(n, on_node, NULL) == 0);
			next = n;
		}
	}
	return arg;
}

static void a_chain_is_finalized_from_its_head(void)
{
	on_thread(make_chains, NULL);
	collect_until(&ran[LENGTH - 1], MOST);
	check(out_of_order == 0 && ran[0] >= ran[1] && ran[1] >= ran[2] && ran[0] <= MANY);
}

static uintptr_t ring[MANY];

static void on_ring(void *object, void *arg)
{
	(void)object, (void)arg;
	ring_ran++;
}

/* Rings of two, of one, and by way of the argument. */
static void *make_rings(void *arg)
{
	for (int i = 0; i < MANY; i++) {
		struct node *n = memspan_alloc(sizeof *n), *other = memspan_alloc(sizeof *n);
		n->next = i % 3 == 0 ? other : i % 3 == 1 ? n : NULL;
		other->next = i % 3 == 0 ? n : NULL;
		check(memspan_set_finalizer(n, on_ring, i % 3 == 2 ? n : NULL) == 0);
		ring[i] = hide(n);
	}
	return arg;
}

static void a_ring_is_never_finalized(void)
{
	on_thread(make_rings, NULL);
	for (int i = 0; i < 10; i++) {
		memspan_gc();
		usleep(500);
	}
	check(ring_ran == 0);
	for (int i = 0; i < MANY; i++) {
		check(memspan_is_heap_pointer(show(ring[i])));
		check(memspan_set_finalizer(show(ring[i]), NULL, NULL) == 0);
	}
	memspan_gc();
	unsigned kept = 0;
	for (int i = 0; i < MANY; i++)
		kept += memspan_is_heap_pointer(show(ring[i]));
	check(kept <= MANY - MOST && ring_ran == 0);
}

/* ---- what is due already ------------------------------------------------------ */

static struct {
	sem_t begun, go_on;
	uintptr_t hidden[MANY];
	memspan_weak *weak[MANY];
	bool freed[MANY];
	_Atomic unsigned ran[MANY];
} due;

static void block(void *object, void *arg)
{
	(void)object, (void)arg;
	sem_post(&due.begun);
	while (sem_wait(&due.go_on) != 0)
		;
}

static void on_due(void *object, void *arg)
{
	const uint64_t *number = object;
	check(number[0] == number[1] && number[0] < MANY && arg == NULL);
	due.ran[number[0]]++;
	memspan_free(object); /* one that runs may give it back */
}

static void *make_blocker(void *arg)
{
	check(memspan_set_finalizer(memspan_alloc(64), block, NULL) == 0);
	return arg;
}

static void *make_due(void *arg)
{
	for (uint64_t i = 0; i < MANY; i++) {
		uint64_t *p = memspan_alloc(64);
		p[0] = p[1] = i;
		check(memspan_set_finalizer(p, on_due, NULL) == 0);
		due.weak[i] = memspan_weak_make(p);
		due.hidden[i] = hide(p);
	}
	return arg;
}

/* Over what was freed: a finalizer that ran on it would see it. */
static void *overwrite(void *arg)
{
	for (int i = 0; i < 5000; i++)
		memset(memspan_alloc(64), 0xee, 64);
	return arg;
}

static void hold_up_the_finalizer_thread(void)
{
	sem_init(&due.begun, 0, 0);
	sem_init(&due.go_on, 0, 0);
	for (int i = 0; i < 2000 && sem_trywait(&due.begun) != 0; i++) {
		if (i % 10 == 0) /* one may be kept by a forgotten word */
			on_thread(make_blocker, NULL);
		memspan_gc();
		usleep(500);
	}
}

/* Of those that are due every third is freed, every third moved. */
static unsigned free_and_move(void)
{
	unsigned freed = 0;
	for (int i = 0; i < MANY; i++) {
		if (memspan_weak_get(due.weak[i]))
			continue; /* kept by a forgotten word: not due */
		due.freed[i] = i % 3 == 0;
		if (due.freed[i])
			memspan_free(show(due.hidden[i]));
		else if (i % 3 == 1)
			due.hidden[i] = hide(memspan_realloc(show(due.hidden[i]), 4000));
		freed += due.freed[i];
	}
	return freed;
}

static void what_is_freed_is_not_finalized(void)
{
	hold_up_the_finalizer_thread();
	on_thread(make_due, NULL);
	for (int i = 0; i < 3; i++)
		memspan_gc(); /* those that die are queued now, and wait */
	check(free_and_move() >= MANY / 3 - 8);
	on_thread(overwrite, NULL);
	memspan_gc();
	on_thread(overwrite, NULL);
	for (int i = 0; i < 2000; i++)
		sem_post(&due.go_on); /* for blockers that come late too */
	for (int i = 0; i < MANY; i++) {
		bool was_due = !memspan_weak_get(due.weak[i]) && !due.freed[i];
		if (was_due)
			collect_until(&due.ran[i], 1);
	}
	for (int i = 0; i < MANY; i++)
		check(due.ran[i] <= (due.freed[i] ? 0 : 1));
}

int main(void)
{
	a_chain_is_finalized_from_its_head();
	a_ring_is_never_finalized();
	what_is_freed_is_not_finalized();
	return 0;
}
