/* session.c - see session.h. */
#include "session.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "progress.h"
#include "go_import.h"
#include "merge.h"
#include "span_table.h"

static bool is_number(const char *text, size_t length)
{
	return length > 0 && length < 19 && strspn(text, "0123456789") >= length;
}

/* run=N, which may stand before the rest: its length with the comma; 0: there is none. */
static size_t run_prefix(const char *text)
{
	size_t length = strcspn(text, ",");
	if (strncmp(text, "run=", 4) != 0 || !is_number(text + 4, length - 4))
		return 0;
	return text[length] ? length + 1 : length;
}

static bool is_selector(const char *text)
{
	size_t prefix = run_prefix(text);
	text += prefix;
	if (prefix && !*text)
		return text[-1] != ',';
	if (strcmp(text, "first") == 0 || strcmp(text, "last") == 0)
		return true;
	if (strncmp(text, "gc=", 3) == 0)
		text += 3;
	return is_number(text, strlen(text));
}

char *session_split_name(const char *word, const char **selector)
{
	const char *at = strrchr(word, '@');
	*selector = NULL;
	if (!at || at == word || !is_selector(at + 1) || access(word, F_OK) == 0)
		return strdup(word);
	*selector = at + 1;
	return strndup(word, (size_t)(at - word));
}

bool session_is_input(const char *word)
{
	return word[0] == '-' && (!word[1] || word[1] == '@');
}

int session_refuse_selector(const char *verb, const char *word)
{
	const char *selector;
	char *name = session_split_name(word, &selector);
	int status = EXIT_FINE;
	if (name && selector && (session_is_input(name) || access(name, F_OK) == 0))
		status = complain(EXIT_USAGE, "%s takes %s as a whole, not its snapshot @%s", verb, name,
		                  selector);
	free(name);
	return status;
}

bool session_reads(const struct options *options, const char *path)
{
	struct stat target, read;
	bool same = false;
	if (!path || stat(path, &target) != 0)
		return false;
	for (size_t i = 0; i < options->word_count && !same; i++) {
		const char *selector;
		char *name = session_split_name(options->words[i], &selector);
		same = name && stat(name, &read) == 0 && read.st_dev == target.st_dev &&
		       read.st_ino == target.st_ino;
		free(name);
	}
	return same;
}

/* ---- import ------------------------------------------------------------ */

/* What is wrong with a database that could not be opened. */
static int explain_database(sqlite3 *db, const char *path, enum store_open_result opened)
{
	if (opened == STORE_FOREIGN)
		return complain(EXIT_INPUT, "%s: a database, but not one made by 'memanalyze load'", path);
	if (opened == STORE_NEWER)
		return complain(EXIT_INPUT, "%s: made by a newer version of memanalyze", path);
	return complain(EXIT_INPUT, "%s: %s", path, db ? sqlite3_errmsg(db) : "out of memory");
}

static int explain_failure(struct store *store, const struct source *source, enum import_status status)
{
	switch (status) {
	case IMPORT_NO_MEMORY:
		return complain(EXIT_INPUT, "%s: out of memory", source->path);
	case IMPORT_READ_ERROR:
		return complain(EXIT_INPUT, "%s: %s", source->path, strerror(errno));
	default:
		if (sqlite3_errcode(store->db) == SQLITE_FULL)
			return complain(EXIT_INPUT, "%s: no room for it %s", source->path,
			                *sqlite3_db_filename(store->db, "main")
			                    ? "on the disk of the database"
			                    : "in the folder of temporary files (SQLITE_TMPDIR, TMPDIR, /var/tmp)");
		return complain(EXIT_INPUT, "%s: the database refused: %s", source->path,
		                sqlite3_errmsg(store->db));
	}
}

/* Why there is no snapshot in a source. */
static int explain_none(const struct source *source, const struct import_result *result)
{
	if (source->kind == SOURCE_TEXT && source_is_heap_dump(source))
		return complain(EXIT_INPUT,
		                "%s: a heap dump of Go, which is not read; a heap profile as text"
		                " (/debug/pprof/heap?debug=1) or MemStats as JSON has its figures",
		                source->path);
	if (source->kind == SOURCE_TEXT && !result->first_issue[0])
		return complain(EXIT_INPUT,
		                "%s: is neither a memspan recording nor a database made by load, and has none"
		                " of Go's figures in it (MemStats as JSON, a heap profile as text, gctrace)",
		                source->path);
	return complain(EXIT_INPUT, "%s: no valid snapshot in it%s%s", source->path,
	                result->first_issue[0] ? ": " : "", result->first_issue);
}

/* A file of a folder without a snapshot is passed over: silently, where it is just any text. */
static void pass_over(const struct source *source, struct import_result *result)
{
	if (source->kind == SOURCE_UNREADABLE) {
		warn("%s: %s; it is passed over", source->path, strerror(source->error));
		result->damaged = true;
	} else if (source->kind == SOURCE_RECORDING) {
		warn("%s: no valid snapshot in it%s%s; it is passed over", source->path,
		     result->first_issue[0] ? ": " : "", result->first_issue);
	} else {
		result->damaged = false; /* what is torn in it is not Go's */
		if (source_is_heap_dump(source))
			warn("%s: a heap dump of Go, which is not read; it is passed over", source->path);
	}
}

