/*
 * thin.h - which segments of a run survive when MEMSPAN_DUMP_MAX is reached: the end of
 * the run in full, its past ever more coarsely, its first segment as long as possible.
 */
#ifndef DUMP_THIN_H
#define DUMP_THIN_H

#include "recording.h"

/*
 * Moves the segments to keep to the front, in their order, and returns how many. Their
 * bytes sum up to at most bytes_max; none when not even the newest fits.
 */
size_t thin_choose(struct extent *extents, size_t count, uint64_t bytes_max);

/* Sets the offsets of segments that follow each other from `offset` on. */
void thin_place(struct extent *extents, size_t count, uint64_t offset);

#endif
