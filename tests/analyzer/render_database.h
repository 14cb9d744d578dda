/*
 * render_database - a database in memory with all of schemas/, filled from
 * render_fixture.sql, for the tests of what is printed.
 */
#ifndef RENDER_DATABASE_H
#define RENDER_DATABASE_H

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

/* Never NULL: fails the test. Closed with sqlite3_close. */
sqlite3 *render_database(void);

/* Runs SQL that must succeed. */
void render_database_change(sqlite3 *db, const char *sql);

/* The whole file; free() it. */
char *render_file(const char *path);

#endif
