/*
 * roots_mapped.h - memory that the program mapped by itself, and what else is mapped.
 *
 * No roots of a collection. But a block of malloc to which only an arena of Python's leads is
 * not lost: who asks which blocks nothing points to (leaks.h) looks here too. It is every
 * readable and writable private mapping, with pages of files that were written to, but what is
 * looked through otherwise or tells of all blocks alike: the heap, the runtime's own tables and
 * its library's data, the stacks of known threads, and those that glibc keeps of threads that
 * ended, where old pointers lie. Memory that is shared with other processes is left out.
 *
 * Lock: none; in the stopped world only, by the thread that stopped it. Threads that the
 * runtime does not know run on, and may unmap meanwhile: all is read as a copy.
 */
#ifndef ROOTS_MAPPED_H
#define ROOTS_MAPPED_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Calls range for each part, on word boundaries, with a copy that is there until range returns.
 * False when the system does not tell what is mapped: then some or all was left out.
 */
bool roots_mapped_visit(void (*range)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

#endif
