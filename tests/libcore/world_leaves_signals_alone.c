/*
 * The stop signal is the collector's, yet the program may use it: its handler is called
 * for its own signals and not for ours, and masks that
 * would block the signal do not block it.
 *
 * A program of its own: it is about signals and threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "world.h"

static _Atomic int calls;
static _Atomic bool ending;
static _Atomic bool in_handler;

static void on_urgent(int signal)
{
	check(signal == WORLD_SIGNAL);
	atomic_fetch_add(&calls, 1);
}

/* Long, with every signal asked to be blocked: the world must stop all the same. */
static void on_user(int signal)
{
	(void)signal;
	atomic_store(&in_handler, true);
	while (!atomic_load(&ending))
		;
}

static unsigned long given_up(void)
{
	return (unsigned long)world_given_up();
}

static void own_handler_is_called(void)
{
	struct sigaction act = {.sa_handler = on_urgent}, former;
	check(sigaction(WORLD_SIGNAL, &act, NULL) == 0);
	check(sigaction(WORLD_SIGNAL, NULL, &former) == 0 && former.sa_handler == on_urgent);
	check(raise(WORLD_SIGNAL) == 0);
	check(calls == 1);
	memspan_gc();
	check(calls == 1);
	check(kill(getpid(), WORLD_SIGNAL) == 0);
	while (calls < 2)
		usleep(100);
	check(signal(WORLD_SIGNAL, SIG_DFL) == on_urgent);
	check(raise(WORLD_SIGNAL) == 0 && calls == 2);
}

static void *sleep_long(void *arg)
{
	struct timespec wish = {.tv_nsec = 300 * 1000 * 1000};
	sigset_t all;
	sigfillset(&all);
	check(sigprocmask(SIG_BLOCK, &all, NULL) == 0);
	check(ppoll(NULL, 0, &wish, &all) == 0 || errno == EINTR);
	return arg;
}

static void *handle_long(void *arg)
{
	struct sigaction act = {.sa_handler = on_user};
	sigfillset(&act.sa_mask);
	check(sigaction(SIGUSR2, &act, NULL) == 0);
	check(raise(SIGUSR2) == 0);
	return arg;
}

static void threads_that_block_signals_stop(void)
{
	pthread_t sleeper, handler;
	check(pthread_create(&sleeper, NULL, sleep_long, NULL) == 0);
	check(pthread_create(&handler, NULL, handle_long, NULL) == 0);
	while (!atomic_load(&in_handler))
		usleep(100);
	for (unsigned i = 0; i < 20; i++)
		memspan_gc();
	atomic_store(&ending, true);
	check(pthread_join(sleeper, NULL) == 0 && pthread_join(handler, NULL) == 0);
}

int main(void)
{
	memspan_gc();
	own_handler_is_called();
	threads_that_block_signals_stop();
	check(given_up() == 0);
	return 0;
}
