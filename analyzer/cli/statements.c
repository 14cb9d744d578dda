/* statements.c - see statements.h. */
#include "statements.h"

#include <string.h>
#include <strings.h>

#include "completion.h"
#include "exit.h"

/* Says which tables and views have the column, where the statement reads none of them. */
static bool explain_elsewhere(sqlite3 *db, const char *message, const char *column)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(db,
	                       "SELECT group_concat(name, ', ') FROM (SELECT m.name"
	                       " FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
	                       " WHERE c.name = ?1 COLLATE NOCASE AND m.name NOT GLOB '*[^a-zA-Z0-9_]*'"
	                       " ORDER BY m.name LIMIT 4)", -1, &stmt, NULL) != SQLITE_OK)
		return false;
	sqlite3_bind_text(stmt, 1, column, -1, SQLITE_STATIC);
	const char *tables = sqlite3_step(stmt) == SQLITE_ROW
	                         ? (const char *)sqlite3_column_text(stmt, 0)
	                         : NULL;
	if (tables)
		complain(EXIT_USAGE, "SQL: %s; it is in %s", message, tables);
	sqlite3_finalize(stmt);
	return tables;
}

/* What SQLite says, and the nearest name of the database to one that is not there. */
static int explain_unknown(sqlite3 *db, const char *message, const char *name)
{
	const char *dot = strrchr(name, '.');
	struct completion known = {0};
	const char *near = NULL;
	const char *none[] = {NULL};
	name = dot ? dot + 1 : name;
	if (completion_collect(&known, db, none))
		near = completion_nearest(&known, name);
	if (near && strcasecmp(near, name) != 0)
		complain(EXIT_USAGE, "SQL: %s; did you mean '%s'?", message, near);
	else if (!near || !explain_elsewhere(db, message, name))
		complain(EXIT_USAGE, "SQL: %s", message);
	completion_free(&known);
	return EXIT_USAGE;
}

static int explain_mistake(sqlite3 *db)
{
	static const char *const unknown[] = {"no such column: ", "no such table: ",
	                                       "no such function: ", NULL};
	char *message = sqlite3_mprintf("%s", sqlite3_errmsg(db)); /* the next query replaces it */
	int status = EXIT_USAGE;
	size_t i = 0;
	if (!message)
		return complain(EXIT_USAGE, "SQL: %s", sqlite3_errmsg(db));
	while (unknown[i] && strncmp(message, unknown[i], strlen(unknown[i])) != 0)
		i++;
	if (unknown[i])
		status = explain_unknown(db, message, message + strlen(unknown[i]));
	else
		complain(EXIT_USAGE, "SQL: %s", message);
	sqlite3_free(message);
	return status;
}

static int explain(sqlite3 *db, const struct guard *guard, int rc)
{
	if (rc == SQLITE_INTERRUPT)
		return complain(EXIT_USAGE, guard->stopped || !guard_is_late(guard)
		                                ? "interrupted"
		                                : "the statement ran longer than --timeout allows");
	if (rc == SQLITE_AUTH)
		return complain(EXIT_USAGE, "refused, SQL is read-only here: %s",
		                guard->refused[0] ? guard->refused : sqlite3_errmsg(db));
	return explain_mistake(db);
}

int statements_run(sqlite3 *db, struct guard *guard, const char *sql, enum render_format format,
                   const struct render_options *look, FILE *out)
{
	unsigned statements = 0;
	while (*sql) {
		sqlite3_stmt *stmt;
		int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &sql);
		if (rc != SQLITE_OK)
			return explain(db, guard, rc);
		if (!stmt)
			continue; /* space or a comment */
		if (statements++ && format == RENDER_TABLE)
			fputc('\n', out);
		rc = render_statement(stmt, format, look, out);
		int status = rc == SQLITE_DONE ? EXIT_FINE : explain(db, guard, rc);
		sqlite3_finalize(stmt);
		if (status != EXIT_FINE || ferror(out))
			return status;
	}
	if (!statements)
		return complain(EXIT_USAGE, "no SQL statement in what was given");
	return EXIT_FINE;
}
