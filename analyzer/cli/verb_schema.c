/* verb_schema.c - memanalyze schema. */
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "nearest.h"
#include "output.h"
#include "store.h"
#include "verbs.h"

static const char objects[] = "SELECT object, doc FROM schema_doc WHERE column = '' ORDER BY object";
static const char columns[] =
    "SELECT d.column, d.unit, d.doc, d.since FROM schema_doc AS d"
    " JOIN pragma_table_info(?1) AS c ON c.name = d.column WHERE d.object = ?1 ORDER BY c.cid";

enum { OBJECTS_MAX = 200 }; /* that are looked at for the nearest name */

/* EXIT_FINE if there is such a table or view; else EXIT_USAGE after a complaint. */
static int find_object(sqlite3 *db, const char *object)
{
	const char *names[OBJECTS_MAX + 1];
	size_t count = 0;
	int status = EXIT_USAGE;
	sqlite3_stmt *rows;
	if (sqlite3_prepare_v2(db, objects, -1, &rows, NULL) != SQLITE_OK)
		return complain(EXIT_INPUT, "schema: %s", sqlite3_errmsg(db));
	while (count < OBJECTS_MAX && sqlite3_step(rows) == SQLITE_ROW &&
	       (names[count] = strdup((const char *)sqlite3_column_text(rows, 0))))
		if (strcmp(names[count++], object) == 0)
			status = EXIT_FINE;
	sqlite3_finalize(rows);
	names[count] = NULL;
	const char *near = status == EXIT_FINE ? NULL : nearest_word(object, names);
	if (near)
		complain(status, "no table or view '%s'; did you mean '%s'?", object, near);
	else if (status != EXIT_FINE)
		complain(status, "no table or view '%s'; 'memanalyze schema' lists them", object);
	while (count > 0)
		free((char *)names[--count]);
	return status;
}

static int print(sqlite3 *db, const struct options *options)
{
	sqlite3_stmt *stmt;
	const char *object = options->word_count ? options->words[0] : NULL;
	if (object && find_object(db, object) != EXIT_FINE)
		return EXIT_USAGE;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	int status = EXIT_FINE;
	if (sqlite3_prepare_v2(db, object ? columns : objects, -1, &stmt, NULL) != SQLITE_OK ||
	    (object && sqlite3_bind_text(stmt, 1, object, -1, SQLITE_STATIC) != SQLITE_OK) ||
	    render_statement(stmt, options->format, &look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "schema: %s", sqlite3_errmsg(db));
	sqlite3_finalize(stmt);
	return output_close(out, options, status);
}

int verb_schema(const struct options *options)
{
	struct store store;
	if (options->word_count > 1)
		return complain(EXIT_USAGE, "schema takes one table; see 'memanalyze schema --help'");
	int status = store_open_model(&store) ? print(store.db, options)
	                                      : complain(EXIT_INPUT, "no database in memory");
	store_close(&store);
	return status;
}
