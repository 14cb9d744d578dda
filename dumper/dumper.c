/*
 * dumper.c - the recorder of the process: what the heap reports is handed to a writer
 * thread, which writes it; at exit the exiting thread writes.
 *
 * Invariant: at most one snapshot is in flight, from captured() or a capture of the
 * writer's own until it is in the file; in_flight says so. Who holds `lock` owns the
 * recording. The callbacks of the heap take no lock.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "dumper.h"
#include "recording.h"
#include "settings.h"
#include "teller.h"

enum {
	CYCLES_MAX = 128, /* reported and not yet written */
	CYCLES_WAKE = 64, /* so many are written without a snapshot */
	EXIT_WAIT_S = 10, /* for a write under way; then the program exits without a mark */
	FORCED_WAIT_NS = 5000000, /* that a collection asked for waits for the snapshot before */
	FATAL_WAIT_NS = 1000000000, /* that a dying program waits for the one in flight */
	FREE_WAIT_NS = 100000000, /* and one that ends by _exit for what a capture needs */
};

enum { THREAD_NONE, THREAD_STARTED };

static struct {
	struct dump_settings settings;
	struct recording recording;
	atomic_uint lock;              /* 0 free, 1 held, 2 held and waited for */
	atomic_uint work;              /* futex of the writer, counts wake-ups */
	atomic_bool is_ending;         /* someone writes the last snapshot, or has */
	atomic_bool end_is_wanted;     /* of the writer: the program ends by _exit */
	atomic_int broken_tid;         /* the thread that a fatal signal came to last */
	atomic_bool is_confined;       /* nothing is done from here on, in children neither */
	atomic_bool is_over;           /* the last snapshot was written, or could not be */
	atomic_uint signals;           /* how often MEMSPAN_DUMP_SIGNAL came */
	atomic_int thread;
	atomic_bool in_flight;
	atomic_uint landed;            /* futex, counts snapshots that left in_flight */
	atomic_uint landed_waiters;
	_Atomic(struct recorder_snapshot *) waiting;
	_Atomic uint64_t snapshots_skipped, cycles_lost;
	atomic_flag reporting;         /* a cycle is being put into the ring */
	atomic_uint cycle_head, cycle_tail; /* written; taken */
	struct recorder_cycle cycles[CYCLES_MAX];
	bool is_on;
	bool has_ended;                /* the exit snapshot is written; lock held */
} dumper = {.reporting = ATOMIC_FLAG_INIT};

static struct recorder_cycle cycles_taken[CYCLES_MAX]; /* lock held */

bool dumper_is_idle(void)
{
	return !atomic_load(&dumper.in_flight);
}

/* ---- Waiting ----------------------------------------------------------- */

static void futex_wait(atomic_uint *word, unsigned value, const struct timespec *timeout)
{
	syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, timeout, NULL, 0);
}

