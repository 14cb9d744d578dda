/*
 * check - limits that a recording must keep, for CI.
 *
 * A metric is a column of one of the views or tables below, by its name there:
 *   a level, of a snapshot   run_level, fragmentation, idle_memory, mstats
 *   a figure of the run      pause_<column of pause_summary>, with _ns, _us, _ms or _s for
 *                            its unit (pause_p99_ms); pause_n, pause_r2; else
 *                            run_collector
 */
#ifndef CHECK_H
#define CHECK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CHECK_UNIT_BYTES = 32 };

struct check_limit {
	const char *metric;
	double max;
};

/* Of every run its last snapshot, or all of them; or one snapshot and its run alone. */
struct check_scope {
	bool over_any;
	int64_t snapshot_id; /* 0: every run */
};

enum check_result {
	CHECK_KEPT,
	CHECK_BROKEN,
	CHECK_UNKNOWN, /* the metric is NULL: it never passes */
	CHECK_METRIC,  /* no such metric: *error names it */
	CHECK_FAILED,  /* a query: *error */
};

/* A metric in a run. */
struct check_finding {
	int64_t run_id;
	int64_t seq;              /* of the snapshot; -1: a figure of the run */
	enum check_result result; /* one of the first three */
	double value;             /* the greatest, where several snapshots are looked at */
};

/*
 * Holds the runs of the scope to the limit. tell is called once for each, in their order. An
 * unknown value outweighs a broken limit in the result. *error is given back with sqlite3_free.
 */
enum check_result check_limit(sqlite3 *db, const struct check_limit *limit,
			      const struct check_scope *scope,
			      void (*tell)(const struct check_finding *finding, void *arg), void *arg,
			      char **error);

/*
 * What a metric counts, as schema_doc has it ("bytes", "ns", "ratio" ...), and how many of
 * those are one of the metric's: 1, but a million for pause_p99_ms. NULL: not known.
 */
const char *check_unit(sqlite3 *db, const char *metric, char unit[static CHECK_UNIT_BYTES],
		       double *scale);

/* metric, unit and doc of each metric, by name; NULL if a query fails. */
sqlite3_stmt *check_metrics(sqlite3 *db);

#endif
