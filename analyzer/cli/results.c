/* results.c - see results.h. */
#include "results.h"

#include <math.h>
#include <string.h>

#include "exit.h"
#include "output.h"

static const double exact_end = 0x1p53; /* doubles from here on are not every integer */

static unsigned count_columns(const char *columns)
{
	unsigned n = 1;
	for (; *columns; columns++)
		n += *columns == ',';
	return n;
}

static bool execute(sqlite3 *db, char *sql)
{
	bool done = sql && sqlite3_exec(db, sql, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(sql);
	return done;
}

bool results_begin(struct results *results, const char *columns)
{
	char values[100] = "?";
	memset(results, 0, sizeof *results);
	for (unsigned n = count_columns(columns); n > 1 && strlen(values) + 3 < sizeof values; n--)
		strcat(values, ",?");
	if (sqlite3_open(":memory:", &results->db) == SQLITE_OK &&
	    execute(results->db, sqlite3_mprintf("CREATE TABLE result (%s)", columns))) {
		char *sql = sqlite3_mprintf("INSERT INTO result VALUES (%s)", values);
		if (sql)
			sqlite3_prepare_v2(results->db, sql, -1, &results->insert, NULL);
		sqlite3_free(sql);
	}
	if (!results->insert)
		complain(EXIT_INPUT, "no table in memory: %s", sqlite3_errmsg(results->db));
	return results->insert != NULL;
}

void results_add(struct results *results)
{
	sqlite3_step(results->insert);
	sqlite3_reset(results->insert);
	sqlite3_clear_bindings(results->insert);
}

void results_bind_number(struct results *results, int index, double value)
{
	if (value == floor(value) && fabs(value) < exact_end)
		sqlite3_bind_int64(results->insert, index, (sqlite3_int64)value);
	else
		sqlite3_bind_double(results->insert, index, value);
}

int results_render(struct results *results, const struct options *options,
                   const struct render_options *look, FILE *out)
{
	sqlite3_stmt *rows = NULL;
	int status = EXIT_FINE;
	if (sqlite3_prepare_v2(results->db, "SELECT * FROM result ORDER BY rowid", -1, &rows, NULL) !=
	        SQLITE_OK ||
	    render_statement(rows, options->format, look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "%s", sqlite3_errmsg(results->db));
	sqlite3_finalize(rows);
	return status;
}

int results_print(struct results *results, const struct options *options, int status)
{
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	if (results_render(results, options, &look, out) != EXIT_FINE)
		status = EXIT_INPUT;
	int closed = output_close(out, options, EXIT_FINE);
	return closed == EXIT_FINE ? status : closed;
}

void results_end(struct results *results)
{
	sqlite3_finalize(results->insert);
	sqlite3_close(results->db);
}
