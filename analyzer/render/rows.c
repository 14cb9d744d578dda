#include "rows.h"

#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "columns.h"
#include "json_writer.h"
#include "text.h"

static void json_value(struct json_writer *json, const char *key, sqlite3_stmt *row, int index)
{
	size_t size;

	switch (sqlite3_column_type(row, index)) {
	case SQLITE_NULL:
		json_writer_null(json, key);
		break;
	case SQLITE_INTEGER:
		json_writer_integer(json, key, sqlite3_column_int64(row, index));
		break;
	case SQLITE_FLOAT:
		json_writer_double(json, key, sqlite3_column_double(row, index));
		break;
	case SQLITE_BLOB: {
		const void *bytes = sqlite3_column_blob(row, index);

		json_writer_blob(json, key, bytes, (size_t)sqlite3_column_bytes(row, index));
		break;
	}
	default: {
		const char *text = (const char *)sqlite3_column_text(row, index);

		size = (size_t)sqlite3_column_bytes(row, index);
		json_writer_string(json, key, text ? text : "", text ? size : 0);
	}
	}
}

static void json_row(struct json_writer *json, const struct columns *columns, sqlite3_stmt *row)
{
	json_writer_object(json, NULL);
	for (int i = 0; i < columns->count; i++)
		json_value(json, columns->names[i], row, i);
	json_writer_object_end(json);
}

int rows_print_json(sqlite3_stmt *statement, FILE *out)
{
	struct json_writer json;
	struct columns columns;
	int step = SQLITE_NOMEM;

	json_writer_begin(&json, out, 1);
	json_writer_array(&json, NULL);
	if (columns_begin(&columns, statement) != 0)
		goto columns_failed;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW)
		json_row(&json, &columns, statement);
columns_failed:
	columns_end(&columns);
	json_writer_array_end(&json);
	putc('\n', out);
	return step;
}

int rows_print_ndjson(sqlite3_stmt *statement, FILE *out)
{
	struct columns columns;
	int step = SQLITE_NOMEM;

	if (columns_begin(&columns, statement) != 0)
		goto columns_failed;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		struct json_writer json;

		json_writer_begin(&json, out, 0);
		json_row(&json, &columns, statement);
		putc('\n', out);
	}
columns_failed:
	columns_end(&columns);
	return step;
}

void rows_print_csv_text(FILE *out, const char *bytes, size_t size)
{
	bool plain = size > 0;

	for (size_t i = 0; plain && i < size; i++)
		plain = !strchr("\",\r\n", bytes[i]) || bytes[i] == '\0';
	if (plain && (bytes[0] == ' ' || bytes[size - 1] == ' '))
		plain = false;
	if (plain) {
		fwrite(bytes, 1, size, out);
		return;
	}
	putc('"', out);
	for (size_t i = 0; i < size; i++) {
		if (bytes[i] == '"')
			putc('"', out);
		putc(bytes[i], out);
	}
	putc('"', out);
}

static void csv_value(FILE *out, sqlite3_stmt *row, int index, bool on_terminal)
{
	const char *text;
	size_t size;

	if (sqlite3_column_type(row, index) != SQLITE_TEXT) {
		columns_print_value(out, row, index);
		return;
	}
	text = (const char *)sqlite3_column_text(row, index);
	size = (size_t)sqlite3_column_bytes(row, index);
	if (on_terminal)
		text_print(out, text, size);
	else
		rows_print_csv_text(out, text, size);
}

int rows_print_csv(sqlite3_stmt *statement, FILE *out)
{
	int count = sqlite3_column_count(statement);
	bool on_terminal = isatty(fileno(out)) == 1;
	int step;

	for (int i = 0; i < count; i++) {
		const char *name = sqlite3_column_name(statement, i);

		if (i > 0)
			putc(',', out);
		if (on_terminal)
			text_print(out, name, strlen(name));
		else
			rows_print_csv_text(out, name, strlen(name));
	}
	if (count > 0)
		putc('\n', out);
	while ((step = sqlite3_step(statement)) == SQLITE_ROW) {
		for (int i = 0; i < count; i++) {
			if (i > 0)
				putc(',', out);
			csv_value(out, statement, i, on_terminal);
		}
		putc('\n', out);
	}
	return step;
}

void rows_print_markdown_text(FILE *out, const char *bytes, size_t size)
{
	for (size_t i = 0, step; i < size; i += step) {
		if (strchr("|\\`*<>[]", bytes[i]) && bytes[i]) {
			step = 1;
			putc('\\', out);
			putc(bytes[i], out);
			continue;
		}
		step = 1;
		while (i + step < size && !strchr("|\\`*<>[]", bytes[i + step]))
			step++;
		text_print(out, bytes + i, step);
	}
}

static void markdown_head(FILE *out, sqlite3_stmt *statement, int count, bool has_row)
{
	putc('|', out);
	for (int i = 0; i < count; i++) {
		const char *name = sqlite3_column_name(statement, i);

		putc(' ', out);
		rows_print_markdown_text(out, name, strlen(name));
		fputs(" |", out);
	}
	fputs("\n|", out);
	for (int i = 0; i < count; i++) {
		fputs(has_row && columns_is_figure(statement, i) ? " ---: |" : " --- |", out);
	}
	putc('\n', out);
}

static void markdown_value(FILE *out, sqlite3_stmt *row, int index)
{
	int type = sqlite3_column_type(row, index);

	if (type == SQLITE_NULL)
		putc('-', out);
	else if (type == SQLITE_TEXT)
		rows_print_markdown_text(out, (const char *)sqlite3_column_text(row, index),
					 (size_t)sqlite3_column_bytes(row, index));
	else
		columns_print_value(out, row, index);
}

int rows_print_markdown(sqlite3_stmt *statement, FILE *out)
{
	int count = sqlite3_column_count(statement);
	int step = sqlite3_step(statement);

	if (count == 0)
		return step;
	markdown_head(out, statement, count, step == SQLITE_ROW);
	for (; step == SQLITE_ROW; step = sqlite3_step(statement)) {
		putc('|', out);
		for (int i = 0; i < count; i++) {
			putc(' ', out);
			markdown_value(out, statement, i);
			fputs(" |", out);
		}
		putc('\n', out);
	}
	return step;
}
