/*
 * recording.h - recordings made up from a few numbers, in which every identity holds.
 *
 * Row i of a table is, by i % 4: a span of class 5 (64 bytes, 128 slots), one of class 34
 * (1408 bytes, 11 slots, 896 bytes of tail), a pointer-free large object of 5 pages, 3 idle
 * pages of which one is released. Slots taken change with the snapshot. Cycle g pauses
 * 1000 g ns: 400 g before marking and 600 g after it. Runs of the same number and spans are
 * the same run.
 */
#ifndef RECORDING_H
#define RECORDING_H

#include "snapshot.h"

struct recording_shape {
	uint32_t runs, snapshots; /* of each run; 64 make a segment */
	uint64_t spans;           /* rows of each snapshot */
	bool summary;             /* without span tables */
	bool torn;                /* the last run has no end */
	bool contradicts;         /* more is released than idle, and the goal is off the scale */
	uint32_t wrong_word;      /* of mstats, */
	uint64_t more;            /* that says so much more than is true */
};

/* To be given back with free(); NULL when memory was refused. */
uint8_t *recording_make(const struct recording_shape *shape, size_t *bytes);

#endif
