/* span_rows.c - see span_rows.h. */
#include "span_rows.h"

#include <string.h>

const char span_rows_declaration[] =
    "CREATE TABLE span (snapshot_id INTEGER, base INTEGER, npages INTEGER, state TEXT, class INTEGER,"
    " noscan INTEGER, elem_bytes INTEGER, nelems INTEGER, alloc_count INTEGER,"
    " released_bytes INTEGER, born_gc INTEGER)";

/* ---- columns ----------------------------------------------------------- */

static void result_u64(sqlite3_context *context, uint64_t value)
{
	if (value >> 63)
		sqlite3_result_null(context);
	else
		sqlite3_result_int64(context, (sqlite3_int64)value);
}

void span_rows_column(sqlite3_context *context, int64_t snapshot_id,
                      const struct snapshot_span *span, enum span_column column)
{
	switch (column) {
	case SPAN_SNAPSHOT_ID:
		sqlite3_result_int64(context, snapshot_id);
		break;
	case SPAN_BASE: /* an address, not a counter */
		sqlite3_result_int64(context, (sqlite3_int64)span->base);
		break;
	case SPAN_NPAGES:
		result_u64(context, span->npages);
		break;
	case SPAN_STATE:
		sqlite3_result_text(context, snapshot_state_name(span->state), -1, SQLITE_STATIC);
		break;
	case SPAN_CLASS:
		sqlite3_result_int(context, span->size_class);
		break;
	case SPAN_NOSCAN:
		sqlite3_result_int(context, span->noscan);
		break;
	case SPAN_ELEM_BYTES:
		result_u64(context, span_elem_bytes(span));
		break;
	case SPAN_NELEMS:
		sqlite3_result_int64(context, span->nelems);
		break;
	case SPAN_ALLOC_COUNT:
		sqlite3_result_int64(context, span->alloc_count);
		break;
	case SPAN_RELEASED_BYTES:
		result_u64(context, span->released_bytes);
		break;
	case SPAN_BORN_GC:
		sqlite3_result_int64(context, span->born_gc);
		break;
	}
}

/* ---- the batch as a table ---------------------------------------------- */

struct batch_table {
	sqlite3_vtab base; /* first: SQLite's part */
	const struct span_batch *batch;
};

struct batch_scan {
	sqlite3_vtab_cursor base; /* first: SQLite's part */
	const struct span_batch *batch;
	uint32_t row;
};

static int batch_connect(sqlite3 *db, void *batch, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **error)
{
	(void)argc, (void)argv, (void)error;
	int rc = sqlite3_declare_vtab(db, span_rows_declaration);
	if (rc != SQLITE_OK)
		return rc;
	struct batch_table *table = sqlite3_malloc64(sizeof *table);
	if (!table)
		return SQLITE_NOMEM;
	*table = (struct batch_table){.batch = batch};
	*out = &table->base;
	return SQLITE_OK;
}

static int batch_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int batch_best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->estimatedCost = 1e3;
	info->estimatedRows = 1000;
	return SQLITE_OK;
}

static int batch_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	struct batch_scan *scan = sqlite3_malloc64(sizeof *scan);
	if (!scan)
		return SQLITE_NOMEM;
	*scan = (struct batch_scan){.batch = ((struct batch_table *)table)->batch};
	*out = &scan->base;
	return SQLITE_OK;
}

static int batch_close(sqlite3_vtab_cursor *scan)
{
	sqlite3_free(scan);
	return SQLITE_OK;
}

static int batch_filter(sqlite3_vtab_cursor *scan, int plan, const char *text, int argc,
                        sqlite3_value **argv)
{
	(void)plan, (void)text, (void)argc, (void)argv;
	((struct batch_scan *)scan)->row = 0;
	return SQLITE_OK;
}

static int batch_next(sqlite3_vtab_cursor *scan)
{
	((struct batch_scan *)scan)->row++;
	return SQLITE_OK;
}

static int batch_eof(sqlite3_vtab_cursor *base)
{
	const struct batch_scan *scan = (struct batch_scan *)base;
	return scan->row >= scan->batch->count;
}

static int batch_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct batch_scan *scan = (struct batch_scan *)base;
	span_rows_column(context, scan->batch->snapshot_id, &scan->batch->spans[scan->row],
	                 (enum span_column)column);
	return SQLITE_OK;
}

static int batch_rowid(sqlite3_vtab_cursor *scan, sqlite3_int64 *rowid)
{
	*rowid = ((struct batch_scan *)scan)->row;
	return SQLITE_OK;
}

/* Without xCreate: the table is there by its name, and nobody can make another. */
static const sqlite3_module module = {
    .iVersion = 0,
    .xConnect = batch_connect,
    .xBestIndex = batch_best_index,
    .xDisconnect = batch_disconnect,
    .xOpen = batch_open,
    .xClose = batch_close,
    .xFilter = batch_filter,
    .xNext = batch_next,
    .xEof = batch_eof,
    .xColumn = batch_column,
    .xRowid = batch_rowid,
};

int span_rows_register(sqlite3 *db, struct span_batch *batch)
{
	return sqlite3_create_module_v2(db, "span_batch", &module, batch, NULL);
}
