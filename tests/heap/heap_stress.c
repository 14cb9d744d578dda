/*
 * heap_stress SECONDS - a shadow model knows what is reachable; threads come and go,
 * objects are linked, handed over, freed and dropped at random, collections are forced at
 * random moments. Nothing reachable may change, nothing dead may stay for ever.
 *
 * Each object names itself: its first words hold a magic number, its slot and a stamp,
 * checked whenever it is met again. The model is in malloc memory, where the collector
 * sees nothing; the only pointers that count are in `shelves`, a registered root.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../libcore/check.h"

enum { THREADS = 6, SLOTS = 3000, CHAIN = 4, ROUNDS_A_LIFE = 40000 };
static const uint64_t MAGIC = 0x6d656d7370616e21;

struct object {
	uint64_t magic, slot, stamp, bytes;
	struct object *next; /* a chain of objects that only this one keeps */
};

static struct object **shelves[THREADS];          /* malloc memory, registered as roots */
static uint64_t *stamps[THREADS];                 /* the model: 0 for an empty slot */
static _Atomic(struct object *) exchange[THREADS]; /* static data: objects that change hands */
static _Atomic bool done;
static const size_t offsets[] = {offsetof(struct object, next)};
static const memspan_type type = {"object", sizeof(struct object), 1, offsets};

static struct object *object_new(unsigned r, uint64_t slot, uint64_t stamp)
{
	size_t bytes = sizeof(struct object) + (r & 7 ? r % 600 : r % 60000);
	struct object *o = r % 5 == 0 ? memspan_alloc_typed(&type, 1 + r % 7) : memspan_alloc(bytes);
	check(o && !o->magic && !o->next);
	*o = (struct object){MAGIC, slot, stamp, bytes, NULL};
	return o;
}

static void object_check(const struct object *o, uint64_t slot, uint64_t stamp)
{
	for (uint64_t link = 0; o; o = o->next, link++) {
		check(o->magic == MAGIC && o->slot == slot + link && o->stamp == stamp);
		check(memspan_is_heap_pointer(o));
	}
}

static void object_free(struct object *o)
{
	while (o) {
		struct object *next = o->next;
		o->magic = 0;
		memspan_free(o);
		o = next;
	}
}

static void refill(unsigned self, unsigned slot, unsigned r, uint64_t stamp)
{
	struct object *head = object_new(r, slot, stamp), *tail = head;
	shelves[self][slot] = head;
	stamps[self][slot] = stamp;
	for (unsigned link = 1; link < 1 + r % CHAIN; link++)
		tail = tail->next = object_new(r * 31 + link, slot + link, stamp);
}

static void *live(void *arg)
{
	unsigned self = (unsigned)(uintptr_t)arg;
	static _Atomic uint64_t stamp_next = 1;
	unsigned x = (unsigned)atomic_fetch_add(&stamp_next, 1) * 2654435761u + self;
	for (int round = 0; round < ROUNDS_A_LIFE && !done; round++) {
		x = x * 1664525 + 1013904223;
		unsigned r = x >> 7, slot = r % SLOTS;
		struct object *o = shelves[self][slot];
		if (stamps[self][slot])
			object_check(o, slot, stamps[self][slot]);
		switch (r >> 13 & 15) {
		case 0: /* given back at once, by this thread or whoever gets it */
			shelves[self][slot] = NULL;
			stamps[self][slot] = 0;
			object_free(atomic_exchange(&exchange[r % THREADS], o));
			break;
		case 1:
		case 2:
			shelves[self][slot] = NULL;
			stamps[self][slot] = 0;
			object_free(o);
			break;
		case 3:
			if (r % 997 == 0)
				memspan_gc();
			break;
		case 4:
			memset(memspan_alloc_noscan(1 + r % 3000), 0xff, 1 + r % 3000);
			break;
		default: /* what was there is dropped */
			refill(self, slot, r, atomic_fetch_add(&stamp_next, 1));
		}
	}
	return NULL;
}

static void check_all(unsigned self)
{
	for (unsigned slot = 0; slot < SLOTS; slot++)
		if (stamps[self][slot])
			object_check(shelves[self][slot], slot, stamps[self][slot]);
}

static uint64_t objects_alive(void)
{
	memspan_mem_stats s;
	memspan_gc();
	memspan_read_mem_stats(&s);
	return s.heap_objects;
}

int main(int argc, char **argv)
{
	time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
	uint64_t before = objects_alive();
	for (int i = 0; i < THREADS; i++) {
		shelves[i] = calloc(SLOTS, sizeof *shelves[i]);
		stamps[i] = calloc(SLOTS, sizeof *stamps[i]);
		check(memspan_add_roots(shelves[i], SLOTS * sizeof *shelves[i]) == 0);
	}
	while (time(NULL) < end) {
		pthread_t threads[THREADS];
		for (uintptr_t i = 0; i < THREADS; i++)
			check(pthread_create(&threads[i], NULL, live, (void *)i) == 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		for (unsigned i = 0; i < THREADS; i++)
			check_all(i);
	}
	uint64_t kept = 0;
	for (unsigned i = 0; i < THREADS; i++) {
		for (unsigned slot = 0; slot < SLOTS; slot++)
			for (const struct object *o = shelves[i][slot]; o; o = o->next)
				kept++;
		for (const struct object *o = exchange[i]; o; o = o->next)
			kept++;
	}
	uint64_t alive = objects_alive();
	check(alive >= kept && alive <= before + kept + kept / 50 + 200);
	return 0;
}
