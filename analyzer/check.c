#include "check.h"

#include <string.h>

/*
 * Where metrics are found, in the order in which a name is looked for: columns of these, with
 * snapshot_id, then those of pause_summary by names of their own, then those of run_collector.
 */
#define LEVEL_SOURCES(SOURCE) \
	SOURCE(run_level) SOURCE(fragmentation) SOURCE(idle_memory) SOURCE(mstats) SOURCE(leak_search)

#define AS_WORD(name) #name,
#define AS_QUOTED(name) "'" #name "', "
#define AS_ROW(name) "('" #name "'), "

static const char *const level_sources[] = {LEVEL_SOURCES(AS_WORD)};

/*
 * What counts nothing is no metric, and a name is that of the first source that has it. Durations
 * of pause_summary are listed in milliseconds.
 */
static const char metrics_sql[] =
	"WITH source (object) AS (VALUES " LEVEL_SOURCES(AS_ROW) "('pause_summary'), ('run_collector')),"
	" figure AS (SELECT d.object = 'pause_summary' AS is_pause, d.column, d.unit, d.doc,"
	"  row_number() OVER () AS position"
	"  FROM source AS s CROSS JOIN schema_doc AS d ON d.object = s.object WHERE d.unit IS NOT NULL),"
	" named AS (SELECT CASE WHEN NOT is_pause THEN column WHEN unit = 'ns'"
	"   THEN 'pause_' || substr(column, 1, length(column) - length('_ns')) || '_ms'"
	"   ELSE 'pause_' || column END AS metric,"
	"  CASE WHEN is_pause AND unit = 'ns' THEN 'ms' ELSE unit END AS unit, doc, position FROM figure)"
	" SELECT metric, unit, doc FROM (SELECT metric, unit, doc, min(position) FROM named GROUP BY metric)"
	" ORDER BY metric";

/* Units of time that a metric may end in, in nanoseconds. */
static const struct {
	const char *suffix;
	double ns;
} units[] = {{"_ns", 1}, {"_us", 1e3}, {"_ms", 1e6}, {"_s", 1e9}};

/* A row for each snapshot to be looked at: of a run, unknown values first, then the greatest. */
static char *level_sql(const char *source, const char *column, const struct check_scope *scope)
{
	return sqlite3_mprintf(
		"SELECT s.run_id, s.seq, v.\"%w\" AS value FROM snapshot AS s LEFT JOIN \"%w\" AS v"
		" ON v.snapshot_id = s.id WHERE CASE WHEN %lld THEN s.id = %lld ELSE %d OR"
		" s.seq = (SELECT max(n.seq) FROM snapshot AS n WHERE n.run_id = s.run_id) END"
		" ORDER BY s.run_id, value IS NOT NULL, value DESC, s.seq",
		column, source, (long long)scope->snapshot_id, (long long)scope->snapshot_id,
		scope->over_any);
}

static char *run_sql(const char *source, const char *column, double unit,
		     const struct check_scope *scope)
{
	return sqlite3_mprintf(
		"SELECT u.id, -1, v.\"%w\" / %!.1f FROM run AS u LEFT JOIN \"%w\" AS v"
		" ON v.run_id = u.id WHERE NOT %lld OR u.id = (SELECT run_id FROM snapshot"
		" WHERE id = %lld) ORDER BY u.id",
		column, unit, source, (long long)scope->snapshot_id, (long long)scope->snapshot_id);
}

/* Whether the statement can be prepared: the column exists. Takes sql. */
static sqlite3_stmt *prepare(sqlite3 *db, char *sql)
{
	sqlite3_stmt *statement = NULL;

	if (sql && sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK)
		statement = NULL;
	sqlite3_free(sql);
	return statement;
}

/* The column of pause_summary that pause_p99_ms names, to be freed, and its scale; or NULL. */
static char *pause_column(const char *metric, double *scale)
{
	const char *name = metric + strlen("pause_");
	size_t size = strlen(metric) < strlen("pause_") ? 0 : strlen(name);

	*scale = 1;
	if (size == 0 || strncmp(metric, "pause_", strlen("pause_")) != 0)
		return NULL;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t suffix = strlen(units[i].suffix);

		if (size <= suffix || strcmp(name + size - suffix, units[i].suffix) != 0)
			continue;
		*scale = units[i].ns;
		return sqlite3_mprintf("%.*s_ns", (int)(size - suffix), name);
	}
	return sqlite3_mprintf("%s", name);
}

