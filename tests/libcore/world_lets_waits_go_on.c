/*
 * A thread that is stopped while it waits in a call that Linux never restarts goes on
 * waiting: the call neither fails with EINTR nor ends early or much too late. A signal of
 * the program's own ends it as ever, also when it comes while the thread stands still; and
 * its handler may jump out of the wait, or wait itself. A cancelled thread leaves its wait.
 *
 * A program of its own: it is about signals and threads.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/syscall.h>
#include <threads.h>
#include <time.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "thread.h"

enum { WAIT_MS = 300, LATE_MS = 3000 };

static const struct timespec wish = {.tv_nsec = WAIT_MS * 1000000l};
static _Atomic int waiting, begun;
static _Atomic int alarms;
static int semaphores, queue;

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static struct timespec deadline(clockid_t clock)
{
	struct timespec at;
	clock_gettime(clock, &at);
	at.tv_nsec += wish.tv_nsec;
	if (at.tv_nsec >= 1000000000) {
		at.tv_sec++;
		at.tv_nsec -= 1000000000;
	}
	return at;
}

static bool timed_out(int result, int error)
{
	return result == -1 && errno == error;
}

static bool wait_nanosleep(void)
{
	return nanosleep(&wish, NULL) == 0;
}

static bool wait_clock_nanosleep(void)
{
	return clock_nanosleep(CLOCK_MONOTONIC, 0, &wish, NULL) == 0;
}

static bool wait_until(void)
{
	struct timespec at = deadline(CLOCK_REALTIME);
	return clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &at, NULL) == 0;
}

static bool wait_usleep(void)
{
	return usleep(WAIT_MS * 1000) == 0;
}

static bool wait_thrd_sleep(void)
{
	return thrd_sleep(&wish, NULL) == 0;
}

static bool wait_poll(void)
{
	return poll(NULL, 0, WAIT_MS) == 0;
}

static bool wait_ppoll(void)
{
	sigset_t none;
	sigemptyset(&none);
	return ppoll(NULL, 0, &wish, &none) == 0;
}

static bool wait_select(void)
{
	struct timeval timeout = {.tv_usec = WAIT_MS * 1000};
	return select(0, NULL, NULL, NULL, &timeout) == 0;
}

static bool wait_pselect(void)
{
	return pselect(0, NULL, NULL, NULL, &wish, NULL) == 0;
}

static bool wait_epoll(void)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);
	bool fine = epoll_wait(epoll, &event, 1, WAIT_MS) == 0;
	close(epoll);
	return fine;
}

static bool wait_epoll_pwait(void)
{
	struct epoll_event event;
	int epoll = epoll_create1(0);
	bool fine = epoll_pwait(epoll, &event, 1, WAIT_MS, NULL) == 0;
	close(epoll);
	return fine;
}

static bool wait_sem(void)
{
	sem_t sem;
	struct timespec at = deadline(CLOCK_REALTIME);
	sem_init(&sem, 0, 0);
	return timed_out(sem_timedwait(&sem, &at), ETIMEDOUT);
}

static bool wait_sem_clock(void)
{
	sem_t sem;
	struct timespec at = deadline(CLOCK_MONOTONIC);
	sem_init(&sem, 0, 0);
	return timed_out(sem_clockwait(&sem, CLOCK_MONOTONIC, &at), ETIMEDOUT);
}

static bool wait_signal(void)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN);
	return timed_out(sigtimedwait(&set, NULL, &wish), EAGAIN);
}

static bool wait_semtimedop(void)
{
	struct sembuf down = {.sem_op = -1};
	return timed_out(semtimedop(semaphores, &down, 1, &wish), EAGAIN);
}

/* What others end, once it has waited long enough. */
static bool wait_semop(void)
{
	struct sembuf down = {.sem_num = 1, .sem_op = -1};
	return semop(semaphores, &down, 1) == 0;
}

static bool wait_message(void)
{
	struct { long type; char text; } message;
	return msgrcv(queue, &message, sizeof message.text, 0, 0) == sizeof message.text;
}

static bool wait_cond(void)
{
	pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
	pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
	struct timespec at = deadline(CLOCK_REALTIME);
	pthread_mutex_lock(&mutex);
	return pthread_cond_timedwait(&cond, &mutex, &at) == ETIMEDOUT;
}

static const struct wait {
	const char *name;
	bool (*run)(void);
} waits[] = {
	{"nanosleep", wait_nanosleep}, {"clock_nanosleep", wait_clock_nanosleep},
	{"clock_nanosleep, absolute", wait_until}, {"usleep", wait_usleep},
	{"thrd_sleep", wait_thrd_sleep}, {"poll", wait_poll}, {"ppoll", wait_ppoll},
	{"select", wait_select}, {"pselect", wait_pselect}, {"epoll_wait", wait_epoll},
	{"epoll_pwait", wait_epoll_pwait}, {"sem_timedwait", wait_sem},
	{"sem_clockwait", wait_sem_clock}, {"sigtimedwait", wait_signal},
	{"semtimedop", wait_semtimedop}, {"semop", wait_semop}, {"msgrcv", wait_message},
	{"pthread_cond_timedwait", wait_cond},
};
enum { WAITS = sizeof waits / sizeof *waits };

