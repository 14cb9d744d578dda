/*
 * specials_survive_fork - while threads attach finalizers and weak references and the collector
 * visits them, the program forks: the child can do all of that, and finds what was there.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"

enum { THREADS = 3, FORKS = 30, KEPT = 1000, MADE_BY_CHILD = 200 };

static uint64_t *kept[KEPT];
static memspan_weak *handles[KEPT];
static _Atomic unsigned ran;
static _Atomic bool done;

static void on_finalizer(void *object, void *arg)
{
	check(*(uint64_t *)object == 7 && !arg);
	ran++;
}

static void *attach(void *arg)
{
	while (!done) {
		uint64_t *p = memspan_alloc(64);
		memspan_weak *weak = memspan_weak_make(p);
		*p = 7;
		check(memspan_set_finalizer(p, on_finalizer, NULL) == 0);
		check(memspan_weak_get(weak) == p);
		if (((uintptr_t)p >> 6) % 64 == 0)
			memspan_gc();
	}
	return arg;
}

static void check_kept(void)
{
	for (uint64_t i = 0; i < KEPT; i++)
		check(memspan_weak_get(handles[i]) == kept[i] && *kept[i] == i &&
		      memspan_weak_make(kept[i]) == handles[i]);
}

static void be_child(void)
{
	alarm(60); /* a lock that nobody will let go ends it */
	check_kept();
	ran = 0;
	for (int i = 0; i < MADE_BY_CHILD; i++) {
		uint64_t *p = memspan_alloc(64);
		*p = 7;
		check(memspan_weak_make(p) && memspan_set_finalizer(p, on_finalizer, NULL) == 0);
	}
	while (ran < MADE_BY_CHILD / 2) {
		memspan_gc();
		usleep(100);
	}
	check_kept();
	_exit(0);
}

int main(void)
{
	pthread_t threads[THREADS];
	for (uint64_t i = 0; i < KEPT; i++) {
		kept[i] = memspan_alloc(24);
		*kept[i] = i;
		handles[i] = memspan_weak_make(kept[i]);
	}
	for (int i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, attach, NULL) == 0);
	for (int i = 0; i < FORKS; i++) {
		int status;
		pid_t child = fork();
		check(child >= 0);
		if (child == 0)
			be_child();
		check(waitpid(child, &status, 0) == child && status == 0);
		check_kept();
	}
	done = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}
