/*
 * mapping.h - what the kernel knows about the process's address space.
 *
 * For the rare stacks and thread-local blocks whose bounds nobody has told. Nothing here
 * allocates, takes a lock or is a cancellation point; errno is kept. May be called in the
 * stopped world.
 */
#ifndef MAPPING_H
#define MAPPING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mapping {
	uintptr_t lo, hi;
	bool main_stack; /* the kernel's own mapping for the first thread; grows downwards */
	bool shared;     /* MAP_SHARED: others may write it, or the process by another address */
};

/* The mapping around an address; false when there is none or /proc cannot be read. */
bool mapping_around(uintptr_t address, struct mapping *out);

/*
 * Calls fn for each mapping that is readable, writable and the process's own (private), but the
 * first thread's stack, in address order, as long as it returns true. False when /proc cannot
 * be read, or fn said so.
 */
bool mapping_visit_private(bool (*fn)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

/* Copies memory that may not be there; false when it is not. Refused by the system: plain copy. */
bool mapping_read(void *to, uintptr_t from, size_t bytes);

/* Whether the system copies: memory may vanish at any time. */
bool mapping_reads_safely(void);

/* Whether [lo, hi) can be read; true as well when the system does not tell. */
bool mapping_readable(uintptr_t lo, uintptr_t hi);

/*
 * Where what can be read from an address on ends, after bytes_max at the latest: for when /proc
 * tells nothing. The end of its page when the system does not tell that either.
 */
uintptr_t mapping_readable_end(uintptr_t address, size_t bytes_max);

/*
 * Calls touched for the parts of [lo, hi) that were ever written. A page that is swapped
 * out belongs to them (mincore would leave it out), one that is not mapped does not.
 * Where the system does not tell, all mapped pages count.
 */
void mapping_touched(uintptr_t lo, uintptr_t hi,
                     void (*touched)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

/*
 * Calls fn for the parts of a private mapping that were written to, without pages that still are
 * those of a file. False when the system does not tell, or would take minutes to: then fn was
 * called for nothing, or not for all.
 */
bool mapping_written(uintptr_t lo, uintptr_t hi,
                     void (*fn)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

#endif
