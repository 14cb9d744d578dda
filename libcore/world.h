/*
 * world.h - stopping and starting all known threads.
 *
 * In a stopped world every known thread but the caller is parked: in the stop signal's
 * handler, or on its way out of the heap; none is inside the heap, and none is inside
 * the loader's list of libraries. Between world_stop and world_start the caller
 * allocates nothing, calls nothing that takes a lock of the C library (a parked thread
 * may hold it), and does not fork.
 *
 * Lock: the list of threads is locked from world_stop to world_start. Who waits for it is
 * an ordinary thread outside the heap, so the present stopper can stop it.
 */
#ifndef WORLD_H
#define WORLD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct thread;

struct world_stop {
	uint64_t request_ns;      /* CLOCK_MONOTONIC, once the threads may be asked */
	uint64_t stop_ns;         /* from then until all were parked */
	unsigned threads;         /* known, the caller and the runtime's own included */
	unsigned threads_unknown; /* of the process; counted at most ten times a second */
};

enum {
	/*
	 * The stop signal. Ignored by default, so that one that comes late or crosses an
	 * exec does no harm; passed on silently by debuggers; and, unlike a realtime
	 * signal, never refused for want of a queue entry.
	 */
	WORLD_SIGNAL = SIGURG,
	WORLD_TIMEOUT_MS = 100,
};

/*
 * Stops all known threads but the caller, which is outside the heap. False when one of
 * them did not stop in WORLD_TIMEOUT_MS: then all run again and nothing is locked.
 */
bool world_stop(struct world_stop *out);
void world_start(void);

/* Every known thread, the caller and the runtime's own included. World stopped. */
void world_for_each_thread(void (*visit)(struct thread *t, void *arg), void *arg);

/* Stops that were given up so far. */
uint64_t world_given_up(void);

/* Once, before the first thread is known: takes the stop signal, and looks out for forks. */
void world_setup(void);

/*
 * What the stop signal did to a wait of the calling thread's; for interpose_wait.c, which
 * clears both. Written by the signal's handler.
 */
struct world_wait {
	volatile bool interrupted; /* it made a system call fail with EINTR */
	volatile bool signalled;   /* as the thread ran on, a handler of the program's was due */
};

extern _Thread_local struct world_wait world_wait __attribute__((tls_model("initial-exec")));

/* Opens the stop signal in the calling thread. */
void world_open_signal(void);

/* The program's own action for the stop signal, for interpose.c; as sigaction. */
void world_user_action(const struct sigaction *act, struct sigaction *former);

#endif