static void futex_wake(atomic_uint *word)
{
	syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* False when the lock was not free within the time. */
static bool recording_lock(uint64_t timeout_ns)
{
	uint64_t until = now_ns() + timeout_ns;
	struct timespec second = {.tv_sec = 1};
	unsigned expected = 0;

	if (atomic_compare_exchange_strong(&dumper.lock, &expected, 1))
		return true;
	while (atomic_exchange(&dumper.lock, 2) != 0) {
		if (now_ns() >= until)
			return false;
		futex_wait(&dumper.lock, 2, &second);
	}
	return true;
}

static void recording_unlock(void)
{
	if (atomic_exchange(&dumper.lock, 0) == 2)
		futex_wake(&dumper.lock);
}

static void writer_wake(void)
{
	atomic_fetch_add(&dumper.work, 1);
	futex_wake(&dumper.work);
}

static void in_flight_clear(void)
{
	atomic_store(&dumper.in_flight, false);
	atomic_fetch_add(&dumper.landed, 1);
	if (atomic_load(&dumper.landed_waiters) > 0)
		futex_wake(&dumper.landed);
}

/* Waits a moment for the flag, which changes with `landed`. False when it did not. */
static bool landed_wait(uint64_t ns, const atomic_bool *flag, bool wanted)
{
	uint64_t until = now_ns() + ns, now;
	bool is_there;

	atomic_fetch_add(&dumper.landed_waiters, 1);
	for (;;) {
		unsigned landed = atomic_load(&dumper.landed);
		struct timespec left = {0};

		is_there = atomic_load(flag) == wanted;
		now = now_ns();
		if (is_there || now >= until)
			break;
		left.tv_sec = (time_t)((until - now) / 1000000000);
		left.tv_nsec = (long)((until - now) % 1000000000);
		futex_wait(&dumper.landed, landed, &left);
	}
	atomic_fetch_sub(&dumper.landed_waiters, 1);
	return is_there;
}

/* For the snapshot in flight. */
static bool in_flight_wait(uint64_t ns)
{
	return landed_wait(ns, &dumper.in_flight, false);
}

/* ---- Writing, lock held ------------------------------------------------ */

static size_t cycles_take(void)
{
	unsigned head = atomic_load(&dumper.cycle_head);
	unsigned tail = atomic_load(&dumper.cycle_tail);
	size_t count = 0;

	while (tail != head)
		cycles_taken[count++] = dumper.cycles[tail++ % CYCLES_MAX];
	atomic_store(&dumper.cycle_tail, tail);
	return count;
}

static void batch_write(struct recorder_snapshot *snapshot, bool is_end)
{
	struct recording_batch batch = {
		.cycles = cycles_taken,
		.cycle_count = cycles_take(),
		.snapshots_skipped = atomic_exchange(&dumper.snapshots_skipped, 0),
		.cycles_lost = atomic_exchange(&dumper.cycles_lost, 0),
		.snapshot = snapshot,
		.is_end = is_end,
	};

	if (snapshot)
		recorder_read_spans(snapshot);
	recording_write(&dumper.recording, &batch);
}

static void waiting_write(void)
{
	struct recorder_snapshot *snapshot = atomic_exchange(&dumper.waiting, NULL);
	unsigned cycles = atomic_load(&dumper.cycle_head) - atomic_load(&dumper.cycle_tail);

	if (snapshot || cycles >= CYCLES_WAKE)
		batch_write(snapshot, false);
	if (snapshot)
		in_flight_clear();
}

static void skip(void)
{
	atomic_fetch_add(&dumper.snapshots_skipped, 1);
}

/* Captures without a cycle. The lock is not held while the world stops for it. */
static void capture_write(uint32_t reason)
{
	struct recorder_snapshot *snapshot;

	if (atomic_exchange(&dumper.in_flight, true)) {
		skip();
		return;
	}
	snapshot = recorder_capture(reason);
	if (!snapshot)
		skip();
	if (recording_lock(UINT64_MAX / 2)) {
		if (dumper.has_ended) {
			if (snapshot)
				recorder_release(snapshot);
		} else if (snapshot) {
			batch_write(snapshot, false);
		}
		recording_unlock();
	}
	in_flight_clear();
}

/* ---- SIGXFSZ ----------------------------------------------------------- */

/* In the caller's thread: a file that may not grow is an error like any other. */
static void file_signal_block(sigset_t *former)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGXFSZ);
	pthread_sigmask(SIG_BLOCK, &set, former);
}

static void file_signal_restore(const sigset_t *former)
{
	static const struct timespec no_time;
	sigset_t set;

	if (!sigismember(former, SIGXFSZ)) {
		sigemptyset(&set);
		sigaddset(&set, SIGXFSZ);
		sigtimedwait(&set, NULL, &no_time);
	}
	pthread_sigmask(SIG_SETMASK, former, NULL);
}

/* ---- The end ----------------------------------------------------------- */

/* The last snapshot, and the mark of a clean exit. */
static void end_write(void)
{
	struct recorder_snapshot *snapshot;
	sigset_t mask;

	if (atomic_exchange(&dumper.is_ending, true))
		return;
	recorder_attach(NULL);
	atomic_store(&dumper.in_flight, true);
	snapshot = recorder_capture(RECORDER_EXIT);
	file_signal_block(&mask);
	if (recording_lock((uint64_t)EXIT_WAIT_S * 1000000000)) {
		struct recorder_snapshot *waiting = atomic_exchange(&dumper.waiting, NULL);

		if (waiting)
			batch_write(waiting, false);
		if (!snapshot)
			skip();
		batch_write(snapshot, true);
		dumper.has_ended = true;
		recording_unlock();
		writer_wake();
	}
	atomic_store(&dumper.is_over, true);
	in_flight_clear();
	file_signal_restore(&mask);
}

/* ---- The writer thread ------------------------------------------------- */

/* Time until the next snapshot of the interval; NULL without one. */
static const struct timespec *time_left(uint64_t next_ns, struct timespec *left)
{
	uint64_t now = now_ns(), ns = next_ns > now ? next_ns - now : 0;

	if (next_ns == 0)
		return NULL;
	left->tv_sec = (time_t)(ns / 1000000000);
	left->tv_nsec = (long)(ns % 1000000000);
	return left;
}

