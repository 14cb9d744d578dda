#include "report_query.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int fail(struct report_query *query)
{
	if (!query->error)
		query->error = sqlite3_mprintf("%s", sqlite3_errmsg(query->db));
	return -1;
}

int report_query_begin(struct report_query *query, const char *sql, int64_t id)
{
	query->statement = NULL;
	if (sqlite3_prepare_v2(query->db, sql, -1, &query->statement, NULL) != SQLITE_OK)
		return fail(query);
	sqlite3_bind_int64(query->statement, 1, id);
	return 0;
}

bool report_query_next(struct report_query *query)
{
	int step = sqlite3_step(query->statement);

	if (step != SQLITE_ROW && step != SQLITE_DONE)
		fail(query);
	return step == SQLITE_ROW;
}

int report_query_end(struct report_query *query)
{
	int result = sqlite3_finalize(query->statement);

	query->statement = NULL;
	return result == SQLITE_OK && !query->error ? 0 : fail(query);
}

struct figure report_query_figure(const struct report_query *query, int column)
{
	struct figure figure = {.known = false};

	switch (sqlite3_column_type(query->statement, column)) {
	case SQLITE_INTEGER:
		figure.known = true;
		figure.value = sqlite3_column_int64(query->statement, column);
		break;
	case SQLITE_FLOAT:
		figure.known = true;
		figure.value = llround(sqlite3_column_double(query->statement, column));
		break;
	}
	return figure;
}

struct ratio report_query_ratio(const struct report_query *query, int column)
{
	struct ratio ratio = {.known = false};

	if (sqlite3_column_type(query->statement, column) != SQLITE_NULL) {
		ratio.known = true;
		ratio.value = sqlite3_column_double(query->statement, column);
	}
	return ratio;
}

double report_query_double(const struct report_query *query, int column)
{
	if (sqlite3_column_type(query->statement, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(query->statement, column);
}

char *report_query_text(const struct report_query *query, int column)
{
	const char *text;
	const unsigned char *bytes;
	char *hex;
	size_t size;

	if (sqlite3_column_type(query->statement, column) != SQLITE_BLOB) {
		text = (const char *)sqlite3_column_text(query->statement, column);
		return text ? strdup(text) : NULL;
	}
	bytes = sqlite3_column_blob(query->statement, column);
	size = (size_t)sqlite3_column_bytes(query->statement, column);
	hex = malloc(2 * size + 1);
	for (size_t i = 0; hex && i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
	if (hex)
		hex[2 * size] = '\0';
	return hex;
}
