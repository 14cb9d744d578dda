#include "spans.h"

#include <string.h>

void span_reader_init(struct span_reader *reader, const struct snapshot_memory *memory)
{
	memset(reader, 0, sizeof(*reader));
	reader->memory = memory;
}

/* One batch is kept for the next table: most tables have few. */
static void batch_free(struct span_reader *reader, struct span_batch *batch)
{
	if (!reader->spare)
		reader->spare = batch;
	else
		reader->memory->free(reader->memory->opaque, batch);
}

static void table_free(struct span_reader *reader, struct span_table *table)
{
	while (table->first) {
		struct span_batch *batch = table->first;

		table->first = batch->next;
		batch_free(reader, batch);
	}
	table->last = NULL;
}

void span_reader_reset(struct span_reader *reader)
{
	table_free(reader, &reader->former);
	table_free(reader, &reader->table);
	if (reader->spare)
		reader->memory->free(reader->memory->opaque, reader->spare);
	reader->spare = NULL;
	reader->former_at = 0;
	reader->shape_count = 0;
	reader->expected = 0;
	reader->done = 0;
}

void span_reader_begin(struct span_reader *reader, const struct snapshot_head *head)
{
	table_free(reader, &reader->former);
	reader->former = reader->table;
	reader->table = (struct span_table){0};
	reader->former_at = 0;
	reader->expected = head->span_count;
	reader->done = 0;
	reader->end = 0;
	reader->gc_num = head->gc_num;
}

static struct span_batch *batch_new(struct span_reader *reader)
{
	struct span_batch *batch = reader->spare;

	reader->spare = NULL;
	if (!batch)
		batch = reader->memory->alloc(reader->memory->opaque, sizeof(*batch));
	if (!batch)
		return NULL;
	batch->next = NULL;
	batch->count = 0;
	if (reader->table.last)
		reader->table.last->next = batch;
	else
		reader->table.first = batch;
	reader->table.last = batch;
	return batch;
}

/* The first row not yet used of the table before, NULL when it is used up. */
static const struct snapshot_span *former_take(struct span_reader *reader)
{
	struct span_batch *batch = reader->former.first;

	if (batch && reader->former_at == batch->count) {
		reader->former.first = batch->next;
		if (!batch->next)
			reader->former.last = NULL;
		batch_free(reader, batch);
		reader->former_at = 0;
		batch = reader->former.first;
	}
	return batch ? &batch->spans[reader->former_at++] : NULL;
}

/* The next one that begins at or after the end of the row before: the others are gone. */
static const struct snapshot_span *former_next(struct span_reader *reader)
{
	const struct snapshot_span *former;

	do
		former = former_take(reader);
	while (former && former->base < reader->end);
	return former;
}

static bool shape_read(struct reader *in, struct span_shape *shape)
{
	const uint8_t *fixed = get_bytes(in, 2);
	uint64_t nelems;

	if (!fixed)
		return false;
	shape->kind = fixed[0];
	shape->size_class = fixed[1];
	shape->npages = get_varint(in);
	shape->elem = get_varint(in);
	nelems = get_varint(in);
	shape->nelems = (uint32_t)nelems;
	return !in->failed && nelems <= UINT32_MAX && shape->npages <= SPAN_PAGES_MAX &&
	       (shape->kind & 3) < SNAPSHOT_STATE_COUNT && shape->kind < 8;
}

static bool shapes_read(struct span_reader *reader, struct reader *in)
{
	uint64_t count = get_varint(in);

	if (in->failed || count > SHAPES_MAX - reader->shape_count)
		return false;
	for (; count > 0; count--) {
		if (!shape_read(in, &reader->shapes[reader->shape_count]))
			return false;
		reader->shape_count++;
	}
	return true;
}

/* Splits what is left of the payload; columns that a newer version adds are passed over. */
static bool columns_read(struct reader *in, struct reader columns[COLUMNS])
{
	uint64_t count = get_varint(in), bytes[COLUMNS];

	if (in->failed || count < COLUMNS || count > 255)
		return false;
	for (uint64_t i = 0; i < count; i++) {
		uint64_t length = get_varint(in);

		if (i < COLUMNS)
			bytes[i] = length;
	}
	for (int i = 0; i < COLUMNS; i++) {
		columns[i].at = get_bytes(in, bytes[i]);
		if (!columns[i].at)
			return false;
		columns[i].end = columns[i].at + bytes[i];
		columns[i].failed = false;
	}
	return true;
}

static uint64_t retained_bytes_of(uint64_t code)
{
	return code & 1 ? code >> 1 : (code >> 1) * SNAPSHOT_PAGE_BYTES;
}

