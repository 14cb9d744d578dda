/*
 * A thread that ends settles what it freed at once, and one that allocates only now and then: so
 * the first small heap of a program may seem to hold less than nothing for a while.
 */
#include <memspan.h>
#include <pthread.h>

#include "../libcore/check.h"

static void *free_it(void *object)
{
	memspan_free(object);
	return NULL;
}

int main(void)
{
	static memspan_mstats stats;
	for (int i = 0; i < 100; i++) {
		pthread_t id;
		void *object = memspan_alloc(100);
		check(object && pthread_create(&id, NULL, free_it, object) == 0);
		check(pthread_join(id, NULL) == 0);
		memspan_read_mstats(&stats);
		check(stats.heap_live >= stats.heap_alloc && stats.heap_live < 1 << 20);
	}
	memspan_gc();
	return 0;
}
