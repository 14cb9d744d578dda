/* verb_diff.c - memanalyze diff. */
#include "diff.h"
#include "exit.h"
#include "output.h"
#include "pair.h"
#include "verbs.h"

static int print(const struct pair *pair, const struct options *options)
{
	const struct diff_side from = {pair->db[0], pair->snapshot_id[0]};
	const struct diff_side to = {pair->db[1], pair->snapshot_id[1]};
	struct diff diff;
	enum diff_question question = options->subtract ? DIFF_SUBTRACT : DIFF_COMPARE;
	char *error;
	if (options->subtract && !diff_is_forward(&from, &to))
		return complain(EXIT_USAGE, "--subtract needs two snapshots of one run, the earlier one first;"
		                            " without it any two are compared");
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	int status = pair_status(pair, options->strict);
	bool for_people = options->format == RENDER_TABLE || options->format == RENDER_MARKDOWN;
	bool done = diff_begin(&diff, question, for_people, &from, &to, &error);
	if (!done || render_statement(diff.rows, options->format, &look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "diff: %s", error ? error : sqlite3_errmsg(diff.db));
	diff_end(&diff);
	sqlite3_free(error);
	return output_close(out, options, status);
}

int verb_diff(const struct options *options)
{
	struct pair pair;
	if (options->word_count < 1 || options->word_count > 2)
		return complain(EXIT_USAGE, "diff needs one FILE or two; see 'memanalyze diff --help'");
	int status = pair_open(&pair, options->words, options->word_count, true);
	if (status == EXIT_FINE)
		status = print(&pair, options);
	pair_close(&pair);
	return status;
}
