#include "diff.h"

#include <stddef.h>
#include <string.h>

/* A figure of mstats as rows of the query below. */
#define BYTES(name, expression) \
	" UNION ALL SELECT 'mstats', 1, '" name "', 'bytes', " expression " FROM mstats WHERE snapshot_id = ?1"
#define COLUMN(name) BYTES(name, name)

// clang-format off
/* What a snapshot says: (kind, place, name, unit, value). */
static const char figures_sql[] =
	"SELECT 'mstats' AS kind, 1 AS place, 'heap_objects' AS name, 'objects' AS unit, heap_objects AS value"
	" FROM mstats WHERE snapshot_id = ?1"
	BYTES("fragmentation", "heap_inuse - heap_alloc")
	BYTES("retained", "heap_idle - heap_released")
	COLUMN("sys") COLUMN("heap_alloc") COLUMN("heap_sys") COLUMN("heap_inuse")
	COLUMN("heap_idle") COLUMN("heap_released") COLUMN("stacks_inuse") COLUMN("stacks_sys")
	COLUMN("mspan_sys") COLUMN("mcache_sys") COLUMN("gc_sys") COLUMN("buckhash_sys")
	COLUMN("other_sys") COLUMN("next_gc")
	" UNION ALL SELECT 'state', 2, state, 'bytes', sum(span_bytes) FROM span_sum"
	" WHERE snapshot_id = ?1 GROUP BY state"
	" UNION ALL SELECT 'class', 3, CASE class WHEN 0 THEN 'large' ELSE class || ' ('"
	"  || coalesce(size_bytes, '?') || ' bytes)' END, 'bytes', span_bytes"
	" FROM class_fragmentation WHERE snapshot_id = ?1";

static const char tables_sql[] =
	"CREATE TABLE side (side PRIMARY KEY, has_spans);"
	"CREATE TABLE figure (side, kind, place, name, unit, value)";

/*
 * The two sides meet on kind and name. A state or class without a span in one of them has 0
 * there; but where a snapshot has no spans at all they are unknown.
 */
static const char rows_sql[] =
	"WITH name AS (SELECT DISTINCT kind, place, name, unit FROM figure"
	"), pair AS ("
	" SELECT n.kind, n.place, n.name, n.unit,"
	"  CASE WHEN n.place = 1 OR NOT sa.has_spans THEN a.value ELSE coalesce(a.value, 0) END AS a,"
	"  CASE WHEN n.place = 1 OR NOT sb.has_spans THEN b.value ELSE coalesce(b.value, 0) END AS b"
	" FROM name AS n JOIN side AS sa ON sa.side = 0 JOIN side AS sb ON sb.side = 1"
	" LEFT JOIN figure AS a ON a.side = 0 AND a.kind = n.kind AND a.name = n.name"
	" LEFT JOIN figure AS b ON b.side = 1 AND b.kind = n.kind AND b.name = n.name"
	") SELECT kind, name, unit, a, b, b - a AS change,"
	" CAST(b - a AS REAL) / nullif(a, 0) AS ratio"
	" FROM pair WHERE a IS NOT b ORDER BY place, abs(b - a) DESC, name";

#define COUNTER(place, name, unit) \
	" UNION ALL SELECT 'mstats', " #place ", '" #name "', '" unit "', " #name " FROM mstats WHERE snapshot_id = ?1"
#define BY_CLASS(place, kind, count) \
	" UNION ALL SELECT '" kind "', " #place ", class || ' (' || size || ' bytes)', 'bytes', " count " * size" \
	" FROM by_size WHERE snapshot_id = ?1 AND class > 0"

