/*
 * A handler waits in a call of the C library, as poll, that counts as stopped where the thread
 * itself makes it.
 */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>

#include "../libcore/check.h"
#include "memspan.h"

enum { COLLECTIONS = 150, PERIOD_US = 1500, WAIT_MS = 1, PATIENCE_SECONDS = 100, KEPT = 64 };

static _Atomic int done;
static void *volatile kept[KEPT];

static void *collect(void *arg)
{
	sigset_t timer;
	sigemptyset(&timer);
	sigaddset(&timer, SIGALRM);
	check(pthread_sigmask(SIG_BLOCK, &timer, NULL) == 0);
	for (int i = 0; i < COLLECTIONS; i++)
		memspan_gc();
	atomic_store(&done, 1);
	return arg;
}

static void wait_a_little(int signal)
{
	(void)signal;
	poll(NULL, 0, WAIT_MS);
}

/* Who waits in a stopped world would not come to end it. */
static void end_if_it_hangs(void)
{
	timer_t timer;
	struct sigevent kills = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGKILL};
	const struct itimerspec once = {.it_value.tv_sec = PATIENCE_SECONDS};
	check(timer_create(CLOCK_MONOTONIC, &kills, &timer) == 0);
	check(timer_settime(timer, 0, &once, NULL) == 0);
}

int main(void)
{
	const struct itimerval period = {{0, PERIOD_US}, {0, PERIOD_US}};
	struct sigaction act = {.sa_handler = wait_a_little, .sa_flags = SA_RESTART};
	pthread_t collector;
	end_if_it_hangs();
	check(sigaction(SIGALRM, &act, NULL) == 0);
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	check(setitimer(ITIMER_REAL, &period, NULL) == 0);
	for (unsigned i = 0; !atomic_load(&done); i++) {
		void *p = memspan_alloc(i % 2 ? 40000 : 3000);
		check(p);
		kept[i % KEPT] = p;
	}
	check(setitimer(ITIMER_REAL, &(struct itimerval){{0, 0}, {0, 0}}, NULL) == 0);
	check(pthread_join(collector, NULL) == 0);
	return 0;
}
