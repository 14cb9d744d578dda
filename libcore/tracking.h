/*
 * tracking.h - which pages of the heap were written since they were last asked about.
 *
 * Linux 6.7 and later write-protect the pages of a range and lift that by themselves at
 * the first write (userfaultfd with WP_ASYNC); one call tells the pages written and
 * protects them again (PAGEMAP_SCAN). A write that happened before tracking_collect
 * returns is seen by whoever reads the page afterwards, a later one by the next call:
 * that is all that marking beside a running program needs (Boehm, Demers and Shenker:
 * Mostly Parallel Garbage Collection, PLDI 1991). Writes by the kernel count, but for
 * direct I/O into pinned pages.
 *
 * A page that was never protected, or came into being since, counts as written.
 *
 * The program may close the descriptor, and a forked child has none that works: then
 * tracking_collect fails, everything counts as written, and after tracking_lost the next
 * tracking_begin starts anew.
 *
 * Used by the thread that runs the cycle; tracking_collect by several at a time, each for a
 * range of its own. Allocates nothing.
 */
#ifndef TRACKING_H
#define TRACKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether writes can be tracked here; if not, *why says what is missing. Any thread. */
bool tracking_available(const char **why);

/* Readies a cycle: false if this time writes cannot be tracked. */
bool tracking_begin(void);

/*
 * Tracks [lo, hi), which begins where it began at the last call and ends there or later. What
 * is added counts as written. False when tracking has ended. Page-aligned.
 */
bool tracking_cover(uintptr_t lo, uintptr_t hi);

/*
 * The same for another range, until tracking_remove; for its owner it is as if it were not.
 * False: not this one, or not now.
 */
bool tracking_add(uintptr_t lo, uintptr_t hi);
void tracking_remove(uintptr_t lo, uintptr_t hi);

enum tracking_what {
	TRACKING_PROTECT = 1, /* what is told is protected anew */
	TRACKING_CONTENT = 2, /* pages that have no content yet are not told; takes twice as long */
};

/*
 * Calls `written` for each run of pages of [lo, hi) written since they were last protected.
 * False when tracking has ended: nothing is known then.
 */
bool tracking_collect(uintptr_t lo, uintptr_t hi, unsigned what,
                      void (*written)(void *arg, uintptr_t lo, uintptr_t hi), void *arg);

/* Protects all of [lo, hi), whatever was written. False when tracking has ended. */
bool tracking_protect(uintptr_t lo, uintptr_t hi);

/* After tracking_collect failed, and before anything else: what is no longer ours is let go. */
void tracking_lost(void);

/* Writes to the range cost nothing more until it is collected again. */
void tracking_release(uintptr_t lo, uintptr_t hi);

/* In a forked child, before anything else is tracked. */
void tracking_after_fork(void);

#endif
