/*
 * columns - a statement's columns: names that can be keys, values as text.
 */
#ifndef RENDER_COLUMNS_H
#define RENDER_COLUMNS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

struct columns {
	int count;
	char **names; /* of a row's keys: a name that occurred before gets _2, _3 ... */
};

/* 0, or -1 when memory was refused; to be given back in both cases. */
int columns_begin(struct columns *columns, sqlite3_stmt *statement);
void columns_end(struct columns *columns);

/*
 * Prints the value in column `index` of the current row: NULL nothing, blobs as hexadecimal
 * digits, text as it is, doubles with the digits that read back as the same number.
 */
void columns_print_value(FILE *out, sqlite3_stmt *statement, int index);

/*
 * Whether the value of the current row is a figure, which stands to the right: a number, or a
 * text made of one, such as +1,024 or -3.5 %.
 */
bool columns_is_figure(sqlite3_stmt *statement, int index);

#endif
