/*
 * check - limits that a recording must keep, for CI.
 *
 * A metric is a column of one of the views or tables below, by its name there:
 *   a level, of a snapshot   run_level, fragmentation, idle_memory, mstats
 *   a figure of the run      pause_<column of pause_summary>, with _ns, _us, _ms or _s for
 *                            its unit (pause_p99_ms); pause_n, pause_r2; else
 *                            run_collector
 * Every run is looked at: levels on its last snapshot, or on all of them.
 */
#ifndef CHECK_H
#define CHECK_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct check_limit {
	const char *metric;
	double max;
};

/* A metric that is above its limit, or that nothing is known of. */
struct check_breach {
	const struct check_limit *limit;
	int64_t run_id;
	int64_t seq; /* of the snapshot; -1: a figure of the run */
	bool known;
	double value; /* the greatest, where several snapshots break the limit */
};

enum check_result {
	CHECK_KEPT,
	CHECK_BROKEN,  /* a limit: *breach, told once a run and limit */
	CHECK_UNKNOWN, /* a metric is NULL: it never passes */
	CHECK_METRIC,  /* no such metric: *error names it */
	CHECK_FAILED,  /* a query: *error */
};

/*
 * Holds every run of the database to the limit. tell is called for each breach, in the
 * order of the runs. An unknown value outweighs a broken limit in the result. *error is
 * given back with sqlite3_free.
 */
enum check_result check_limit(sqlite3 *db, const struct check_limit *limit, bool over_any,
			      void (*tell)(const struct check_breach *breach, void *arg), void *arg,
			      char **error);

/* The names of the metrics, a row each, in order, for who mistyped one; NULL if a query fails. */
sqlite3_stmt *check_metrics(sqlite3 *db);

#endif
