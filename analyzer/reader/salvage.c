/* salvage.c - see salvage.h. */
#include "salvage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

enum { LEVEL = 3, COPY_BYTES = 1 << 16 };

/* A span table under way. */
struct table {
	struct snapshot_span *rows;
	uint64_t count, capacity;
};

/* The segment whose events are being read. */
struct part {
	bool is_open;
	bool is_whole; /* so far */
	uint64_t offset, snapshots;
};

struct salvage {
	const struct source *source;
	FILE *out;
	struct salvage_result *result;
	enum salvage_status status;
	uint8_t last_run[16]; /* of the segment written last */
	struct snapshot_encoder *encoder;
	struct snapshot_bytes bytes;
	struct table table, former;
};

static bool fail(struct salvage *s, enum salvage_status status)
{
	if (s->status == SALVAGE_OK)
		s->status = status;
	return false;
}

static bool put(struct salvage *s, const void *data, size_t count)
{
	return count == 0 || fwrite(data, 1, count, s->out) == count || fail(s, SALVAGE_WRITE_ERROR);
}

static void count_segment(struct salvage *s, const uint8_t *run, const struct part *part, bool copied)
{
	struct salvage_result *result = s->result;
	result->runs += result->segments == 0 || memcmp(run, s->last_run, sizeof s->last_run) != 0;
	memcpy(s->last_run, run, sizeof s->last_run);
	result->segments++;
	result->segments_copied += copied;
	result->snapshots += part->snapshots;
}

/* ---- a segment as it is ------------------------------------------------- */

/* Whether the source's bytes [offset, end) are frames to their end, the last open or not. */
static bool is_walkable(struct salvage *s, uint64_t offset, uint64_t end, bool *is_open)
{
	struct snapshot_walk walk;
	uint8_t data[64];
	snapshot_walk_begin(&walk);
	while (!walk.done) {
		uint64_t at = offset + walk.offset;
		size_t want = at >= end ? 0 : end - at < walk.need ? (size_t)(end - at) : walk.need;
		long n = want ? source_read(s->source, at, data, want) : 0;
		if (n < 0)
			return fail(s, SALVAGE_READ_ERROR);
		snapshot_walk_step(&walk, data, (size_t)n);
	}
	*is_open = walk.is_open;
	return !walk.is_damaged && walk.whole == end - offset;
}

static bool copy(struct salvage *s, uint64_t offset, uint64_t end)
{
	static uint8_t data[COPY_BYTES];
	while (offset < end) {
		size_t want = end - offset < sizeof data ? (size_t)(end - offset) : sizeof data;
		long n = source_read(s->source, offset, data, want);
		if (n < 0)
			return fail(s, SALVAGE_READ_ERROR);
		if (n == 0) { /* it became shorter meanwhile */
			errno = ENODATA;
			return fail(s, SALVAGE_READ_ERROR);
		}
		if (!put(s, data, (size_t)n))
			return false;
		offset += (uint64_t)n;
	}
	return true;
}

/* ---- a segment written anew --------------------------------------------- */

static bool table_add(struct table *table, const struct snapshot_batch *batch)
{
	if (table->capacity - table->count < batch->count) {
		uint64_t capacity = 2 * (table->count + batch->count);
		void *rows = realloc(table->rows, capacity * sizeof *table->rows);
		if (!rows)
			return false;
		table->rows = rows;
		table->capacity = capacity;
	}
	memcpy(table->rows + table->count, batch->spans, batch->count * sizeof *batch->spans);
	table->count += batch->count;
	return true;
}

static enum snapshot_result put_snapshot(struct salvage *s, const struct snapshot_head *head)
{
	enum snapshot_result result = snapshot_put(s->encoder, head, s->table.rows, s->former.rows,
	                                           s->former.count, &s->bytes);
	struct table former = s->former;
	s->former = s->table;
	s->table = former;
	return result == SNAPSHOT_OK ? snapshot_flush(s->encoder, &s->bytes) : result;
}

static enum snapshot_result take(struct salvage *s, const struct snapshot_event *event)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_SEGMENT:
		s->former.count = 0;
		return snapshot_segment_begin(s->encoder, event->run, event->segment.number, &s->bytes);
	case SNAPSHOT_EVENT_CYCLE:
		return snapshot_put_cycle(s->encoder, event->cycle, &s->bytes);
	case SNAPSHOT_EVENT_SNAPSHOT:
		s->table.count = 0;
		return SNAPSHOT_OK;
	case SNAPSHOT_EVENT_SPANS:
		return table_add(&s->table, &event->batch) ? SNAPSHOT_OK : SNAPSHOT_NO_MEMORY;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		return put_snapshot(s, event->head);
	case SNAPSHOT_EVENT_LEAKS:
		return snapshot_put_leaks(s->encoder, event->leaks, &s->bytes);
	case SNAPSHOT_EVENT_SKIPPED:
		return snapshot_put_skipped(s->encoder, event->skipped, &s->bytes);
	case SNAPSHOT_EVENT_RUN_END:
		return snapshot_put_run_end(s->encoder, event->run_end, &s->bytes);
	default: /* what is wrong was told already */
		return SNAPSHOT_OK;
	}
}

