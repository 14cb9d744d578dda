/*
 * completion - what a word at the shell's prompt could become: SQL's words, tables, views and
 * columns of the database, commands of the shell.
 *
 * Names that are no plain identifiers are left out: they would need quotes, and a database
 * from anywhere must not type for the user.
 */
#ifndef COMPLETION_H
#define COMPLETION_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>

struct completion {
	char **words; /* sorted, none twice */
	size_t count, capacity;
};

/* commands: NULL-terminated. false: out of memory, or the schema cannot be read. */
bool completion_collect(struct completion *completion, sqlite3 *db, const char *const *commands);
void completion_free(struct completion *completion);

/* From *at on, the next word that begins with the prefix, letters in either case; or NULL. */
const char *completion_next(const struct completion *completion, const char *prefix, size_t *at);

/* The word that is nearest to a mistyped one (nearest.h), or NULL. */
const char *completion_nearest(const struct completion *completion, const char *typed);

#endif