/* What only goes up while a program runs, and when it was looked at. */
static const char counters_sql[] =
	"SELECT 'time' AS kind, 0 AS place, 'mono' AS name, 'ns' AS unit, mono_ns AS value"
	" FROM snapshot WHERE id = ?1"
	" UNION ALL SELECT 'time', 0, 'unix', 'ns', unix_ns FROM snapshot WHERE id = ?1"
	COUNTER(1, total_alloc, "bytes") COUNTER(2, nmalloc, "objects") COUNTER(3, nfree, "objects")
	COUNTER(4, tinyallocs, "objects") COUNTER(5, numgc, "cycles") COUNTER(6, numforcedgc, "cycles")
	COUNTER(7, pause_total_ns, "ns")
	BY_CLASS(8, "allocated", "nmalloc") BY_CLASS(9, "freed", "nfree");

/* The clock that nobody sets, where there is one. Classes in which nothing happened are left out. */
static const char amounts_sql[] =
	"WITH pair AS (SELECT a.kind, a.place, a.name, a.unit, b.value - a.value AS amount"
	" FROM figure AS a JOIN figure AS b ON b.side = 1 AND b.kind = a.kind AND b.name = a.name"
	" WHERE a.side = 0"
	"), elapsed AS (SELECT coalesce(max(amount) FILTER (WHERE name = 'mono'),"
	" max(amount) FILTER (WHERE name = 'unix')) AS ns FROM pair WHERE kind = 'time'"
	") SELECT 'time' AS kind, 'elapsed' AS name, 'ns' AS unit, ns AS amount, NULL AS per_second"
	" FROM elapsed WHERE ns IS NOT NULL"
	" UNION ALL SELECT * FROM (SELECT kind, name, unit, amount,"
	" CASE WHEN ns > 0 THEN amount * 1e9 / ns END"
	" FROM pair, elapsed WHERE place BETWEEN 1 AND 7 AND amount IS NOT NULL OR place > 7 AND amount <> 0"
	" ORDER BY place, abs(amount) DESC, name)";
// clang-format on

/* The same for people: figures in groups of three digits, what changed with its sign, in percent. */
static const char *const people_sql[] = {
	[DIFF_COMPARE] =
		"SELECT kind, name, unit, iif(a IS NULL, NULL, printf('%%,d', a)) AS a,"
		" iif(b IS NULL, NULL, printf('%%,d', b)) AS b,"
		" iif(change IS NULL, NULL, printf('%%+,d', change)) AS change,"
		" iif(ratio IS NULL, NULL, printf('%%+.1f', 100 * ratio)) AS percent FROM (%s)",
	[DIFF_SUBTRACT] =
		"SELECT kind, name, unit, printf('%%,d', amount) AS amount,"
		" iif(per_second IS NULL, NULL, iif(abs(per_second) < 100, printf('%%.1f', per_second),"
		"  printf('%%,d', round(per_second)))) AS per_second FROM (%s)",
};

static bool failed(sqlite3 *db, char **error)
{
	if (!*error)
		*error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
	return false;
}

