/*
 * span_rows - spans as rows: what a span shows in each column of the table `span`, and the
 * virtual table through which a decoder's batch is inserted by one statement.
 *
 * The columns are those of schemas/span.sql, in their order. The batch table, `span_batch`,
 * holds what its struct points to at the time of the statement, and nothing before.
 */
#ifndef SPAN_ROWS_H
#define SPAN_ROWS_H

#include <sqlite3.h>
#include <stdint.h>

#include "snapshot.h"

enum span_column {
	SPAN_SNAPSHOT_ID, SPAN_BASE, SPAN_NPAGES, SPAN_STATE, SPAN_CLASS, SPAN_NOSCAN,
	SPAN_ELEM_BYTES, SPAN_NELEMS, SPAN_ALLOC_COUNT, SPAN_RELEASED_BYTES, SPAN_BORN_GC,
};

/* For sqlite3_declare_vtab. */
extern const char span_rows_declaration[];

/* Sets the result to the span's value in that column. */
void span_rows_column(sqlite3_context *context, int64_t snapshot_id,
                      const struct snapshot_span *span, enum span_column column);

struct span_batch {
	int64_t snapshot_id;
	const struct snapshot_span *spans;
	uint32_t count;
};

/* Makes `span_batch` known to the connection; the struct must stay where it is meanwhile. */
int span_rows_register(sqlite3 *db, struct span_batch *batch);

/* elem_bytes as the span table shows it: class 0 is one piece, whatever it is used for. */
static inline uint64_t span_elem_bytes(const struct snapshot_span *span)
{
	return span->size_class ? span->elem_bytes : span->npages * SNAPSHOT_PAGE_BYTES;
}

#endif
