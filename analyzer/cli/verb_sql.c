/* verb_sql.c - memanalyze sql. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "guard.h"
#include "output.h"
#include "session.h"
#include "shell.h"
#include "statements.h"
#include "text_file.h"
#include "verbs.h"

static int ask(struct session *session, const char *sql, const struct options *options)
{
	struct guard guard;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	guard_install(&guard, session->store.db, options->timeout_s);
	int status = statements_run(session->store.db, &guard, sql, options->format, &look, out);
	if (status == EXIT_FINE)
		status = session_status(session, options->strict);
	return output_close(out, options, status);
}

/* Without a query, at a terminal: the last word is a file like the others. */
static bool wants_shell(const struct options *options)
{
	if (options->sql_file || options->output || options->word_count == 0 ||
	    isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		return false;
	const char *selector;
	char *last = session_split_name(options->words[options->word_count - 1], &selector);
	bool is_file = options->word_count == 1 || (last && access(last, F_OK) == 0);
	free(last);
	return is_file;
}

static int open_shell(const struct options *options)
{
	struct session session;
	struct guard guard;
	struct shell_options shell = {options->format, output_look(options, stdout), options->timeout_s};
	int status = session_open(&session, options->words, options->word_count);
	if (status == EXIT_FINE) {
		guard_install(&guard, session.store.db, options->timeout_s);
		status = shell_run(session.store.db, &guard, &shell);
	}
	session_close(&session);
	return status;
}

int verb_sql(const struct options *options)
{
	if (wants_shell(options))
		return open_shell(options);
	struct session session;
	size_t files = options->word_count;
	char *text = NULL;
	const char *sql_file = options->sql_file;
	if (!sql_file && files > 0)
		text = options->words[--files];
	if (text && files > 0 && strcmp(text, "-") == 0)
		sql_file = text; /* sql FILE - : the query is on standard input */
	if (files == 0 || (!sql_file && !text))
		return complain(EXIT_USAGE, "sql needs a FILE and a query; see 'memanalyze sql --help'");
	for (size_t i = 0; sql_file && i < files; i++)
		if (strcmp(sql_file, "-") == 0 && session_is_input(options->words[i]))
			return complain(EXIT_USAGE, "standard input is either the query or a FILE");
	if (sql_file && !(text = text_file_read(sql_file, "SQL")))
		return EXIT_USAGE;
	int status = session_open(&session, options->words, files);
	if (status == EXIT_FINE)
		status = ask(&session, text, options);
	session_close(&session);
	if (sql_file)
		free(text);
	return status;
}
