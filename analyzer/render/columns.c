#include "columns.h"

#include <stdlib.h>
#include <string.h>

#include "json_writer.h"

static bool is_taken(char **names, int count, const char *name)
{
	for (int i = 0; i < count; i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* The name itself, or the first of name_2, name_3 ... that no column before has. */
static char *unique_name(char **names, int count, const char *name)
{
	size_t capacity = strlen(name) + 16;
	char *unique = malloc(capacity);

	if (!unique)
		return NULL;
	snprintf(unique, capacity, "%s", name);
	for (int number = 2; is_taken(names, count, unique); number++)
		snprintf(unique, capacity, "%s_%d", name, number);
	return unique;
}

int columns_begin(struct columns *columns, sqlite3_stmt *statement)
{
	int count = sqlite3_column_count(statement);

	columns->count = 0;
	columns->names = calloc((size_t)count + 1, sizeof(*columns->names));
	if (!columns->names)
		return -1;
	while (columns->count < count) {
		const char *name = sqlite3_column_name(statement, columns->count);
		char *unique = unique_name(columns->names, columns->count, name ? name : "");

		if (!unique)
			return -1;
		columns->names[columns->count++] = unique;
	}
	return 0;
}

void columns_end(struct columns *columns)
{
	for (int i = 0; i < columns->count; i++)
		free(columns->names[i]);
	free(columns->names);
	columns->names = NULL;
	columns->count = 0;
}

static void print_blob(FILE *out, sqlite3_stmt *statement, int index)
{
	const unsigned char *bytes = sqlite3_column_blob(statement, index);
	int size = sqlite3_column_bytes(statement, index);

	for (int i = 0; i < size; i++)
		fprintf(out, "%02x", bytes[i]);
}

void columns_print_value(FILE *out, sqlite3_stmt *statement, int index)
{
	char number[32];

	switch (sqlite3_column_type(statement, index)) {
	case SQLITE_NULL:
		break;
	case SQLITE_INTEGER:
		fprintf(out, "%lld", (long long)sqlite3_column_int64(statement, index));
		break;
	case SQLITE_FLOAT:
		json_writer_format_double(number, sqlite3_column_double(statement, index));
		fputs(number, out);
		break;
	case SQLITE_BLOB:
		print_blob(out, statement, index);
		break;
	default: {
		const void *text = sqlite3_column_text(statement, index);

		fwrite(text ? text : "", 1, (size_t)sqlite3_column_bytes(statement, index), out);
	}
	}
}

bool columns_is_figure(sqlite3_stmt *statement, int index)
{
	int type = sqlite3_column_type(statement, index);
	const char *text;

	if (type != SQLITE_TEXT)
		return type == SQLITE_INTEGER || type == SQLITE_FLOAT;
	text = (const char *)sqlite3_column_text(statement, index);
	if (!text)
		return false;
	text += *text == '+' || *text == '-';
	if (*text < '0' || *text > '9')
		return false;
	text += strspn(text, "0123456789,.");
	return *text == '\0' || strcmp(text, " %") == 0 || strcmp(text, "%") == 0;
}
