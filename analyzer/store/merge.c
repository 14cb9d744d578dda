/* merge.c - see merge.h. */
#include "merge.h"

#include <string.h>

#include "schema.h"
#include "schema_trust.h"

struct merge {
	struct store *store;
	struct import_result *result;
	int64_t last_snapshot_id; /* before anything was added */
	bool added;
};

/* ---- statements ---------------------------------------------------------- */

/* Takes sql. *changes: the rows that it made or changed. */
static bool execute(struct merge *merge, char *sql, uint64_t *changes)
{
	sqlite3 *db = merge->store->db;
	bool ok = sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	if (changes)
		*changes = ok ? (uint64_t)sqlite3_changes(db) : 0;
	sqlite3_free(sql);
	return ok;
}

/*
 * The columns of ours behind the first `skip`, each with a comma in front, as names or as what
 * they are in the other database, whose version may lack some; NULL without memory. To be freed.
 */
static char *columns_of(sqlite3 *db, const char *table, int skip, bool as_names)
{
	sqlite3_str *list = sqlite3_str_new(db);
	sqlite3_stmt *row;
	if (sqlite3_prepare_v2(db,
	                       "SELECT name, name IN (SELECT name FROM pragma_table_info(?1, 'added'))"
	                       " FROM pragma_table_info(?1, 'main') WHERE cid >= ?2 ORDER BY cid",
	                       -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_text(row, 1, table, -1, SQLITE_STATIC);
		sqlite3_bind_int(row, 2, skip);
		while (sqlite3_step(row) == SQLITE_ROW)
			sqlite3_str_appendf(list, as_names || sqlite3_column_int(row, 1) ? ", %s\"%w\"" : ", NULL",
			                    as_names ? "" : "a.", sqlite3_column_text(row, 0));
		sqlite3_finalize(row);
	}
	return sqlite3_str_finish(list);
}

/* ---- sources and runs ------------------------------------------------------ */

#define SOURCE_FIGURES "path, kind, bytes, complete, bytes_skipped"
#define SOURCE_KEY "path, kind, coalesce(bytes, -1), complete, bytes_skipped"

static bool map_runs(struct merge *merge)
{
	return execute(merge, sqlite3_mprintf(
		"CREATE TEMP TABLE added_run (old INTEGER PRIMARY KEY, new INTEGER, is_known INTEGER);"
		"CREATE TEMP TABLE added_source (old INTEGER PRIMARY KEY, new INTEGER);"
		"CREATE TEMP TABLE added_snapshot (old INTEGER PRIMARY KEY, new INTEGER);"
		"INSERT INTO added_run SELECT a.id, m.id, m.id IS NOT NULL FROM added.run AS a"
		" LEFT JOIN main.run AS m ON m.uuid = a.uuid"), NULL);
}

/* Sources are told by all that is known of them. IN and EXCEPT: one pass, however many there are. */
static bool add_sources(struct merge *merge)
{
	return execute(merge, sqlite3_mprintf(
		"INSERT INTO main.source (" SOURCE_FIGURES ") SELECT " SOURCE_FIGURES " FROM added.source"
		" WHERE (" SOURCE_KEY ") NOT IN (SELECT " SOURCE_KEY " FROM main.source)"
		" GROUP BY " SOURCE_KEY " ORDER BY min(id);"
		"INSERT INTO added_source SELECT a.id, min(m.id) FROM added.source AS a"
		" JOIN main.source AS m ON m.path = a.path AND m.kind = a.kind AND m.bytes IS a.bytes"
		" AND m.complete = a.complete AND m.bytes_skipped = a.bytes_skipped GROUP BY a.id;"
		"INSERT INTO main.import_issue SELECT n.new, a.byte_offset, a.severity, a.code, a.message"
		" FROM added.import_issue AS a JOIN added_source AS n ON n.old = a.source_id"
		" EXCEPT SELECT * FROM main.import_issue"), NULL);
}

/* A run without a source of its own is refused by the table. */
static bool add_runs(struct merge *merge)
{
	sqlite3 *db = merge->store->db;
	char *names = columns_of(db, "run", 2, true), *values = columns_of(db, "run", 2, false);
	bool ok = names && values && execute(merge, sqlite3_mprintf(
		"INSERT INTO main.run (source_id%s) SELECT n.new%s FROM added.run AS a"
		" JOIN added_run AS r ON r.old = a.id LEFT JOIN added_source AS n ON n.old = a.source_id"
		" WHERE NOT r.is_known ORDER BY a.id", names, values), &merge->result->runs);
	merge->added |= merge->result->runs > 0;
	sqlite3_free(names);
	sqlite3_free(values);
	return ok && execute(merge, sqlite3_mprintf(
		"UPDATE added_run SET new = (SELECT m.id FROM added.run AS a JOIN main.run AS m"
		" ON m.uuid = a.uuid WHERE a.id = added_run.old) WHERE NOT is_known"), NULL);
}

/* What the other knows of the end of a run that is known. */
static bool end_runs(struct merge *merge)
{
	uint64_t changed;
	bool ok = execute(merge, sqlite3_mprintf(
		"UPDATE main.run SET end_unix_ns = nullif(max(coalesce(run.end_unix_ns, -1),"
		"  coalesce(a.end_unix_ns, -1)), -1),"
		" clean_exit = coalesce(max(run.clean_exit, a.clean_exit), run.clean_exit, a.clean_exit),"
		" complete = max(run.complete, a.complete), skipped = max(run.skipped, a.skipped)"
		" FROM added.run AS a JOIN added_run AS r ON r.old = a.id"
		" WHERE r.is_known AND run.id = r.new AND (run.complete < a.complete"
		"  OR run.skipped < a.skipped OR coalesce(run.end_unix_ns, -1) < coalesce(a.end_unix_ns, -1)"
		"  OR coalesce(run.clean_exit, -1) < coalesce(a.clean_exit, -1))"), &changed);
	merge->added |= changed > 0;
	return ok;
}

/* ---- what runs and snapshots have -------------------------------------------- */

static bool add_snapshots(struct merge *merge)
{
	bool ok = execute(merge, sqlite3_mprintf(
		"INSERT OR IGNORE INTO main.snapshot (run_id, seq, gc_num, reason, unix_ns, mono_ns)"
		" SELECT r.new, a.seq, a.gc_num, a.reason, a.unix_ns, a.mono_ns FROM added.snapshot AS a"
		" JOIN added_run AS r ON r.old = a.run_id ORDER BY a.id"), &merge->result->snapshots);
	merge->added |= merge->result->snapshots > 0;
	return ok && execute(merge, sqlite3_mprintf(
		"INSERT INTO added_snapshot SELECT a.id, m.id FROM added.snapshot AS a"
		" JOIN added_run AS r ON r.old = a.run_id"
		" JOIN main.snapshot AS m ON m.run_id = r.new AND m.seq = a.seq WHERE m.id > %lld",
		(long long)merge->last_snapshot_id), NULL);
}

/* The rows of a table of new snapshots, whose first column they are. An older version may lack it. */
static bool add_rows(struct merge *merge, const char *table, uint64_t *count)
{
	sqlite3 *db = merge->store->db;
	char *values;
	int64_t has_table = 0;
	char *ask = sqlite3_mprintf("SELECT count(*) FROM pragma_table_info(%Q, 'added')", table);
	bool ok = ask && store_number(db, ask, &has_table);
	sqlite3_free(ask);
	if (!ok || !has_table)
		return ok;
	values = columns_of(db, table, 1, false);
	ok = values && execute(merge, sqlite3_mprintf(
		"INSERT INTO main.\"%w\" SELECT n.new%s FROM added_snapshot AS n"
		" CROSS JOIN added.\"%w\" AS a ON a.snapshot_id = n.old", table, values, table), count);
	sqlite3_free(values);
	return ok;
}

static bool add_cycles(struct merge *merge)
{
	uint64_t cycles = 0, pauses = 0;
	char *values = columns_of(merge->store->db, "gc_cycle", 1, false);
	bool ok = values && execute(merge, sqlite3_mprintf(
		"INSERT OR IGNORE INTO main.gc_cycle SELECT r.new%s FROM added.gc_cycle AS a"
		" JOIN added_run AS r ON r.old = a.run_id", values), &cycles);
	sqlite3_free(values);
	values = columns_of(merge->store->db, "gc_pause", 1, false);
	ok = ok && values && execute(merge, sqlite3_mprintf(
		"INSERT INTO main.gc_pause SELECT r.new%s FROM added.gc_pause AS a"
		" JOIN added_run AS r ON r.old = a.run_id WHERE NOT r.is_known", values), NULL);
	/* Of a known run those that are not there: no two pauses of a run are alike. */
	ok = ok && execute(merge, sqlite3_mprintf(
		"INSERT INTO main.gc_pause SELECT r.new%s FROM added.gc_pause AS a"
		" JOIN added_run AS r ON r.old = a.run_id WHERE r.is_known"
		" EXCEPT SELECT * FROM main.gc_pause", values), &pauses);
	sqlite3_free(values);
	merge->added |= cycles > 0 || pauses > 0;
	return ok;
}

static bool note_what_is_there(struct merge *merge)
{
	sqlite3 *db = merge->store->db;
	int64_t seen, unfinished, issues;
	if (!store_number(db, "SELECT count(*) FROM added.snapshot", &seen) ||
	    !store_number(db, "SELECT count(*) FROM added.run WHERE NOT complete", &unfinished) ||
	    !store_number(db, "SELECT count(*) FROM added.import_issue WHERE severity <> 'warning'",
	                  &issues))
		return false;
	merge->result->seen = (uint64_t)seen;
	merge->result->unfinished = (uint64_t)unfinished;
	merge->result->damaged = issues > 0;
	return true;
}

static bool add_all(struct merge *merge)
{
	static const char *const tables[] = {"mstats", "by_size", "span_sum", "leak_search", "leak"};
	bool ok = store_number(merge->store->db, "SELECT coalesce(max(id), 0) FROM main.snapshot",
	                       &merge->last_snapshot_id) &&
	          map_runs(merge) && add_sources(merge) && add_runs(merge) && end_runs(merge) &&
	          add_snapshots(merge) && add_cycles(merge);
	for (size_t i = 0; ok && i < sizeof tables / sizeof tables[0]; i++)
		ok = add_rows(merge, tables[i], NULL);
	if (ok && merge->store->has_spans)
		ok = add_rows(merge, "span", &merge->result->spans);
	return ok && note_what_is_there(merge);
}

/* ---- the other database -------------------------------------------------------- */

static bool attach(sqlite3 *db, const struct source *source)
{
	sqlite3_stmt *stmt = NULL;
	char *name = store_name(source);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 1);
	bool ok = name && sqlite3_prepare_v2(db, "ATTACH ?1 AS added", -1, &stmt, NULL) == SQLITE_OK;
	if (ok) {
		sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC);
		ok = sqlite3_step(stmt) == SQLITE_DONE;
		ok = sqlite3_finalize(stmt) == SQLITE_OK && ok;
	}
	sqlite3_free(name);
	return ok;
}

