/*
 * verb_check.c - memanalyze check: limits, for CI.
 *
 * A limit over the baseline becomes one like the others: what the metric was there, and what
 * it may grow by.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "exit.h"
#include "limit_list.h"
#include "nearest.h"
#include "output.h"
#include "results.h"
#include "session.h"
#include "verbs.h"

enum { METRICS_MAX = 200 }; /* that are looked at for the nearest name */

struct check {
	const struct options *options;
	struct limit_list limits;
	struct session session, baseline; /* baseline: open if the options name one */
	struct results results;           /* rows, if a format was asked for */
	FILE *out;                        /* for words, if none was */
	const struct limit *limit;        /* the one that is being held */
	double max, was;                  /* was: in the baseline; NaN without */
	struct store model;               /* opened when a limit has a unit */
};

/* An unknown metric outweighs a broken limit, a mistake of the user both. */
static int worse(int status, int other)
{
	static const int weights[] = {[EXIT_FINE] = 0, [EXIT_THRESHOLD] = 2, [EXIT_USAGE] = 4,
	                              [EXIT_INPUT] = 3, [EXIT_DAMAGE] = 1};
	return weights[other] > weights[status] ? other : status;
}

/* ---- what was found ------------------------------------------------------ */

static void add_row(struct check *check, const struct check_finding *finding)
{
	static const char *const names[] = {
	    [CHECK_KEPT] = "kept", [CHECK_BROKEN] = "broken", [CHECK_UNKNOWN] = "unknown"};
	sqlite3_stmt *row = check->results.insert;
	sqlite3_bind_text(row, 1, names[finding->result], -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, check->limit->metric, -1, SQLITE_STATIC);
	if (finding->result != CHECK_UNKNOWN)
		results_bind_number(&check->results, 3, finding->value);
	results_bind_number(&check->results, 4, check->max);
	if (!isnan(check->was))
		results_bind_number(&check->results, 5, check->was);
	sqlite3_bind_int64(row, 6, finding->run_id);
	if (finding->seq >= 0)
		sqlite3_bind_int64(row, 7, finding->seq);
	sqlite3_bind_text(row, 8, check->limit->origin, -1, SQLITE_STATIC);
	results_add(&check->results);
}

/* Says which limit is broken, by what, where. */
static void say(const struct check *check, const struct check_finding *finding)
{
	const char *metric = check->limit->metric;
	char place[60] = "", was[60] = "";
	if (finding->seq >= 0)
		snprintf(place, sizeof place, ", snapshot %lld", (long long)finding->seq);
	if (!isnan(check->was))
		snprintf(was, sizeof was, ", and was %.15g", check->was);
	if (finding->result == CHECK_BROKEN)
		fprintf(check->out, "%s = %.15g is above %.15g%s (run %lld%s)\n", metric, finding->value, check->max,
		       was, (long long)finding->run_id, place);
	else
		complain(EXIT_INPUT, "%s is unknown (run %lld%s), so it does not pass", metric,
		         (long long)finding->run_id, place);
}

static void tell(const struct check_finding *finding, void *arg)
{
	struct check *check = arg;
	if (check->options->has_format)
		add_row(check, finding);
	else if (finding->result != CHECK_KEPT)
		say(check, finding);
}

/* ---- a limit --------------------------------------------------------------- */

/* Says that there is no such metric, and which is the nearest. */
static int refuse_metric(sqlite3 *db, const struct limit *limit)
{
	const char *names[METRICS_MAX + 1];
	size_t count = 0;
	sqlite3_stmt *rows = check_metrics(db);
	while (rows && count < METRICS_MAX && sqlite3_step(rows) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(rows, 0);
		names[count] = name ? strdup(name) : NULL;
		if (!names[count])
			break;
		count++;
	}
	sqlite3_finalize(rows);
	names[count] = NULL;
	const char *near = nearest_word(limit->metric, names);
	if (near)
		complain(EXIT_USAGE, "%s: no metric is called %s; did you mean '%s'?", limit->origin,
		         limit->metric, near);
	else
		complain(EXIT_USAGE, "%s: no metric is called %s; 'memanalyze check --metrics' lists them",
		         limit->origin, limit->metric);
	while (count > 0)
		free((char *)names[--count]);
	return EXIT_USAGE;
}

