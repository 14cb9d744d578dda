/*
 * young.h - what tests of a heap's first moments share: dice, threads and children that live a
 * life drawn from a seed. The test says what a life is.
 */
#ifndef YOUNG_H
#define YOUNG_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"

enum { YOUNG_THREADS_MAX = 6, YOUNG_SECONDS = 30 };

/* The test's: some dozens of steps. A child forks no more and begins no threads. */
static void live(uint64_t seed, bool in_child);

static _Atomic unsigned threads_begun, threads_running;

static unsigned roll(uint64_t *random, unsigned below)
{
	*random = *random * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(*random >> 33) % below;
}

/* Neighbouring seeds shall have nothing in common. */
static uint64_t seed_of(uint64_t number)
{
	return number * 2862933555777941757u + 3037000493u;
}

static void *run_thread(void *seed)
{
	live((uint64_t)(uintptr_t)seed, false);
	atomic_fetch_sub(&threads_running, 1);
	return NULL;
}

static void start_thread(uint64_t *random)
{
	pthread_t id;
	uint64_t seed = *random >> 3;
	if (atomic_fetch_add(&threads_begun, 1) >= YOUNG_THREADS_MAX)
		return;
	atomic_fetch_add(&threads_running, 1);
	check(pthread_create(&id, NULL, run_thread, (void *)(uintptr_t)seed) == 0);
	if (roll(random, 3))
		check(pthread_join(id, NULL) == 0);
	else
		check(pthread_detach(id) == 0);
}

/* The first thread's life; odd ones wait for the others, where detached threads go on into exit. */
static void live_and_wait(uint64_t number)
{
	alarm(YOUNG_SECONDS);
	live(seed_of(number), false);
	while (number % 2 && atomic_load(&threads_running) > 0)
		usleep(100);
}

static bool ended_well(pid_t child)
{
	int status;
	check(waitpid(child, &status, 0) == child);
	if (status != 0)
		fprintf(stderr, "a child's status: %#x\n", (unsigned)status);
	return status == 0;
}

static void in_a_child(uint64_t seed)
{
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		alarm(YOUNG_SECONDS);
		live(seed, true);
		_exit(0);
	}
	check(ended_well(child));
}

#endif
