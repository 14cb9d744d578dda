/*
 * spantable.h - the span table of one instant, read while the program runs on.
 *
 * The table is cut in a stopped world, which costs a look at each thread's cache and
 * nothing for a span. From then on a block of 64 pages must not change before its rows
 * are kept: whoever is about to change something in it, be it a count or the pages
 * themselves, writes the rows of the whole block first (pageheap_before_change), and
 * spantable_read does so for all the others. The row of a span stands where its first
 * page is counted from the first of the heap, so that nobody needs memory for one.
 *
 * Invariant: while a table is open, a block whose `kept` (pageheap.h) is not its epoch
 * holds what it held when the table was cut, but for the word of free slots in a cache,
 * and those were counted in the stop (mcache.h, cut_counts).
 *
 * Lock: none. Who keeps a block is inside the heap and claims the block for that time;
 * others who need it wait for him. At most one table is open (recorder.c).
 */
#ifndef SPANTABLE_H
#define SPANTABLE_H

#include <stddef.h>

#include "memspan.h"

/* The rows that a table cut now has room for: one for each page. */
size_t spantable_rows(void);

/* Cuts a table whose rows go to `rows`. World stopped, no other table open. */
void spantable_cut(memspan_span *rows);

/*
 * Ends the open table: its rows are complete, in address order from the first on, idle
 * ranges included. Returns how many. Known thread, outside the heap; may yield, runs
 * beside the program.
 */
size_t spantable_read(void);

/* Ends the open table without its rows; afterwards nobody writes there. As above. */
void spantable_drop(void);

/* In a forked child: no table is open. */
void spantable_after_fork(void);

#endif
