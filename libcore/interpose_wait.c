/*
 * interpose_wait.c - functions of the C library that wait and that Linux never restarts
 * after a signal, whatever SA_RESTART says: the stop signal must not be seen in them.
 *
 * Each waits as the C library's own does. When that returns EINTR for the sake of our stop
 * alone (goes_on, whose rule is in docs/design/threads.md) it waits again, until
 * the moment at which the first call would have ended. The first call gets the program's
 * arguments as they are. Without a signal the cost is two thread-local stores, and a look at
 * the clock where a time to wait is given.
 *
 * Not here, for they go on by themselves: pthread_* and C11 mutexes and conditions, sem_wait,
 * sigwait, and whatever Linux does restart.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "interpose.h"
#include "os.h"
#include "world.h"

/* What poll and ppoll are with _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_bytes);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *set, size_t fds_bytes);

static const uint64_t SECOND_NS = 1000 * 1000 * 1000;
static const int64_t SECONDS_MAX = 1ll << 33; /* beyond that a wait has no end */

static inline void wait_begins(void)
{
	world_wait.interrupted = world_wait.signalled = false;
}

/* Whether a call that failed with EINTR did so for our sake alone. */
static bool goes_on(void)
{
	if (!world_wait.interrupted || world_wait.signalled)
		return false;
	world_wait.interrupted = false;
	return true;
}

/* The value of a call, which is made anew while the wait goes on; `again` readies its arguments. */
#define WAIT(call, again)                                              \
	({                                                                 \
		__typeof__(call) value_;                                       \
		wait_begins();                                                 \
		while ((value_ = (call)) == -1 && errno == EINTR && goes_on()) \
			again;                                                     \
		value_;                                                        \
	})

/* ---- how long ----------------------------------------------------------- */

/* When a wait ends, by CLOCK_MONOTONIC; 0 for never, and for what need not be known. */
static uint64_t end_of(const struct timespec *timeout)
{
	if (!timeout || timeout->tv_sec < 0 || timeout->tv_sec > SECONDS_MAX ||
	    (timeout->tv_sec == 0 && timeout->tv_nsec <= 0))
		return 0;
	return os_mono_ns() + (uint64_t)timeout->tv_sec * SECOND_NS + (uint64_t)timeout->tv_nsec;
}

static uint64_t end_of_ms(int timeout_ms)
{
	return timeout_ms > 0 ? os_mono_ns() + (uint64_t)timeout_ms * 1000 * 1000 : 0;
}

static uint64_t left_ns(uint64_t end_ns)
{
	uint64_t now_ns = os_mono_ns();
	return now_ns < end_ns ? end_ns - now_ns : 0;
}

static struct timespec timespec_of(uint64_t ns)
{
	return (struct timespec){(time_t)(ns / SECOND_NS), (long)(ns % SECOND_NS)};
}

/* The timeout for the next time: what was given, or what is left of it. */
static const struct timespec *left_of(const struct timespec *timeout, uint64_t end_ns,
                                      struct timespec *left)
{
	if (!end_ns)
		return timeout;
	*left = timespec_of(left_ns(end_ns));
	return left;
}

static int left_of_ms(int timeout_ms, uint64_t end_ns)
{
	return end_ns ? (int)((left_ns(end_ns) + 999999) / 1000000) : timeout_ms;
}

/* ---- sleeping ----------------------------------------------------------- */

/* As clock_nanosleep: returns the error. */
static int sleep_until_end(clockid_t clock, const struct timespec *wish, struct timespec *rest)
{
	struct timespec now, end, asked = *wish; /* wish and rest may be one */
	/* A time from now on passes alike whether or not the time of day is set meanwhile. */
	if (clock == CLOCK_REALTIME)
		clock = CLOCK_MONOTONIC;
	if (wish->tv_sec < 0 || wish->tv_sec > SECONDS_MAX || clock_gettime(clock, &now) != 0)
		return BEHIND(clock_nanosleep)(clock, 0, wish, rest);
	wait_begins();
	int error = BEHIND(clock_nanosleep)(clock, 0, wish, rest);
	if (error != EINTR || !goes_on())
		return error;
	end.tv_sec = now.tv_sec + asked.tv_sec;
	end.tv_nsec = now.tv_nsec + asked.tv_nsec;
	if (end.tv_nsec >= (long)SECOND_NS) {
		end.tv_sec++;
		end.tv_nsec -= (long)SECOND_NS;
	}
	do
		error = BEHIND(clock_nanosleep)(clock, TIMER_ABSTIME, &end, NULL);
	while (error == EINTR && goes_on());
	if (error != EINTR || !rest)
		return error;
	clock_gettime(clock, &now);
	int64_t ns = (end.tv_sec - now.tv_sec) * (int64_t)SECOND_NS + end.tv_nsec - now.tv_nsec;
	*rest = timespec_of(ns > 0 ? (uint64_t)ns : 0);
	return error;
}

WRAPPED int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wish,
                            struct timespec *rest)
{
	int error;
	if (!(flags & TIMER_ABSTIME))
		return sleep_until_end(clock, wish, rest);
	wait_begins();
	do
		error = BEHIND(clock_nanosleep)(clock, flags, wish, rest);
	while (error == EINTR && goes_on());
	return error;
}

WRAPPED int nanosleep(const struct timespec *wish, struct timespec *rest)
{
	int error = sleep_until_end(CLOCK_REALTIME, wish, rest);
	if (error == 0)
		return 0;
	errno = error;
	return -1;
}

WRAPPED unsigned sleep(unsigned seconds)
{
	struct timespec wish = {.tv_sec = seconds};
	if (sleep_until_end(CLOCK_REALTIME, &wish, &wish) == 0)
		return 0;
	return (unsigned)wish.tv_sec;
}

