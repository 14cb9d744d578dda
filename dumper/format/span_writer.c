#include "spans.h"

#include <string.h>

void span_writer_reset(struct span_writer *writer)
{
	writer->shape_count = 0;
	memset(writer->slots, 0, sizeof(writer->slots));
}

void span_writer_begin(struct span_writer *writer, const struct snapshot_head *head,
                       const struct snapshot_span *spans, const struct snapshot_span *former,
                       uint64_t former_count)
{
	writer->spans = spans;
	writer->count = head->span_count;
	writer->former = former;
	writer->former_count = former_count;
	writer->next = 0;
	writer->former_next = 0;
	writer->end = 0;
	writer->gc_num = head->gc_num;
}

static bool span_is_valid(const struct snapshot_span *span, uint64_t end)
{
	uint64_t bytes = span->npages * SNAPSHOT_PAGE_BYTES;

	return span->base % SNAPSHOT_PAGE_BYTES == 0 && span->base >= end &&
	       span->base < SPAN_ADDRESS_MAX && span->npages > 0 &&
	       span->npages <= SPAN_PAGES_MAX && span->state < SNAPSHOT_STATE_COUNT &&
	       span->noscan <= 1 && span->released_bytes <= bytes &&
	       (span->state == SNAPSHOT_STATE_IDLE || span->released_bytes == 0) &&
	       span->elem_bytes <= UINT64_MAX - ELEM_BYTES;
}

static void operation_write(struct span_writer *writer)
{
	uint8_t **out = &writer->at[COLUMN_OPERATION];

	if (writer->run > 0)
		*out = put_varint(*out, (writer->run - 1) << 2 | writer->operation);
	writer->run = 0;
}

static void operation_add(struct span_writer *writer, enum span_operation operation)
{
	if (writer->operation != operation)
		operation_write(writer);
	writer->operation = operation;
	writer->run++;
}

static void shape_of(const struct snapshot_span *span, struct span_shape *shape)
{
	memset(shape, 0, sizeof(*shape));
	shape->kind = (uint8_t)(span->state | span->noscan << 2);
	shape->size_class = span->size_class;
	shape->nelems = span->nelems;
	/* Without a class the size is the row's own, and mostly also that of its object. */
	if (span->size_class != 0)
		shape->npages = span->npages;
	if (span->elem_bytes == 0)
		shape->elem = ELEM_ZERO;
	else if (shape->npages == 0 && span->elem_bytes == span->npages * SNAPSHOT_PAGE_BYTES)
		shape->elem = ELEM_SPAN;
	else
		shape->elem = span->elem_bytes + ELEM_BYTES;
}

static uint32_t shape_hash(const struct span_shape *shape)
{
	uint64_t hash = shape->npages * 0x9e3779b97f4a7c15u + shape->elem;

	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9u + shape->nelems;
	hash = (hash ^ hash >> 32) * 0x94d049bb133111ebu + shape->kind * 256u + shape->size_class;
	return (uint32_t)((hash ^ hash >> 31) % SHAPE_SLOTS);
}

/* Index of the shape, added to the dictionary where it is new; SHAPES_MAX when that is full. */
static uint32_t shape_find(struct span_writer *writer, const struct span_shape *shape)
{
	uint32_t slot = shape_hash(shape);

	for (; writer->slots[slot] != 0; slot = (slot + 1) % SHAPE_SLOTS) {
		uint32_t index = writer->slots[slot] - 1u;

		if (memcmp(&writer->shapes[index], shape, sizeof(*shape)) == 0)
			return index;
	}
	if (writer->shape_count == SHAPES_MAX)
		return SHAPES_MAX;
	writer->shapes[writer->shape_count] = *shape;
	writer->slots[slot] = (uint16_t)++writer->shape_count;
	writer->shape_new++;
	return writer->shape_count - 1;
}

/* Whole pages are the rule, so they get the short codes. */
static uint64_t retained_code(uint64_t retained_bytes)
{
	if (retained_bytes % SNAPSHOT_PAGE_BYTES == 0)
		return retained_bytes / SNAPSHOT_PAGE_BYTES << 1;
	return retained_bytes << 1 | 1;
}

static void column_put(struct span_writer *writer, enum span_column column, uint64_t value)
{
	writer->at[column] = put_varint(writer->at[column], value);
}

static enum snapshot_result row_new(struct span_writer *writer, const struct snapshot_span *span)
{
	struct span_shape shape;
	uint32_t index;

