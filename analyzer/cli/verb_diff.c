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
	struct session session[2];
	struct diff_side side[2];
	bool same; /* one FILE: the first session is that of both */
};

static int print(const struct pair *pair, const struct options *options)
{
	struct diff diff;
	char *error;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	int status = session_status(&pair->session[0], options->strict);
	if (status == EXIT_FINE && !pair->same)
		status = session_status(&pair->session[1], options->strict);
	bool done = diff_begin(&diff, &pair->side[0], &pair->side[1], &error);
	if (!done || render_statement(diff.rows, options->format, &look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "diff: %s", error ? error : sqlite3_errmsg(diff.db));
	diff_end(&diff);
	sqlite3_free(error);
	return output_close(out, options, status);
}

static int find_side(struct pair *pair, int i)
{
	struct session *session = &pair->session[pair->same ? 0 : i];
	int status = i > 0 && pair->same ? EXIT_FINE : session_open(session, &pair->path[i], 1);
	pair->side[i].db = session->store.db;
	if (status == EXIT_FINE)
		status = session_find_snapshot(session, pair->path[i], pair->selector[i],
		                               &pair->side[i].snapshot_id);
	return status;
}

static int compare(struct pair *pair, const struct options *options)
{
	pair->same = strcmp(pair->path[0], pair->path[1]) == 0;
	int status = find_side(pair, 0);
	if (status == EXIT_FINE)
		status = find_side(pair, 1);
	if (status == EXIT_FINE)
		status = print(pair, options);
	session_close(&pair->session[0]);
	session_close(&pair->session[1]);
	return status;
}

int verb_diff(const struct options *options)
{
	struct pair pair = {.same = false};
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
