/*
 * A record that stands for no thread yet takes no spans freed by others: one who looked up
 * the record's former thread as the owner may come late.
 */
#include <pthread.h>
#include <stdatomic.h>

#include "check.h"
#include "memspan.h"
#include "thread.h"

static void *allocate(void *arg)
{
	check(memspan_alloc(100) != NULL);
	return arg;
}

int main(void)
{
	bool refused;
	pthread_t id;
	memspan_gc();
	check(pthread_create(&id, NULL, allocate, NULL) == 0);
	check(pthread_join(id, NULL) == 0);
	struct thread_ref ref = thread_prepare(NULL, false, 0, &refused);
	check(ref.thread && ref.incarnation > 0); /* the record of the thread that ended */
	check(atomic_load(&ref.thread->mcache.remote) == MCACHE_CLOSED);
	thread_abandon(ref);
	return 0;
}