static void writer_run(void *arg)
{
	uint64_t interval_ns = dumper.settings.interval_ns;
	uint64_t next_ns = interval_ns ? now_ns() + interval_ns : 0;
	unsigned signals = 0;
	struct timespec left;
	bool has_ended = false;

	(void)arg;
	while (!has_ended) {
		unsigned work = atomic_load(&dumper.work);

		if (recording_lock(UINT64_MAX / 2)) {
			has_ended = dumper.has_ended;
			if (!has_ended)
				waiting_write();
			recording_unlock();
		}
		if (!has_ended && atomic_load(&dumper.end_is_wanted)) {
			end_write();
			has_ended = true;
		} else if (!has_ended && atomic_load(&dumper.signals) != signals) {
			signals = atomic_load(&dumper.signals);
			capture_write(RECORDER_SIGNAL);
		} else if (!has_ended && next_ns && now_ns() >= next_ns) {
			/* Intervals that were slept through are not made up for. */
			next_ns += ((now_ns() - next_ns) / interval_ns + 1) * interval_ns;
			capture_write(RECORDER_INTERVAL);
		} else if (!has_ended) {
			futex_wait(&dumper.work, work, time_left(next_ns, &left));
		}
	}
}

static void writer_start(void)
{
	int expected = THREAD_NONE;
	int error;

	if (!atomic_compare_exchange_strong(&dumper.thread, &expected, THREAD_STARTED))
		return;
	error = recorder_thread_start(writer_run, NULL);
	if (!error)
		return;
	/* Cycles and snapshots are counted as skipped until it works, or to the exit. */
	if (!dumper.recording.was_warned)
		recorder_warn("no thread to write the recording: %s", strerrordesc_np(error));
	dumper.recording.was_warned = true;
	atomic_store(&dumper.thread, THREAD_NONE);
}

/* ---- What the heap calls ----------------------------------------------- */

/*
 * A program that collects by itself is never held up. One that asks for a collection waits
 * for it anyway: a few milliseconds more, and a loop of memspan_gc has all its snapshots.
 */
static bool on_wanted(uint32_t reason, uint32_t gc_num)
{
	int saved = errno;
	bool is_free;

	if (gc_num % dumper.settings.every_cycles != 0)
		return false;
	is_free = !atomic_load(&dumper.in_flight);
	if (!is_free && reason == RECORDER_FORCED && atomic_load(&dumper.thread) == THREAD_STARTED)
		is_free = in_flight_wait(FORCED_WAIT_NS);
	if (!is_free)
		skip();
	errno = saved;
	return is_free;
}

static void on_cycle(const struct recorder_cycle *cycle)
{
	int saved = errno;
	unsigned head;

	writer_start();
	if (atomic_flag_test_and_set(&dumper.reporting)) {
		atomic_fetch_add(&dumper.cycles_lost, 1);
		errno = saved;
		return;
	}
	head = atomic_load(&dumper.cycle_head);
	if (head - atomic_load(&dumper.cycle_tail) == CYCLES_MAX) {
		atomic_fetch_add(&dumper.cycles_lost, 1);
	} else {
		dumper.cycles[head % CYCLES_MAX] = *cycle;
		atomic_store(&dumper.cycle_head, head + 1);
	}
	atomic_flag_clear(&dumper.reporting);
	if (head + 1 - atomic_load(&dumper.cycle_tail) >= CYCLES_WAKE)
		writer_wake();
	errno = saved;
}

static void on_captured(struct recorder_snapshot *snapshot)
{
	int saved = errno;

	writer_start();
	if (!snapshot) {
		skip();
	} else if (atomic_load(&dumper.thread) == THREAD_NONE ||
	           atomic_exchange(&dumper.in_flight, true)) {
		skip();
		recorder_release(snapshot);
	} else {
		atomic_store(&dumper.waiting, snapshot);
		writer_wake();
	}
	errno = saved;
}

/* Only an interval or a signal needs the thread before there is a cycle. */
static void on_heap_used(void)
{
	int saved = errno;

	if (dumper.settings.interval_ns || dumper.settings.signal)
		writer_start();
	errno = saved;
}

static const struct recorder callbacks = {
	.wanted = on_wanted,
	.cycle = on_cycle,
	.heap_used = on_heap_used,
	.captured = on_captured,
};

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	atomic_fetch_add(&dumper.signals, 1);
	writer_wake();
	errno = saved;
}

