#include "findings.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { STEPS_BETWEEN_LOOKS = 10000 };

double findings_rule_s_max = 20;

static const char *const severity_names[] = {"critical", "warning", "info"};

const char *finding_severity_name(enum finding_severity severity)
{
	return severity_names[severity];
}

static enum finding_severity severity_of(const char *name)
{
	for (size_t i = 0; i < sizeof(severity_names) / sizeof(severity_names[0]); i++)
		if (name && strcmp(name, severity_names[i]) == 0)
			return (enum finding_severity)i;
	return FINDING_INFO;
}

/* A copy of a text column; NULL stays NULL. */
static char *column_copy(sqlite3_stmt *statement, int column)
{
	const char *text = (const char *)sqlite3_column_text(statement, column);

	return text ? strdup(text) : NULL;
}

static void read_value(sqlite3_stmt *row, int column, struct finding_value *value)
{
	value->name = strdup(sqlite3_column_name(row, column));
	switch (sqlite3_column_type(row, column)) {
	case SQLITE_NULL:
		value->type = VALUE_NULL;
		break;
	case SQLITE_INTEGER:
		value->type = VALUE_INTEGER;
		value->integer = sqlite3_column_int64(row, column);
		value->real = (double)value->integer;
		break;
	case SQLITE_FLOAT:
		value->type = VALUE_REAL;
		value->real = sqlite3_column_double(row, column);
		break;
	default:
		value->type = VALUE_TEXT;
		value->text = column_copy(row, column);
		break;
	}
}

static void read_rule(sqlite3_stmt *rules, struct finding *finding)
{
	memset(finding, 0, sizeof(*finding));
	finding->rule = column_copy(rules, 0);
	finding->severity = severity_of((const char *)sqlite3_column_text(rules, 1));
	finding->threshold = sqlite3_column_double(rules, 2);
	finding->threshold_unit = column_copy(rules, 3);
	finding->floor = sqlite3_column_double(rules, 4);
	finding->floor_unit = column_copy(rules, 5);
	finding->covered_by = column_copy(rules, 6);
	finding->sentence = column_copy(rules, 7);
	finding->next = column_copy(rules, 8);
}

static void finding_free(struct finding *finding)
{
	for (size_t i = 0; i < finding->value_count; i++) {
		free(finding->values[i].name);
		free(finding->values[i].text);
	}
	free(finding->rule);
	free(finding->threshold_unit);
	free(finding->floor_unit);
	free(finding->covered_by);
	free(finding->sentence);
	free(finding->next);
}

/* ---- asking a rule ------------------------------------------------------- */

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int look_at_clock(void *deadline_s)
{
	return now_s() > *(const double *)deadline_s;
}

/* Rules stand in the database, which may be from anywhere: one that never ends is interrupted. */
static void limit_begin(sqlite3 *db, double *deadline_s)
{
	*deadline_s = now_s() + findings_rule_s_max;
	sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look_at_clock, deadline_s);
}

static void limit_end(sqlite3 *db)
{
	sqlite3_progress_handler(db, 0, NULL, NULL);
}

/* 1: the rule holds and its values are read; 0: it does not; -1: the view cannot be asked. */
static int ask(sqlite3 *db, int64_t run_id, struct finding *finding)
{
	char *sql = sqlite3_mprintf("SELECT * FROM \"finding_%w\" WHERE run_id = ?1 LIMIT 1",
				    finding->rule);
	sqlite3_stmt *row = NULL;
	int step = SQLITE_ERROR;
	double deadline_s;

	limit_begin(db, &deadline_s);
	if (!sql || sqlite3_prepare_v2(db, sql, -1, &row, NULL) != SQLITE_OK)
		goto prepare_failed;
	sqlite3_bind_int64(row, 1, run_id);
	step = sqlite3_step(row);
	if (step == SQLITE_ROW) {
		int columns = sqlite3_column_count(row);

		for (int i = 0; i < columns && finding->value_count < FINDING_VALUES_MAX; i++)
			if (strcmp(sqlite3_column_name(row, i), "run_id") != 0)
				read_value(row, i, &finding->values[finding->value_count++]);
	}
prepare_failed:
	if (sqlite3_finalize(row) != SQLITE_OK)
		step = SQLITE_ERROR;
	limit_end(db);
	sqlite3_free(sql);
	return step == SQLITE_ROW ? 1 : step == SQLITE_DONE ? 0 : -1;
}

