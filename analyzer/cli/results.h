/*
 * results - rows that a verb itself makes, printed as those of a query are.
 */
#ifndef RESULTS_H
#define RESULTS_H

#include <sqlite3.h>
#include <stdbool.h>

#include "options.h"

struct results {
	sqlite3 *db; /* of its own, in memory */
	sqlite3_stmt *insert;
};

/* columns: names with commas between them. false after a complaint. */
bool results_begin(struct results *results, const char *columns);

/* A row: its values are to be bound to results->insert (from 1 on, NULL else) before. */
void results_add(struct results *results);

/* Binds a number: as an integer if it is one, so that it looks like one. */
void results_bind_number(struct results *results, int index, double value);

/* Prints the rows to `out`. EXIT_FINE, or EXIT_INPUT after a complaint. */
int results_render(struct results *results, const struct options *options,
                   const struct render_options *look, FILE *out);

/* Prints the rows where the options say; `status`, or what printing failed with. */
int results_print(struct results *results, const struct options *options, int status);

void results_end(struct results *results);

#endif
