/* statements.c - see statements.h. */
#include "statements.h"

#include "exit.h"

static int explain(sqlite3 *db, const struct guard *guard, int rc)
{
	if (rc == SQLITE_INTERRUPT)
		return complain(EXIT_USAGE, guard_is_late(guard)
		                                ? "the statement ran longer than --timeout allows"
		                                : "interrupted");
	if (rc == SQLITE_AUTH)
		return complain(EXIT_USAGE, "refused, SQL is read-only here: %s",
		                guard->refused[0] ? guard->refused : sqlite3_errmsg(db));
	return complain(EXIT_USAGE, "SQL: %s", sqlite3_errmsg(db));
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
