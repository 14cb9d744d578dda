/*
 * salvage - what is good of a damaged recording, as a recording of its own.
 *
 * A segment without a fault is copied, byte for byte, so that also what a later version put
 * there stays. Of a segment with a fault, what stands before the fault is written anew,
 * with the same run, segment and sequence numbers: records are told against the one before,
 * so nothing behind the fault can be read. The source is only read.
 */
#ifndef SALVAGE_H
#define SALVAGE_H

#include <stdio.h>

#include "snapshot.h"
#include "source.h"

enum salvage_status {
	SALVAGE_OK,
	SALVAGE_NO_MEMORY,
	SALVAGE_READ_ERROR,  /* errno */
	SALVAGE_WRITE_ERROR, /* errno */
};

struct salvage_result {
	uint64_t runs, snapshots;           /* written */
	uint64_t segments, segments_copied; /* written, and how many of them as they were */
	uint64_t bytes_lost, places;        /* left out of the source: in how many places */
	bool damaged;     /* something other than a run's last write is missing or unreadable */
	bool unfinished;  /* a run's last write is not whole */
};

/* Told of each place that is left out, in their order: offset, bytes_skipped, message. */
typedef void salvage_loss(void *arg, const struct snapshot_issue *issue);

/*
 * Appends what is good in `source`, a recording, to out. Memory: a decoder, an encoder and
 * two span tables. With result->snapshots 0 what was written is of no use.
 */
enum salvage_status salvage(const struct source *source, FILE *out, salvage_loss *lost, void *arg,
                            struct salvage_result *result);

#endif
