#include "teller.h"

#include <errno.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "recorder.h"

static struct {
	atomic_uint signals; /* futex of the thread, counts those that came */
	atomic_bool has_thread;
	atomic_bool is_over;
} teller;

/* ---- What is told -------------------------------------------------------- */

/* The class with the most bytes of those not said yet; RECORDER_CLASSES when all are. */
static unsigned class_next(const struct recorder_leaks *leaks, const bool *said)
{
	unsigned most = RECORDER_CLASSES;

	for (unsigned i = 0; i < RECORDER_CLASSES; i++)
		if (!said[i] && leaks->by_class[i].blocks > 0 &&
		    (most == RECORDER_CLASSES ||
		     leaks->by_class[i].bytes > leaks->by_class[most].bytes))
			most = i;
	return most;
}

/* One line for all of them and one for each size class that has any, most bytes first. */
static void print(const struct recorder_snapshot *snapshot)
{
	const struct recorder_leaks *leaks = &snapshot->leaks;
	bool said[RECORDER_CLASSES] = {false};
	unsigned class;

	recorder_warn("leaks: %llu block%s of %llu bytes that no pointer leads to%s%s",
	              (unsigned long long)leaks->blocks, leaks->blocks == 1 ? "" : "s",
	              (unsigned long long)leaks->bytes,
	              leaks->threads_unknown ? "; not all threads were looked through" : "",
	              leaks->mapped_searched || !leaks->blocks
	                  ? ""
	                  : "; memory that the program mapped itself was not looked through");
	if (leaks->indirect_blocks > 0)
		recorder_warn("leaks: %llu of them, %llu bytes, are led to by others of them",
		              (unsigned long long)leaks->indirect_blocks,
		              (unsigned long long)leaks->indirect_bytes);
	while ((class = class_next(leaks, said)) < RECORDER_CLASSES) {
		said[class] = true;
		if (class == 0)
			recorder_warn("leaks: %llu of %llu bytes, large blocks",
			              (unsigned long long)leaks->by_class[0].blocks,
			              (unsigned long long)leaks->by_class[0].bytes);
		else
			recorder_warn("leaks: %llu of %llu bytes, blocks of %llu",
			              (unsigned long long)leaks->by_class[class].blocks,
			              (unsigned long long)leaks->by_class[class].bytes,
			              (unsigned long long)snapshot->stats.by_size[class].size);
	}
}

static void tell(uint32_t reason)
{
	struct recorder_snapshot *snapshot = recorder_capture(reason);

	if (snapshot && snapshot->leaks.searched)
		print(snapshot);
	else
		recorder_warn("leaks: the program could not be stopped to look for any");
	if (snapshot)
		recorder_release(snapshot);
}

void teller_end(void)
{
	if (recorder_seeks_leaks() && !atomic_exchange(&teller.is_over, true))
		tell(RECORDER_EXIT);
}

/* ---- When it is told ------------------------------------------------------- */

static void run(void *arg)
{
	unsigned told = 0;

	(void)arg;
	for (;;) {
		unsigned signals = atomic_load(&teller.signals);

		if (signals != told && !atomic_load(&teller.is_over))
			tell(RECORDER_SIGNAL);
		else if (signals == told)
			syscall(SYS_futex, &teller.signals, FUTEX_WAIT_PRIVATE, told, NULL, NULL, 0);
		told = signals;
	}
}

static void on_signal(int number)
{
	int saved = errno;

	(void)number;
	atomic_fetch_add(&teller.signals, 1);
	syscall(SYS_futex, &teller.signals, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	errno = saved;
}

static void on_heap_used(void)
{
	int saved = errno, error;

	if (!atomic_exchange(&teller.has_thread, true)) {
		error = recorder_thread_start(run, NULL);
		if (error)
			recorder_warn("leaks: no thread to wait for the signal: %s",
			              strerrordesc_np(error));
	}
	errno = saved;
}

static void on_fork(void)
{
	atomic_store(&teller.has_thread, false);
	atomic_store(&teller.signals, 0);
}

static bool never_wanted(uint32_t reason, uint32_t gc_num)
{
	(void)reason, (void)gc_num;
	return false;
}

static void on_cycle(const struct recorder_cycle *cycle)
{
	(void)cycle;
}

static const struct recorder callbacks = {
	.wanted = never_wanted,
	.cycle = on_cycle,
	.heap_used = on_heap_used,
	.captured = recorder_release, /* not called */
};

void teller_start(int signal)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	if (!recorder_seeks_leaks())
		return;
	recorder_warn_to_the_end();
	recorder_on_confine(teller_end);
	if (signal == 0)
		return;
	sigfillset(&action.sa_mask);
	sigaction(signal, &action, NULL);
	recorder_on_fork(on_fork);
	recorder_attach(&callbacks);
}
