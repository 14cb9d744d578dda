/* verb_sql.c - memanalyze sql. */
#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "guard.h"
#include "output.h"
#include "session.h"
#include "verbs.h"

enum { SQL_BYTES_MAX = 1 << 20 };

/* The whole of a file of statements; NULL after a complaint. */
static char *read_sql(const char *path)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	if (!in) {
		complain(EXIT_USAGE, "%s: %s", path, strerror(errno));
		return NULL;
	}
	char *text = malloc(SQL_BYTES_MAX + 1);
	size_t n = text ? fread(text, 1, SQL_BYTES_MAX + 1, in) : 0;
	if (in != stdin)
		fclose(in);
	if (!text || n > SQL_BYTES_MAX) {
		complain(EXIT_USAGE, "%s: more than %d bytes of SQL", path, SQL_BYTES_MAX);
		free(text);
		return NULL;
	}
	text[n] = '\0';
	return text;
}

static int explain(sqlite3 *db, const struct guard *guard, int rc)
{
	if (rc == SQLITE_INTERRUPT)
		return complain(EXIT_USAGE, "the statement ran longer than --timeout allows");
	if (rc == SQLITE_AUTH)
		return complain(EXIT_USAGE, "refused, SQL is read-only here: %s",
		                guard->refused[0] ? guard->refused : sqlite3_errmsg(db));
	return complain(EXIT_USAGE, "SQL: %s", sqlite3_errmsg(db));
}

static int run_statements(sqlite3 *db, const struct guard *guard, const char *sql,
                          const struct options *options, FILE *out)
{
	struct render_options look = output_look(options, out);
	unsigned statements = 0;
	while (*sql) {
		sqlite3_stmt *stmt;
		int rc = sqlite3_prepare_v2(db, sql, -1, &stmt, &sql);
		if (rc != SQLITE_OK)
			return explain(db, guard, rc);
		if (!stmt)
			continue; /* space or a comment */
		if (statements++ && options->format == RENDER_TABLE)
			fputc('\n', out);
		rc = render_statement(stmt, options->format, &look, out);
		int status = rc == SQLITE_DONE ? EXIT_FINE : explain(db, guard, rc);
		sqlite3_finalize(stmt);
		if (status != EXIT_FINE || ferror(out))
			return status;
	}
	if (!statements)
		return complain(EXIT_USAGE, "no SQL statement in what was given");
	return EXIT_FINE;
}

static int ask(struct session *session, const char *sql, const struct options *options)
{
	struct guard guard;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	guard_install(&guard, session->store.db, options->timeout_s);
	int status = run_statements(session->store.db, &guard, sql, options, out);
	if (status == EXIT_FINE)
		status = session_status(session, options->strict);
	return output_close(out, options, status);
}

static int run(struct options *options)
{
	struct session session;
	size_t files = options->word_count;
	char *text = NULL;
	if (!options->sql_file && files > 0)
		text = options->words[--files];
	if (text && files > 0 && strcmp(text, "-") == 0)
		options->sql_file = text; /* sql FILE - : the query is on standard input */
	if (files == 0 || (!options->sql_file && !text))
		return complain(EXIT_USAGE, "sql needs a FILE and a query; see 'memanalyze sql --help'");
	for (size_t i = 0; options->sql_file && i < files; i++)
		if (strcmp(options->sql_file, "-") == 0 && strcmp(options->words[i], "-") == 0)
			return complain(EXIT_USAGE, "standard input is either the query or a FILE");
	if (options->sql_file && !(text = read_sql(options->sql_file)))
		return EXIT_USAGE;
	int status = session_open(&session, options->words, files);
	if (status == EXIT_FINE)
		status = ask(&session, text, options);
	session_close(&session);
	if (options->sql_file)
		free(text);
	return status;
}

int verb_sql(int argc, char **argv)
{
	struct options options;
	int status = EXIT_USAGE;
	if (options_parse(&options, argc, argv, 2,
	                  OPTION_FORMAT | OPTION_OUTPUT | OPTION_FORCE | OPTION_STRICT | OPTION_COLOR |
	                      OPTION_TIMEOUT | OPTION_FILE,
	                  "sql"))
		status = options.help ? verb_help("sql") : run(&options);
	options_free(&options);
	return status;
}
