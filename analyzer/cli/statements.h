/* statements - runs the user's SQL, statement after statement, and says what was wrong. */
#ifndef STATEMENTS_H
#define STATEMENTS_H

#include "guard.h"
#include "render/table.h"

/*
 * Prints the rows of each statement in sql. EXIT_FINE; EXIT_USAGE after a complaint, also
 * when there was no statement.
 */
int statements_run(sqlite3 *db, struct guard *guard, const char *sql, enum render_format format,
                   const struct render_options *look, FILE *out);

#endif
