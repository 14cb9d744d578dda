/*
 * interpose.h - the C library's own functions behind the ones that this library wraps.
 */
#ifndef INTERPOSE_H
#define INTERPOSE_H

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#define WRAPPED __attribute__((visibility("default")))

/* The function of this name behind ours; *found keeps it. Ends the process if there is none. */
void *libc_function(_Atomic(void *) *found, const char *name);

/* Looked up once, or by several threads alike. */
#define BEHIND(name)                                                                  \
	({                                                                                \
		static _Atomic(void *) found_;                                                \
		void *function_ = atomic_load_explicit(&found_, memory_order_acquire);        \
		(__typeof__(&(name)))(function_ ? function_ : libc_function(&found_, #name)); \
	})

/* A copy of the set that does not block the stop signal; NULL for NULL. */
const sigset_t *without_stop_signal(const sigset_t *set, sigset_t *copy);

/*
 * Once, before the first thread is known: looks up what the runtime itself calls while a
 * cycle is locked. To look up takes the loader's lock, whose holder may wait for that cycle.
 */
void interpose_setup(void);

/* A part of it. */
void interpose_loader_setup(void);

/* Whether the calling thread is in a callback of dl_iterate_phdr, where no thread may be started. */
bool interpose_walks_loader(void);

int libc_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                        void *arg);
int libc_pthread_sigmask(int how, const sigset_t *set, sigset_t *former);

#endif