/*
 * The amount in the metric's own unit: 5ms are 5 for pause_p99_ms. What unit that is this program
 * knows; a database may say anything. EXIT_FINE, or a status after a complaint.
 */
static int convert(struct check *check, const struct limit *limit, double *value)
{
	static const char *const needed[] = {
	    [AMOUNT_BYTES] = "bytes", [AMOUNT_NS] = "ns", [AMOUNT_SHARE] = "ratio"};
	char text[CHECK_UNIT_BYTES];
	double scale = 1;
	*value = limit->amount.value;
	if (limit->amount.unit == AMOUNT_PLAIN)
		return EXIT_FINE;
	if (!check->model.db && !store_open_model(&check->model))
		return complain(EXIT_INPUT, "no database in memory");
	const char *unit = check_unit(check->model.db, limit->metric, text, &scale);
	if (!unit)
		return refuse_metric(check->model.db, limit);
	if (strcmp(unit, needed[limit->amount.unit]) != 0)
		return complain(EXIT_USAGE, "%s: %s does not count %s but %s", limit->origin,
		                limit->metric,
		                limit->amount.unit == AMOUNT_SHARE ? "shares"
		                : limit->amount.unit == AMOUNT_NS  ? "time"
		                                                   : "bytes",
		                *unit ? unit : "something else");
	*value /= scale;
	return EXIT_FINE;
}

static void note_last(const struct check_finding *finding, void *arg)
{
	*(struct check_finding *)arg = *finding;
}

/* What the metric is in the last run of the baseline. EXIT_FINE, or a status after a complaint. */
static int read_baseline(struct check *check)
{
	struct check_limit any = {check->limit->metric, INFINITY};
	struct check_scope scope = {check->options->over_any, check->baseline.snapshot_id};
	struct check_finding last = {.result = CHECK_UNKNOWN};
	char *error;
	enum check_result result =
	    check_limit(check->baseline.store.db, &any, &scope, note_last, &last, &error);
	int status = EXIT_FINE;
	if (result == CHECK_METRIC)
		status = refuse_metric(check->baseline.store.db, check->limit);
	else if (result == CHECK_FAILED)
		status = complain(EXIT_INPUT, "%s: %s", check->options->baseline, error ? error : "no memory");
	else if (last.result == CHECK_UNKNOWN)
		status = complain(EXIT_INPUT, "%s is unknown in %s, so its growth does not pass",
		                  check->limit->metric, check->options->baseline);
	sqlite3_free(error);
	check->was = last.value;
	return status;
}

/* The greatest value that the metric may have, in its own unit. */
static int find_max(struct check *check)
{
	const struct limit *limit = check->limit;
	check->was = NAN;
	if (limit->is_growth) {
		int status = read_baseline(check);
		if (status != EXIT_FINE)
			return status;
		if (limit->amount.unit == AMOUNT_SHARE) {
			check->max = check->was + fabs(check->was) * limit->amount.value;
			return EXIT_FINE;
		}
	}
	int status = convert(check, limit, &check->max);
	if (limit->is_growth)
		check->max += check->was;
	return status;
}

static int hold(struct check *check)
{
	struct check_scope scope = {check->options->over_any, check->session.snapshot_id};
	char *error = NULL;
	int status = find_max(check);
	if (status != EXIT_FINE)
		return status;
	struct check_limit limit = {check->limit->metric, check->max};
	switch (check_limit(check->session.store.db, &limit, &scope, tell, check, &error)) {
	case CHECK_KEPT:
		break;
	case CHECK_BROKEN:
		status = EXIT_THRESHOLD;
		break;
	case CHECK_UNKNOWN:
		status = EXIT_INPUT;
		break;
	case CHECK_METRIC:
		status = refuse_metric(check->session.store.db, check->limit);
		break;
	case CHECK_FAILED:
		status = complain(EXIT_INPUT, "check: %s", error ? error : "out of memory");
		break;
	}
	sqlite3_free(error);
	return status;
}

/* ---- all of them ----------------------------------------------------------- */

