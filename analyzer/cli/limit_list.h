/*
 * limit_list - what `check` holds a recording to, from the command line and from files.
 *
 * In a file a line is METRIC=VALUE, what --max takes, or "max-growth METRIC=VALUE". Space
 * around words and lines, empty lines and what follows a # do not count. Every line that is
 * no limit is named with its file and number.
 */
#ifndef LIMIT_LIST_H
#define LIMIT_LIST_H

#include <stdbool.h>
#include <stddef.h>

#include "amount.h"

struct limit {
	char *metric;
	struct amount amount;
	bool is_growth; /* over the baseline */
	char *origin;   /* the option as it was typed, or FILE:LINE */
};

struct limit_list {
	struct limit *limits;
	size_t count, capacity;
};

/* The METRIC=VALUE of --max, or of --max-growth; false after a complaint. */
bool limit_list_add_option(struct limit_list *list, const char *text, bool is_growth);

/* A file of them, - for standard input; false after a complaint. */
bool limit_list_add_file(struct limit_list *list, const char *path);

void limit_list_free(struct limit_list *list);

#endif
