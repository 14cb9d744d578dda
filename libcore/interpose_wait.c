/*
 * interpose_wait.c - functions of the C library that wait and that Linux never restarts
 * after a signal, whatever SA_RESTART says: the stop signal must not be seen in them.
 *
 * So it is not sent: while it waits, a thread counts as stopped (world.h). Each function is
 * the C library's own, between two fences.
 *
 * Not here, for they go on by themselves: pthread_* and C11 mutexes and conditions, sem_wait,
 * sigwait, and whatever Linux does restart.
 */
#define _GNU_SOURCE
#undef _FORTIFY_SOURCE
#include <errno.h>
#include <poll.h>
#include <semaphore.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "interpose.h"
#include "world.h"

/* What poll and ppoll are with _FORTIFY_SOURCE. */
int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_bytes);
int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                const sigset_t *set, size_t fds_bytes);

static void wait_over(struct thread **t)
{
	if (*t)
		world_wait_end(*t);
}

/*
 * The value of a call, in which the thread counts as stopped. Its registers go to this frame;
 * a thread that is cancelled in the call is no longer stopped as it unwinds (-fexceptions).
 */
#define WAIT(call)                                                              \
	({                                                                          \
		__builtin_unwind_init();                                                \
		struct thread *waits_ __attribute__((cleanup(wait_over), unused)) =     \
		    world_wait_begin();                                                 \
		call;                                                                   \
	})

/* ---- sleeping ----------------------------------------------------------- */

WRAPPED int clock_nanosleep(clockid_t clock, int flags, const struct timespec *wish,
                            struct timespec *rest)
{
	return WAIT(BEHIND(clock_nanosleep)(clock, flags, wish, rest));
}

WRAPPED int nanosleep(const struct timespec *wish, struct timespec *rest)
{
	return WAIT(BEHIND(nanosleep)(wish, rest));
}

WRAPPED unsigned sleep(unsigned seconds)
{
	return WAIT(BEHIND(sleep)(seconds));
}

WRAPPED int usleep(useconds_t us)
{
	return WAIT(BEHIND(usleep)(us));
}

WRAPPED int thrd_sleep(const struct timespec *wish, struct timespec *rest)
{
	return WAIT(BEHIND(thrd_sleep)(wish, rest));
}

/* ---- waiting for descriptors -------------------------------------------- */

WRAPPED int poll(struct pollfd *fds, nfds_t count, int timeout_ms)
{
	return WAIT(BEHIND(poll)(fds, count, timeout_ms));
}

WRAPPED int __poll_chk(struct pollfd *fds, nfds_t count, int timeout_ms, size_t fds_bytes)
{
	return WAIT(BEHIND(__poll_chk)(fds, count, timeout_ms, fds_bytes));
}

WRAPPED int ppoll(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                  const sigset_t *set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(ppoll)(fds, count, timeout, set));
}

WRAPPED int __ppoll_chk(struct pollfd *fds, nfds_t count, const struct timespec *timeout,
                        const sigset_t *set, size_t fds_bytes)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(__ppoll_chk)(fds, count, timeout, set, fds_bytes));
}

WRAPPED int select(int count, fd_set *restrict readable, fd_set *restrict writable,
                   fd_set *restrict exceptional, struct timeval *restrict timeout)
{
	return WAIT(BEHIND(select)(count, readable, writable, exceptional, timeout));
}

WRAPPED int pselect(int count, fd_set *restrict readable, fd_set *restrict writable,
                    fd_set *restrict exceptional, const struct timespec *restrict timeout,
                    const sigset_t *restrict set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(pselect)(count, readable, writable, exceptional, timeout, set));
}

WRAPPED int epoll_wait(int epoll, struct epoll_event *events, int count, int timeout_ms)
{
	return WAIT(BEHIND(epoll_wait)(epoll, events, count, timeout_ms));
}

WRAPPED int epoll_pwait(int epoll, struct epoll_event *events, int count, int timeout_ms,
                        const sigset_t *set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(epoll_pwait)(epoll, events, count, timeout_ms, set));
}

WRAPPED int epoll_pwait2(int epoll, struct epoll_event *events, int count,
                         const struct timespec *timeout, const sigset_t *set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(epoll_pwait2)(epoll, events, count, timeout, set));
}

/* ---- waiting for signals ------------------------------------------------ */

WRAPPED int pause(void)
{
	return WAIT(BEHIND(pause)());
}

WRAPPED int sigsuspend(const sigset_t *set)
{
	sigset_t open;
	set = without_stop_signal(set, &open);
	return WAIT(BEHIND(sigsuspend)(set));
}

WRAPPED int sigwaitinfo(const sigset_t *restrict set, siginfo_t *restrict info)
{
	return WAIT(BEHIND(sigwaitinfo)(set, info));
}

WRAPPED int sigtimedwait(const sigset_t *restrict set, siginfo_t *restrict info,
                         const struct timespec *restrict timeout)
{
	return WAIT(BEHIND(sigtimedwait)(set, info, timeout));
}

/* ---- semaphores and messages -------------------------------------------- */

WRAPPED int sem_timedwait(sem_t *restrict semaphore, const struct timespec *restrict deadline)
{
	return WAIT(BEHIND(sem_timedwait)(semaphore, deadline));
}

WRAPPED int sem_clockwait(sem_t *restrict semaphore, clockid_t clock,
                          const struct timespec *restrict deadline)
{
	return WAIT(BEHIND(sem_clockwait)(semaphore, clock, deadline));
}

WRAPPED int semop(int set, struct sembuf *operations, size_t count)
{
	return WAIT(BEHIND(semop)(set, operations, count));
}

WRAPPED int semtimedop(int set, struct sembuf *operations, size_t count,
                       const struct timespec *timeout)
{
	return WAIT(BEHIND(semtimedop)(set, operations, count, timeout));
}

WRAPPED int msgsnd(int queue, const void *message, size_t bytes, int flags)
{
	return WAIT(BEHIND(msgsnd)(queue, message, bytes, flags));
}

WRAPPED ssize_t msgrcv(int queue, void *message, size_t bytes, long type, int flags)
{
	return WAIT(BEHIND(msgrcv)(queue, message, bytes, type, flags));
}
