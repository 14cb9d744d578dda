/* finalizer.c - see finalizer.h. */
#define _GNU_SOURCE
#include "finalizer.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "lock.h"
#include "os.h"
#include "sanitizer.h"
#include "special.h"
#include "thread.h"

static struct {
	struct lock lock;
	bool started;
	struct lock_event due;
} finalizer;

/* The queue is taken from inside the heap: its entries change only there. */
static bool next(struct special *out)
{
	struct thread *t = thread_self();
	thread_enter(t);
	bool found = special_run_next(out);
	thread_leave(t);
	return found;
}

static __attribute__((noinline)) bool run_one(void)
{
	struct special special;
	if (!next(&special))
		return false;
	special.fn((void *)special.address, special.arg);
	return true;
}

/*
 * What a finalizer leaves behind on this stack, or in registers that the signal of a stop puts
 * there, would keep its object while the thread waits.
 */
static __attribute__((noinline)) MARK_READS void wipe_what_is_left(void)
{
	char below[16 << 10];
	memset(below, 0, sizeof below);
	__asm__ volatile("" : : "r"(below) : "memory");
	os_clear_vectors();
}

static void *run(void *arg)
{
	uint64_t seen = 0;
	os_name_thread("memspan-final");
	for (;;) {
		while (run_one())
			;
		wipe_what_is_left();
		seen = lock_event_wait(&finalizer.due, seen, -1);
	}
	return arg;
}

void finalizer_wake(void)
{
	lock_event_set(&finalizer.due);
}

void finalizer_start(void)
{
	if (special_queue_empty() || __atomic_load_n(&finalizer.started, __ATOMIC_ACQUIRE))
		return;
	int saved = errno;
	lock_acquire(&finalizer.lock);
	if (!finalizer.started) {
		sigset_t all, former;
		pthread_t id;
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &former);
		if (pthread_create(&id, NULL, run, NULL) == 0) {
			pthread_detach(id);
			__atomic_store_n(&finalizer.started, true, __ATOMIC_RELEASE);
		}
		pthread_sigmask(SIG_SETMASK, &former, NULL);
	}
	lock_release(&finalizer.lock);
	errno = saved;
}

void finalizer_after_fork(void)
{
	memset(&finalizer, 0, sizeof finalizer);
}
