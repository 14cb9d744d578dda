/* verb_record.c - memanalyze record. */
#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "exit.h"
#include "options.h"
#include "program.h"
#include "render/human.h"
#include "session.h"
#include "verbs.h"

static int fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));

static int fail(int status, const char *format, ...)
{
	char *text;
	va_list args;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		text = NULL;
	va_end(args);
	complain(EXIT_USAGE, "record: %s", text ? text : "out of memory");
	free(text);
	return status;
}

/* ---- the library --------------------------------------------------------- */

/*
 * libmemspan-malloc.so beside memanalyze, as it is built, or in the library folder beside
 * its own, as it is installed. To be freed; NULL after a complaint.
 */
static char *find_library(void)
{
	static const char *const places[] = {"", "/../" MEMANALYZE_LIBRARY_FOLDER, "/../lib"};
	char self[PATH_MAX], *path, *real;
	ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
	if (n <= 0)
		return NULL;
	self[n] = '\0';
	*strrchr(self, '/') = '\0';
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		if (asprintf(&path, "%s%s/" MEMANALYZE_MALLOC_LIBRARY, self, places[i]) < 0)
			return NULL;
		real = realpath(path, NULL);
		free(path);
		if (!real)
			continue;
		if (!strpbrk(real, ": "))
			return real;
		fail(0, "%s: LD_PRELOAD can name no path with a colon or a space", real);
		free(real);
		return NULL;
	}
	fail(0, "%s is neither beside memanalyze (%s) nor in ../%s", MEMANALYZE_MALLOC_LIBRARY, self,
	     MEMANALYZE_LIBRARY_FOLDER);
	return NULL;
}

/* ---- where to record ----------------------------------------------------- */

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

/* In a folder, or without -o: PROG.zst, and the pid before the ending if that exists. */
static char *default_path(const char *folder, const char *program)
{
	char *path;
	const char *slash = *folder ? "/" : "";
	if (asprintf(&path, "%s%s%s.zst", folder, slash, base_name(program)) < 0)
		return NULL;
	if (access(path, F_OK) != 0)
		return path;
	free(path);
	return asprintf(&path, "%s%s%s.%ld.zst", folder, slash, base_name(program),
	                (long)getpid()) < 0 ? NULL : path;
}

/*
 * Makes room for the recording, false after a complaint. The library in the program can but say
 * that it does not record; here it is a reason not to begin.
 */
static bool make_room(const char *path, bool force)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return true;
	if (S_ISREG(status.st_mode) && status.st_size == 0)
		return true;
	bool is_ours_to_replace = S_ISREG(status.st_mode) || S_ISLNK(status.st_mode);
	if (is_ours_to_replace && !force)
		return fail(0, "%s exists; --force replaces it", path);
	if (!is_ours_to_replace)
		return fail(0, "%s: no regular file; a recording cannot stand there", path);
	return unlink(path) == 0 || fail(0, "%s: %s", path, strerror(errno));
}

static bool may_be_written(const char *path)
{
	char *copy = strdup(path), *slash = copy ? strrchr(copy, '/') : NULL;
	if (slash)
		slash[slash == copy] = '\0';
	bool exists = access(path, F_OK) == 0;
	bool may = copy && access(exists ? path : slash ? copy : ".", exists ? W_OK : W_OK | X_OK) == 0;
	int error = errno;
	free(copy);
	return may || fail(0, "%s: %s", path, strerror(error));
}

/* The recording's path, to be freed; NULL after a complaint. */
static char *choose_path(const struct options *options, const char *program)
{
	struct stat status;
	const char *wanted = options->output;
	bool is_folder = !wanted || (stat(wanted, &status) == 0 && S_ISDIR(status.st_mode));
	char *path = is_folder ? default_path(wanted ? wanted : "", program) : strdup(wanted);
	if (path && (is_folder || make_room(path, options->force)) && may_be_written(path))
		return path;
	free(path);
	return NULL;
}

static char *append_escaped(char *to, const char *path)
{
	for (; *path; path++) {
		*to++ = *path;
		if (*path == '%')
			*to++ = '%';
	}
	*to = '\0';
	return to;
}

/*
 * MEMSPAN_DUMP is a pattern: % stands for itself when it is doubled. Absolute, for the processes
 * that PROG starts may do so from another folder.
 */
static char *as_pattern(const char *path)
{
	char folder[PATH_MAX] = "";
	if (path[0] != '/' && !getcwd(folder, sizeof folder))
		folder[0] = '\0';
	char *pattern = malloc(2 * (strlen(folder) + strlen(path)) + 2);
	if (!pattern)
		return NULL;
	char *to = append_escaped(pattern, folder);
	if (folder[0] && strcmp(folder, "/") != 0)
		*to++ = '/';
	append_escaped(to, path);
	return pattern;
}

/* ---- the program's environment -------------------------------------------- */

struct environment {
	const struct options *options;
	const char *library;
	const char *pattern;
};

static void set_if(const char *name, const char *value)
{
	if (value)
		setenv(name, value, 1);
}