/* All that can be read of the segment at the cursor, written to out as it comes. */
static bool rewrite_from(struct salvage *s, struct cursor *cursor)
{
	bool begun = false;
	for (;;) {
		const struct snapshot_event *event = cursor_next(cursor);
		bool is_next = event->type == SNAPSHOT_EVENT_RUN || event->type == SNAPSHOT_EVENT_SEGMENT;
		if (cursor->error) {
			errno = cursor->error;
			return fail(s, SALVAGE_READ_ERROR);
		}
		if (event->type == SNAPSHOT_EVENT_END || (begun && is_next))
			break;
		begun |= event->type == SNAPSHOT_EVENT_SEGMENT;
		/* Memory alone can be wanting: what was decoded contradicts nothing. */
		if (take(s, event) != SNAPSHOT_OK)
			return fail(s, SALVAGE_NO_MEMORY);
		if (!put(s, s->bytes.data, s->bytes.size))
			return false;
		s->bytes.size = 0;
	}
	if (snapshot_segment_end(s->encoder, &s->bytes) != SNAPSHOT_OK)
		return fail(s, SALVAGE_NO_MEMORY);
	return put(s, s->bytes.data, s->bytes.size);
}

static bool rewrite(struct salvage *s, uint64_t offset)
{
	struct cursor cursor;
	if (!s->encoder)
		s->encoder = snapshot_encoder_new(&cursor_memory, LEVEL);
	if (!s->encoder || !cursor_open(&cursor, s->source, offset))
		return fail(s, SALVAGE_NO_MEMORY);
	s->bytes.size = 0;
	bool done = rewrite_from(s, &cursor);
	cursor_close(&cursor);
	return done;
}

/* ---- the recording ------------------------------------------------------ */

/* The segment's events are over; its bytes end at `end` at the latest. */
static bool finish_part(struct salvage *s, struct part *part, const uint8_t *run, uint64_t end)
{
	bool is_open = false;
	if (!part->is_open)
		return true;
	part->is_open = false;
	if (part->snapshots == 0 && !part->is_whole)
		return true;
	bool copies = part->is_whole && is_walkable(s, part->offset, end, &is_open);
	if (s->status != SALVAGE_OK)
		return false;
	count_segment(s, run, part, copies);
	if (!copies)
		return rewrite(s, part->offset);
	return copy(s, part->offset, end) &&
	       (!is_open || put(s, snapshot_closing, sizeof snapshot_closing));
}

static void note_loss(struct salvage *s, const struct snapshot_event *event, salvage_loss *lost, void *arg)
{
	bool torn = event->type == SNAPSHOT_EVENT_TORN;
	s->result->unfinished |= torn;
	s->result->damaged |= !torn && event->issue.severity != SNAPSHOT_WARNING;
	s->result->bytes_lost += event->issue.bytes_skipped;
	s->result->places++;
	lost(arg, &event->issue);
}

static bool read_events(struct salvage *s, struct cursor *cursor, salvage_loss *lost, void *arg)
{
	struct part part = {0};
	uint8_t run[16];
	for (;;) {
		const struct snapshot_event *event = cursor_next(cursor);
		switch (event->type) {
		case SNAPSHOT_EVENT_SEGMENT:
			if (!finish_part(s, &part, run, event->segment.offset))
				return false;
			part = (struct part){.is_open = true, .is_whole = true,
			                     .offset = event->segment.offset};
			memcpy(run, event->segment.run_uuid, sizeof run);
			break;
		case SNAPSHOT_EVENT_SNAPSHOT_END:
			part.snapshots++;
			break;
		case SNAPSHOT_EVENT_SNAPSHOT_LOST:
			part.is_whole = false;
			break;
		case SNAPSHOT_EVENT_ISSUE:
		case SNAPSHOT_EVENT_TORN:
			if (event->issue.code == SNAPSHOT_ISSUE_MEMORY)
				return fail(s, SALVAGE_NO_MEMORY);
			part.is_whole = false;
			note_loss(s, event, lost, arg);
			break;
		case SNAPSHOT_EVENT_END:
			if (cursor->error) {
				errno = cursor->error;
				return fail(s, SALVAGE_READ_ERROR);
			}
			return finish_part(s, &part, run, s->source->bytes);
		default:
			break;
		}
	}
}

enum salvage_status salvage(const struct source *source, FILE *out, salvage_loss *lost, void *arg,
                            struct salvage_result *result)
{
	struct salvage s = {.source = source, .out = out, .result = result};
	struct cursor cursor;
	memset(result, 0, sizeof *result);
	if (!cursor_open(&cursor, source, 0))
		return SALVAGE_NO_MEMORY;
	read_events(&s, &cursor, lost, arg);
	int error = errno;
	cursor_close(&cursor);
	if (s.encoder)
		snapshot_encoder_free(s.encoder);
	snapshot_bytes_free(&cursor_memory, &s.bytes);
	free(s.table.rows);
	free(s.former.rows);
	errno = error;
	return s.status;
}
