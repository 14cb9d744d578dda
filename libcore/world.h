/*
 * world.h - stopping and starting all known threads.
 *
 * In a stopped world every known thread but the caller is parked: in the stop signal's
 * handler, on its way out of the heap, or in a wait of the C library's; none is inside
 * the heap, and none is inside the loader's list of libraries. Between world_stop and
 * world_start the caller allocates nothing, calls nothing that takes a lock of the C
 * library (a parked thread may hold it), and does not fork.
 *
 * Lock: the list of threads is locked from world_stop to world_start. Who waits for it is
 * an ordinary thread outside the heap, so the present stopper can stop it.
 */
#ifndef WORLD_H
#define WORLD_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "thread.h"

struct world_stop {
	uint64_t request_ns;      /* CLOCK_MONOTONIC, once the threads may be asked */
	uint64_t stop_ns;         /* from then until all were parked */
	unsigned threads;         /* known, the caller and the runtime's own included */
	unsigned threads_unknown; /* of the process; counted at most ten times a second */
	bool others_run;          /* it is world_close's: no other is in the heap, that is all */
};

enum {
	/*
	 * The stop signal. Ignored by default, so that one that comes late or crosses an
	 * exec does no harm; passed on silently by debuggers; and, unlike a realtime
	 * signal, never refused for want of a queue entry. Not SIGURG, of which the same is
	 * true: PostgreSQL wakes its processes with it, and reads it from a signalfd.
	 */
	WORLD_SIGNAL = SIGWINCH,
	WORLD_TIMEOUT_MS = 100,
};

/*
 * Stops all known threads but the caller, which is outside the heap. False when one of
 * them did not stop in WORLD_TIMEOUT_MS: then all run again and nothing is locked.
 */
bool world_stop(struct world_stop *out);
void world_start(void);

/*
 * For who only reads the heap: all others run on, interrupted by nothing, but none of them is
 * in the heap until world_start. So a thread that has no processor delays it only where it lost
 * it inside the heap. Waits for a thread that is inside, however long.
 */
void world_close(struct world_stop *out);

/*
 * Keeps the threads that `chosen` picks out of the heap, the caller not among them, and visits
 * those that were not in it; all others run on. Both are called with the list of threads locked,
 * outside the heap, and visit may enter it. No thread is interrupted.
 */
void world_visit_outside(bool (*chosen)(struct thread *t), void (*visit)(struct thread *t));

/* Every known thread, the caller and the runtime's own included. World stopped. */
void world_for_each_thread(void (*visit)(struct thread *t, void *arg), void *arg);

/* Stops that were given up so far. */
uint64_t world_given_up(void);

/* Once, before the first thread is known: takes the stop signal, and looks out for forks. */
void world_setup(void);

/*
 * The calling thread is about to wait in a call of the C library that Linux never restarts
 * after a signal, and is back from it. In between it counts as stopped, and is sent no stop
 * signal. Its caller-saved registers are in the frames above. The thread, for the end; NULL
 * when it is not known, or waits in a handler that interrupted it inside the heap. errno is kept.
 */
struct thread *world_wait_begin(void);
void world_wait_end(struct thread *t);

/* Around each handler of the program's: it runs only while the world does, in a wait too. */
struct world_handler_call {
	struct thread *thread;
	uint32_t waiting;
	uintptr_t program_frames; /* of the code interrupted; those of the handler are below */
	struct thread_stop_place place;
};

void world_handler_begin(struct world_handler_call *call);
void world_handler_end(const struct world_handler_call *call);

/* Opens the stop signal in the calling thread. */
void world_open_signal(void);

/* The program's own action for the stop signal, for interpose_signal.c; as sigaction. */
void world_user_action(const struct sigaction *act, struct sigaction *former);

#endif
