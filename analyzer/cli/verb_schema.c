/* verb_schema.c - memanalyze schema. */
#include <stdlib.h>

#include "exit.h"
#include "output.h"
#include "schema.h"
#include "store.h"
#include "verbs.h"

static const char objects[] = "SELECT object, doc FROM schema_doc WHERE column = '' ORDER BY object";
static const char columns[] =
    "SELECT d.column, d.unit, d.doc, d.since FROM schema_doc AS d"
    " JOIN pragma_table_info(?1) AS c ON c.name = d.column WHERE d.object = ?1 ORDER BY c.cid";

static bool is_known(sqlite3 *db, const char *object)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(db, "SELECT 1 FROM schema_doc WHERE object = ?1", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(stmt, 1, object, -1, SQLITE_STATIC);
	bool known = sqlite3_step(stmt) == SQLITE_ROW;
	sqlite3_finalize(stmt);
	return known;
}

static int print(sqlite3 *db, const struct options *options)
{
	sqlite3_stmt *stmt;
	const char *object = options->word_count ? options->words[0] : NULL;
	if (object && !is_known(db, object))
		return complain(EXIT_USAGE, "no table or view '%s'; 'memanalyze schema' lists them", object);
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
	bool opened = store_open_memory(&store) &&
	              sqlite3_exec(store.db, schema_span, NULL, NULL, NULL) == SQLITE_OK &&
	              store_views(&store);
	int status = opened ? print(store.db, options) : complain(EXIT_INPUT, "no database in memory");
	store_close(&store);
	return status;
}
