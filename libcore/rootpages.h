/*
 * rootpages.h - large ranges of static data and of registered roots, read while the program
 * runs, so that a stop need not read them whole.
 *
 * The first stop of a cycle beside the program only notes such a range. After it the range's
 * pages are write-protected (tracking.h) and read; then, in rounds, those written meanwhile, as
 * with the heap's own. The last stop reads what is left. Bounds that are no bounds of pages are
 * read in both stops.
 *
 * The program may unload the library, or give the memory back, at any time: what is read beside
 * it is copied first, by a system call that says so when there is nothing. A range that changed
 * is not known any more in the last stop, which then reads it whole. So is shared memory, which
 * may be written by another address.
 *
 * Used by the thread that runs the cycle, inside a mark phase.
 */
#ifndef ROOTPAGES_H
#define ROOTPAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "roots.h"

/* First stop. false: the range is not worth it, or there is no room; it is to be read now. */
bool rootpages_put_off(uintptr_t lo, uintptr_t hi, enum root_kind kind);

/*
 * Beside the program, first soon after the first stop: reads the pages written since the last
 * call. How many they were.
 */
size_t rootpages_read(void);

/*
 * Last stop: the same for one range. false: it was not put off, or changed; it is to be read now.
 */
bool rootpages_finish(uintptr_t lo, uintptr_t hi, enum root_kind kind);

/* Bytes found in all ranges by the first rootpages_read: what was ever written there. */
uint64_t rootpages_bytes(void);

/* After the last stop: writes cost nothing more. Forgets the ranges. */
void rootpages_end(void);

/* In a forked child, which inherits no protection. */
void rootpages_after_fork(void);

#endif
