/* lock.c - see lock.h. */
#define _GNU_SOURCE
#include "lock.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "os.h"

enum { SPINS = 100 };

void lock_sleep(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns)
{
	struct timespec timeout = {
	    .tv_sec = timeout_ns / 1000000000,
	    .tv_nsec = timeout_ns % 1000000000,
	};
	int saved = errno;
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, expected, timeout_ns < 0 ? NULL : &timeout,
	        NULL, 0);
	errno = saved;
}

void lock_wake(_Atomic uint32_t *word, int count)
{
	int saved = errno;
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
	errno = saved;
}

void lock_acquire_slow(struct lock *l)
{
	for (int i = 0; i < SPINS; i++) {
		if (atomic_load_explicit(&l->word, memory_order_relaxed) == 0 && lock_try(l))
			return;
		lock_pause();
	}
	while (atomic_exchange_explicit(&l->word, 2, memory_order_acquire) != 0)
		lock_sleep(&l->word, 2, -1);
}

bool lock_acquire_within(struct lock *l, int64_t timeout_ns)
{
	if (lock_try(l))
		return true;
	int64_t deadline_ns = (int64_t)os_mono_ns() + timeout_ns;
	while (atomic_exchange_explicit(&l->word, 2, memory_order_acquire) != 0) {
		int64_t left_ns = deadline_ns - (int64_t)os_mono_ns();
		if (left_ns <= 0)
			return false;
		lock_sleep(&l->word, 2, left_ns);
	}
	return true;
}

void lock_release_slow(struct lock *l)
{
	lock_wake(&l->word, 1);
}

void lock_event_set(struct lock_event *event)
{
	atomic_fetch_add(&event->count, 1);
	if (atomic_load(&event->waiters))
		lock_wake(&event->count, INT_MAX);
}

uint64_t lock_event_wait(struct lock_event *event, uint64_t seen, int timeout_ms)
{
	if (atomic_load(&event->count) == (uint32_t)seen) {
		atomic_fetch_add(&event->waiters, 1);
		lock_sleep(&event->count, (uint32_t)seen,
		           timeout_ms < 0 ? -1 : (int64_t)timeout_ms * 1000000);
		atomic_fetch_sub(&event->waiters, 1);
	}
	return atomic_load(&event->count);
}