	shape_of(span, &shape);
	index = shape_find(writer, &shape);
	if (index == SHAPES_MAX)
		return SNAPSHOT_TOO_MANY;
	operation_add(writer, SPAN_NEW);
	column_put(writer, COLUMN_SHAPE, index);
	column_put(writer, COLUMN_GAP, (span->base - writer->end) / SNAPSHOT_PAGE_BYTES);
	if (shape.npages == 0)
		column_put(writer, COLUMN_PAGES, span->npages);
	column_put(writer, COLUMN_FREE, zigzag((uint64_t)span->nelems - span->alloc_count));
	if (span->state == SNAPSHOT_STATE_IDLE) {
		column_put(writer, COLUMN_BORN, span->born_gc);
		column_put(writer, COLUMN_RETAINED,
		           retained_code(span->npages * SNAPSHOT_PAGE_BYTES -
		                         span->released_bytes));
	} else {
		column_put(writer, COLUMN_BORN, zigzag(writer->gc_num - span->born_gc));
	}
	return SNAPSHOT_OK;
}

static bool differ_in_count_only(const struct snapshot_span *a, const struct snapshot_span *b)
{
	return a->npages == b->npages && a->elem_bytes == b->elem_bytes &&
	       a->released_bytes == b->released_bytes && a->nelems == b->nelems &&
	       a->born_gc == b->born_gc && a->state == b->state &&
	       a->size_class == b->size_class && a->noscan == b->noscan;
}

/*
 * The next former row that a reader would use for `same`: rows that begin before the end
 * of the row before are gone without a word. NULL when there is none.
 */
static const struct snapshot_span *former_peek(struct span_writer *writer)
{
	while (writer->former_next < writer->former_count) {
		const struct snapshot_span *former = &writer->former[writer->former_next];

		if (former->base >= writer->end)
			return former;
		writer->former_next++;
	}
	return NULL;
}

/* One row of the table, and the former rows up to it. */
static enum snapshot_result row_put(struct span_writer *writer)
{
	const struct snapshot_span *span = &writer->spans[writer->next];
	const struct snapshot_span *former;
	enum snapshot_result result = SNAPSHOT_OK;

	if (!span_is_valid(span, writer->end))
		return SNAPSHOT_INVALID;
	while ((former = former_peek(writer)) && former->base < span->base) {
		operation_add(writer, SPAN_GONE);
		writer->former_next++;
	}
	if (!former || former->base != span->base || !differ_in_count_only(span, former)) {
		result = row_new(writer, span);
	} else if (span->alloc_count == former->alloc_count) {
		operation_add(writer, SPAN_SAME);
		writer->former_next++;
	} else {
		operation_add(writer, SPAN_COUNT);
		column_put(writer, COLUMN_COUNT,
		           zigzag((uint64_t)span->alloc_count - former->alloc_count));
		writer->former_next++;
	}
	writer->end = span->base + span->npages * SNAPSHOT_PAGE_BYTES;
	writer->next++;
	return result;
}

static uint8_t *shapes_put(const struct span_writer *writer, uint8_t *out)
{
	out = put_varint(out, writer->shape_new);
	for (uint32_t i = writer->shape_count - writer->shape_new; i < writer->shape_count; i++) {
		const struct span_shape *shape = &writer->shapes[i];

		*out++ = shape->kind;
		*out++ = shape->size_class;
		out = put_varint(out, shape->npages);
		out = put_varint(out, shape->elem);
		out = put_varint(out, shape->nelems);
	}
	return out;
}

static uint8_t *columns_put(const struct span_writer *writer, uint8_t *out)
{
	out = put_varint(out, COLUMNS);
	for (int i = 0; i < COLUMNS; i++)
		out = put_varint(out, span_writer_column_bytes(writer, i));
	for (int i = 0; i < COLUMNS; i++) {
		size_t bytes = span_writer_column_bytes(writer, i);

		memcpy(out, writer->columns[i], bytes);
		out += bytes;
	}
	return out;
}

/*
 * Longest payload: 2048 new rows of new shapes, each after former rows that are gone. A
 * row takes at most 6 bytes of operations, 2 + 7 + 6 + 5 + 10 + 8 of columns and 28 of
 * shape: 144 KiB, within RECORD_BYTES_MAX.
 */
enum snapshot_result span_writer_next(struct span_writer *writer, uint8_t *out, size_t *bytes)
{
	uint64_t first = writer->next, left = writer->count - first;
	uint64_t until = first + (left < SNAPSHOT_BATCH_MAX ? left : SNAPSHOT_BATCH_MAX);
	uint8_t *at = out;

	*bytes = 0;
	if (left == 0)
		return SNAPSHOT_OK;
	for (int i = 0; i < COLUMNS; i++)
		writer->at[i] = writer->columns[i];
	writer->run = 0;
	writer->shape_new = 0;
	while (writer->next < until) {
		enum snapshot_result result = row_put(writer);

		if (result != SNAPSHOT_OK)
			return result;
	}
	operation_write(writer);
	at = put_varint(at, first);
	at = put_varint(at, until - first);
	at = shapes_put(writer, at);
	at = columns_put(writer, at);
	*bytes = (size_t)(at - out);
	return SNAPSHOT_OK;
}
