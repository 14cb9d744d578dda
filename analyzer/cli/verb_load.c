/* verb_load.c - memanalyze load. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "exit.h"
#include "options.h"
#include "progress.h"
#include "results.h"
#include "session.h"
#include "verbs.h"

static bool is_source(const struct source_list *sources, const char *path)
{
	struct stat target, st;
	if (stat(path, &target) != 0)
		return false;
	for (const struct source *s = sources->first; s; s = s->next)
		if (fstat(s->fd, &st) == 0 && st.st_dev == target.st_dev && st.st_ino == target.st_ino)
			return true;
	return false;
}

/* A database of ours is added to, with --force as well; only other files are replaced by it. */
static int open_target(struct store *store, const struct options *options, bool *replaces)
{
	struct stat st;
	if (stat(options->output, &st) == 0 && !S_ISREG(st.st_mode))
		return complain(EXIT_USAGE, "%s: no regular file; a database cannot stand there",
		                options->output);
	enum store_open_result opened = store_open_write(store, options->output);
	*replaces = opened == STORE_FOREIGN && options->force;
	if (*replaces) {
		store_close(store);
		opened = store_open_fresh(store, options->output);
	}
	switch (opened) {
	case STORE_OPENED:
		return EXIT_FINE;
	case STORE_FOREIGN:
		return complain(EXIT_USAGE, "%s exists and is no database of memanalyze; --force replaces it",
		                options->output);
	case STORE_NEWER:
		return complain(EXIT_INPUT, "%s: made by a newer version of memanalyze", options->output);
	default:
		return store->db ? complain(EXIT_INPUT, "%s: %s", options->output, sqlite3_errmsg(store->db))
		                 : complain(EXIT_USAGE, "%s: %s", options->output, strerror(errno));
	}
}

static const char *kind_name(enum source_kind kind)
{
	static const char *const names[] = {[SOURCE_RECORDING] = "recording", [SOURCE_TEXT] = "text",
	                                    [SOURCE_DATABASE] = "database",
	                                    [SOURCE_UNREADABLE] = "unreadable"};
	return names[kind];
}

/* What a source added. */
static void add_row(void *arg, const struct source *source, const struct import_result *result)
{
	struct results *results = arg;
	sqlite3_stmt *row = results->insert;
	sqlite3_bind_text(row, 1, source->path, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, kind_name(source->kind), -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 3, (sqlite3_int64)result->runs);
	sqlite3_bind_int64(row, 4, (sqlite3_int64)result->snapshots);
	sqlite3_bind_int64(row, 5, (sqlite3_int64)result->spans);
	sqlite3_bind_int(row, 6, result->unfinished == 0);
	sqlite3_bind_int(row, 7, result->damaged || result->unsupported);
	results_add(results);
}

static int load_all(struct store *store, const struct source_list *sources,
                    const struct options *options, struct results *rows, struct import_result *added)
{
	int status =
	    session_import(store, sources, NULL, options->has_format ? add_row : NULL, rows, added);
	if (status != EXIT_FINE)
		return status;
	return added->damaged || added->unsupported || (added->unfinished && options->strict)
	           ? EXIT_DAMAGE
	           : EXIT_FINE;
}

static void say_added(const char *path, const struct import_result *added)
{
	fprintf(stderr, "%s: %llu run%s, %llu snapshot%s, %llu span%s added\n", path,
	        (unsigned long long)added->runs, added->runs == 1 ? "" : "s",
	        (unsigned long long)added->snapshots, added->snapshots == 1 ? "" : "s",
	        (unsigned long long)added->spans, added->spans == 1 ? "" : "s");
}

static int load(const struct source_list *sources, const struct options *options,
                struct results *rows)
{
	struct store store = {0};
	struct import_result added = {0};
	bool replaces = false;
	int status = open_target(&store, options, &replaces);
	if (status == EXIT_FINE)
		status = load_all(&store, sources, options, rows, &added);
	bool is_whole = status == EXIT_FINE || status == EXIT_DAMAGE;
	if (is_whole && store.fresh && !store_publish(&store, replaces))
		status = complain(EXIT_INPUT, "%s: %s", options->output, strerror(errno));
	else if (is_whole && !options->has_format)
		say_added(options->output, &added);
	store_close(&store);
	return status;
}

static int load_and_print(const struct source_list *sources, const struct options *options)
{
	struct results rows = {0};
	struct options print = *options;
	print.output = NULL; /* that is the database */
	if (options->has_format &&
	    !results_begin(&rows, "path, kind, runs, snapshots, spans, complete, damaged"))
		return EXIT_INPUT;
	int status = load(sources, options, &rows);
	if (options->has_format && (status == EXIT_FINE || status == EXIT_DAMAGE))
		status = results_print(&rows, &print, status);
	results_end(&rows);
	return status;
}

int verb_load(const struct options *options)
{
	struct source_list sources = {0};
	char *error;
	int status = EXIT_FINE;
	if (options->word_count == 0 || !options->output)
		return complain(EXIT_USAGE, "load needs a FILE and -o DB; see 'memanalyze load --help'");
	for (size_t i = 0; i < options->word_count && status == EXIT_FINE; i++)
		status = session_refuse_selector("load", options->words[i]);
	for (size_t i = 0; i < options->word_count && status == EXIT_FINE; i++)
		if (!source_add(&sources, options->words[i], &error)) {
			status = complain(EXIT_INPUT, "%s", error ? error : "out of memory");
			free(error);
		}
	if (status == EXIT_FINE && is_source(&sources, options->output))
		status = complain(EXIT_USAGE, "%s is one of the recordings to load", options->output);
	progress_catch_signals();
	if (status == EXIT_FINE)
		status = load_and_print(&sources, options);
	source_list_free(&sources);
	progress_die();
	return status;
}