static void *run_wait(void *arg)
{
	const struct wait *wait = arg;
	int64_t start_ms = now_ms();
	atomic_fetch_add(&begun, 1);
	errno = 0;
	bool fine = wait->run();
	int error = errno;
	int64_t took_ms = now_ms() - start_ms;
	if (!fine || took_ms < WAIT_MS - 1 || took_ms > WAIT_MS + LATE_MS) {
		fprintf(stderr, "%s: %s after %d ms, errno %d\n", wait->name, fine ? "fine" : "failed",
		        (int)took_ms, error);
		_Exit(1);
	}
	atomic_fetch_sub(&waiting, 1);
	return NULL;
}

static void waits_end_on_time(void)
{
	pthread_t ids[WAITS];
	struct sembuf up = {.sem_num = 1, .sem_op = 1};
	struct { long type; char text; } message = {1, 'm'};
	semaphores = semget(IPC_PRIVATE, 2, 0600);
	queue = msgget(IPC_PRIVATE, 0600);
	check(semaphores >= 0 && queue >= 0);
	atomic_store(&waiting, WAITS);
	for (unsigned i = 0; i < WAITS; i++)
		check(pthread_create(&ids[i], NULL, run_wait, (void *)&waits[i]) == 0);
	while (atomic_load(&begun) < WAITS)
		memspan_gc();
	int64_t end_ms = now_ms() + WAIT_MS + 10;
	while (now_ms() < end_ms)
		memspan_gc();
	check(semop(semaphores, &up, 1) == 0);
	check(msgsnd(queue, &message, sizeof message.text, 0) == 0);
	while (atomic_load(&waiting))
		memspan_gc();
	for (unsigned i = 0; i < WAITS; i++)
		check(pthread_join(ids[i], NULL) == 0);
	semctl(semaphores, 0, IPC_RMID);
	msgctl(queue, IPC_RMID, NULL);
}

static _Atomic int waiter;

static bool is_wait(long call)
{
#ifdef SYS_poll
	if (call == SYS_poll || call == SYS_pause)
		return true;
#endif
	return call == SYS_ppoll || call == SYS_clock_nanosleep || call == SYS_nanosleep;
}

/* Whether the thread was seen inside a call: a signal that comes before it ends nothing. */
static bool wait_for_waiter(void)
{
	char path[64];
	int64_t end_ms = now_ms() + 200;
	while (now_ms() < end_ms) {
		long call = -1;
		FILE *file;
		snprintf(path, sizeof path, "/proc/self/task/%d/syscall", (int)atomic_load(&waiter));
		if (!atomic_load(&waiter) || !(file = fopen(path, "r")))
			continue;
		int read = fscanf(file, "%ld", &call);
		fclose(file);
		if (read == 1 && is_wait(call))
			return true;
	}
	return false;
}

static void on_alarm(int signal)
{
	(void)signal;
	atomic_fetch_add(&alarms, 1);
}

static void *wait_for_alarms(void *arg)
{
	struct timespec rest = {0};
	int64_t start_ms = now_ms();
	(void)arg;
	atomic_store(&waiter, gettid());
	check(poll(NULL, 0, 20000) == -1 && errno == EINTR);
	atomic_store(&waiting, 2);
	check(nanosleep(&(struct timespec){.tv_sec = 20}, &rest) == -1 && errno == EINTR);
	check(rest.tv_sec >= 10 && rest.tv_sec <= 20); /* the timer has some slack */
	atomic_store(&waiting, 3);
	check(sleep(20) > 10);
	atomic_store(&waiting, 4);
	check(pause() == -1 && errno == EINTR);
	check(now_ms() - start_ms < 19000);
	atomic_store(&waiting, 5);
	return NULL;
}

static void own_signals_interrupt(void)
{
	struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
	pthread_t id;
	check(sigaction(SIGALRM, &act, NULL) == 0);
	atomic_store(&waiter, 0);
	atomic_store(&waiting, 1);
	check(pthread_create(&id, NULL, wait_for_alarms, NULL) == 0);
	for (int step = 1; step < 5; step++) {
		int64_t end_ms = now_ms() + 60;
		while (now_ms() < end_ms)
			memspan_gc();
		check(atomic_load(&waiting) == step); /* nothing but the signal ends it */
		while (!wait_for_waiter())
			continue;
		check(pthread_kill(id, SIGALRM) == 0);
		while (atomic_load(&waiting) == step)
			memspan_gc();
	}
	check(pthread_join(id, NULL) == 0);
	check(alarms == 4);
}

