/*
 * findings - the rules of schemas/findings.sql, evaluated for one run.
 *
 * A rule lives wholly in the database: its row in finding_rule and its view
 * finding_<name>. Here the views are asked and their rows kept as named values; what a
 * sentence says is composed by render/sentence. Order: severity, then rank, then name; the
 * rules that another found rule covers come with covered set.
 */
#ifndef FINDINGS_H
#define FINDINGS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	FINDINGS_MAX = 64, /* found in one run; rules beyond are not asked */
	FINDING_VALUES_MAX = 32, /* columns of a view that are kept */
};

enum finding_severity { FINDING_CRITICAL, FINDING_WARNING, FINDING_INFO };

/* "critical", "warning", "info" */
const char *finding_severity_name(enum finding_severity severity);

enum value_type { VALUE_NULL, VALUE_INTEGER, VALUE_REAL, VALUE_TEXT };

/* One column of a view's row. */
struct finding_value {
	char *name;
	enum value_type type;
	int64_t integer;
	double real; /* also set for integers */
	char *text;
};

struct finding {
	char *rule;
	enum finding_severity severity;
	double threshold, floor;
	char *threshold_unit, *floor_unit;
	char *sentence; /* the rule's, not yet composed */
	char *next;     /* SQL with {run}, or NULL */
	char *covered_by;
	bool covered; /* the rule that covers this one was found as well */
	struct finding_value values[FINDING_VALUES_MAX];
	size_t value_count;
};

struct finding_list {
	struct finding items[FINDINGS_MAX];
	size_t count;
	size_t rules; /* that were asked */
};

/*
 * Before many runs are asked for one after another: each rule is asked once for all of them, its
 * rows kept in a temporary table that stands before the view of the same name. A rule that
 * cannot be asked is left to findings_evaluate, which tells. Until findings_unshare.
 */
void findings_share(sqlite3 *db);
void findings_unshare(sqlite3 *db);

/* How long a rule may take, which may be of a database from anywhere; for tests. */
extern double findings_rule_s_max;

/*
 * Fills *list for the run. 0, or -1 with *error naming the rule and what SQLite said
 * (sqlite3_free); a rule whose view is missing or broken is such an error. In both cases the
 * list is to be given back.
 */
int findings_evaluate(sqlite3 *db, int64_t run_id, struct finding_list *list, char **error);
void findings_free(struct finding_list *list);

/* The value of that name, or NULL. */
const struct finding_value *finding_value(const struct finding *finding, const char *name);

#endif