static void warn_of(const struct source *source, const struct import_result *result)
{
	if (source->kind == SOURCE_DATABASE && result->damaged)
		warn("%s: is of damaged sources; what was readable is shown", source->path);
	else if (result->damaged || result->unsupported)
		warn("%s: at byte %llu: %s; what is readable is shown", source->path,
		     (unsigned long long)result->first_issue_offset, result->first_issue);
	if (result->unfinished && source->kind == SOURCE_TEXT)
		warn("%s: breaks off within a figure; what stands before it is shown", source->path);
	else if (result->unfinished)
		warn("%s: %llu run%s did not end in an orderly way (killed, replaced by exec, or still running)",
		     source->path, (unsigned long long)result->unfinished,
		     result->unfinished == 1 ? "" : "s");
}

static int import_one(struct store *store, const struct source *source,
                      struct snapshot_places *places, struct import_result *result)
{
	struct progress progress;
	enum store_open_result opened = STORE_OPENED;
	enum import_status status = IMPORT_OK;
	memset(result, 0, sizeof *result);
	progress_begin(&progress, store->db, source, result);
	/* A heap dump holds strings of the program's, which may look like figures. */
	if (source->kind == SOURCE_TEXT && !source_is_heap_dump(source))
		status = import_go(store, source, result, progress_look, &progress);
	else if (source->kind == SOURCE_RECORDING)
		status = import_recording(store, source, places, result);
	else if (source->kind == SOURCE_DATABASE)
		status = import_database(store, source, result, &opened);
	progress_end(&progress);
	if (progress_is_stopped())
		return complain(EXIT_INPUT, "%s: interrupted; nothing of it was added", source->path);
	if (opened != STORE_OPENED)
		return explain_database(store->db, source->path, opened);
	if (status != IMPORT_OK)
		return explain_failure(store, source, status);
	if (result->seen > 0)
		warn_of(source, result);
	else if (source->folder)
		pass_over(source, result);
	else
		return explain_none(source, result);
	return EXIT_FINE;
}

static void add_up(struct import_result *all, const struct import_result *one)
{
	all->runs += one->runs;
	all->snapshots += one->snapshots;
	all->spans += one->spans;
	all->seen += one->seen;
	all->unfinished += one->unfinished;
	all->damaged |= one->damaged;
	all->unsupported |= one->unsupported;
}

/* Whether the next source is none of the folder that this one stands for. */
static bool ends_folder(const struct source *source)
{
	return source->folder && (!source->next || !source->next->folder ||
	                          strcmp(source->next->folder, source->folder) != 0);
}

int session_import(struct store *store, const struct source_list *sources,
                   struct snapshot_places *places, session_tell *tell, void *arg,
                   struct import_result *all)
{
	uint64_t seen_of_folder = 0;
	memset(all, 0, sizeof *all);
	for (const struct source *s = sources->first; s; s = s->next) {
		struct import_result one;
		int status = import_one(store, s, places, &one);
		if (status != EXIT_FINE)
			return status;
		add_up(all, &one);
		if (tell && (one.seen > 0 || s->kind != SOURCE_TEXT))
			tell(arg, s, &one);
		seen_of_folder += one.seen;
		if (ends_folder(s) && seen_of_folder == 0)
			return complain(EXIT_INPUT,
			                "%s: holds no memspan recording with a valid snapshot, and no text with"
			                " Go's figures; databases are named one by one",
			                s->folder);
		if (!s->folder || ends_folder(s))
			seen_of_folder = 0;
	}
	return EXIT_FINE;
}

/* Spans are read where they are, unless they come from a database among other FILEs. */
static bool open_memory(struct session *session)
{
	struct store *store = &session->store;
	return store_open_memory(store) &&
	       (session->sources.databases
	            ? store_span_table(store)
	            : span_table_create(store->db, &session->places) == SQLITE_OK) &&
	       store_views(store);
}

static int import_all(struct session *session)
{
	struct import_result all;
	if (!open_memory(session))
		return complain(EXIT_INPUT, "no database in memory: %s", sqlite3_errmsg(session->store.db));
	int status = session_import(&session->store, &session->sources,
	                            session->sources.databases ? NULL : &session->places, NULL, NULL,
	                            &all);
	session->damaged = all.damaged || all.unsupported;
	session->unfinished = all.unfinished > 0;
	return status;
}

/* ---- databases --------------------------------------------------------- */

