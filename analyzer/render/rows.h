/*
 * rows - rows for machines: JSON, NDJSON, CSV and Markdown, one at a time, nothing kept.
 *
 * JSON and NDJSON: json_writer's rules. CSV: RFC 4180's quotes and header, lines end in a
 * newline alone, as line tools expect; NULL is an empty field and the empty text "". On a
 * terminal, and only there, CSV shows control characters as escapes. Markdown: a table of
 * GitHub's kind, | and control characters escaped, NULL is "-", numbers right-aligned by
 * the first row.
 *
 * Each returns what the last sqlite3_step returned, or SQLITE_NOMEM.
 */
#ifndef RENDER_ROWS_H
#define RENDER_ROWS_H

#include <sqlite3.h>
#include <stdio.h>

int rows_print_json(sqlite3_stmt *statement, FILE *out);
int rows_print_ndjson(sqlite3_stmt *statement, FILE *out);
int rows_print_csv(sqlite3_stmt *statement, FILE *out);
int rows_print_markdown(sqlite3_stmt *statement, FILE *out);

/* One field, quoted where it has to be. */
void rows_print_csv_text(FILE *out, const char *bytes, size_t size);
/* A cell of a Markdown table: text that neither a terminal nor the table obeys. */
void rows_print_markdown_text(FILE *out, const char *bytes, size_t size);

#endif