/* Whoever covers another and is itself covered by it would hide both: one step only. */
static void mark_covered(struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		for (size_t j = 0; j < list->count; j++)
			if (list->items[i].covered_by && i != j && !list->items[j].covered &&
			    strcmp(list->items[i].covered_by, list->items[j].rule) == 0)
				list->items[i].covered = true;
}

int findings_evaluate(sqlite3 *db, int64_t run_id, struct finding_list *list, char **error)
{
	static const char sql[] =
		"SELECT name, severity, threshold, threshold_unit, floor, floor_unit, covered_by,"
		" sentence, next FROM finding_rule ORDER BY CASE severity WHEN 'critical' THEN 0"
		" WHEN 'warning' THEN 1 ELSE 2 END, rank, name";
	sqlite3_stmt *rules = NULL;
	int result = -1;

	memset(list, 0, sizeof(*list));
	*error = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &rules, NULL) != SQLITE_OK) {
		*error = sqlite3_mprintf("finding_rule: %s", sqlite3_errmsg(db));
		goto prepare_failed;
	}
	while (list->count < FINDINGS_MAX && sqlite3_step(rules) == SQLITE_ROW) {
		struct finding *finding = &list->items[list->count];
		int holds;

		read_rule(rules, finding);
		list->rules++;
		holds = ask(db, run_id, finding);
		if (holds < 0) {
			*error = sqlite3_errcode(db) == SQLITE_INTERRUPT
					 ? sqlite3_mprintf("rule %s: no answer within %g s; deleting its row of"
							   " finding_rule leaves it out", finding->rule, findings_rule_s_max)
					 : sqlite3_mprintf("rule %s: %s", finding->rule, sqlite3_errmsg(db));
			finding_free(finding);
			goto rule_failed;
		}
		if (holds)
			list->count++;
		else
			finding_free(finding);
	}
	mark_covered(list);
	result = 0;
rule_failed:
	sqlite3_finalize(rules);
prepare_failed:
	return result;
}

/*
 * Runs a statement for each rule; %w in it is the rule's name, twice. What fails is passed over.
 * The names are read first: no table can be dropped while a query is open.
 */
static void for_each_rule(sqlite3 *db, const char *format)
{
	sqlite3_stmt *rules = NULL;
	char *sql[FINDINGS_MAX];
	size_t count = 0;

	if (sqlite3_prepare_v2(db, "SELECT name FROM finding_rule", -1, &rules, NULL) != SQLITE_OK)
		return;
	while (count < FINDINGS_MAX && sqlite3_step(rules) == SQLITE_ROW) {
		const char *rule = (const char *)sqlite3_column_text(rules, 0);

		sql[count++] = sqlite3_mprintf(format, rule, rule);
	}
	sqlite3_finalize(rules);
	for (size_t i = 0; i < count; i++) {
		double deadline_s;

		limit_begin(db, &deadline_s);
		if (sql[i])
			sqlite3_exec(db, sql[i], NULL, NULL, NULL);
		limit_end(db);
		sqlite3_free(sql[i]);
	}
}

void findings_share(sqlite3 *db)
{
	for_each_rule(db, "CREATE TEMP TABLE \"finding_%w\" AS SELECT * FROM main.\"finding_%w\"");
}

void findings_unshare(sqlite3 *db)
{
	for_each_rule(db, "DROP TABLE IF EXISTS temp.\"finding_%w\"");
}

void findings_free(struct finding_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		finding_free(&list->items[i]);
	memset(list, 0, sizeof(*list));
}

const struct finding_value *finding_value(const struct finding *finding, const char *name)
{
	for (size_t i = 0; i < finding->value_count; i++)
		if (finding->values[i].name && strcmp(finding->values[i].name, name) == 0)
			return &finding->values[i];
	return NULL;
}
