/*
 * verb_export.c - memanalyze export: the figures of a snapshot in forms that other tools read.
 *
 * Names, order and meaning are Go's: MemStats as encoding/json prints it, and the metrics
 * that Go's Prometheus client exports. A figure that the source lacks is null in JSON and
 * left out for Prometheus.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "output.h"
#include "render/rows.h"
#include "session.h"
#include "verbs.h"

/* In MemStats' order. Without a metric: not among those of Go's client. */
static const struct figure {
	const char *key, *column, *metric, *type, *help;
} figures[] = {
    {"Alloc", "alloc", "alloc_bytes", "gauge", "Bytes of objects allocated and still in use."},
    {"TotalAlloc", "total_alloc", "alloc_bytes_total", "counter", "Bytes allocated, even if freed."},
    {"Sys", "sys", "sys_bytes", "gauge", "Bytes obtained from the system."},
    {"Lookups", "nlookup", "lookups_total", "counter", "Pointer lookups."},
    {"Mallocs", "nmalloc", "mallocs_total", "counter", "Objects allocated."},
    {"Frees", "nfree", "frees_total", "counter", "Objects freed."},
    {"HeapAlloc", "heap_alloc", "heap_alloc_bytes", "gauge", "Heap bytes allocated and in use."},
    {"HeapSys", "heap_sys", "heap_sys_bytes", "gauge", "Heap bytes obtained from the system."},
    {"HeapIdle", "heap_idle", "heap_idle_bytes", "gauge", "Heap bytes waiting to be used."},
    {"HeapInuse", "heap_inuse", "heap_inuse_bytes", "gauge", "Heap bytes in spans in use."},
    {"HeapReleased", "heap_released", "heap_released_bytes", "gauge",
     "Heap bytes given back to the system."},
    {"HeapObjects", "heap_objects", "heap_objects", "gauge", "Objects allocated and in use."},
    {"StackInuse", "stacks_inuse", "stack_inuse_bytes", "gauge", "Bytes in stack spans."},
    {"StackSys", "stacks_sys + stacks_inuse", "stack_sys_bytes", "gauge",
     "Bytes obtained from the system for stacks."},
    {"MSpanInuse", "mspan_inuse", "mspan_inuse_bytes", "gauge", "Bytes of span structures in use."},
    {"MSpanSys", "mspan_sys", "mspan_sys_bytes", "gauge",
     "Bytes obtained from the system for span structures."},
    {"MCacheInuse", "mcache_inuse", "mcache_inuse_bytes", "gauge", "Bytes of thread caches in use."},
    {"MCacheSys", "mcache_sys", "mcache_sys_bytes", "gauge",
     "Bytes obtained from the system for thread caches."},
    {"BuckHashSys", "buckhash_sys", "buck_hash_sys_bytes", "gauge",
     "Bytes of the profiling hash table."},
    {"GCSys", "gc_sys", "gc_sys_bytes", "gauge", "Bytes of collector metadata."},
    {"OtherSys", "other_sys", "other_sys_bytes", "gauge", "Bytes for everything else."},
    {"NextGC", "next_gc", "next_gc_bytes", "gauge", "Heap bytes at which the next collection ends."},
    {"LastGC", "last_gc_unix", NULL, NULL, NULL},
    {"PauseTotalNs", "pause_total_ns", NULL, NULL, NULL},
};
enum { FIGURES = sizeof figures / sizeof figures[0], RING = 256 };

/* The pauses of the cycles up to the snapshot: `column` for each of the last 256. */
#define RING_QUERY(column) \
	"SELECT p.gc_num, " column " FROM gc_pause AS p JOIN snapshot AS s ON s.run_id = p.run_id " \
	"JOIN mstats AS m ON m.snapshot_id = s.id WHERE s.id = ?1 AND p.phase <> 'snapshot' " \
	"AND p.gc_num <= m.numgc AND p.gc_num > m.numgc - 256 GROUP BY p.gc_num ORDER BY 2"

/* NULL after a complaint. */
static sqlite3_stmt *prepare(sqlite3 *db, const char *sql, int64_t snapshot_id)
{
	sqlite3_stmt *statement;
	if (sqlite3_prepare_v2(db, sql, -1, &statement, NULL) != SQLITE_OK) {
		complain(EXIT_INPUT, "export: %s", sqlite3_errmsg(db));
		return NULL;
	}
	if (snapshot_id)
		sqlite3_bind_int64(statement, 1, snapshot_id);
	return statement;
}

/* ---- MemStats as JSON ---------------------------------------------------- */

/* As Go's encoder: the shortest text that reads back alike, no exponent from 1e-6 on. */
static void print_double(FILE *out, double value)
{
	char text[64];
	int digits = 1;
	while (snprintf(text, sizeof text, "%.*e", digits - 1, value), strtod(text, NULL) != value &&
	       digits < 17)
		digits++;
	int exponent = atoi(strchr(text, 'e') + 1);
	double size = fabs(value);
	if (value == 0 || (size >= 1e-6 && size < 1e21)) {
		int decimals = digits - 1 - exponent;
		fprintf(out, "%.*f", value == 0 || decimals < 0 ? 0 : decimals, value);
	} else {
		*strchr(text, 'e') = '\0';
		fprintf(out, "%se%s%d", text, exponent > 0 ? "+" : "", exponent);
	}
}

