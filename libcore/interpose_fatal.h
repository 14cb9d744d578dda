/*
 * interpose_fatal.h - signals that end a program which is broken: SIGSEGV, SIGBUS, SIGABRT,
 * SIGFPE, SIGILL. A recorder may want a moment before they do.
 *
 * While nobody asked for it, nothing here is installed and all functions are no-ops.
 */
#ifndef INTERPOSE_FATAL_H
#define INTERPOSE_FATAL_H

#include <signal.h>
#include <stdbool.h>

/*
 * Calls `before` ahead of what one of these signals does: the program's handler, of each
 * signal only the first time, for a program may live on such signals; or the system's
 * default, which then takes place as if nobody had been there. What is ignored stays
 * ignored. `before` must be async-signal-safe; it runs with all signals blocked but the
 * stop signal. Gives the calling thread, and each that begins from then on, an alternate stack
 * if it has none: one that has overflowed its stack needs another. Once, before other threads
 * know of it.
 */
void fatal_attach(void (*before)(void));

/* By each new thread of the program, before its own code. */
void fatal_thread_begins(void);

/* A handler of the program's is about to be called for this signal. */
void fatal_before_handler(int signal);

/* Whether the system's default for this signal is ours to do; *told is what to tell it then. */
bool fatal_default(int signal, struct sigaction *told);

/* What the program is to see in place of an action that it did not set. */
void fatal_hide(struct sigaction *former);

/* Whether this is the handler that stands for the system's default. */
bool fatal_is_ours(void (*handler)(int));

#endif
