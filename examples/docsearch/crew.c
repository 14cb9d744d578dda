#include "crew.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>

struct crew {
	atomic_size_t next;
	size_t items;
	void (*work)(size_t item, void *arg);
	void *arg;
};

static void *crew_member(void *data)
{
	struct crew *crew = data;
	size_t item;

	while ((item = atomic_fetch_add(&crew->next, 1)) < crew->items)
		crew->work(item, crew->arg);
	return NULL;
}

void crew_run(unsigned threads, size_t items, void (*work)(size_t item, void *arg), void *arg)
{
	struct crew crew = {.items = items, .work = work, .arg = arg};
	pthread_t members[CREW_THREADS_MAX];
	unsigned started = 0;

	assert(threads >= 1 && threads <= CREW_THREADS_MAX);
	while (started < threads - 1 &&
	       pthread_create(&members[started], NULL, crew_member, &crew) == 0)
		started++;
	crew_member(&crew);
	while (started > 0)
		pthread_join(members[--started], NULL);
}
