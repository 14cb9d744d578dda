/*
 * interpose_confine.h - a process that confines itself with prctl(PR_SET_SECCOMP).
 *
 * From then on a system call that the program does not expect to make itself may be its end: a
 * recorder has to stop before, and no thread of the runtime's own is begun any more. Other ways
 * to confine a process (seccomp's own system call, a filter from before an exec) are not seen;
 * programs that use these for themselves refuse less.
 *
 * Lock: none; set once, before other threads know of it.
 */
#ifndef INTERPOSE_CONFINE_H
#define INTERPOSE_CONFINE_H

#include <stdbool.h>

/* Calls `before` ahead of it: by the thread that confines itself, outside the heap. */
void confine_attach(void (*before)(void));

/* In a forked child, which is as confined as its parent. */
void confine_after_fork(void);

bool confine_is_done(void);

#endif