/* The program is about to die, or believes so: what is in flight may still land. */
static void on_fatal_signal(void)
{
	atomic_store(&dumper.broken_tid, gettid());
	writer_wake();
	in_flight_wait(FATAL_WAIT_NS);
}

/*
 * The child has the parent's memory and no writer. What the writer was at when the fork
 * came is left alone, never freed: it may be half done.
 */
static void on_fork(void)
{
	struct recorder_snapshot *waiting = atomic_exchange(&dumper.waiting, NULL);

	if (!dumper.is_on || atomic_load(&dumper.is_confined))
		return;
	if (waiting)
		recorder_release(waiting);
	file_forked();
	dumper.recording.file.lock = NULL; /* the mapping stayed with the parent */
	if (atomic_load(&dumper.lock) == 0)
		recording_free(&dumper.recording);
	atomic_store(&dumper.lock, 0);
	atomic_store(&dumper.thread, THREAD_NONE);
	atomic_store(&dumper.in_flight, false);
	atomic_store(&dumper.landed_waiters, 0);
	atomic_store(&dumper.signals, 0);
	atomic_store(&dumper.snapshots_skipped, 0);
	atomic_store(&dumper.cycles_lost, 0);
	atomic_flag_clear(&dumper.reporting);
	atomic_store(&dumper.cycle_tail, atomic_load(&dumper.cycle_head));
	dumper.has_ended = false;
	atomic_store(&dumper.is_ending, false);
	atomic_store(&dumper.end_is_wanted, false);
	atomic_store(&dumper.is_over, false);
	recording_begin(&dumper.recording, &dumper.settings, true);
}

/* ---- Start, end, and memspan_dump -------------------------------------- */

/* After the program's own exit handlers, those of quick_exit too. */
__attribute__((destructor)) static void dumper_end(void)
{
	if (dumper.is_on)
		end_write();
	else
		teller_end();
}

/*
 * The program ends by _exit, maybe in a signal's handler. The writer ends the recording, for it
 * holds nothing that was interrupted; where there is none, whoever ends does it, unless what he
 * needs is not free. A thread that a fatal signal came to has not ended in an orderly way, and
 * may have broken the heap.
 */
static void on_quick_end(void)
{
	if (atomic_load(&dumper.is_confined) || atomic_load(&dumper.broken_tid) == gettid())
		return;
	if (atomic_load(&dumper.thread) != THREAD_STARTED) {
		if (recorder_may_capture(FREE_WAIT_NS))
			end_write();
		return;
	}
	atomic_store(&dumper.end_is_wanted, true);
	writer_wake();
	landed_wait(FATAL_WAIT_NS, &dumper.is_over, true);
}

/* Whoever writes afterwards may die of it: the recording ends here, as at an exit. */
static void on_confine(void)
{
	end_write();
	atomic_store(&dumper.is_confined, true);
}

__attribute__((constructor)) static void dumper_start(void)
{
	int saved = errno;

	dump_settings_read(&dumper.settings);
	dumper.is_on = dumper.settings.is_on;
	at_quick_exit(dumper_end);
	if (!dumper.is_on) {
		teller_start(dumper.settings.signal);
	} else {
		recording_begin(&dumper.recording, &dumper.settings, false);
		if (dumper.settings.signal) {
			struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

			sigfillset(&action.sa_mask);
			sigaction(dumper.settings.signal, &action, NULL);
		}
		recorder_on_fork(on_fork);
		recorder_on_fatal_signal(on_fatal_signal);
		recorder_on_quick_end(on_quick_end);
		recorder_on_confine(on_confine);
		recorder_attach(&callbacks);
	}
	errno = saved;
}

int memspan_dump(const char *path)
{
	struct recorder_snapshot *snapshot = recorder_capture(RECORDER_DUMP);
	sigset_t mask;
	int error, cancel_state;

	if (!snapshot) {
		errno = ENOMEM;
		return -1;
	}
	recorder_read_spans(snapshot);
	/* A thread that is cancelled while it writes would leave the file and the snapshot behind. */
	pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel_state);
	file_signal_block(&mask);
	error = recording_dump(path, snapshot, dumper.settings.sync != DUMP_SYNC_NONE);
	file_signal_restore(&mask);
	recorder_release(snapshot);
	pthread_setcancelstate(cancel_state, NULL);
	if (error) {
		errno = error;
		return -1;
	}
	return 0;
}
