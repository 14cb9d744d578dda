/*
 * A handler that interrupts a thread while it waits for a collection holds the only pointer to an
 * object, and waits itself until others have collected: its frames are read, too.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/time.h>

#include "../libcore/check.h"
#include "memspan.h"

enum { OBJECT_BYTES = 48, HOLDS = 25, DELAY_US = 200, COLLECTIONS = 2, WAITS_MAX = 30 };

static unsigned char *volatile object;
static _Atomic unsigned collections, holds;

static void *collect(void *arg)
{
	while (atomic_load(&holds) < HOLDS) {
		memspan_gc();
		atomic_fetch_add(&collections, 1);
	}
	return arg;
}

static void hold(int signal)
{
	unsigned char *volatile held = object;
	unsigned until = atomic_load(&collections) + COLLECTIONS;
	(void)signal;
	object = NULL;
	for (int i = 0; i < WAITS_MAX && (int)(atomic_load(&collections) - until) < 0; i++)
		poll(NULL, 0, 1);
	object = held;
	atomic_fetch_add(&holds, 1);
}

static __attribute__((noinline)) memspan_weak *build(void)
{
	object = memset(memspan_alloc(OBJECT_BYTES), 0x5a, OBJECT_BYTES);
	return memspan_weak_make(object);
}

static __attribute__((noinline)) void wipe(void)
{
	char below[16 << 10];
	memset(below, 0, sizeof below);
	__asm__ volatile("" : : "r"(below) : "memory");
}

int main(void)
{
	const struct itimerval once = {.it_value.tv_usec = DELAY_US};
	struct sigaction act = {.sa_handler = hold, .sa_flags = SA_RESTART};
	pthread_t collector;
	sigset_t timer;
	memspan_weak *weak = build();
	wipe();
	sigemptyset(&timer); /* never the other thread's */
	sigaddset(&timer, SIGALRM);
	check(pthread_sigmask(SIG_BLOCK, &timer, NULL) == 0);
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	check(pthread_sigmask(SIG_UNBLOCK, &timer, NULL) == 0);
	check(sigaction(SIGALRM, &act, NULL) == 0);
	while (atomic_load(&holds) < HOLDS) {
		check(setitimer(ITIMER_REAL, &once, NULL) == 0);
		memspan_gc();
	}
	check(pthread_join(collector, NULL) == 0);
	check(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL) == 0);
	check(object && memspan_weak_get(weak) == object);
	for (int i = 0; i < OBJECT_BYTES; i++)
		check(object[i] == 0x5a);
	return 0;
}
