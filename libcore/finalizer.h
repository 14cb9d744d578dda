/*
 * finalizer.h - the thread that runs finalizers, one after the other, oldest first.
 *
 * It is an ordinary thread of the process: user code runs on it, it is stopped and
 * scanned like any other. It starts when the first finalizer is due.
 */
#ifndef FINALIZER_H
#define FINALIZER_H

/* Finalizers were queued. Any thread, inside the heap too. */
void finalizer_wake(void);

/* Starts the thread if finalizers wait and it does not run. Outside the heap. */
void finalizer_start(void);

void finalizer_after_fork(void);

#endif
