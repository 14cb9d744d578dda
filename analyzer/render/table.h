/*
 * table - the rows of a query in one of the output formats.
 */
#ifndef RENDER_TABLE_H
#define RENDER_TABLE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdio.h>

enum render_format {
	RENDER_TABLE,    /* aligned text for people */
	RENDER_JSON,     /* one array of objects; no row: [] */
	RENDER_NDJSON,   /* an object a line */
	RENDER_CSV,      /* RFC 4180, header always */
	RENDER_MARKDOWN,
	RENDER_HTML, /* a page; only of the report */
	RENDER_SVG,  /* a drawing; only of the map of spans */
};

struct render_options {
	bool color;      /* the terminal understands colour and wants it */
	bool unicode;    /* output may use characters beyond ASCII */
	unsigned width;  /* columns; 0: nothing is wrapped or cut */
};

/*
 * Steps the statement to its end and prints its rows. Returns SQLITE_DONE, or what
 * sqlite3_step returned instead; the caller finalizes. Write errors stay with `out`
 * (ferror).
 */
int render_statement(sqlite3_stmt *stmt, enum render_format format,
                     const struct render_options *options, FILE *out);

#endif
