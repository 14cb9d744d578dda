#include "table.h"

#include <stdlib.h>
#include <string.h>

#include "columns.h"
#include "rows.h"
#include "text.h"

/*
 * The widths are those of the rows kept, KEEP_BYTES_MAX of them; rows beyond are printed as
 * they come and may stand out of line, so that a result of any length takes bounded memory.
 */
enum { KEEP_BYTES_MAX = 16 << 20 };

struct cell {
	char *text; /* as printed */
	size_t columns;
};

struct table {
	sqlite3_stmt *statement;
	struct cell *cells; /* row by row */
	size_t cell_count, cell_capacity, bytes;
	int columns;
	size_t *width;
	bool *is_left; /* has a value that is no figure */
	bool *has_value;
};

/* The current row's value as it will be printed: NULL as "-", text with escapes. */
static int cell_begin(struct cell *cell, sqlite3_stmt *statement, int index)
{
	size_t size;
	FILE *out = open_memstream(&cell->text, &size);
	const char *text;

	if (!out)
		return -1;
	switch (sqlite3_column_type(statement, index)) {
	case SQLITE_NULL:
		putc('-', out);
		cell->columns = 1;
		break;
	case SQLITE_BLOB:
		columns_print_value(out, statement, index);
		cell->columns = 2 * (size_t)sqlite3_column_bytes(statement, index);
		break;
	default:
		text = (const char *)sqlite3_column_text(statement, index);
		cell->columns =
			text_print(out, text ? text : "",
				   text ? (size_t)sqlite3_column_bytes(statement, index) : 0);
	}
	if (fclose(out) != 0) {
		free(cell->text);
		return -1;
	}
	return 0;
}

static int table_begin(struct table *table, sqlite3_stmt *statement)
{
	size_t count = (size_t)sqlite3_column_count(statement);

	memset(table, 0, sizeof(*table));
	table->statement = statement;
	table->columns = (int)count;
	table->width = calloc(count + 1, sizeof(*table->width));
	table->is_left = calloc(count + 1, sizeof(*table->is_left));
	table->has_value = calloc(count + 1, sizeof(*table->has_value));
	if (!table->width || !table->is_left || !table->has_value)
		return -1;
	for (size_t i = 0; i < count; i++) {
		const char *name = sqlite3_column_name(statement, (int)i);

		table->width[i] = text_print(NULL, name, strlen(name));
	}
	return 0;
}

static void table_end(struct table *table)
{
	for (size_t i = 0; i < table->cell_count; i++)
		free(table->cells[i].text);
	free(table->cells);
	free(table->width);
	free(table->is_left);
	free(table->has_value);
}

static struct cell *next_cell(struct table *table)
{
	if (table->cell_count == table->cell_capacity) {
		size_t capacity = table->cell_capacity ? 2 * table->cell_capacity : 64;
		struct cell *cells = realloc(table->cells, capacity * sizeof(*cells));

		if (!cells)
			return NULL;
		table->cells = cells;
		table->cell_capacity = capacity;
	}
	return &table->cells[table->cell_count];
}

static int keep_row(struct table *table)
{
	for (int i = 0; i < table->columns; i++) {
		int type = sqlite3_column_type(table->statement, i);
		struct cell *cell = next_cell(table);

		if (!cell || cell_begin(cell, table->statement, i) != 0)
			return -1;
		table->cell_count++;
		table->bytes += sizeof(*cell) + strlen(cell->text) + 16;
		if (cell->columns > table->width[i])
			table->width[i] = cell->columns;
		if (type != SQLITE_NULL && !columns_is_figure(table->statement, i))
			table->is_left[i] = true;
		if (type != SQLITE_NULL)
			table->has_value[i] = true;
	}
	return 0;
}

static void print_cell(const struct table *table, int index, const char *text, size_t columns,
		       FILE *out)
{
	size_t width = table->width[index];
	size_t gap = columns < width ? width - columns : 0;
	bool is_left = table->is_left[index] || !table->has_value[index];

	if (index > 0)
		fputs("  ", out);
	if (!is_left)
		text_pad(out, gap);
	fputs(text, out);
	if (is_left && index + 1 < table->columns)
		text_pad(out, gap);
}

static void print_head(const struct table *table, const struct render_options *options, FILE *out)
{
	for (int i = 0; i < table->columns; i++) {
		const char *name = sqlite3_column_name(table->statement, i);
		size_t columns = text_print(NULL, name, strlen(name));
		size_t gap = table->width[i] - columns;
		bool is_left = table->is_left[i] || !table->has_value[i];

		if (i > 0)
			fputs("  ", out);
		if (!is_left)
			text_pad(out, gap);
		fputs(options->color ? "\033[1m" : "", out);
		text_print(out, name, strlen(name));
		fputs(options->color ? "\033[0m" : "", out);
		if (is_left && i + 1 < table->columns)
			text_pad(out, gap);
	}
	putc('\n', out);
	for (int i = 0; i < table->columns; i++) {
		if (i > 0)
			fputs("  ", out);
		for (size_t j = 0; j < table->width[i]; j++)
			fputs(options->unicode ? "\u2500" : "-", out);
	}
	putc('\n', out);
}

static void print_kept(const struct table *table, FILE *out)
{
	for (size_t i = 0; i < table->cell_count; i++) {
		int column = (int)(i % (size_t)table->columns);

		print_cell(table, column, table->cells[i].text, table->cells[i].columns, out);
		if (column + 1 == table->columns)
			putc('\n', out);
	}
}

static int print_current(const struct table *table, FILE *out)
{
	for (int i = 0; i < table->columns; i++) {
		struct cell cell;

		if (cell_begin(&cell, table->statement, i) != 0)
			return -1;
		print_cell(table, i, cell.text, cell.columns, out);
		free(cell.text);
	}
	putc('\n', out);
	return 0;
}

static int print_table(sqlite3_stmt *statement, const struct render_options *options, FILE *out)
{
	struct table table;
	int step = SQLITE_NOMEM;

	if (table_begin(&table, statement) != 0)
		goto failed;
	while ((step = sqlite3_step(statement)) == SQLITE_ROW && table.bytes < KEEP_BYTES_MAX)
		if (keep_row(&table) != 0) {
			step = SQLITE_NOMEM;
			goto failed;
		}
	if (table.columns == 0)
		goto failed;
	print_head(&table, options, out);
	print_kept(&table, out);
	for (; step == SQLITE_ROW; step = sqlite3_step(statement))
		if (print_current(&table, out) != 0) {
			step = SQLITE_NOMEM;
			goto failed;
		}
failed:
	table_end(&table);
	return step;
}

int render_statement(sqlite3_stmt *statement, enum render_format format,
		     const struct render_options *options, FILE *out)
{
	switch (format) {
	case RENDER_JSON:
		return rows_print_json(statement, out);
	case RENDER_NDJSON:
		return rows_print_ndjson(statement, out);
	case RENDER_CSV:
		return rows_print_csv(statement, out);
	case RENDER_MARKDOWN:
		return rows_print_markdown(statement, out);
	case RENDER_TABLE:
	case RENDER_HTML:
	case RENDER_SVG:
		break;
	}
	return print_table(statement, options, out);
}