WRAPPED int usleep(useconds_t us)
{
	struct timespec wish = timespec_of((uint64_t)us * 1000);
	return nanosleep(&wish, NULL);
}

WRAPPED int thrd_sleep(const struct timespec *wish, struct timespec *rest)
{
	int error = sleep_until_end(CLOCK_REALTIME, wish, rest);
	return error == 0 ? 0 : error == EINTR ? -1 : -2;
}

/* ---- waiting for descriptors -------------------------------------------- */

WRAPPED int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	uint64_t end_ns = end_of_ms(timeout_ms);
	return WAIT(BEHIND(poll)(fds, count, timeout_ms),
	            timeout_ms = left_of_ms(timeout_ms, end_ns));
}

WRAPPED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_bytes)
{
	uint64_t end_ns = end_of_ms(timeout_ms);
	return WAIT(BEHIND(__poll_chk)(fds, count, timeout_ms, fds_bytes),
	            timeout_ms = left_of_ms(timeout_ms, end_ns));
}

WRAPPED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *set)
{
	sigset_t open;
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(ppoll)(fds, count, timeout, set),
	            timeout = left_of(timeout, end_ns, &left));
}

WRAPPED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *set, size_t fds_bytes)
{
	sigset_t open;
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(__ppoll_chk)(fds, count, timeout, set, fds_bytes),
	            timeout = left_of(timeout, end_ns, &left));
}

/* Linux says in `timeout` what is left of it; the time in which the thread stood still counts. */
static void set_left(struct timeval *timeout, uint64_t end_ns)
{
	if (!end_ns)
		return;
	uint64_t us = (left_ns(end_ns) + 999) / 1000;
	timeout->tv_sec = (time_t)(us / 1000000);
	timeout->tv_usec = (suseconds_t)(us % 1000000);
}

WRAPPED int select(int count, fd_set *restrict readable, fd_set *restrict writable,
                   fd_set *restrict exceptional, struct timeval *restrict timeout)
{
	uint64_t end_ns = 0;
	if (timeout && timeout->tv_usec >= 0 && timeout->tv_usec <= INT_MAX) {
		struct timespec wish = {timeout->tv_sec, timeout->tv_usec * 1000};
		end_ns = end_of(&wish);
	}
	return WAIT(BEHIND(select)(count, readable, writable, exceptional, timeout),
	            set_left(timeout, end_ns));
}

WRAPPED int pselect(int count, fd_set *restrict readable, fd_set *restrict writable,
                    fd_set *restrict exceptional, const struct timespec *restrict timeout,
                    const sigset_t *restrict set)
{
	sigset_t open;
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(pselect)(count, readable, writable, exceptional, timeout, set),
	            timeout = left_of(timeout, end_ns, &left));
}

WRAPPED int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout_ms)
{
	uint64_t end_ns = end_of_ms(timeout_ms);
	return WAIT(BEHIND(epoll_wait)(epoll, events, count, timeout_ms),
	            timeout_ms = left_of_ms(timeout_ms, end_ns));
}

WRAPPED int epoll_pwait(int epoll, struct epoll_event *events, int count, int timeout_ms,
                        const sigset_t *set)
{
	sigset_t open;
	uint64_t end_ns = end_of_ms(timeout_ms);
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(epoll_pwait)(epoll, events, count, timeout_ms, set),
	            timeout_ms = left_of_ms(timeout_ms, end_ns));
}

WRAPPED int epoll_pwait2(int epoll, struct epoll_event *events, int count,
                         const struct timespec *timeout, const sigset_t *set)
{
	sigset_t open;
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(epoll_pwait2)(epoll, events, count, timeout, set),
	            timeout = left_of(timeout, end_ns, &left));
}

/* ---- waiting for signals ------------------------------------------------ */

WRAPPED int pause(void)
{
	return WAIT(BEHIND(pause)(), (void)0);
}

WRAPPED int sigsuspend(const sigset_t *set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(sigsuspend)(set), (void)0);
}

WRAPPED int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return WAIT(BEHIND(sigwaitinfo)(set, info), (void)0);
}

WRAPPED int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                         const struct timespec *restrict timeout)
{
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	return WAIT(BEHIND(sigtimedwait)(set, info, timeout),
	            timeout = left_of(timeout, end_ns, &left));
}

/* ---- semaphores and messages -------------------------------------------- */

WRAPPED int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
	return WAIT(BEHIND(sem_timedwait)(semaphore, deadline), (void)0);
}

WRAPPED int sem_clockwait(sem_t *restrict semaphore, clockid_t clock,
                          const struct timespec *restrict deadline)
{
	return WAIT(BEHIND(sem_clockwait)(semaphore, clock, deadline), (void)0);
}

WRAPPED int semop(int set, struct sembuf *operations, size_t count)
{
	return WAIT(BEHIND(semop)(set, operations, count), (void)0);
}

WRAPPED int semtimedop(int set, struct sembuf *operations, size_t count,
                       const struct timespec *timeout)
{
	struct timespec left;
	uint64_t end_ns = end_of(timeout);
	return WAIT(BEHIND(semtimedop)(set, operations, count, timeout),
	            timeout = left_of(timeout, end_ns, &left));
}

WRAPPED int msgsnd(int queue, const void *message, size_t bytes, int flags)
{
	return WAIT(BEHIND(msgsnd)(queue, message, bytes, flags), (void)0);
}

WRAPPED ssize_t msgrcv(int queue, void *message, size_t bytes, long type, int flags)
{
	return WAIT(BEHIND(msgrcv)(queue, message, bytes, type, flags), (void)0);
}
