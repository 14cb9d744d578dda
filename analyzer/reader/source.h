/*
 * source - what the user named: recordings, folders of them, standard input, a database, or
 * a text that may hold Go's own figures (import/go_import.h).
 *
 * Kinds are told by content, never by name. A recording is read through a descriptor at
 * any offset; standard input and other pipes are first copied to a temporary file without a
 * name, so that they can be read again. Of a folder each file counts that is a recording or may be a text;
 * whether a text has figures, only reading it tells.
 */
#ifndef SOURCE_H
#define SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * SOURCE_TEXT: neither of the others; only reading it tells whether it has figures.
 * SOURCE_UNREADABLE: a file of a folder that could not be opened.
 */
enum source_kind { SOURCE_RECORDING, SOURCE_DATABASE, SOURCE_TEXT, SOURCE_UNREADABLE };

struct source {
	char *path;           /* as the user will know it; "-" for standard input */
	enum source_kind kind;
	int fd;               /* open for reading; -1: a database that has a name, or unreadable */
	bool is_nameless;     /* path does not open it: fd does */
	int error;            /* errno of what is unreadable */
	uint64_t bytes;       /* size when it was opened */
	char *folder;         /* the folder in whose place it stands; NULL: it was named itself */
	struct source *next;
};

struct source_list {
	struct source *first, **end;
	size_t count, recordings, databases;
};

/*
 * Opens what `path` names and appends it; a folder stands for the recordings and texts in it, by
 * name. Every file stays open: the limit of open files is raised as far as it goes, if need be.
 * false with *error (to be freed): it names the path and says what is wrong.
 */
bool source_add(struct source_list *list, const char *path, char **error);
void source_list_free(struct source_list *list);

/* Whether it begins as what runtime/debug.WriteHeapDump writes, which has no reader here. */
bool source_is_heap_dump(const struct source *source);

/* Reads up to count bytes at offset; 0 at the end, -1 on an error (errno). Signals are survived. */
long source_read(const struct source *source, uint64_t offset, void *data, size_t count);

#endif
