/*
 * tls.h - where glibc keeps a thread's thread-local variables.
 *
 * A thread's variables of the program and of the libraries loaded at start lie in one
 * static block beside the thread pointer; those of libraries loaded later in blocks of
 * their own, led to by the thread's vector (dtv), one entry a module. The vector may be
 * stale or in the middle of being replaced when its thread was stopped: everything read
 * from it is checked.
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Before any other call here, outside the stopped world. */
void tls_setup(void);

/* Thread pointer of the calling thread. */
static inline uintptr_t tls_self(void)
{
	return (uintptr_t)__builtin_thread_pointer();
}

/* The static block, without glibc's thread structure (so without setspecific values). */
void tls_static_block(uintptr_t tls, uintptr_t *lo, uintptr_t *hi);

/*
 * Where glibc's own area of the thread begins; of threads begun with pthread_create it
 * is the upper end of the stack's memory.
 */
uintptr_t tls_area_begin(uintptr_t tls);
uintptr_t tls_area_end(uintptr_t tls);

/* glibc's own structure of the thread; empty where its size is not known. */
void tls_structure(uintptr_t tls, uintptr_t *lo, uintptr_t *hi);

/* The vector of a thread that has ended and may be gone altogether; false when it cannot be read. */
bool tls_vector(uintptr_t tls, uintptr_t *dtv);

/*
 * The thread pointers and vectors of threads that ended and whose stacks glibc keeps for later
 * ones; none where it does not say where these are.
 */
void tls_visit_kept(void (*visit)(void *arg, uintptr_t tls, uintptr_t dtv), void *arg);

/* A module's block in a thread when it has one of its own; false otherwise. */
bool tls_own_block(uintptr_t tls, size_t module, size_t bytes, uintptr_t *block);

#endif
