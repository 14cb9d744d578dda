/*
 * interpose_exit.h - a program that ends by _exit or _Exit, past its exit handlers.
 *
 * Both may be called where little else may: in a signal's handler, and by the child of a
 * vfork, which has the parent's memory. So whoever wants a moment before gets it only in the
 * process itself, and when the calling thread is not in the heap.
 *
 * Lock: none; set once, before other threads know of it.
 */
#ifndef INTERPOSE_EXIT_H
#define INTERPOSE_EXIT_H

#include <stdbool.h>
#include <stdint.h>

/* `before` must end within a moment, whatever the calling thread was interrupted in. */
void exit_attach(void (*before)(void));

/* In a forked child. */
void exit_after_fork(void);

/*
 * Whether the locks that a stop of the world takes are free, or become so within this time: they
 * never do where the calling thread itself was interrupted while it held one.
 */
bool exit_may_stop_world(int64_t timeout_ns);

#endif
