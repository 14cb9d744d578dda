/*
 * sysmem.h - the runtime's own memory: never from the heap, never from malloc.
 *
 * Each byte taken from the OS stands in exactly one counter of sysmem_stats, so
 * that Sys adds up. Memory from sysmem_alloc is for ever; structures that come
 * and go are kept on free lists of their owners.
 */
#ifndef SYSMEM_H
#define SYSMEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sysmem_stats {
	_Atomic uint64_t mspan_sys;
	_Atomic uint64_t mcache_sys;
	_Atomic uint64_t gc_sys;
	_Atomic uint64_t other_sys;
};

extern struct sysmem_stats sysmem_stats;

/* Zeroed, aligned to 64, never freed, counted in *stat. NULL when refused. Any thread. */
void *sysmem_alloc(size_t bytes, _Atomic uint64_t *stat);

/*
 * A mapping of its own, page-rounded, zeroed, counted in *stat. NULL when refused. May be
 * given back in two steps, its end first.
 */
void *sysmem_map(size_t bytes, _Atomic uint64_t *stat);
void sysmem_unmap(void *p, size_t bytes, _Atomic uint64_t *stat);

/*
 * Address space for a table that grows with the heap: costs nothing until touched
 * and is counted by its owner as it is put to use.
 */
void *sysmem_table(size_t bytes);
void sysmem_table_unmap(void *p, size_t bytes); /* NULL is none */

/*
 * The lowest of the runtime's own mappings that has a part in [lo, hi); [hi, hi) when none
 * has. False when not all of them are known. The heap's own reservation is none of them.
 */
bool sysmem_next(uintptr_t lo, uintptr_t hi, uintptr_t *next_lo, uintptr_t *next_hi);

#endif
