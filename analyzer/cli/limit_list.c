/* limit_list.c - see limit_list.h. */
#define _GNU_SOURCE
#include "limit_list.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "text_file.h"

enum { BAD_LINES_TOLD = 20 };

/* ---- one limit ----------------------------------------------------------- */

static bool append(struct limit_list *list, const struct limit *limit)
{
	if (list->count == list->capacity) {
		size_t capacity = list->capacity ? 2 * list->capacity : 16;
		struct limit *grown = realloc(list->limits, capacity * sizeof *grown);
		if (!grown)
			return false;
		list->limits = grown;
		list->capacity = capacity;
	}
	list->limits[list->count++] = *limit;
	return true;
}

/* The text between the pointers without space at its ends; to be freed. */
static char *trimmed(const char *from, const char *to)
{
	while (from < to && isspace((unsigned char)*from))
		from++;
	while (to > from && isspace((unsigned char)to[-1]))
		to--;
	return strndup(from, (size_t)(to - from));
}

/* Adds METRIC=VALUE; NULL, or what is wrong with it. Takes origin. */
static const char *add(struct limit_list *list, const char *text, bool is_growth, char *origin)
{
	struct limit limit = {.is_growth = is_growth, .origin = origin};
	const char *equals = strchr(text, '='), *wrong = "out of memory";
	char *value = NULL;
	if (!equals) {
		wrong = "not METRIC=VALUE";
		goto refuse;
	}
	limit.metric = trimmed(text, equals);
	value = trimmed(equals + 1, equals + strlen(equals));
	if (!limit.metric || !value || !origin)
		goto refuse;
	if (!*limit.metric)
		wrong = "no metric before the =";
	else if (!amount_parse(value, &limit.amount))
		wrong = "not a finite number, with a unit or without";
	else if (append(list, &limit))
		wrong = NULL;
	if (wrong)
		goto refuse;
	free(value);
	return NULL;
refuse:
	free(value);
	free(limit.metric);
	free(origin);
	return wrong;
}

bool limit_list_add_option(struct limit_list *list, const char *text, bool is_growth)
{
	const char *option = is_growth ? "--max-growth" : "--max";
	char *origin = NULL;
	if (asprintf(&origin, "%s %s", option, text) < 0)
		origin = NULL;
	const char *wrong = add(list, text, is_growth, origin);
	if (wrong)
		complain(EXIT_USAGE, "%s %s: %s (units: %s)", option, text, wrong, amount_units);
	return !wrong;
}

/* ---- a file ---------------------------------------------------------------- */

/* The first word of the line makes it a growth; *line is then behind it. */
static bool take_growth(const char **line)
{
	static const char word[] = "max-growth";
	const char *at = *line + strspn(*line, " \t");
	if (strncmp(at, word, sizeof word - 1) != 0 || !isspace((unsigned char)at[sizeof word - 1]))
		return false;
	*line = at + sizeof word - 1;
	return true;
}

/* NULL, or what is wrong with the line. */
static const char *add_line(struct limit_list *list, char *line, const char *path,
                            unsigned long number)
{
	const char *text = line;
	char *origin = NULL;
	line[strcspn(line, "#")] = '\0';
	if (!line[strspn(line, " \t\r\v\f")])
		return NULL;
	bool is_growth = take_growth(&text);
	if (asprintf(&origin, "%s:%lu", path, number) < 0)
		origin = NULL;
	return add(list, text, is_growth, origin);
}

/* How many lines are no limits; the first of them are told. */
static unsigned long add_lines(struct limit_list *list, char *text, const char *path)
{
	unsigned long number = 0, bad = 0;
	for (char *line; (line = strsep(&text, "\n"));) {
		const char *wrong = add_line(list, line, path, ++number);
		if (wrong && bad++ < BAD_LINES_TOLD)
			complain(EXIT_USAGE, "%s:%lu: %s: %.60s", path, number, wrong,
			         line + strspn(line, " \t"));
	}
	if (bad > BAD_LINES_TOLD)
		complain(EXIT_USAGE, "%s: %lu more lines are no limits", path, bad - BAD_LINES_TOLD);
	return bad;
}

bool limit_list_add_file(struct limit_list *list, const char *path)
{
	size_t before = list->count;
	char *text = text_file_read(path, "limits");
	bool good = text && add_lines(list, text, path) == 0;
	if (good && list->count == before) {
		complain(EXIT_USAGE, "%s: no limit in it", path);
		good = false;
	}
	free(text);
	return good;
}

void limit_list_free(struct limit_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->limits[i].metric);
		free(list->limits[i].origin);
	}
	free(list->limits);
}
