/*
 * spans.h - span tables as SPANS records: a table is cut into batches, a batch is a list
 * of operations on the table before and, for what is new, columns of numbers.
 *
 * Invariant, both sides: rows are in address order, each begins at or after the end of
 * the row before; a row's size, class and room for objects (its shape) is in the
 * segment's dictionary; writer and reader add shapes to it in the same order.
 */
#ifndef SPANS_H
#define SPANS_H

#include "record.h"
#include "words.h"

enum {
	SHAPES_MAX = 2048,  /* in a segment */
	SHAPE_SLOTS = 4096, /* of the writer's hash table */
};

#define SPAN_PAGES_MAX ((uint64_t)1 << 40)
#define SPAN_ADDRESS_MAX ((uint64_t)1 << 60)
#define SPAN_COUNT_MAX ((uint64_t)1 << 32)

/*
 * What an operation does with `run` rows; coded as (run - 1) << 2 | operation. The next
 * former row is always the first unused one that begins at or after the end of the row
 * before: what a new row covers is gone without a word.
 */
enum span_operation {
	SPAN_SAME = 0,  /* the next former rows, unchanged */
	SPAN_COUNT = 1, /* the next former rows, but for alloc_count */
	SPAN_GONE = 2,  /* pass over the next former rows: nothing is in their place */
	SPAN_NEW = 3,   /* rows from the columns */
};

enum span_column {
	COLUMN_OPERATION,
	COLUMN_SHAPE,    /* new: index in the dictionary */
	COLUMN_GAP,      /* new: pages from the end of the row before */
	COLUMN_PAGES,    /* new, when the shape leaves it open */
	COLUMN_FREE,     /* new: nelems - alloc_count, zigzag */
	COLUMN_BORN,     /* new: cycles since, zigzag; of an idle range born_gc itself */
	COLUMN_RETAINED, /* new idle range: what the OS does not have, see retained_code */
	COLUMN_COUNT,    /* of SPAN_COUNT: the change of alloc_count, zigzag */
	COLUMNS,
};

enum {
	ELEM_ZERO = 0,  /* elem_bytes is 0 */
	ELEM_SPAN = 1,  /* elem_bytes is the whole span */
	ELEM_BYTES = 2, /* elem_bytes is elem - ELEM_BYTES */
};

struct span_shape {
	uint64_t npages; /* 0: in COLUMN_PAGES */
	uint64_t elem;
	uint32_t nelems;
	uint8_t kind;    /* state | noscan << 2 */
	uint8_t size_class;
};

enum {
	SHAPE_BYTES_MAX = 2 + 3 * VARINT_BYTES_MAX,
	COLUMN_BYTES_MAX = SNAPSHOT_BATCH_MAX * VARINT_BYTES_MAX,
};

/* Encodes tables. About 350 KB; lives as long as its encoder. */
struct span_writer {
	const struct snapshot_span *spans, *former;
	uint64_t count, former_count;
	uint64_t next, former_next; /* rows done */
	uint64_t end;               /* of the row before */
	uint64_t gc_num;
	uint64_t run;               /* of the operation not yet written */
	enum span_operation operation;
	uint32_t shape_count, shape_new; /* all; of this batch */
	struct span_shape shapes[SHAPES_MAX];
	uint16_t slots[SHAPE_SLOTS];     /* 1 + index in shapes; 0: empty */
	uint8_t *at[COLUMNS];
	uint8_t columns[COLUMNS][2 * COLUMN_BYTES_MAX];
};

/* Forgets the dictionary: a new segment. */
void span_writer_reset(struct span_writer *writer);

void span_writer_begin(struct span_writer *writer, const struct snapshot_head *head,
                       const struct snapshot_span *spans, const struct snapshot_span *former,
                       uint64_t former_count);

/*
 * Writes the payload of the next batch to out, which has room for a record; *bytes is 0
 * when all rows are written.
 */
enum snapshot_result span_writer_next(struct span_writer *writer, uint8_t *out, size_t *bytes);

/* Of the payload written last: the columns are its end, one after another. */
static inline size_t span_writer_column_bytes(const struct span_writer *writer, int column)
{
	return (size_t)(writer->at[column] - writer->columns[column]);
}

/* Rows kept by the reader: a list of batches. */
struct span_batch {
	struct span_batch *next;
	uint32_t count;
	struct snapshot_span spans[SNAPSHOT_BATCH_MAX];
};

struct span_table {
	struct span_batch *first, *last;
};

/* Decodes tables; keeps the table before, and gives its batches back as they are used up. */
struct span_reader {
	const struct snapshot_memory *memory;
	struct span_table former, table;
	struct span_batch *spare;
	uint32_t former_at;  /* rows used of former.first */
	uint64_t expected;   /* rows that the snapshot has */
	uint64_t done;       /* rows of it decoded */
	uint64_t end;        /* of the row before */
	uint64_t gc_num;
	uint32_t shape_count;
	struct span_shape shapes[SHAPES_MAX];
};

void span_reader_init(struct span_reader *reader, const struct snapshot_memory *memory);

/* Forgets dictionary and tables: a new segment, or one that cannot be followed any more. */
void span_reader_reset(struct span_reader *reader);

/* A snapshot begins; the one before, which must be whole, becomes the former table. */
void span_reader_begin(struct span_reader *reader, const struct snapshot_head *head);

/*
 * Decodes one payload; the rows are in reader->table.last. SNAPSHOT_INVALID when it
 * contradicts itself, the table before, or the head.
 */
enum snapshot_result span_reader_next(struct span_reader *reader, const uint8_t *payload,
                                      size_t bytes);

#endif