static void print_value(FILE *out, sqlite3_stmt *row, int column)
{
	if (sqlite3_column_type(row, column) == SQLITE_NULL)
		fputs("null", out);
	else
		fprintf(out, "%lld", (long long)sqlite3_column_int64(row, column));
}

static void print_truth(FILE *out, sqlite3_stmt *row, int column)
{
	bool known = sqlite3_column_type(row, column) != SQLITE_NULL;
	fputs(!known ? "null" : sqlite3_column_int(row, column) ? "true" : "false", out);
}

/* The ring as Go has it: cycle n stands at (n - 1) % 256, what has not been is 0. */
static bool print_ring(FILE *out, sqlite3 *db, const char *key, const char *query,
                       int64_t snapshot_id)
{
	int64_t ring[RING] = {0};
	sqlite3_stmt *pauses = prepare(db, query, snapshot_id);
	if (!pauses)
		return false;
	while (sqlite3_step(pauses) == SQLITE_ROW)
		ring[(uint64_t)(sqlite3_column_int64(pauses, 0) - 1) % RING] =
		    sqlite3_column_int64(pauses, 1);
	sqlite3_finalize(pauses);
	fprintf(out, "    \"%s\": [\n", key);
	for (int i = 0; i < RING; i++)
		fprintf(out, "        %lld%s\n", (long long)ring[i], i + 1 < RING ? "," : "");
	fputs("    ],\n", out);
	return true;
}

static bool print_sizes(FILE *out, sqlite3 *db, int64_t snapshot_id)
{
	sqlite3_stmt *sizes = prepare(db, "SELECT size, nmalloc, nfree FROM by_size "
	                                  "WHERE snapshot_id = ?1 AND class < 61 ORDER BY class",
	                              snapshot_id);
	if (!sizes)
		return false;
	fputs("    \"BySize\": [", out);
	for (int n = 0; sqlite3_step(sizes) == SQLITE_ROW; n++) {
		static const char *const keys[] = {"Size", "Mallocs", "Frees"};
		fputs(n ? ",\n        {\n" : "\n        {\n", out);
		for (int i = 0; i < 3; i++) {
			fprintf(out, "            \"%s\": ", keys[i]);
			print_value(out, sizes, i);
			fputs(i < 2 ? ",\n" : "\n        }", out);
		}
	}
	sqlite3_finalize(sizes);
	fputs("\n    ]\n}\n", out);
	return true;
}

static bool print_memstats(FILE *out, sqlite3 *db, sqlite3_stmt *row, int64_t snapshot_id)
{
	fputs("{\n", out);
	for (int i = 0; i < FIGURES; i++) {
		fprintf(out, "    \"%s\": ", figures[i].key);
		print_value(out, row, i);
		fputs(",\n", out);
	}
	if (!print_ring(out, db, "PauseNs", RING_QUERY("sum(p.duration_ns)"), snapshot_id) ||
	    !print_ring(out, db, "PauseEnd", RING_QUERY("max(p.end_unix_ns)"), snapshot_id))
		return false;
	fputs("    \"NumGC\": ", out);
	print_value(out, row, FIGURES);
	fputs(",\n    \"NumForcedGC\": ", out);
	print_value(out, row, FIGURES + 1);
	fputs(",\n    \"GCCPUFraction\": ", out);
	if (sqlite3_column_type(row, FIGURES + 2) == SQLITE_NULL)
		fputs("null", out);
	else
		print_double(out, sqlite3_column_double(row, FIGURES + 2));
	fputs(",\n    \"EnableGC\": ", out);
	print_truth(out, row, FIGURES + 3);
	fputs(",\n    \"DebugGC\": ", out);
	print_truth(out, row, FIGURES + 4);
	fputs(",\n", out);
	return print_sizes(out, db, snapshot_id);
}

/* ---- Prometheus ----------------------------------------------------------- */

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* Quartiles of the pauses that Go would still remember, as debug.ReadGCStats takes them. */
static bool print_pauses(FILE *out, sqlite3 *db, sqlite3_stmt *row, int64_t snapshot_id)
{
	int64_t sorted[RING];
	int n = 0;
	sqlite3_stmt *pauses = prepare(db, RING_QUERY("sum(p.duration_ns)"), snapshot_id);
	if (!pauses)
		return false;
	while (n < RING && sqlite3_step(pauses) == SQLITE_ROW)
		sorted[n++] = sqlite3_column_int64(pauses, 1);
	sqlite3_finalize(pauses);
	print_head(out, "go_gc_duration_seconds", "summary", "Pauses of the collection cycles.");
	for (int quarter = 0; n > 0 && quarter <= 4; quarter++)
		fprintf(out, "go_gc_duration_seconds{quantile=\"%g\"} %.9g\n", quarter / 4.0,
		        (double)sorted[quarter == 4 ? n - 1 : quarter * n / 4] / 1e9);
	if (sqlite3_column_type(row, FIGURES - 1) != SQLITE_NULL)
		fprintf(out, "go_gc_duration_seconds_sum %.9g\n",
		        sqlite3_column_double(row, FIGURES - 1) / 1e9);
	if (sqlite3_column_type(row, FIGURES) != SQLITE_NULL)
		fprintf(out, "go_gc_duration_seconds_count %lld\n",
		        (long long)sqlite3_column_int64(row, FIGURES));
	return true;
}