static sqlite3_stmt *prepare_pause(sqlite3 *db, const char *metric, const struct check_scope *scope)
{
	double scale;
	char *column = pause_column(metric, &scale);
	sqlite3_stmt *statement =
		column ? prepare(db, run_sql("pause_summary", column, scale, scope)) : NULL;

	sqlite3_free(column);
	return statement;
}

static sqlite3_stmt *prepare_metric(sqlite3 *db, const char *metric, const struct check_scope *scope)
{
	sqlite3_stmt *statement = NULL;

	for (size_t i = 0; i < sizeof(level_sources) / sizeof(level_sources[0]) && !statement; i++)
		statement = prepare(db, level_sql(level_sources[i], metric, scope));
	if (!statement)
		statement = prepare_pause(db, metric, scope);
	if (!statement)
		statement = prepare(db, run_sql("run_collector", metric, 1, scope));
	return statement;
}

const char *check_unit(sqlite3 *db, const char *metric, char unit[static CHECK_UNIT_BYTES],
		       double *scale)
{
	char *pause = pause_column(metric, scale);
	sqlite3_stmt *row = prepare(db, sqlite3_mprintf(
		"SELECT unit FROM schema_doc WHERE unit IS NOT NULL AND (column = %Q AND object IN"
		" (" LEVEL_SOURCES(AS_QUOTED) "'run_collector')"
		" OR column = %Q AND object = 'pause_summary') ORDER BY object = 'pause_summary'",
		metric, pause));
	const char *text = NULL;

	if (row && sqlite3_step(row) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(row, 0);
	if (text)
		sqlite3_snprintf(CHECK_UNIT_BYTES, unit, "%s", text);
	sqlite3_finalize(row);
	sqlite3_free(pause);
	return text ? unit : NULL;
}

static bool is_number(int type)
{
	return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
}

/* The first row of each run says all of it: unknown values stand first, then the greatest. */
static enum check_result judge(sqlite3_stmt *rows, const struct check_limit *limit,
			       void (*tell)(const struct check_finding *finding, void *arg),
			       void *arg)
{
	enum check_result result = CHECK_KEPT;
	int64_t run_id = -1;
	int step;

	while ((step = sqlite3_step(rows)) == SQLITE_ROW) {
		struct check_finding finding = {
			.run_id = sqlite3_column_int64(rows, 0),
			.seq = sqlite3_column_int64(rows, 1),
			.value = sqlite3_column_double(rows, 2),
		};

		if (finding.run_id == run_id)
			continue;
		run_id = finding.run_id;
		if (!is_number(sqlite3_column_type(rows, 2)))
			finding.result = CHECK_UNKNOWN;
		else
			finding.result = finding.value <= limit->max ? CHECK_KEPT : CHECK_BROKEN;
		tell(&finding, arg);
		if (finding.result > result)
			result = finding.result;
	}
	return step == SQLITE_DONE ? result : CHECK_FAILED;
}

sqlite3_stmt *check_metrics(sqlite3 *db)
{
	return prepare(db, sqlite3_mprintf("%s", metrics_sql));
}

enum check_result check_limit(sqlite3 *db, const struct check_limit *limit,
			      const struct check_scope *scope,
			      void (*tell)(const struct check_finding *finding, void *arg), void *arg,
			      char **error)
{
	sqlite3_stmt *rows = prepare_metric(db, limit->metric, scope);
	enum check_result result;

	*error = NULL;
	if (!rows) {
		*error = sqlite3_mprintf("no metric is called %s", limit->metric);
		return CHECK_METRIC;
	}
	result = judge(rows, limit, tell, arg);
	if (result == CHECK_FAILED)
		*error = sqlite3_mprintf("%s: %s", limit->metric, sqlite3_errmsg(db));
	sqlite3_finalize(rows);
	return result;
}
