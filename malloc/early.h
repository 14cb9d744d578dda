/*
 * early.h - memory for what the heap's own beginning allocates.
 *
 * While the heap is made ready the C library and the loader are asked for things, and
 * their answers may allocate. That comes from a fixed buffer, is never given back, and
 * happens on one thread at a time. 0 <= used <= EARLY_BYTES; each block is preceded by its
 * size.
 */
#ifndef MALLOC_EARLY_H
#define MALLOC_EARLY_H

#include <stdbool.h>
#include <stddef.h>

/* Zeroed; NULL when the buffer is used up. align is a power of two. */
void *early_alloc(size_t bytes, size_t align);

bool early_contains(const void *p);

/* The whole buffer is a root of the search for leaks (leaks.h). */
void early_tell_root(void);

/* Of a block of the buffer. */
size_t early_size(const void *p);

#endif