/* In the child. */
static void set_environment(void *arg)
{
	const struct environment *to = arg;
	const char *others = getenv("LD_PRELOAD");
	char *preload = NULL, owner[24];
	if (others && *others && asprintf(&preload, "%s:%s", to->library, others) < 0)
		preload = NULL;
	setenv("LD_PRELOAD", preload ? preload : to->library, 1);
	setenv("MEMSPAN_DUMP", to->pattern, 1);
	snprintf(owner, sizeof owner, "%ld", (long)getpid());
	setenv("MEMSPAN_DUMP_OWNER", owner, 1);
	set_if("MEMSPAN_DUMP_INTERVAL", to->options->interval);
	set_if("MEMSPAN_DUMP_SIGNAL", to->options->signal);
	set_if("MEMSPAN_DUMP_EVERY", to->options->every);
	set_if("MEMSPAN_LEAKS", to->options->leaks ? "1" : NULL);
}

/* ---- what it ends with --------------------------------------------------- */

static const char totals_sql[] =
    "WITH mine (id) AS (SELECT s.id FROM snapshot AS s WHERE s.run_id ="
    "  (SELECT max(id) FROM run WHERE pid = ?1))"
    " SELECT (SELECT count(*) FROM mine),"
    " (SELECT max(heap_alloc) FROM mstats WHERE snapshot_id IN mine),"
    " (SELECT max(sys - heap_released) FROM mstats WHERE snapshot_id IN mine),"
    " total_alloc, nmalloc, heap_alloc, heap_objects, leaked_bytes, leaked_blocks"
    " FROM mstats LEFT JOIN leak_search USING (snapshot_id)"
    " WHERE snapshot_id = (SELECT max(id) FROM mine)";

static void print_blocks(const char *label, double bytes, int64_t blocks)
{
	fprintf(stderr, "  %-17s  %s in %s block%s\n", label, human_bytes(bytes).text,
	        human_count(blocks).text, blocks == 1 ? "" : "s");
}

static void print_totals(sqlite3_stmt *row, bool seeks_leaks)
{
	fprintf(stderr, "  snapshots          %s\n",
	        human_count(sqlite3_column_int64(row, 0)).text);
	print_blocks("allocated in all", sqlite3_column_double(row, 3), sqlite3_column_int64(row, 4));
	fprintf(stderr, "  in use at most     %s\n",
	        human_bytes(sqlite3_column_double(row, 1)).text);
	print_blocks("in use at the end", sqlite3_column_double(row, 5), sqlite3_column_int64(row, 6));
	fprintf(stderr, "  from the system    %s at most\n",
	        human_bytes(sqlite3_column_double(row, 2)).text);
	if (sqlite3_column_type(row, 7) != SQLITE_NULL)
		print_blocks("lost at the end", sqlite3_column_double(row, 7),
		             sqlite3_column_int64(row, 8));
	else if (seeks_leaks)
		fprintf(stderr, "  lost at the end    not known: it did not end by an exit, or its threads"
		                " did not stand still\n");
	if (sqlite3_column_int64(row, 4) == 0)
		warn("record: the program took no block from malloc: it brings an allocator of its own,"
		     " which is not recorded, or needs none");
}

static void summarize(const char *path, const struct child *child, bool seeks_leaks)
{
	struct session session;
	sqlite3_stmt *row = NULL;
	char *file = (char *)path;
	if (access(path, F_OK) != 0) {
		warn("record: nothing was recorded: the program ended without its exit handlers"
		     " (a signal, or an exec) before the first snapshot; --interval 1s takes more");
		return;
	}
	fprintf(stderr, "memanalyze: recorded %s\n", path);
	if (session_open(&session, &file, 1) == EXIT_FINE &&
	    sqlite3_prepare_v2(session.store.db, totals_sql, -1, &row, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(row, 1, child->pid);
		if (sqlite3_step(row) == SQLITE_ROW && sqlite3_column_int64(row, 0) > 0)
			print_totals(row, seeks_leaks);
	}
	sqlite3_finalize(row);
	session_close(&session);
	fprintf(stderr, "next: memanalyze report %s\n", path);
}

/* ---- all of it ------------------------------------------------------------ */

static int run_program(const struct options *options, const char *program,
                       const struct environment *environment, const char *path)
{
	struct child child;
	if (child_run(&child, program, options->words, set_environment, (void *)environment) != 0)
		return fail(EXIT_RECORD_FAILED, "no process for it: %s", strerror(errno));
	if (child.exec_error)
		return fail(child.exec_error == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, "%s: %s",
		            program, strerror(child.exec_error));
	summarize(path, &child, options->leaks);
	return child.status;
}

static int record(const struct options *options, const char *program)
{
	struct environment environment = {.options = options};
	int status = EXIT_RECORD_FAILED;
	const char *refused = program_refuses_preload(program);
	if (refused)
		return fail(EXIT_RECORD_FAILED, "%s %s", program, refused);
	char *library = find_library();
	char *path = library ? choose_path(options, program) : NULL;
	char *pattern = path ? as_pattern(path) : NULL;
	if (pattern) {
		environment.library = library;
		environment.pattern = pattern;
		status = run_program(options, program, &environment, path);
	}
	free(pattern);
	free(path);
	free(library);
	return status;
}

int verb_record(const struct options *options)
{
	if (options->word_count == 0)
		return fail(EXIT_RECORD_FAILED, "which program? See 'memanalyze record --help'");
	if (!*options->words[0])
		return fail(EXIT_NOT_FOUND, "an empty word names no program");
	char *program = program_find(options->words[0]);
	if (!program)
		return fail(errno == ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE, "%s: %s",
		            options->words[0], strerror(errno));
	int status = record(options, program);
	free(program);
	return status;
}
