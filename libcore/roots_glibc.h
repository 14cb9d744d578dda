/*
 * roots_glibc.h - what the C library and its loader hold of malloc's blocks.
 *
 * No roots of a collection: objects that may be collected are not kept there. Blocks of
 * malloc are, and who asks which of them nothing points to (leaks.h) has to look here too:
 * the loader's data and its description of each library, glibc's structure of each known
 * thread (in it the values of pthread_setspecific), and the vectors of thread-local
 * variables of threads that nobody joined, or whose stacks are kept for later ones. What
 * cannot be found because another C library hides it is left out, then blocks of the library
 * itself look lost.
 *
 * Lock: none; in the stopped world only, by the thread that stopped it.
 */
#ifndef ROOTS_GLIBC_H
#define ROOTS_GLIBC_H

#include <stdint.h>

/* Calls range for each part, on word boundaries; readable, as with roots_visit. */
void roots_glibc_visit(void (*range)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

#endif