static int read_limits(struct check *check)
{
	const struct options *options = check->options;
	bool good = true, has_growth = false;
	for (size_t i = 0; i < options->limit_count; i++) {
		const struct option_limit *given = &options->limits[i];
		good &= given->kind == OPTION_LIMIT_FILE
		            ? limit_list_add_file(&check->limits, given->text)
		            : limit_list_add_option(&check->limits, given->text,
		                                given->kind == OPTION_LIMIT_GROWTH);
	}
	if (!good)
		return EXIT_USAGE;
	if (check->limits.count == 0)
		return complain(EXIT_USAGE, "check needs a limit: --max METRIC=VALUE, --limits FILE or"
		                            " --max-growth; see 'memanalyze check --help'");
	for (size_t i = 0; i < check->limits.count; i++) {
		if (check->limits.limits[i].is_growth && !options->baseline)
			return complain(EXIT_USAGE, "%s: growth over what? Name it with --baseline",
			                check->limits.limits[i].origin);
		has_growth |= check->limits.limits[i].is_growth;
	}
	if (options->baseline && !has_growth)
		return complain(EXIT_USAGE, "--baseline %s: nothing is compared with it; give --max-growth"
		                            " METRIC=VALUE", options->baseline);
	return EXIT_FINE;
}

static int open_sessions(struct check *check)
{
	const struct options *options = check->options;
	char *baseline = (char *)options->baseline;
	int status = session_open(&check->session, options->words, options->word_count);
	if (status == EXIT_FINE && baseline)
		status = session_open(&check->baseline, &baseline, 1);
	if (status == EXIT_FINE)
		status = session_status(&check->session, options->strict);
	if (status == EXIT_FINE && baseline)
		status = session_status(&check->baseline, options->strict);
	return status;
}

/* EXIT_DAMAGE of the sessions goes on; it weighs least. What was found is written in any case. */
static int hold_all(struct check *check, int status)
{
	const struct options *options = check->options;
	if (options->has_format &&
	    !results_begin(&check->results,
	                   "result, metric, value, max, baseline, run_id, seq, limit_from"))
		return EXIT_INPUT;
	if (!options->has_format && !(check->out = output_open(options)))
		return EXIT_USAGE;
	for (size_t i = 0; i < check->limits.count; i++) {
		check->limit = &check->limits.limits[i];
		status = worse(status, hold(check));
	}
	return worse(status, options->has_format
	                         ? results_print(&check->results, options, EXIT_FINE)
	                         : output_close(check->out, options, EXIT_FINE));
}

/* All that a limit may be of, for --metrics. */
static int list_metrics(const struct options *options)
{
	struct store store;
	FILE *out;
	int status = EXIT_FINE;
	if (options->word_count || options->limit_count || options->baseline)
		return complain(EXIT_USAGE, "check --metrics lists them: without FILE and limits");
	if (!store_open_model(&store)) {
		status = complain(EXIT_INPUT, "no database in memory");
	} else if (!(out = output_open(options))) {
		status = EXIT_USAGE;
	} else {
		struct render_options look = output_look(options, out);
		sqlite3_stmt *rows = check_metrics(store.db);
		if (!rows || render_statement(rows, options->format, &look, out) != SQLITE_DONE)
			status = complain(EXIT_INPUT, "check: %s", sqlite3_errmsg(store.db));
		sqlite3_finalize(rows);
		status = output_close(out, options, status);
	}
	store_close(&store);
	return status;
}

/* Standard input can be read once: as one of the FILEs, as OLD, or as limits. */
static size_t count_standard_input(const struct options *options)
{
	size_t count = options->baseline && session_is_input(options->baseline);
	for (size_t i = 0; i < options->word_count; i++)
		count += session_is_input(options->words[i]);
	for (size_t i = 0; i < options->limit_count; i++)
		count += options->limits[i].kind == OPTION_LIMIT_FILE &&
		         strcmp(options->limits[i].text, "-") == 0;
	return count;
}

int verb_check(const struct options *options)
{
	struct check check = {.options = options};
	if (options->metrics)
		return list_metrics(options);
	if (options->word_count == 0)
		return complain(EXIT_USAGE, "check needs a FILE; see 'memanalyze check --help'");
	if (count_standard_input(options) > 1)
		return complain(EXIT_USAGE, "standard input is either a FILE, OLD or the limits");
	int status = read_limits(&check);
	if (status == EXIT_FINE)
		status = open_sessions(&check);
	if (status == EXIT_FINE || status == EXIT_DAMAGE)
		status = hold_all(&check, status);
	results_end(&check.results);
	store_close(&check.model);
	session_close(&check.baseline);
	session_close(&check.session);
	limit_list_free(&check.limits);
	return status;
}
