/* verb_diff.c - memanalyze diff. */
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "exit.h"
#include "output.h"
#include "session.h"
#include "verbs.h"

/* What is compared: A and B, or the first and the last of one. */
struct pair {
	char *path[2];
	const char *selector[2];
	int64_t snapshot_id[2];
};

static int print(const struct session *session, const struct pair *pair,
                 const struct options *options)
{
	char *error = NULL;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	int status = session_status(session, options->strict);
	sqlite3_stmt *rows = diff_prepare(session->store.db, pair->snapshot_id[0],
	                                  pair->snapshot_id[1], &error);
	if (!rows || render_statement(rows, options->format, &look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "diff: %s",
		                  error ? error : sqlite3_errmsg(session->store.db));
	sqlite3_finalize(rows);
	sqlite3_free(error);
	return output_close(out, options, status);
}

static int compare(struct pair *pair, const struct options *options)
{
	struct session session;
	bool same = strcmp(pair->path[0], pair->path[1]) == 0;
	int status = session_open(&session, pair->path, same ? 1 : 2);
	for (int i = 0; i < 2 && status == EXIT_FINE; i++)
		status = session_find_snapshot(&session, pair->path[i], pair->selector[i],
		                               &pair->snapshot_id[i]);
	if (status == EXIT_FINE)
		status = print(&session, pair, options);
	session_close(&session);
	return status;
}

int verb_diff(const struct options *options)
{
	struct pair pair = {.selector = {NULL, NULL}};
	size_t count = options->word_count;
	int status = EXIT_INPUT;
	if (count < 1 || count > 2)
		return complain(EXIT_USAGE, "diff needs one FILE or two; see 'memanalyze diff --help'");
	for (size_t i = 0; i < 2; i++) {
		pair.path[i] = session_split_name(options->words[i < count ? i : 0], &pair.selector[i]);
		if (!pair.selector[i])
			pair.selector[i] = "last";
	}
	if (count == 1 && pair.path[0] && strcmp(pair.path[0], options->words[0]) == 0)
		pair.selector[0] = "first";
	if (pair.path[0] && pair.path[1])
		status = count == 1 && strcmp(pair.path[0], options->words[0]) != 0
		             ? complain(EXIT_USAGE, "diff of one snapshot: name another to compare it with")
		             : compare(&pair, options);
	free(pair.path[0]);
	free(pair.path[1]);
	return status;
}
