/*
 * report_query - what the gathering parts of the report share: asking with an id, and
 * reading columns that may be NULL.
 */
#ifndef REPORT_QUERY_H
#define REPORT_QUERY_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "report_facts.h"

/* One query at a time; starts zeroed but for db. error is set once and then kept. */
struct report_query {
	sqlite3 *db;
	sqlite3_stmt *statement;
	char *error; /* sqlite3_free */
};

/* Prepares sql with ?1 bound to id. 0, or -1 with error set. */
int report_query_begin(struct report_query *query, const char *sql, int64_t id);
/* Whether there is one more row; false at the end and on failure. */
bool report_query_next(struct report_query *query);
/* Ends the query. 0, or -1 with error set when a step of it failed. */
int report_query_end(struct report_query *query);

struct figure report_query_figure(const struct report_query *query, int column);
struct ratio report_query_ratio(const struct report_query *query, int column);
/* NaN for NULL. */
double report_query_double(const struct report_query *query, int column);
/* A copy to be freed; NULL for NULL. Blobs as hexadecimal digits. */
char *report_query_text(const struct report_query *query, int column);

/* The parts of report_facts_gather; each 0, or -1 with query->error set. */
int report_gather_trends(struct report_query *query, struct report_facts *facts);
int report_gather_pauses(struct report_query *query, struct report_facts *facts);
int report_gather_spans(struct report_query *query, struct report_facts *facts);
int report_gather_live(struct report_query *query, struct report_facts *facts);
int report_gather_leaks(struct report_query *query, struct report_facts *facts);
int report_gather_accounts(struct report_query *query, struct report_facts *facts);
void report_trends_free(struct report_trends *trends);
void report_pauses_free(struct report_pauses *pauses);

#endif