/* The limit goes back to what it was. */
static void detach(sqlite3 *db)
{
	sqlite3_exec(db,
	             "DROP TABLE IF EXISTS temp.added_run; DROP TABLE IF EXISTS temp.added_source;"
	             "DROP TABLE IF EXISTS temp.added_snapshot; DETACH added",
	             NULL, NULL, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

static enum store_open_result examine(sqlite3 *db)
{
	int64_t id, version;
	if (!store_number(db, "PRAGMA added.application_id", &id) ||
	    !store_number(db, "PRAGMA added.user_version", &version))
		return STORE_FAILED;
	if (id != SCHEMA_APPLICATION_ID || version < 1)
		return STORE_FOREIGN;
	if (version > SCHEMA_VERSION)
		return STORE_NEWER;
	return schema_trust_tables(db, "added") ? STORE_OPENED : STORE_FOREIGN;
}

static enum import_status merge_attached(struct merge *merge, enum store_open_result *opened)
{
	enum import_status status = IMPORT_DATABASE;
	if (!store_begin(merge->store))
		return IMPORT_DATABASE;
	*opened = examine(merge->store->db);
	if (*opened == STORE_OPENED && add_all(merge))
		status = IMPORT_OK;
	if (status == IMPORT_OK && merge->added && !store_commit(merge->store))
		status = IMPORT_DATABASE;
	if (status == IMPORT_OK && !merge->added)
		store_rollback(merge->store);
	return status;
}

static bool note_runs(struct merge *merge, const char *path)
{
	return execute(merge, sqlite3_mprintf(
		"CREATE TEMP TABLE IF NOT EXISTS merged_run (path TEXT, run_id INTEGER);"
		"INSERT INTO merged_run SELECT %Q, m.id FROM added.run AS a"
		" JOIN main.run AS m ON m.uuid = a.uuid", path), NULL);
}

enum import_status import_database(struct store *store, const struct source *source,
                                   struct import_result *result, enum store_open_result *opened)
{
	struct merge merge = {.store = store, .result = result};
	memset(result, 0, sizeof *result);
	*opened = STORE_FAILED;
	if (!attach(store->db, source))
		return IMPORT_DATABASE;
	enum import_status status = merge_attached(&merge, opened);
	if (status != IMPORT_OK)
		return status; /* the connection keeps the error, and is of no more use */
	if (!note_runs(&merge, source->path))
		return IMPORT_DATABASE;
	detach(store->db);
	return IMPORT_OK;
}
