/*
 * cursor - the events of a recording, from any segment of it, in bounded memory.
 *
 * The bytes of a source go through the format library's decoder; what comes out are its
 * events (snapshot.h). A file that grows meanwhile is read up to the size that it had
 * when it was opened.
 */
#ifndef CURSOR_H
#define CURSOR_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"
#include "source.h"

struct cursor {
	const struct source *source;
	struct snapshot_decoder *decoder;
	uint64_t offset;       /* of the next byte to read */
	uint8_t *buffer;
	size_t have, used;     /* of the buffer */
	int error;             /* errno of a failed read, 0 for none */
};

/* Begins at the segment at `offset` (0: the first). false: out of memory. */
bool cursor_open(struct cursor *cursor, const struct source *source, uint64_t offset);
void cursor_close(struct cursor *cursor);

/* The next event; SNAPSHOT_EVENT_END when all was delivered or reading failed (error). */
const struct snapshot_event *cursor_next(struct cursor *cursor);

/* malloc and free, as the format library wants them. */
extern const struct snapshot_memory cursor_memory;

#endif
