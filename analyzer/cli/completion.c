/* completion.c - see completion.h. */
#include "completion.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "nearest.h"

enum { NAME_BYTES_MAX = 64, WORDS_MAX = 20000 };

static const char *const keywords[] = {
    "SELECT", "FROM", "WHERE", "GROUP", "BY", "HAVING", "ORDER", "LIMIT", "OFFSET", "JOIN", "LEFT",
    "USING", "DISTINCT", "BETWEEN", "LIKE", "NULL", "AND", "NOT", "EXISTS", "CASE", "WHEN", "THEN",
    "ELSE", "END", "CAST", "WITH", "RECURSIVE", "UNION", "ALL", "EXCEPT", "INTERSECT", "OVER",
    "PARTITION", "WINDOW", "ROWS", "PRECEDING", "FOLLOWING", "DESC", "EXPLAIN", "QUERY", "PLAN",
    "VALUES", "count", "sum", "min", "max", "avg", "total", "coalesce", "nullif", "round",
    "row_number", "lag", "lead", "printf", "group_concat", "datetime", "substr", "abs", NULL,
};

static bool is_plain(const char *name)
{
	size_t length = strlen(name);
	if (length == 0 || length > NAME_BYTES_MAX || isdigit((unsigned char)name[0]))
		return false;
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && *name != '_')
			return false;
	return true;
}

static bool add(struct completion *completion, const char *word)
{
	if (completion->count == completion->capacity) {
		size_t capacity = completion->capacity ? 2 * completion->capacity : 256;
		char **grown = realloc(completion->words, capacity * sizeof *grown);
		if (!grown)
			return false;
		completion->words = grown;
		completion->capacity = capacity;
	}
	char *copy = strdup(word);
	if (copy)
		completion->words[completion->count++] = copy;
	return copy != NULL;
}

static bool add_all(struct completion *completion, const char *const *words)
{
	for (; *words; words++)
		if (!add(completion, *words))
			return false;
	return true;
}

/* A view that cannot be compiled has no columns here, but its name. */
static bool add_columns(struct completion *completion, sqlite3 *db, const char *table)
{
	sqlite3_stmt *stmt;
	bool ok = true;
	if (sqlite3_prepare_v2(db, "SELECT name FROM pragma_table_info(?1)", -1, &stmt, NULL) != SQLITE_OK)
		return true;
	sqlite3_bind_text(stmt, 1, table, -1, SQLITE_STATIC);
	while (ok && completion->count < WORDS_MAX && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		ok = !name || !is_plain(name) || add(completion, name);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static bool add_schema(struct completion *completion, sqlite3 *db)
{
	sqlite3_stmt *stmt;
	bool ok = true;
	if (sqlite3_prepare_v2(db, "SELECT name FROM sqlite_master WHERE type IN ('table', 'view')", -1,
	                       &stmt, NULL) != SQLITE_OK)
		return false;
	while (ok && completion->count < WORDS_MAX && sqlite3_step(stmt) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(stmt, 0);
		if (name && is_plain(name))
			ok = add(completion, name) && add_columns(completion, db, name);
	}
	sqlite3_finalize(stmt);
	return ok;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void sort(struct completion *completion)
{
	size_t kept = 0;
	qsort(completion->words, completion->count, sizeof *completion->words, compare);
	for (size_t i = 0; i < completion->count; i++) {
		if (kept && strcmp(completion->words[kept - 1], completion->words[i]) == 0)
			free(completion->words[i]);
		else
			completion->words[kept++] = completion->words[i];
	}
	completion->count = kept;
}

bool completion_collect(struct completion *completion, sqlite3 *db, const char *const *commands)
{
	memset(completion, 0, sizeof *completion);
	bool ok = add_all(completion, keywords) && add_all(completion, commands) &&
	          add_schema(completion, db);
	sort(completion);
	return ok;
}

void completion_free(struct completion *completion)
{
	for (size_t i = 0; i < completion->count; i++)
		free(completion->words[i]);
	free(completion->words);
	memset(completion, 0, sizeof *completion);
}

const char *completion_next(const struct completion *completion, const char *prefix, size_t *at)
{
	size_t length = strlen(prefix);
	while (*at < completion->count) {
		const char *word = completion->words[(*at)++];
		if (strncasecmp(word, prefix, length) == 0)
			return word;
	}
	return NULL;
}

const char *completion_nearest(const struct completion *completion, const char *typed)
{
	const char **words = calloc(completion->count + 1, sizeof *words);
	const char *near = NULL;
	for (size_t i = 0; words && i < completion->count; i++)
		words[i] = completion->words[i];
	if (words)
		near = nearest_word(typed, words);
	free(words);
	return near;
}
