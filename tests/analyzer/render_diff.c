#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "render/table.h"
#include "render_database.h"

static char *answer(sqlite3 *db, enum diff_question question, bool for_people, int64_t a, int64_t b)
{
	const struct render_options options = {.color = false};
	char *error, *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);
	struct diff diff;

	cr_assert(diff_begin(&diff, question, for_people, &(struct diff_side){db, a}, &(struct diff_side){db, b},
			     &error), "%s", error);
	cr_assert_eq(render_statement(diff.rows, RENDER_CSV, &options, out), SQLITE_DONE);
	diff_end(&diff);
	fclose(out);
	return text;
}

static char *diff(sqlite3 *db, int64_t a, int64_t b)
{
	return answer(db, DIFF_COMPARE, false, a, b);
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

Test(diff, people_read_signs_groups_of_digits_and_percent)
{
	sqlite3 *db = render_database();
	char *text = answer(db, DIFF_COMPARE, true, 1, 2);

	cr_assert_str_eq(text,
			 "kind,name,unit,a,b,change,percent\n"
			 "mstats,heap_alloc,bytes,\"30,000\",\"40,000\",\"+10,000\",+33.3\n"
			 "mstats,heap_idle,bytes,\"1,081,344\",\"1,073,152\",\"-8,192\",-0.8\n"
			 "mstats,heap_inuse,bytes,\"40,960\",\"49,152\",\"+8,192\",+20.0\n"
			 "mstats,retained,bytes,\"294,912\",\"286,720\",\"-8,192\",-2.8\n"
			 "mstats,fragmentation,bytes,\"10,960\",\"9,152\",\"-1,808\",-16.5\n");
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

	cr_assert_not(diff_begin(&diff, DIFF_COMPARE, false, &(struct diff_side){db, 1},
				 &(struct diff_side){db, 77}, &error));
	diff_end(&diff);
	cr_assert(strstr(error, "77"));
	sqlite3_free(error);
	sqlite3_close(db);
}

Test(diff, subtracted_is_what_was_counted_in_between)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(db, "UPDATE mstats SET total_alloc = 1000 * snapshot_id, nmalloc = 20 *"
				   " snapshot_id, nfree = 7, tinyallocs = NULL, numgc = 2 * snapshot_id,"
				   " numforcedgc = 0, pause_total_ns = 500 * snapshot_id;"
				   "UPDATE snapshot SET mono_ns = id * 500000000;"
				   "DELETE FROM by_size; INSERT INTO by_size VALUES (2, 1, 8, 10, 1),"
				   " (4, 1, 8, 15, 1), (2, 5, 64, 0, 0), (4, 5, 64, 3, 2), (2, 9, 128, 4, 4),"
				   " (4, 9, 128, 4, 4)");
	text = answer(db, DIFF_SUBTRACT, false, 2, 4);
	cr_assert_str_eq(text, "kind,name,unit,amount,per_second\n"
			       "time,elapsed,ns,1000000000,\n"
			       "mstats,total_alloc,bytes,2000,2000.0\n"
			       "mstats,nmalloc,objects,40,40.0\n"
			       "mstats,nfree,objects,0,0.0\n"
			       "mstats,numgc,cycles,4,4.0\n"
			       "mstats,numforcedgc,cycles,0,0.0\n"
			       "mstats,pause_total_ns,ns,1000,1000.0\n"
			       "allocated,5 (64 bytes),bytes,192,192.0\n"
			       "allocated,1 (8 bytes),bytes,40,40.0\n"
			       "freed,5 (64 bytes),bytes,128,128.0\n");
	free(text);
	render_database_change(db, "UPDATE snapshot SET mono_ns = NULL, unix_ns = 5");
	text = answer(db, DIFF_SUBTRACT, false, 2, 4);
	cr_assert(strstr(text, "time,elapsed,ns,0,\nmstats,total_alloc,bytes,2000,\n"), "%s", text);
	free(text);
	sqlite3_close(db);
}

Test(diff, there_is_a_between_only_forward_in_one_run)
{
	sqlite3 *db = render_database();

	render_database_change(db, "INSERT INTO run (id, source_id, uuid) VALUES (2, 1, 'another');"
				   "INSERT INTO snapshot VALUES (90, 2, 9, 9, 'gc', 1, 1)");
	cr_assert(diff_is_forward(&(struct diff_side){db, 2}, &(struct diff_side){db, 4}));
	cr_assert(diff_is_forward(&(struct diff_side){db, 2}, &(struct diff_side){db, 2}));
	cr_assert_not(diff_is_forward(&(struct diff_side){db, 4}, &(struct diff_side){db, 2}));
	cr_assert_not(diff_is_forward(&(struct diff_side){db, 2}, &(struct diff_side){db, 90}));
	cr_assert_not(diff_is_forward(&(struct diff_side){db, 2}, &(struct diff_side){db, 77}));
	sqlite3_close(db);
}
