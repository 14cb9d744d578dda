/*
 * finalizers_change_while_marked SECONDS - what a finalizer finds is whole, whatever the program
 * did with it while the collector was marking: attached it, gave its object something to
 * lead to, moved it. All of that is done with objects that only weak references lead to,
 * so that nothing else marks them.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "../libcore/check.h"

enum { POPULATION = 2000, BALLAST = 1 << 15, PAYLOAD_BYTES = 48 };
static const uint64_t MAGIC = 0x77686f6c65736f6d;

struct payload {
	uint64_t magic, number, copy;
};

struct object {
	uint64_t magic, number;
	struct payload *payload;  /* what it was given, or NULL */
	uint64_t payload_number;  /* of that, as far as is known */
};

static void **ballast[BALLAST];  /* static data that takes a while to mark */
static memspan_weak *of_objects[POPULATION], *of_payloads[POPULATION];
static _Atomic uint64_t finalized, with_payload, with_argument;
static _Atomic bool done;
static unsigned random_state = 1;

static unsigned roll(unsigned below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 8) % below;
}

static void payload_check(const struct payload *p)
{
	check(p->magic == MAGIC && p->number == p->copy);
}

static void on_finalizer(void *object, void *arg)
{
	const struct object *o = object;
	check(o->magic == MAGIC);
	if (o->payload) {
		payload_check(o->payload);
		check(o->payload->number == o->payload_number);
		with_payload++;
	}
	if (arg) {
		payload_check(arg);
		with_argument++;
	}
	finalized++;
}

static struct payload *payload_new(uint64_t number)
{
	struct payload *p = memspan_alloc_noscan(PAYLOAD_BYTES);
	*p = (struct payload){MAGIC, number, number};
	return p;
}

static struct object *object_new(uint64_t number)
{
	struct object *o = memspan_alloc(sizeof *o);
	o->magic = MAGIC;
	o->number = number;
	return o;
}

/* ---- what is done to them ---------------------------------------------------- */

static __attribute__((noinline)) struct payload *some_payload(void)
{
	struct payload *p = memspan_weak_get(of_payloads[roll(POPULATION)]);
	if (p)
		payload_check(p);
	return p;
}

/* Its finalizer has been there for long. */
static __attribute__((noinline)) void give_a_payload(void)
{
	struct object *o = memspan_weak_get(of_objects[roll(POPULATION)]);
	struct payload *p = some_payload();
	if (!o || !p)
		return;
	check(o->magic == MAGIC);
	o->payload_number = p->number;
	o->payload = p;
}

static __attribute__((noinline)) void attach(void)
{
	struct payload *p = some_payload();
	if (p)
		check(memspan_set_finalizer(object_new(p->number), on_finalizer, p) == 0);
}

static __attribute__((noinline)) void attach_again(void)
{
	struct object *o = memspan_weak_get(of_objects[roll(POPULATION)]);
	struct payload *p = some_payload();
	if (o && p)
		check(memspan_set_finalizer(o, on_finalizer, p) == 0);
}

static __attribute__((noinline)) void move(void)
{
	unsigned i = roll(POPULATION);
	struct object *o = memspan_weak_get(of_objects[i]);
	if (!o)
		return;
	o = memspan_realloc(o, 100 + roll(400));
	check(o && memspan_weak_get(of_objects[i]) == o);
}

static __attribute__((noinline)) void renew(unsigned i)
{
	if (!memspan_weak_get(of_payloads[i]))
		of_payloads[i] = memspan_weak_make(payload_new(i));
	if (memspan_weak_get(of_objects[i]))
		return;
	struct object *o = object_new(i);
	check(memspan_set_finalizer(o, on_finalizer, NULL) == 0);
	of_objects[i] = memspan_weak_make(o);
}

/* ---- the heap meanwhile ---------------------------------------------------------- */

/* Writes all over the heap, so that marking goes on for several rounds, and over what is free. */
static void *disturb(void *arg)
{
	for (unsigned x = 1; !done; x = x * 1664525 + 1013904223) {
		ballast[(x >> 8) % BALLAST][1] = arg;
		if (x % 8 == 0)
			memset(memspan_alloc_noscan(PAYLOAD_BYTES), 0xee, PAYLOAD_BYTES);
		if (x % 64 == 0)
			memset(memspan_alloc(sizeof(struct object)), 0xee, sizeof(struct object));
	}
	return NULL;
}

static void *collect(void *arg)
{
	while (!done)
		memspan_gc();
	return arg;
}

static void change_for(int seconds)
{
	time_t end = time(NULL) + seconds;
	while (time(NULL) < end || !finalized || !with_payload || !with_argument) {
		for (unsigned i = 0; i < POPULATION; i++)
			renew(i);
		for (unsigned i = 0; i < 20 * POPULATION; i++) {
			switch (roll(8)) {
			case 0:
				attach();
				break;
			case 1:
				attach_again();
				break;
			case 2:
				move();
				break;
			default:
				give_a_payload();
			}
		}
	}
}

int main(int argc, char **argv)
{
	pthread_t threads[2];
	for (unsigned i = 0; i < BALLAST; i++)
		ballast[i] = memspan_alloc(32);
	check(pthread_create(&threads[0], NULL, disturb, NULL) == 0);
	check(pthread_create(&threads[1], NULL, collect, NULL) == 0);
	change_for(argc > 1 ? atoi(argv[1]) : 1);
	done = true;
	for (int i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
