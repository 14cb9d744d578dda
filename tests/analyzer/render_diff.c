#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "render/table.h"
#include "render_database.h"

static char *diff(sqlite3 *db, int64_t a, int64_t b)
{
	const struct render_options options = {.color = false};
	char *error, *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct diff diff;

	cr_assert(diff_begin(&diff, &(struct diff_side){db, a}, &(struct diff_side){db, b}, &error),
		  "%s", error);
	cr_assert_eq(render_statement(diff.rows, RENDER_CSV, &options, out), SQLITE_DONE);
	diff_end(&diff);
	fclose(out);
	return text;
}

Test(diff, tells_the_largest_change_first_and_nothing_that_stayed)
{
	sqlite3 *db = render_database();
	char *text = diff(db, 1, 2);

	cr_assert_str_eq(text,
			 "kind,name,unit,a,b,change,ratio\n"
			 "mstats,heap_alloc,bytes,30000,40000,10000,0.3333333333333333\n"
			 "mstats,heap_idle,bytes,1081344,1073152,-8192,-0.007575757575757576\n"
			 "mstats,heap_inuse,bytes,40960,49152,8192,0.2\n"
			 "mstats,retained,bytes,294912,286720,-8192,-0.027777777777777776\n"
			 "mstats,fragmentation,bytes,10960,9152,-1808,-0.16496350364963502\n");
	free(text);
	sqlite3_close(db);
}

Test(diff, a_class_without_a_span_is_zero_and_without_spans_unknown)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(db, "INSERT OR REPLACE INTO span_sum VALUES"
				   " (4, 'inuse', 5, 0, 1, 8192, 128, 128, 8192, 8192, 0)");
	text = diff(db, 4, 5);
	cr_assert(strstr(text, "class,large,bytes,0,40960,40960,\n"), "%s", text);
	free(text);
	text = diff(db, 3, 5);
	cr_assert(strstr(text, "class,large,bytes,,40960,,\n"), "%s", text);
	free(text);
	sqlite3_close(db);
}

Test(diff, of_a_snapshot_with_itself_is_empty)
{
	sqlite3 *db = render_database();
	char *text = diff(db, 5, 5);

	cr_assert_str_eq(text, "kind,name,unit,a,b,change,ratio\n");
	free(text);
	sqlite3_close(db);
}

Test(diff, names_the_snapshot_that_is_missing)
{
	sqlite3 *db = render_database();
	char *error;

	struct diff diff;

	cr_assert_not(diff_begin(&diff, &(struct diff_side){db, 1}, &(struct diff_side){db, 77}, &error));
	diff_end(&diff);
	cr_assert(strstr(error, "77"));
	sqlite3_free(error);
	sqlite3_close(db);
}
