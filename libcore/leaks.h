/*
 * leaks.h - malloc's blocks, and memspan_alloc_uncollectable's, to which nothing points.
 *
 * They live until they are freed, and are roots of every collection: for once they are not.
 * From all other roots, and from what only the C library holds (roots_glibc.h), everything
 * is marked conservatively; a block that is allocated and not marked is lost. What points to
 * it is memory that nobody looks through, another lost block, or nothing. Where it is another
 * lost block, it is lost indirectly: of blocks that lead to each other in a ring one is lost
 * directly, the others indirectly. So the direct ones are the fewest that lead to all.
 *
 * Memory that the program mapped itself (roots_mapped.h) is looked through as well, unless
 * MEMSPAN_LEAKS=roots.
 *
 * Lock: the world is stopped, and no cycle is under way (cycle_hold): the marks are its own,
 * all clear before and after.
 */
#ifndef LEAKS_H
#define LEAKS_H

#include <stdbool.h>
#include <stddef.h>

#include "recorder.h"
#include "settings.h"

struct world_stop;

/* MEMSPAN_LEAKS. */
extern enum settings_leaks leaks_wanted;

/* Memory of the malloc library itself that holds blocks. Before a second thread runs. */
void leaks_add_root(const void *start, size_t bytes);

/* Fills *out, which is all zero; not `searched` when there is no memory to mark with. */
void leaks_search(const struct world_stop *stop, struct recorder_leaks *out);

#endif
