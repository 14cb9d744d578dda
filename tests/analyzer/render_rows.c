#include <criterion/criterion.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "render/table.h"

static const struct render_options plain = {.color = false, .unicode = false, .width = 80};

static char *rendered_with(const char *sql, enum render_format format,
			   const struct render_options *options, int expected_result)
{
	sqlite3 *db;
	sqlite3_stmt *statement;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK, "%s",
		     sqlite3_errmsg(db));
	cr_assert_eq(render_statement(statement, format, options, out), expected_result);
	fclose(out);
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text;
}

static void renders(const char *sql, enum render_format format, const char *expected)
{
	char *text = rendered_with(sql, format, &plain, SQLITE_DONE);

	cr_assert_str_eq(text, expected);
	free(text);
}

#define NO_ROW "SELECT 1 AS a, 'x' AS b WHERE 0"
#define ROWS                                                          \
	"SELECT 1 AS n, 'a,\"b' AS s, 0.1 AS d, NULL AS z UNION ALL " \
	"SELECT 1234, '', 2.0, x'00ff'"

Test(rows, no_row_is_an_empty_array_a_header_or_nothing)
{
	renders(NO_ROW, RENDER_JSON, "[]\n");
	renders(NO_ROW, RENDER_NDJSON, "");
	renders(NO_ROW, RENDER_CSV, "a,b\n");
	renders(NO_ROW, RENDER_TABLE, "a  b\n-  -\n");
	renders(NO_ROW, RENDER_MARKDOWN, "| a | b |\n| --- | --- |\n");
}

Test(rows, json_keeps_types)
{
	renders(ROWS, RENDER_JSON,
		"[\n  {\"n\": 1, \"s\": \"a,\\\"b\", \"d\": 0.1, \"z\": null},\n"
		"  {\"n\": 1234, \"s\": \"\", \"d\": 2.0, \"z\": \"00ff\"}\n]\n");
	renders(ROWS, RENDER_NDJSON,
		"{\"n\": 1, \"s\": \"a,\\\"b\", \"d\": 0.1, \"z\": null}\n"
		"{\"n\": 1234, \"s\": \"\", \"d\": 2.0, \"z\": \"00ff\"}\n");
}

Test(rows, csv_tells_null_from_the_empty_text)
{
	renders(ROWS, RENDER_CSV, "n,s,d,z\n1,\"a,\"\"b\",0.1,\n1234,\"\",2.0,00ff\n");
	renders("SELECT 'two\nlines' AS \"a,b\"", RENDER_CSV, "\"a,b\"\n\"two\nlines\"\n");
}

Test(rows, a_table_is_aligned_numbers_to_the_right)
{
	renders(ROWS, RENDER_TABLE,
		"   n  s       d  z\n"
		"----  ----  ---  ----\n"
		"   1  a,\"b  0.1  -\n"
		"1234        2.0  00ff\n");
}

Test(rows, a_table_counts_columns_not_bytes)
{
	renders("SELECT '\u6f22' AS a, 1 AS b UNION ALL SELECT 'abc', 2", RENDER_TABLE,
		"a    b\n---  -\n\u6f22   1\nabc  2\n");
}

Test(rows, a_hostile_text_cannot_reach_the_terminal)
{
	renders("SELECT char(27) || '[2J' || char(10) AS a", RENDER_TABLE,
		"a\n---------\n\\x1b[2J\\n\n");
	renders("SELECT 'a|b' || char(27) AS \"x|y\"", RENDER_MARKDOWN,
		"| x\\|y |\n| --- |\n| a\\|b\\x1b |\n");
}

Test(rows, columns_of_one_name_become_keys_of_their_own)
{
	renders("SELECT 1 AS a, 2 AS a, 3 AS a_2, 4 AS a", RENDER_NDJSON,
		"{\"a\": 1, \"a_2\": 2, \"a_2_2\": 3, \"a_3\": 4}\n");
}

Test(rows, integers_of_64_bits_are_exact)
{
	renders("SELECT -9223372036854775807 - 1 AS a", RENDER_NDJSON,
		"{\"a\": -9223372036854775808}\n");
}

Test(rows, an_error_in_the_middle_is_told_and_what_came_before_is_printed)
{
	char *text = rendered_with("SELECT 1 AS a UNION ALL SELECT abs(-9223372036854775807 - 1)",
				   RENDER_NDJSON, &plain, SQLITE_ERROR);

	cr_assert_str_eq(text, "{\"a\": 1}\n");
	free(text);
}

Test(rows, a_long_result_is_printed_whole)
{
	char *text = rendered_with("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
				   " WHERE i < 300000) SELECT i, printf('%064d', i) AS t FROM n",
				   RENDER_TABLE, &plain, SQLITE_DONE);
	size_t lines = 0;

	for (const char *at = text; (at = strchr(at, '\n')); at++)
		lines++;
	cr_assert_eq(lines, 300002);
	cr_assert(strstr(text, "\n300000  "));
	free(text);
}
