/* span_table.c - see span_table.h. */
#include "span_table.h"

#include <stdlib.h>
#include <string.h>

#include "cursor.h"
#include "span_rows.h"

enum { SCAN_ALL = 0, SCAN_ONE = 1 };

struct table {
	sqlite3_vtab base; /* first: SQLite's part */
	const struct snapshot_places *places;
};

struct scan {
	sqlite3_vtab_cursor base; /* first: SQLite's part */
	struct cursor cursor;
	bool reading;             /* cursor is open */
	size_t next, end;         /* places still to be read */
	size_t passed;            /* places before this one are behind the cursor */
	uint64_t segment_offset;  /* of the segment that the cursor is in */
	const struct snapshot_place *place; /* whose rows come now; NULL between snapshots */
	struct snapshot_batch batch;
	uint32_t row;
	int64_t rowid;
	bool done;
};

static int table_connect(sqlite3 *db, void *places, int argc, const char *const *argv,
                         sqlite3_vtab **out, char **error)
{
	(void)argc, (void)argv, (void)error;
	int rc = sqlite3_declare_vtab(db, span_rows_declaration);
	if (rc != SQLITE_OK)
		return rc;
	struct table *table = sqlite3_malloc64(sizeof *table);
	if (!table)
		return SQLITE_NOMEM;
	memset(table, 0, sizeof *table);
	table->places = places;
	*out = &table->base;
	return SQLITE_OK;
}

static int table_disconnect(sqlite3_vtab *table)
{
	sqlite3_free(table);
	return SQLITE_OK;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info)
{
	(void)table;
	info->idxNum = SCAN_ALL;
	info->estimatedCost = 1e9;
	info->estimatedRows = 10000000;
	for (int i = 0; i < info->nConstraint; i++) {
		const struct sqlite3_index_constraint *c = &info->aConstraint[i];
		if (!c->usable || c->iColumn != SPAN_SNAPSHOT_ID || c->op != SQLITE_INDEX_CONSTRAINT_EQ)
			continue;
		info->aConstraintUsage[i].argvIndex = 1;
		info->aConstraintUsage[i].omit = 1;
		info->idxNum = SCAN_ONE;
		info->estimatedCost = 1e5;
		info->estimatedRows = 10000;
		break;
	}
	if (info->nOrderBy == 1 && info->aOrderBy[0].iColumn == SPAN_BASE && !info->aOrderBy[0].desc &&
	    info->idxNum == SCAN_ONE)
		info->orderByConsumed = 1;
	return SQLITE_OK;
}

static int scan_open(sqlite3_vtab *table, sqlite3_vtab_cursor **out)
{
	(void)table;
	struct scan *scan = sqlite3_malloc64(sizeof *scan);
	if (!scan)
		return SQLITE_NOMEM;
	memset(scan, 0, sizeof *scan);
	*out = &scan->base;
	return SQLITE_OK;
}

static void stop_reading(struct scan *scan)
{
	if (scan->reading)
		cursor_close(&scan->cursor);
	scan->reading = false;
	scan->passed = 0;
	scan->place = NULL;
}

static int scan_close(sqlite3_vtab_cursor *base)
{
	struct scan *scan = (struct scan *)base;
	stop_reading(scan);
	sqlite3_free(scan);
	return SQLITE_OK;
}

/*
 * Whether the snapshot that begins is the next one wanted: a damaged one of the same number may
 * stand in a segment before.
 */
static bool is_wanted(const struct scan *scan, const struct snapshot_event *event,
                      const struct snapshot_place *place)
{
	return scan->cursor.source == place->source && event->head->seq == place->seq &&
	       scan->segment_offset == place->segment_offset &&
	       memcmp(event->segment.run_uuid, place->run_uuid, sizeof place->run_uuid) == 0;
}

/*
 * Whether reading on leads to the place without a detour: it lies behind the cursor's
 * position in the same segment, or it is the next place of the same source.
 */
static bool is_ahead(const struct scan *scan, const struct snapshot_places *places,
                     const struct snapshot_place *place)
{
	size_t index = (size_t)(place - places->places);
	if (!scan->reading || scan->cursor.source != place->source || index < scan->passed)
		return false;
	return index == scan->passed || scan->segment_offset == place->segment_offset;
}

/*
 * Reads on to the next batch of a wanted snapshot. Places are in the order of the file,
 * so one pass finds them all, and so do the scans of a join that asks for one snapshot
 * after another.
 */