/* The first column of the first row; 0: there is none. run: 0 for NULL. */
static int64_t number_of_run(sqlite3 *db, const char *sql, const char *text, int64_t value, int64_t run)
{
	sqlite3_stmt *stmt;
	int64_t result = 0;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return 0;
	if (text)
		sqlite3_bind_text(stmt, 1, text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(stmt, 2, value);
	if (run)
		sqlite3_bind_int64(stmt, 3, run);
	if (sqlite3_step(stmt) == SQLITE_ROW)
		result = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return result;
}

static int64_t number(sqlite3 *db, const char *sql, const char *text, int64_t value)
{
	return number_of_run(db, sql, text, value, 0);
}

static int open_database(struct session *session)
{
	const char *path = session->sources.first->path;
	char *name = store_name(session->sources.first);
	enum store_open_result opened = name ? store_open_read(&session->store, name) : STORE_FAILED;
	sqlite3_free(name);
	if (opened != STORE_OPENED)
		return explain_database(session->store.db, path, opened);
	sqlite3 *db = session->store.db;
	if (number(db, "SELECT count(*) FROM snapshot", NULL, 0) == 0)
		return complain(EXIT_INPUT, "%s: no snapshot in it", path);
	session->unfinished = number(db, "SELECT count(*) FROM run WHERE NOT complete", NULL, 0) > 0;
	session->damaged = number(db, "SELECT count(*) FROM import_issue WHERE severity <> 'warning'",
	                          NULL, 0) > 0;
	return EXIT_FINE;
}

/* ---- snapshots by name ------------------------------------------------- */

/*
 * Of the run that is named (?3), or the last with a snapshot. A folder (?1) stands for the files in it, a database
 * among other FILEs for the runs in it, which may have come with another of them.
 */
static int64_t find_in_run(const struct session *session, const char *of, const char *which,
                           int64_t value, int64_t run)
{
	bool is_merged = session->sources.databases && session->sources.count > 1;
	char *sql = sqlite3_mprintf(
	    "SELECT id FROM snapshot WHERE run_id = (SELECT id FROM (SELECT r.id,"
	    " row_number() OVER (ORDER BY r.id) AS n"
	    " FROM run AS r JOIN source AS s ON s.id = r.source_id WHERE ?1 IS NULL OR s.path = ?1"
	    " OR substr(s.path, 1, length(?1) + 1) = ?1 || '/'%s) AS named"
	    " WHERE CASE WHEN ?3 IS NULL THEN EXISTS (SELECT 1 FROM snapshot AS of"
	    " WHERE of.run_id = named.id) ELSE n = ?3 END ORDER BY n DESC LIMIT 1) %s",
	    is_merged ? " OR r.id IN (SELECT run_id FROM merged_run WHERE path = ?1)" : "", which);
	int64_t id = sql ? number_of_run(session->store.db, sql, of, value, run) : 0;
	sqlite3_free(sql);
	return id;
}

int session_find_snapshot(const struct session *session, const char *path, const char *selector,
                          int64_t *snapshot_id)
{
	bool is_database = session->sources.databases && session->sources.count == 1;
	const char *of = is_database ? NULL : path, *rest = selector + run_prefix(selector);
	int64_t run = rest != selector ? atoll(selector + strlen("run=")) : 0;
	if (strcmp(rest, "first") == 0)
		*snapshot_id = find_in_run(session, of, "ORDER BY seq LIMIT ?2", 1, run);
	else if (!*rest || strcmp(rest, "last") == 0)
		*snapshot_id = find_in_run(session, of, "ORDER BY seq DESC LIMIT ?2", 1, run);
	else if (strncmp(rest, "gc=", 3) == 0)
		*snapshot_id = find_in_run(session, of, "AND gc_num = ?2 ORDER BY seq DESC", atoll(rest + 3), run);
	else
		*snapshot_id = find_in_run(session, of, "AND seq = ?2", atoll(rest), run);
	if (*snapshot_id == 0)
		return complain(EXIT_USAGE, "%s: no snapshot @%s in %s", path, selector,
		                rest != selector ? "it" : "its last run");
	return EXIT_FINE;
}

int session_open(struct session *session, char **files, size_t count)
{
	memset(session, 0, sizeof *session);
	const char *selector = NULL;
	char *selected = NULL, *error;
	int status = EXIT_FINE;
	for (size_t i = 0; i < count && status == EXIT_FINE; i++) {
		const char *here;
		char *path = session_split_name(files[i], &here);
		if (!path || !source_add(&session->sources, path, &error)) {
			status = complain(EXIT_INPUT, "%s", path && error ? error : "out of memory");
			free(path ? error : NULL);
		}
		if (here && !selector) {
			selector = here;
			selected = path;
		} else {
			free(path);
		}
	}
	session->first = count ? strdup(files[0]) : NULL;
	if (status == EXIT_FINE)
		status = session->sources.databases && session->sources.count == 1
		             ? open_database(session)
		             : import_all(session);
	if (status == EXIT_FINE && selector)
		status = session_find_snapshot(session, selected, selector, &session->snapshot_id);
	free(selected);
	return status;
}

void session_close(struct session *session)
{
	store_close(&session->store);
	source_list_free(&session->sources);
	free(session->places.places);
	free(session->first);
	memset(session, 0, sizeof *session);
}

int session_status(const struct session *session, bool strict)
{
	if (session->damaged || (strict && session->unfinished))
		return EXIT_DAMAGE;
	return EXIT_FINE;
}