static bool print_metrics(FILE *out, sqlite3 *db, sqlite3_stmt *row, int64_t snapshot_id)
{
	if (!print_pauses(out, db, row, snapshot_id))
		return false;
	for (int i = 0; i < FIGURES; i++) {
		char name[80];
		if (!figures[i].metric || sqlite3_column_type(row, i) == SQLITE_NULL)
			continue;
		snprintf(name, sizeof name, "go_memstats_%s", figures[i].metric);
		print_head(out, name, figures[i].type, figures[i].help);
		fprintf(out, "%s %lld\n", name, (long long)sqlite3_column_int64(row, i));
	}
	if (sqlite3_column_type(row, FIGURES - 2) != SQLITE_NULL) {
		print_head(out, "go_memstats_last_gc_time_seconds", "gauge",
		           "End of the last collection, seconds since 1970.");
		fprintf(out, "go_memstats_last_gc_time_seconds %.9f\n",
		        sqlite3_column_double(row, FIGURES - 2) / 1e9);
	}
	if (sqlite3_column_type(row, FIGURES + 2) != SQLITE_NULL) {
		print_head(out, "go_memstats_gc_cpu_fraction", "gauge",
		           "Part of the available CPU that collections took.");
		fprintf(out, "go_memstats_gc_cpu_fraction %.9g\n",
		        sqlite3_column_double(row, FIGURES + 2));
	}
	return true;
}

/* ---- the verb ------------------------------------------------------------- */

static int64_t last_snapshot(sqlite3 *db)
{
	int64_t id = 0;
	sqlite3_stmt *last = prepare(db, "SELECT id FROM snapshot ORDER BY run_id DESC, seq DESC LIMIT 1", 0);
	if (last && sqlite3_step(last) == SQLITE_ROW)
		id = sqlite3_column_int64(last, 0);
	sqlite3_finalize(last);
	return id;
}

static bool export_snapshot(FILE *out, sqlite3 *db, bool as_json, int64_t snapshot_id)
{
	char sql[2000] = "SELECT ";
	for (int i = 0; i < FIGURES; i++) {
		strcat(sql, figures[i].column);
		strcat(sql, ", ");
	}
	strcat(sql, "numgc, numforcedgc, gc_cpu_fraction, enablegc, debuggc "
	            "FROM mstats WHERE snapshot_id = ?1");
	sqlite3_stmt *row = prepare(db, sql, snapshot_id);
	if (!row)
		return false;
	bool done = false;
	if (sqlite3_step(row) == SQLITE_ROW)
		done = (as_json ? print_memstats : print_metrics)(out, db, row, snapshot_id);
	else
		complain(EXIT_INPUT, "export: there is no snapshot with statistics");
	sqlite3_finalize(row);
	return done;
}

/* snapshot_id 0: all of them. */
static bool export_rows(FILE *out, sqlite3 *db, int64_t snapshot_id)
{
	sqlite3_stmt *rows =
	    prepare(db, "SELECT s.run_id, s.seq, s.gc_num, s.reason, s.unix_ns, m.* "
	                "FROM snapshot AS s JOIN mstats AS m ON m.snapshot_id = s.id "
	                "WHERE ?1 IS NULL OR s.id = ?1 ORDER BY s.run_id, s.seq", snapshot_id);
	if (!rows)
		return false;
	bool done = rows_print_csv(rows, out) == SQLITE_DONE;
	sqlite3_finalize(rows);
	return done;
}

int verb_export(const struct options *options)
{
	struct session session;
	if (options->word_count == 0 || !options->as)
		return complain(EXIT_USAGE, "export needs a FILE and --as memstats-json, prometheus or "
		                            "csv; see 'memanalyze export --help'");
	int status = session_open(&session, options->words, options->word_count);
	FILE *out = status == EXIT_FINE ? output_open(options) : NULL;
	if (status == EXIT_FINE && !out)
		status = EXIT_USAGE;
	if (out) {
		sqlite3 *db = session.store.db;
		int64_t id = session.snapshot_id ? session.snapshot_id : last_snapshot(db);
		bool done = strcmp(options->as, "csv") == 0
		                ? export_rows(out, db, session.snapshot_id)
		                : export_snapshot(out, db, strcmp(options->as, "memstats-json") == 0, id);
		status = done ? session_status(&session, options->strict) : EXIT_INPUT;
		status = output_close(out, options, status);
	}
	session_close(&session);
	return status;
}
