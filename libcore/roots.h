/*
 * roots.h - the memory from which everything reachable is reached.
 *
 * Found without the program's help: stacks and registers of known threads, thread-local
 * variables (static and of libraries loaded later), writable data of the program and of
 * its libraries, arguments of threads that do not run yet, results of threads that nobody
 * has joined. Not: values of pthread_setspecific, memory from malloc or mmap, this
 * library's and the dynamic loader's own data.
 *
 * Lock: registered ranges change with their lock held inside the heap; all else is read
 * in the stopped world only.
 */
#ifndef ROOTS_H
#define ROOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum root_kind {
	ROOT_STACK,      /* with the registers */
	ROOT_TLS,
	ROOT_STATIC,
	ROOT_REGISTERED,
	ROOT_THREAD,     /* arguments and results */
	ROOT_KINDS,
};

typedef void roots_range_fn(void *arg, uintptr_t lo, uintptr_t hi, enum root_kind kind);

/*
 * Calls range for every root, on word boundaries. Only by the thread that stopped the
 * world: its own stack counts from here. Ranges are readable, but may be memory that a
 * sanitizer calls forbidden.
 */
void roots_visit(roots_range_fn *range, void *arg);

/*
 * The same, but each range of static data and each registered one is first offered to apart,
 * whole as it is, parts included that were never written; what that takes is not given.
 */
typedef bool roots_apart_fn(uintptr_t lo, uintptr_t hi, enum root_kind kind);
void roots_visit_apart(roots_range_fn *range, roots_apart_fn *apart, void *arg);

/*
 * Calls touched for the parts of [lo, hi) that were ever written (mapping.h): reading the
 * others would give them memory. For stacks that are more address space than content.
 */
void roots_touched(uintptr_t lo, uintptr_t hi,
                   void (*touched)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

/* As memspan_add_roots and memspan_remove_roots, but the result is 0, EINVAL or ENOMEM. */
int roots_add(void *start, size_t bytes);
int roots_remove(void *start, size_t bytes);

#endif
