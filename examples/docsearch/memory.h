/*
 * memory.h - where the search program's memory comes from: the memspan heap.
 *
 * Nothing is ever given back by hand: what no root leads to any more is the
 * collector's. Refused memory ends the program with one line on stderr, so no
 * function here returns NULL. All memory is zeroed; all functions may collect;
 * all may be called from any thread.
 */
#ifndef DOCSEARCH_MEMORY_H
#define DOCSEARCH_MEMORY_H

#include <memspan.h>

/* An object in which every word may be a pointer. */
void *memory_object(size_t bytes);

/* An object without pointers: text and numbers. */
void *memory_plain(size_t bytes);

/* An array in which only the members that the type names are pointers. */
void *memory_typed(const memspan_type *type, size_t count);

/* The object with room for `bytes` bytes, maybe at a new place; its kind stays. p is not NULL. */
void *memory_resize(void *p, size_t bytes);

/* A copy of `bytes` bytes of text, ended by a NUL. */
char *memory_copy(const char *text, size_t bytes);

#endif