static void *wait_short(void *arg)
{
	atomic_store(&waiter, gettid());
	int result = poll(NULL, 0, 400);
	*(int *)arg = result == -1 && errno == EINTR;
	return NULL;
}

/* Signals amid stops: not one is lost in them. */
static void *collect(void *arg)
{
	_Atomic bool *ending = arg;
	while (!atomic_load(ending)) {
		memspan_gc();
		usleep(1000);
	}
	return NULL;
}

static void signals_amid_stops_interrupt(void)
{
	_Atomic bool ending = false;
	pthread_t collector;
	enum { ROUNDS = 100 };
	int missed = 0;
	check(pthread_create(&collector, NULL, collect, &ending) == 0);
	for (int i = 0; i < ROUNDS; i++) {
		pthread_t id;
		int interrupted = 0;
		atomic_store(&waiter, 0);
		check(pthread_create(&id, NULL, wait_short, &interrupted) == 0);
		bool seen = wait_for_waiter();
		check(pthread_kill(id, i % 2 ? SIGALRM : SIGWINCH) == 0);
		check(pthread_join(id, NULL) == 0);
		missed += seen && !interrupted;
	}
	atomic_store(&ending, true);
	check(pthread_join(collector, NULL) == 0);
	if (missed)
		fprintf(stderr, "%d of %d signals ended no wait\n", missed, (int)ROUNDS);
	check(missed == 0);
}

/* ---- leaving a wait otherwise ------------------------------------------- */

static bool is_in_no_wait(void)
{
	return thread_current && thread_current->waiting == THREAD_WAITS_NOT;
}

static sigjmp_buf behind;
static _Atomic bool jumped, nested, cleaned;

static void jump_out(int signal)
{
	siglongjmp(behind, signal);
}

/* The world must still stop for this thread, which runs and is in no wait. */
static void *run_after_jump(void *arg)
{
	if (sigsetjmp(behind, 1) == 0) {
		atomic_store(&waiter, gettid());
		poll(NULL, 0, 20000);
		check(!"the signal came");
	}
	check(is_in_no_wait());
	atomic_store(&jumped, true);
	return arg;
}

static void sleep_in_handler(int signal)
{
	int error = errno;
	check(signal == SIGUSR2);
	check(usleep(20 * 1000) == 0);
	atomic_store(&nested, true);
	errno = error;
}

static void *wait_twice(void *arg)
{
	atomic_store(&waiter, gettid());
	check(poll(NULL, 0, 20000) == -1 && errno == EINTR);
	check(nested && is_in_no_wait());
	return arg;
}

static void clean(void *arg)
{
	(void)arg;
	check(is_in_no_wait());
	atomic_store(&cleaned, true);
}

static void *wait_for_cancel(void *arg)
{
	pthread_cleanup_push(clean, NULL);
	atomic_store(&waiter, gettid());
	poll(NULL, 0, 20000);
	pthread_cleanup_pop(0);
	return arg;
}

static void *begin_and_join(void *(*run)(void *), int signal)
{
	_Atomic bool ending = false;
	pthread_t id, collector;
	void *result = NULL;
	atomic_store(&waiter, 0);
	check(pthread_create(&collector, NULL, collect, &ending) == 0);
	check(pthread_create(&id, NULL, run, NULL) == 0);
	while (!wait_for_waiter())
		continue;
	check((signal ? pthread_kill(id, signal) : pthread_cancel(id)) == 0);
	check(pthread_join(id, &result) == 0);
	atomic_store(&ending, true);
	check(pthread_join(collector, NULL) == 0);
	return result;
}

static void waits_are_left_otherwise(void)
{
	struct sigaction act = {.sa_handler = jump_out}, former;
	check(sigaction(SIGUSR1, &act, NULL) == 0);
	check(sigaction(SIGUSR1, NULL, &former) == 0 && former.sa_handler == jump_out);
	check(signal(SIGUSR2, sleep_in_handler) == SIG_DFL);
	check(signal(SIGUSR2, sleep_in_handler) == sleep_in_handler);
	begin_and_join(run_after_jump, SIGUSR1);
	check(jumped);
	begin_and_join(wait_twice, SIGUSR2);
	check(begin_and_join(wait_for_cancel, 0) == PTHREAD_CANCELED);
	check(cleaned);
}

int main(void)
{
	struct sigaction act = {.sa_handler = on_alarm};
	memspan_gc();
	check(sigaction(SIGWINCH, &act, NULL) == 0);
	waits_end_on_time();
	own_signals_interrupt();
	signals_amid_stops_interrupt();
	waits_are_left_otherwise();
	return 0;
}
