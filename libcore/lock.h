/*
 * lock.h - a mutual exclusion lock of one word, and a wake-up for the runtime's own
 * threads.
 *
 * Neither allocates, and errno is kept. A lock of all zero bytes is free and an event
 * of all zero bytes was never set: that is also how both are made anew in a forked
 * child. A lock is not recursive and not fair.
 *
 * Invariant: word is 0 free, 1 held, 2 held and perhaps waited for.
 */
#ifndef LOCK_H
#define LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
	_Atomic uint32_t word;
};

void lock_acquire_slow(struct lock *l);

/* False when the lock was not free within this time. */
bool lock_acquire_within(struct lock *l, int64_t timeout_ns);
void lock_release_slow(struct lock *l);

static inline bool lock_try(struct lock *l)
{
	uint32_t free = 0;
	return atomic_compare_exchange_strong_explicit(&l->word, &free, 1, memory_order_acquire,
	                                               memory_order_relaxed);
}

static inline void lock_acquire(struct lock *l)
{
	if (__builtin_expect(!lock_try(l), 0))
		lock_acquire_slow(l);
}

static inline void lock_release(struct lock *l)
{
	if (__builtin_expect(atomic_exchange_explicit(&l->word, 0, memory_order_release) == 2, 0))
		lock_release_slow(l);
}

/* Counts how often it was set. A waiter keeps the count that it has seen, from 0. */
struct lock_event {
	_Atomic uint32_t count;
	_Atomic uint32_t waiters;
};

/* Lets every waiter that has not seen this return. Any thread; never blocks. */
void lock_event_set(struct lock_event *event);

/*
 * Waits until the event was set after `seen`, at most timeout_ms (-1: for ever), and
 * returns what is now seen. Also returns early now and then: the caller looks for itself.
 */
uint64_t lock_event_wait(struct lock_event *event, uint64_t seen, int timeout_ms);

/*
 * Sleeps while *word is `expected`, at most timeout_ns (negative: for ever); returns
 * early on a signal. Wakes up to `count` sleepers. Both may be called in a signal
 * handler.
 */
void lock_sleep(_Atomic uint32_t *word, uint32_t expected, int64_t timeout_ns);
void lock_wake(_Atomic uint32_t *word, int count);

/* Tells the CPU that this is a waiting loop. */
static inline void lock_pause(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

#endif
