/* go_rows.c - see go_rows.h. */
#include "go_rows.h"

#include <string.h>

/* `cycle` is a phase of its own: all the stops of a cycle, where only their sum is known. */
static const char *const texts[GO_ROWS_STATEMENTS] = {
	[GO_ROWS_COPY] = "INSERT INTO temp.go_mark VALUES (?1, 1)"
			 " ON CONFLICT DO UPDATE SET copies = copies + 1 RETURNING copies",
	[GO_ROWS_PAUSE_CLEAR] = "DELETE FROM gc_pause WHERE run_id = ?1 AND gc_num = ?2"
				" AND phase <> 'cycle'",
	[GO_ROWS_PAUSE] = "INSERT INTO gc_pause (run_id, gc_num, phase, duration_ns, end_unix_ns)"
			  " SELECT ?1, ?2, 'cycle', ?3, ?4 WHERE NOT EXISTS"
			  " (SELECT 1 FROM gc_pause WHERE run_id = ?1 AND gc_num = ?2)",
	[GO_ROWS_PAUSES] = "SELECT count(DISTINCT gc_num) FROM gc_pause"
			   " WHERE run_id = ?1 AND gc_num BETWEEN ?2 AND ?3",
	[GO_ROWS_RUN_END] = "UPDATE run SET complete = ?3, end_unix_ns ="
			    " CASE WHEN ?2 > coalesce(end_unix_ns, 0) THEN ?2 ELSE end_unix_ns END"
			    " WHERE id = ?1",
	[GO_ROWS_KIND] = "UPDATE source SET kind = ?2 WHERE id = ?1",
	[GO_ROWS_ACCOUNTING] =
		"INSERT INTO import_issue"
		" SELECT ?1, NULL, 'warning', 'accounting', 'snapshot ' || s.seq || ': ' || "
		"a.identity"
		"  || ' does not hold, ' || a.left_value || ' and ' || a.right_value"
		" FROM accounting AS a JOIN snapshot AS s ON s.id = a.snapshot_id"
		" WHERE NOT a.holds AND a.snapshot_id >= ?2 ORDER BY s.id, a.identity LIMIT ?3",
};

static void bind(sqlite3_stmt *stmt, int column, uint64_t value)
{
	if (value >> 63)
		sqlite3_bind_null(stmt, column);
	else
		sqlite3_bind_int64(stmt, column, (sqlite3_int64)value);
}

static sqlite3_stmt *statement(struct go_rows *rows, enum go_statement which)
{
	sqlite3_stmt **stmt = &rows->statements[which];
	if (!*stmt)
		sqlite3_prepare_v3(rows->store->db, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
				   stmt, NULL);
	return *stmt;
}

/* Runs it, with the number that it returns, if it returns any. */
static bool run(sqlite3_stmt *stmt, uint64_t *number)
{
	if (sqlite3_step(stmt) == SQLITE_ROW && number)
		*number = (uint64_t)sqlite3_column_int64(stmt, 0);
	return sqlite3_reset(stmt) == SQLITE_OK;
}

bool go_rows_open(struct go_rows *rows, struct store *store)
{
	memset(rows, 0, sizeof *rows);
	rows->store = store;
	return sqlite3_exec(store->db,
			    "CREATE TEMP TABLE go_mark (mark INTEGER PRIMARY KEY, copies INTEGER)",
			    NULL, NULL, NULL) == SQLITE_OK;
}

void go_rows_close(struct go_rows *rows)
{
	for (int i = 0; i < GO_ROWS_STATEMENTS; i++)
		sqlite3_finalize(rows->statements[i]);
	if (rows->store)
		sqlite3_exec(rows->store->db, "DROP TABLE IF EXISTS temp.go_mark", NULL, NULL,
			     NULL);
	memset(rows, 0, sizeof *rows);
}

bool go_rows_copies(struct go_rows *rows, uint64_t mark, uint64_t *copies)
{
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_COPY);
	sqlite3_bind_int64(stmt, 1, (sqlite3_int64)mark);
	return stmt && run(stmt, copies);
}

bool go_rows_pause(struct go_rows *rows, int64_t run_id, uint64_t gc_num, uint64_t duration_ns,
		   uint64_t end_unix_ns, bool *added)
{
	sqlite3_stmt *clear = statement(rows, GO_ROWS_PAUSE_CLEAR);
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_PAUSE);
	sqlite3_bind_int64(clear, 1, run_id);
	bind(clear, 2, gc_num);
	if (!clear || !run(clear, NULL))
		return false;
	sqlite3_bind_int64(stmt, 1, run_id);
	bind(stmt, 2, gc_num);
	bind(stmt, 3, duration_ns);
	bind(stmt, 4, end_unix_ns);
	bool ok = stmt && run(stmt, NULL);
	*added = ok && sqlite3_changes(rows->store->db) > 0;
	return ok;
}

bool go_rows_pauses(struct go_rows *rows, int64_t run_id, uint64_t first, uint64_t last,
		    uint64_t *cycles)
{
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_PAUSES);
	*cycles = 0;
	sqlite3_bind_int64(stmt, 1, run_id);
	bind(stmt, 2, first);
	bind(stmt, 3, last);
	return stmt && run(stmt, cycles);
}

bool go_rows_run_end(struct go_rows *rows, int64_t run_id, uint64_t end_unix_ns, bool complete)
{
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_RUN_END);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind(stmt, 2, end_unix_ns);
	sqlite3_bind_int(stmt, 3, complete);
	return stmt && run(stmt, NULL);
}

bool go_rows_source_kind(struct go_rows *rows, int64_t source_id, const char *kind)
{
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_KIND);
	sqlite3_bind_int64(stmt, 1, source_id);
	sqlite3_bind_text(stmt, 2, kind, -1, SQLITE_STATIC);
	return stmt && run(stmt, NULL);
}

bool go_rows_accounting(struct go_rows *rows, int64_t source_id, int64_t first_snapshot_id,
			unsigned limit)
{
	sqlite3_stmt *stmt = statement(rows, GO_ROWS_ACCOUNTING);
	sqlite3_bind_int64(stmt, 1, source_id);
	sqlite3_bind_int64(stmt, 2, first_snapshot_id);
	sqlite3_bind_int64(stmt, 3, limit);
	return stmt && run(stmt, NULL);
}
