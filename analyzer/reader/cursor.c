/* cursor.c - see cursor.h. */
#include "cursor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 1 << 17 };

static void *take(void *opaque, size_t bytes)
{
	(void)opaque;
	return malloc(bytes);
}

static void give(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

const struct snapshot_memory cursor_memory = {take, give, NULL};

bool cursor_open(struct cursor *cursor, const struct source *source, uint64_t offset)
{
	memset(cursor, 0, sizeof *cursor);
	cursor->source = source;
	cursor->offset = offset;
	cursor->buffer = malloc(BUFFER_BYTES);
	cursor->decoder = snapshot_decoder_new(&cursor_memory, offset);
	if (cursor->buffer && cursor->decoder)
		return true;
	cursor_close(cursor);
	return false;
}

void cursor_close(struct cursor *cursor)
{
	if (cursor->decoder)
		snapshot_decoder_free(cursor->decoder);
	free(cursor->buffer);
	cursor->decoder = NULL;
	cursor->buffer = NULL;
}

/* Reads on and feeds; says that the input ended where it did. */
static void feed(struct cursor *cursor)
{
	if (cursor->used == cursor->have) {
		uint64_t left = cursor->source->bytes > cursor->offset
		                    ? cursor->source->bytes - cursor->offset
		                    : 0;
		size_t want = left < BUFFER_BYTES ? (size_t)left : BUFFER_BYTES;
		long n = want ? source_read(cursor->source, cursor->offset, cursor->buffer, want) : 0;
		if (n <= 0) {
			cursor->error = n < 0 ? errno : 0;
			snapshot_decoder_finish(cursor->decoder);
			return;
		}
		cursor->offset += (uint64_t)n;
		cursor->have = (size_t)n;
		cursor->used = 0;
	}
	cursor->used += snapshot_decoder_feed(cursor->decoder, cursor->buffer + cursor->used,
	                                      cursor->have - cursor->used);
}

const struct snapshot_event *cursor_next(struct cursor *cursor)
{
	for (;;) {
		const struct snapshot_event *event = snapshot_decoder_next(cursor->decoder);
		if (event->type != SNAPSHOT_EVENT_INPUT)
			return event;
		feed(cursor);
	}
}