static int next_batch(struct scan *scan, const struct snapshot_places *places)
{
	for (;;) {
		if (!scan->place && scan->next == scan->end) {
			scan->done = true;
			return SQLITE_OK;
		}
		const struct snapshot_place *wanted = &places->places[scan->next];
		if (!scan->place && !is_ahead(scan, places, wanted)) {
			stop_reading(scan);
			if (!cursor_open(&scan->cursor, wanted->source, wanted->segment_offset))
				return SQLITE_NOMEM;
			scan->reading = true;
			scan->segment_offset = wanted->segment_offset;
		}
		if (!scan->place)
			scan->passed = scan->next;
		const struct snapshot_event *event = cursor_next(&scan->cursor);
		switch (event->type) {
		case SNAPSHOT_EVENT_SEGMENT:
			scan->segment_offset = event->segment.offset;
			break;
		case SNAPSHOT_EVENT_SNAPSHOT:
			scan->place = is_wanted(scan, event, wanted) ? wanted : NULL;
			break;
		case SNAPSHOT_EVENT_SPANS:
			if (!scan->place)
				break;
			scan->batch = event->batch;
			scan->row = 0;
			return SQLITE_OK;
		case SNAPSHOT_EVENT_SNAPSHOT_END:
			if (scan->place)
				scan->passed = ++scan->next;
			scan->place = NULL;
			break;
		case SNAPSHOT_EVENT_SNAPSHOT_LOST:
		case SNAPSHOT_EVENT_END:
			if (!scan->place && event->type != SNAPSHOT_EVENT_END)
				break;
			/* It was whole when it was imported: the file has changed since. */
			return SQLITE_CORRUPT;
		default:
			break;
		}
	}
}

static int scan_filter(sqlite3_vtab_cursor *base, int kind, const char *text, int argc,
                       sqlite3_value **argv)
{
	struct scan *scan = (struct scan *)base;
	const struct snapshot_places *places = ((struct table *)base->pVtab)->places;
	(void)text, (void)argc;
	if (scan->place) /* left in the middle of a snapshot */
		stop_reading(scan);
	scan->done = false;
	scan->rowid = 0;
	scan->next = 0;
	scan->end = places->count;
	scan->batch.count = scan->row = 0;
	if (kind == SCAN_ONE) {
		int64_t id = sqlite3_value_int64(argv[0]);
		size_t lo = 0, hi = places->count;
		while (lo < hi) {
			size_t middle = lo + (hi - lo) / 2;
			if (places->places[middle].snapshot_id < id)
				lo = middle + 1;
			else
				hi = middle;
		}
		bool found = lo < places->count && places->places[lo].snapshot_id == id &&
		             sqlite3_value_type(argv[0]) == SQLITE_INTEGER;
		scan->next = lo;
		scan->end = found ? lo + 1 : lo;
	}
	return next_batch(scan, places);
}

static int scan_next(sqlite3_vtab_cursor *base)
{
	struct scan *scan = (struct scan *)base;
	scan->rowid++;
	if (++scan->row < scan->batch.count)
		return SQLITE_OK;
	return next_batch(scan, ((struct table *)base->pVtab)->places);
}

static int scan_eof(sqlite3_vtab_cursor *base)
{
	return ((struct scan *)base)->done;
}

static int scan_column(sqlite3_vtab_cursor *base, sqlite3_context *context, int column)
{
	const struct scan *scan = (struct scan *)base;
	span_rows_column(context, scan->place->snapshot_id, &scan->batch.spans[scan->row],
	                 (enum span_column)column);
	return SQLITE_OK;
}

static int scan_rowid(sqlite3_vtab_cursor *base, sqlite3_int64 *rowid)
{
	*rowid = ((struct scan *)base)->rowid;
	return SQLITE_OK;
}

static const sqlite3_module module = {
    .iVersion = 0,
    .xCreate = table_connect,
    .xConnect = table_connect,
    .xBestIndex = best_index,
    .xDisconnect = table_disconnect,
    .xDestroy = table_disconnect,
    .xOpen = scan_open,
    .xClose = scan_close,
    .xFilter = scan_filter,
    .xNext = scan_next,
    .xEof = scan_eof,
    .xColumn = scan_column,
    .xRowid = scan_rowid,
};

int span_table_create(sqlite3 *db, const struct snapshot_places *places)
{
	int rc = sqlite3_create_module_v2(db, "memspan_span", &module, (void *)places, NULL);
	if (rc != SQLITE_OK)
		return rc;
	return sqlite3_exec(db, "CREATE VIRTUAL TABLE span USING memspan_span", NULL, NULL, NULL);
}
