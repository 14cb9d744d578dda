/* verb_salvage.c - memanalyze salvage. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exit.h"
#include "options.h"
#include "output.h"
#include "results.h"
#include "salvage.h"
#include "session.h"
#include "verbs.h"

enum { LOSSES_SAID = 10 };

struct losses {
	const char *path;
	struct results *rows; /* NULL: said on standard error */
	uint64_t count;
};

static void say_loss(void *arg, const struct snapshot_issue *issue)
{
	struct losses *losses = arg;
	if (losses->rows) {
		sqlite3_stmt *row = losses->rows->insert;
		sqlite3_bind_int64(row, 1, (sqlite3_int64)issue->offset);
		sqlite3_bind_int64(row, 2, (sqlite3_int64)issue->bytes_skipped);
		sqlite3_bind_text(row, 3, snapshot_issue_name(issue->code), -1, SQLITE_STATIC);
		sqlite3_bind_text(row, 4, issue->message, -1, SQLITE_TRANSIENT);
		results_add(losses->rows);
	} else if (losses->count < LOSSES_SAID) {
		warn("%s: at byte %llu: %s; %llu bytes left out", losses->path,
		     (unsigned long long)issue->offset, issue->message,
		     (unsigned long long)issue->bytes_skipped);
	}
	losses->count++;
}

static void say_sums(const char *path, const struct salvage_result *r)
{
	if (r->places > LOSSES_SAID)
		warn("and %llu more places; --format table lists them all",
		     (unsigned long long)(r->places - LOSSES_SAID));
	fprintf(stderr, "%s: %llu snapshot%s of %llu run%s; %llu of %llu segments as they were, ", path,
	        (unsigned long long)r->snapshots, r->snapshots == 1 ? "" : "s",
	        (unsigned long long)r->runs, r->runs == 1 ? "" : "s",
	        (unsigned long long)r->segments_copied, (unsigned long long)r->segments);
	if (r->places)
		fprintf(stderr, "%llu bytes left out in %llu place%s\n", (unsigned long long)r->bytes_lost,
		        (unsigned long long)r->places, r->places == 1 ? "" : "s");
	else
		fputs("nothing left out\n", stderr);
}

static int explain_failure(const struct source *source, const struct options *options,
                           enum salvage_status status)
{
	switch (status) {
	case SALVAGE_NO_MEMORY:
		return complain(EXIT_INPUT, "%s: out of memory", source->path);
	case SALVAGE_READ_ERROR:
		return complain(EXIT_INPUT, "%s: %s", source->path, strerror(errno));
	default:
		return complain(EXIT_INPUT, "%s: %s", options->output, strerror(errno));
	}
}

static int judge(const struct source *source, const struct options *options,
                 const struct salvage_result *result)
{
	if (result->snapshots == 0)
		return complain(EXIT_INPUT, "%s: no valid snapshot in it; nothing was written",
		                source->path);
	return result->damaged || (result->unfinished && options->strict) ? EXIT_DAMAGE : EXIT_FINE;
}

static int save(const struct source *source, const struct options *options, struct results *rows)
{
	struct losses losses = {.path = source->path, .rows = rows};
	struct salvage_result result;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	enum salvage_status done = salvage(source, out, say_loss, &losses, &result);
	int status = done == SALVAGE_OK ? judge(source, options, &result)
	                                : explain_failure(source, options, done);
	(void)!fchmod(fileno(out), 0600); /* as private as what it was made of */
	status = output_close(out, options, status);
	if (!rows && (status == EXIT_FINE || status == EXIT_DAMAGE))
		say_sums(options->output, &result);
	return status;
}

static int save_and_print(const struct source *source, const struct options *options)
{
	struct results rows;
	struct options print = *options;
	print.output = NULL; /* that is the new recording */
	if (!options->has_format)
		return save(source, options, NULL);
	if (!results_begin(&rows, "byte_offset, bytes, code, message"))
		return EXIT_INPUT;
	int status = save(source, options, &rows);
	if (status == EXIT_FINE || status == EXIT_DAMAGE)
		status = results_print(&rows, &print, status);
	results_end(&rows);
	return status;
}

int verb_salvage(const struct options *options)
{
	struct source_list sources = {0};
	char *error;
	int status;
	if (options->word_count != 1 || !options->output)
		return complain(EXIT_USAGE,
		                "salvage needs one FILE and -o NEW; see 'memanalyze salvage --help'");
	if ((status = session_refuse_selector("salvage", options->words[0])) != EXIT_FINE)
		return status;
	if (!source_add(&sources, options->words[0], &error)) {
		status = complain(EXIT_INPUT, "%s", error ? error : "out of memory");
		free(error);
	} else if (sources.first->folder) {
		status = complain(EXIT_INPUT, "%s: a folder; salvage saves one recording", options->words[0]);
	} else if (sources.recordings == 0) {
		status = complain(EXIT_INPUT, "%s: is no memspan recording", options->words[0]);
	} else {
		status = save_and_print(sources.first, options);
	}
	source_list_free(&sources);
	return status;
}
