/* verb_check.c - memanalyze check. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "exit.h"
#include "nearest.h"
#include "options.h"
#include "session.h"
#include "verbs.h"

enum { METRICS_MAX = 200 }; /* that are looked at for the nearest name */

/* Says which limit is broken, by what, where. */
static void tell(const struct check_breach *breach, void *arg)
{
	const char *metric = breach->limit->metric;
	char place[60] = "";
	(void)arg;
	if (breach->seq >= 0)
		snprintf(place, sizeof place, ", snapshot %lld", (long long)breach->seq);
	if (breach->known)
		printf("%s = %.10g is above %.10g (run %lld%s)\n", metric, breach->value,
		       breach->limit->max, (long long)breach->run_id, place);
	else
		complain(EXIT_INPUT, "%s is unknown (run %lld%s), so it does not pass", metric,
		         (long long)breach->run_id, place);
}

/* METRIC=VALUE; the metric is to be freed. */
static bool parse_limit(const char *text, struct check_limit *limit)
{
	const char *equals = strchr(text, '=');
	char *end = NULL;
	if (equals && equals > text)
		limit->max = strtod(equals + 1, &end);
	if (!end || end == equals + 1 || *end || limit->max != limit->max) {
		complain(EXIT_USAGE, "--max %s: not METRIC=VALUE with a number", text);
		return false;
	}
	limit->metric = strndup(text, (size_t)(equals - text));
	return limit->metric != NULL;
}

/* An unknown metric outweighs a broken limit, a mistake of the user both. */
static int worse(int status, int other)
{
	static const int weights[] = {[EXIT_FINE] = 0, [EXIT_THRESHOLD] = 2, [EXIT_USAGE] = 4,
	                              [EXIT_INPUT] = 3, [EXIT_DAMAGE] = 1};
	return weights[other] > weights[status] ? other : status;
}

/* Says that there is no such metric, and which is the nearest. */
static int refuse_metric(sqlite3 *db, const char *metric, const char *error)
{
	const char *names[METRICS_MAX + 1];
	size_t count = 0;
	sqlite3_stmt *rows = check_metrics(db);
	while (rows && count < METRICS_MAX && sqlite3_step(rows) == SQLITE_ROW) {
		names[count] = strdup((const char *)sqlite3_column_text(rows, 0));
		if (!names[count])
			break;
		count++;
	}
	sqlite3_finalize(rows);
	names[count] = NULL;
	const char *near = nearest_word(metric, names);
	if (near)
		complain(EXIT_USAGE, "%s; did you mean '%s'?", error ? error : "no such metric", near);
	else
		complain(EXIT_USAGE, "%s; 'memanalyze schema' tells the columns",
		         error ? error : "no such metric");
	while (count > 0)
		free((char *)names[--count]);
	return EXIT_USAGE;
}

static int hold(sqlite3 *db, const char *text, bool over_any)
{
	struct check_limit limit = {0};
	char *error = NULL;
	int status = EXIT_USAGE;
	if (!parse_limit(text, &limit))
		return EXIT_USAGE;
	switch (check_limit(db, &limit, over_any, tell, NULL, &error)) {
	case CHECK_KEPT:
		status = EXIT_FINE;
		break;
	case CHECK_BROKEN:
		status = EXIT_THRESHOLD;
		break;
	case CHECK_UNKNOWN:
		status = EXIT_INPUT;
		break;
	case CHECK_METRIC:
		status = refuse_metric(db, limit.metric, error);
		break;
	case CHECK_FAILED:
		status = complain(EXIT_INPUT, "check: %s", error ? error : "out of memory");
		break;
	}
	sqlite3_free(error);
	free((char *)limit.metric);
	return status;
}

int verb_check(const struct options *options)
{
	struct session session;
	if (options->word_count == 0 || options->limit_count == 0)
		return complain(EXIT_USAGE, "check needs a FILE and --max METRIC=VALUE;"
		                            " see 'memanalyze check --help'");
	int status = session_open(&session, options->words, options->word_count);
	if (status == EXIT_FINE) {
		status = session_status(&session, options->strict);
		for (size_t i = 0; i < options->limit_count; i++)
			status = worse(status, hold(session.store.db, options->limits[i], options->over_any));
	}
	session_close(&session);
	return status;
}
