/*
 * written.h - the pages that the program writes while it is marked, and the marker is to read
 * again (tracking.h).
 *
 * Covered is every chunk of the heap that holds scanned spans. A chunk that comes to hold them,
 * or an arena that is opened, while written pages are fetched counts as written in the next
 * fetch.
 *
 * Used by the thread that runs the cycle, inside a mark phase but for written_begin.
 */
#ifndef WRITTEN_H
#define WRITTEN_H

#include <stdbool.h>
#include <stddef.h>

/* Protects all pages: what is written from here on is known. false: that cannot be had now. */
bool written_begin(void);

/*
 * Adds the pages written since the last fetch to what the next mark_run scans. They are
 * protected anew, or with `protect` false stay written. *pages: how many they are. false:
 * tracking has ended, nothing is known (*pages is SIZE_MAX), and written_all is to be called in
 * the stopped world.
 */
bool written_fetch(bool protect, size_t *pages);

/* Marks from the pages that were fetched, of which there are so many. Helpers come for many. */
void written_mark(size_t pages);

/*
 * Both, beside the program, and protects the pages anew: from those found in one part of the heap
 * is marked before the next part is fetched. So less is written again until the last stop than if
 * all were fetched first: its age there is half of what it would be. As written_fetch otherwise.
 */
bool written_scan(size_t *pages);

/* All pages are taken for written. */
void written_all(void);

/* Writes cost nothing more. */
void written_end(void);

#endif