static bool take_side(struct diff *diff, int number, const struct diff_side *side, char **error)
{
	sqlite3_stmt *known;
	if (sqlite3_prepare_v2(side->db,
	                       "SELECT EXISTS (SELECT 1 FROM span_sum WHERE snapshot_id = ?1)"
	                       " FROM snapshot WHERE id = ?1",
	                       -1, &known, NULL) != SQLITE_OK)
		return failed(side->db, error);
	sqlite3_bind_int64(known, 1, side->snapshot_id);
	bool found = sqlite3_step(known) == SQLITE_ROW;
	char *sql = sqlite3_mprintf("INSERT INTO side VALUES (%d, %d)", number,
	                            found ? sqlite3_column_int(known, 0) : 0);
	sqlite3_finalize(known);
	bool done = sql && sqlite3_exec(diff->db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(sql);
	if (!found)
		*error = sqlite3_mprintf("there is no snapshot %lld", side->snapshot_id);
	return (found && done) || failed(diff->db, error);
}

static bool copy_figures(sqlite3_stmt *figures, sqlite3_stmt *insert)
{
	int result;
	while ((result = sqlite3_step(figures)) == SQLITE_ROW) {
		for (int i = 0; i < sqlite3_column_count(figures); i++)
			sqlite3_bind_value(insert, i + 2, sqlite3_column_value(figures, i));
		sqlite3_step(insert);
		if (sqlite3_reset(insert) != SQLITE_OK)
			return false;
	}
	return result == SQLITE_DONE;
}

static bool take_figures(struct diff *diff, const char *sql, int number,
                         const struct diff_side *side, char **error)
{
	sqlite3_stmt *figures = NULL, *insert = NULL;
	bool done = false;
	if (sqlite3_prepare_v2(side->db, sql, -1, &figures, NULL) == SQLITE_OK &&
	    sqlite3_prepare_v2(diff->db, "INSERT INTO figure VALUES (?1, ?2, ?3, ?4, ?5, ?6)", -1,
	                       &insert, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(figures, 1, side->snapshot_id);
		sqlite3_bind_int(insert, 1, number);
		done = copy_figures(figures, insert);
	}
	if (!done)
		failed(sqlite3_errcode(side->db) == SQLITE_OK ? diff->db : side->db, error);
	sqlite3_finalize(figures);
	sqlite3_finalize(insert);
	return done;
}

/* The run and the place in it of a snapshot. */
static sqlite3_stmt *find_place(const struct diff_side *side)
{
	sqlite3_stmt *place = NULL;
	if (sqlite3_prepare_v2(side->db,
	                       "SELECT r.uuid, s.seq FROM snapshot AS s JOIN run AS r ON r.id = s.run_id"
	                       " WHERE s.id = ?1",
	                       -1, &place, NULL) != SQLITE_OK)
		return NULL;
	sqlite3_bind_int64(place, 1, side->snapshot_id);
	if (sqlite3_step(place) == SQLITE_ROW && sqlite3_column_text(place, 0))
		return place;
	sqlite3_finalize(place);
	return NULL;
}

bool diff_is_forward(const struct diff_side *from, const struct diff_side *to)
{
	sqlite3_stmt *a = find_place(from), *b = find_place(to);
	bool is_forward = a && b &&
	                  strcmp((const char *)sqlite3_column_text(a, 0),
	                         (const char *)sqlite3_column_text(b, 0)) == 0 &&
	                  sqlite3_column_int64(a, 1) <= sqlite3_column_int64(b, 1);
	sqlite3_finalize(a);
	sqlite3_finalize(b);
	return is_forward;
}

static bool prepare_rows(struct diff *diff, const char *rows, const char *around)
{
	char *sql = sqlite3_mprintf(around, rows);
	bool done = sql && sqlite3_prepare_v2(diff->db, sql, -1, &diff->rows, NULL) == SQLITE_OK;
	sqlite3_free(sql);
	return done;
}

bool diff_begin(struct diff *diff, enum diff_question question, bool for_people,
                const struct diff_side *from, const struct diff_side *to, char **error)
{
	const char *figures = question == DIFF_COMPARE ? figures_sql : counters_sql;
	const char *rows = question == DIFF_COMPARE ? rows_sql : amounts_sql;
	memset(diff, 0, sizeof *diff);
	*error = NULL;
	if (sqlite3_open(":memory:", &diff->db) != SQLITE_OK ||
	    sqlite3_exec(diff->db, tables_sql, NULL, NULL, NULL) != SQLITE_OK)
		return failed(diff->db, error);
	if (!take_side(diff, 0, from, error) || !take_side(diff, 1, to, error) ||
	    !take_figures(diff, figures, 0, from, error) ||
	    !take_figures(diff, figures, 1, to, error))
		return false;
	return prepare_rows(diff, rows, for_people ? people_sql[question] : "%s") ||
	       failed(diff->db, error);
}

void diff_end(struct diff *diff)
{
	sqlite3_finalize(diff->rows);
	sqlite3_close(diff->db);
	memset(diff, 0, sizeof *diff);
}
