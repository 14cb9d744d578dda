/* verb_report.c - memanalyze report. */
#include <stdlib.h>

#include "exit.h"
#include "output.h"
#include "report.h"
#include "session.h"
#include "verbs.h"

static int print(struct session *session, const struct options *options)
{
	char *error = NULL;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct report_options report = {
	    .format = options->format,
	    .render = output_look(options, out),
	    .snapshot_id = session->snapshot_id,
	    .file = session->first,
	};
	int status = session_status(session, options->strict);
	if (report_run(session->store.db, &report, out, &error) != 0)
		status = complain(EXIT_INPUT, "report: %s", error ? error : "out of memory");
	sqlite3_free(error);
	return output_close(out, options, status);
}

int verb_report(const struct options *options)
{
	struct session session;
	if (options->word_count == 0)
		return complain(EXIT_USAGE, "report needs a FILE; see 'memanalyze report --help'");
	int status = session_open(&session, options->words, options->word_count);
	if (status == EXIT_FINE)
		status = print(&session, options);
	session_close(&session);
	return status;
}