static bool row_new(const struct span_reader *reader, struct reader columns[COLUMNS],
                    struct snapshot_span *span)
{
	uint64_t index = get_varint(&columns[COLUMN_SHAPE]);
	uint64_t gap = get_varint(&columns[COLUMN_GAP]);
	uint64_t bytes, alloc_count, born;
	const struct span_shape *shape;

	if (index >= reader->shape_count || gap > SPAN_ADDRESS_MAX / SNAPSHOT_PAGE_BYTES)
		return false;
	shape = &reader->shapes[index];
	memset(span, 0, sizeof(*span));
	span->base = reader->end + gap * SNAPSHOT_PAGE_BYTES;
	span->npages = shape->npages ? shape->npages : get_varint(&columns[COLUMN_PAGES]);
	if (span->npages == 0 || span->npages > SPAN_PAGES_MAX || span->base >= SPAN_ADDRESS_MAX)
		return false;
	bytes = span->npages * SNAPSHOT_PAGE_BYTES;
	span->state = shape->kind & 3;
	span->noscan = shape->kind >> 2;
	span->size_class = shape->size_class;
	span->nelems = shape->nelems;
	if (shape->elem == ELEM_SPAN)
		span->elem_bytes = bytes;
	else if (shape->elem >= ELEM_BYTES)
		span->elem_bytes = shape->elem - ELEM_BYTES;
	alloc_count = span->nelems - unzigzag(get_varint(&columns[COLUMN_FREE]));
	born = get_varint(&columns[COLUMN_BORN]);
	if (span->state == SNAPSHOT_STATE_IDLE) {
		uint64_t retained = retained_bytes_of(get_varint(&columns[COLUMN_RETAINED]));

		if (retained > bytes)
			return false;
		span->released_bytes = bytes - retained;
	} else {
		born = reader->gc_num - unzigzag(born);
	}
	span->alloc_count = (uint32_t)alloc_count;
	span->born_gc = (uint32_t)born;
	return alloc_count <= UINT32_MAX && born <= UINT32_MAX;
}

static bool row_former(struct span_reader *reader, struct reader *changes,
                       struct snapshot_span *span)
{
	const struct snapshot_span *former = former_next(reader);

	if (!former)
		return false;
	*span = *former;
	if (changes) {
		uint64_t count = span->alloc_count + unzigzag(get_varint(changes));

		span->alloc_count = (uint32_t)count;
		return count <= UINT32_MAX;
	}
	return true;
}

static bool rows_read(struct span_reader *reader, struct reader columns[COLUMNS],
                      struct span_batch *batch, uint64_t count)
{
	while (batch->count < count) {
		uint64_t code = get_varint(&columns[COLUMN_OPERATION]);
		uint64_t run = (code >> 2) + 1;
		enum span_operation operation = code & 3;

		if (columns[COLUMN_OPERATION].failed)
			return false;
		if (operation == SPAN_GONE) {
			while (run-- > 0)
				if (!former_next(reader))
					return false;
			continue;
		}
		if (run > count - batch->count)
			return false;
		while (run-- > 0) {
			struct snapshot_span *span = &batch->spans[batch->count];
			bool ok = operation == SPAN_NEW
			                  ? row_new(reader, columns, span)
			                  : row_former(reader,
			                               operation == SPAN_COUNT
			                                       ? &columns[COLUMN_COUNT]
			                                       : NULL,
			                               span);

			if (!ok)
				return false;
			reader->end = span->base + span->npages * SNAPSHOT_PAGE_BYTES;
			batch->count++;
		}
	}
	return true;
}

enum snapshot_result span_reader_next(struct span_reader *reader, const uint8_t *payload,
                                      size_t bytes)
{
	struct reader in = {payload, payload + bytes, false}, columns[COLUMNS];
	uint64_t first = get_varint(&in), count = get_varint(&in);
	struct span_batch *batch;

	if (in.failed || first != reader->done || count == 0 || count > SNAPSHOT_BATCH_MAX ||
	    count > reader->expected - reader->done || !shapes_read(reader, &in) ||
	    !columns_read(&in, columns))
		return SNAPSHOT_INVALID;
	batch = batch_new(reader);
	if (!batch)
		return SNAPSHOT_NO_MEMORY;
	if (!rows_read(reader, columns, batch, count))
		return SNAPSHOT_INVALID;
	for (int i = 0; i < COLUMNS; i++)
		if (columns[i].failed || columns[i].at != columns[i].end)
			return SNAPSHOT_INVALID;
	reader->done += count;
	return SNAPSHOT_OK;
}
