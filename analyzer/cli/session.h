/*
 * session - the FILEs of a command, opened as one database to ask.
 *
 * Recordings are imported into memory, their spans read through a cursor over the files;
 * a database made by load is opened as it is, for reading. Beside other FILEs it is imported as
 * well, and all spans are.
 */
#ifndef SESSION_H
#define SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "import.h"
#include "options.h"
#include "source.h"
#include "store.h"

struct session {
	struct store store;
	struct source_list sources;
	struct snapshot_places places;
	int64_t snapshot_id;   /* named with FILE@...; 0: none was */
	bool damaged, unfinished;
	char *first;           /* the first FILE as it was typed, for suggestions */
};

/* EXIT_FINE, or the status after a complaint. Warnings go to stderr. */
int session_open(struct session *session, char **files, size_t count);
void session_close(struct session *session);

/*
 * The snapshot that `selector` (SEQ, gc=N, first, last) names in the last run of the source
 * at path; or in its Nth run, with run=N, before it or alone.
 * EXIT_FINE, or EXIT_USAGE after a complaint.
 */
int session_find_snapshot(const struct session *session, const char *path, const char *selector,
                          int64_t *snapshot_id);

/* What the command exits with when all else went well. */
int session_status(const struct session *session, bool strict);

/*
 * Imports the sources one after another, says on stderr what is wrong with each, and tells what
 * each added, those of a folder that have no figures left out. *all: the sums, and whether
 * anything is damaged, unsupported or could not be read. EXIT_FINE or a status.
 */
typedef void session_tell(void *arg, const struct source *source, const struct import_result *result);
int session_import(struct store *store, const struct source_list *sources,
                   struct snapshot_places *places, session_tell *tell, void *arg,
                   struct import_result *all);

/*
 * Splits FILE@SELECTOR unless a file of the whole name exists. Returns the file's name
 * (to be freed) and in *selector what stands behind the @, or NULL.
 */
char *session_split_name(const char *word, const char **selector);

/* Whether the FILE is standard input, or a snapshot in it. */
bool session_is_input(const char *word);

/* For verbs that take a FILE as a whole: EXIT_USAGE after a complaint if it names one snapshot. */
int session_refuse_selector(const char *verb, const char *word);

/* Whether the file at path (NULL: none) is one of the FILEs, also by another name. */
bool session_reads(const struct options *options, const char *path);

#endif
