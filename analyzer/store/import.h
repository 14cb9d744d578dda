/*
 * import - from the events of a recording to rows, one transaction a source.
 *
 * What is there already is not stored again: runs are known by uuid, snapshots by seq,
 * cycles by number. A source that adds nothing leaves no trace. A snapshot that turns out
 * damaged is taken back.
 */
#ifndef IMPORT_H
#define IMPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "source.h"
#include "store.h"

/* Where in a source the segment of each snapshot begins, for the span table (query/). */
struct snapshot_place {
	int64_t snapshot_id;
	const struct source *source;
	uint64_t segment_offset;
	uint64_t seq;
	uint8_t run_uuid[16];
};
struct snapshot_places {
	struct snapshot_place *places; /* by snapshot_id, rising */
	size_t count, capacity;
};

struct import_result {
	uint64_t runs, snapshots, spans;   /* added */
	uint64_t offset;                   /* of the segment that is being read */
	uint64_t seen;                     /* valid snapshots in the source, known ones included */
	uint64_t unfinished;               /* runs without an orderly end */
	bool damaged;                      /* bytes in the middle could not be used */
	bool unsupported;                  /* a segment of a newer major version */
	char first_issue[200];             /* the first of those, for a message; may be empty */
	uint64_t first_issue_offset;
};

enum import_status { IMPORT_OK, IMPORT_NO_MEMORY, IMPORT_READ_ERROR, IMPORT_DATABASE };

/*
 * Imports one recording. Spans are stored if the store has a table for them; places
 * (may be NULL) notes where each snapshot is. On anything but IMPORT_OK nothing of the
 * source is stored. IMPORT_READ_ERROR: errno.
 */
enum import_status import_recording(struct store *store, const struct source *source,
                                    struct snapshot_places *places, struct import_result *result);

#endif
