#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "render_database.h"
#include "schema.h"

struct told {
	int count;
	struct check_finding last;
};

static void remember(const struct check_finding *finding, void *arg)
{
	struct told *told = arg;

	told->count++;
	told->last = *finding;
}

static enum check_result check(sqlite3 *db, const char *metric, double max, bool over_any,
			       struct told *told)
{
	struct check_limit limit = {metric, max};
	struct check_scope scope = {.over_any = over_any};
	char *error;
	enum check_result result;

	memset(told, 0, sizeof(*told));
	result = check_limit(db, &limit, &scope, remember, told, &error);
	cr_assert_eq(error != NULL, result == CHECK_METRIC || result == CHECK_FAILED);
	sqlite3_free(error);
	return result;
}

Test(check, levels_are_those_of_the_last_snapshot)
{
	sqlite3 *db = render_database();
	struct told told;

	cr_assert_eq(check(db, "heap_alloc", 57056, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "heap_alloc", 57055, false, &told), CHECK_BROKEN);
	cr_assert_eq(told.last.value, 57056);
	cr_assert_eq(told.last.seq, 4);
	cr_assert_eq(check(db, "fragmentation_ratio", 0.3, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "retained_bytes", 262143, false, &told), CHECK_BROKEN);
	sqlite3_close(db);
}

Test(check, over_any_looks_at_every_snapshot_and_tells_the_greatest)
{
	sqlite3 *db = render_database();
	struct told told;

	cr_assert_eq(check(db, "heap_inuse", 60000, false, &told), CHECK_BROKEN);
	cr_assert_eq(check(db, "heap_inuse", 80000, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "heap_inuse", 50000, true, &told), CHECK_BROKEN);
	cr_assert_eq(told.count, 1);
	cr_assert_eq(told.last.value, 81920);
	cr_assert_eq(told.last.seq, 3);
	sqlite3_close(db);
}

Test(check, pauses_are_those_of_the_run_in_any_unit)
{
	sqlite3 *db = render_database();
	struct told told;

	cr_assert_eq(check(db, "pause_p99_ms", 0.4, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "pause_p99_ms", 0.39, false, &told), CHECK_BROKEN);
	cr_assert_float_eq(told.last.value, 0.4, 1e-12);
	cr_assert_eq(check(db, "pause_max_us", 399, false, &told), CHECK_BROKEN);
	cr_assert_eq(check(db, "pause_p50_ns", 200000, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "pause_n", 3, false, &told), CHECK_BROKEN);
	cr_assert_eq(check(db, "cycles_per_second", 1, false, &told), CHECK_KEPT);
	sqlite3_close(db);
}

Test(check, one_snapshot_may_be_named)
{
	sqlite3 *db = render_database();
	struct check_limit level = {"heap_inuse", 0}, figure = {"pause_n", 0};
	struct check_scope scope = {.snapshot_id = 2};
	struct told told = {0};
	char *error;

	cr_assert_eq(check_limit(db, &level, &scope, remember, &told, &error), CHECK_BROKEN);
	cr_assert_eq(told.count, 1);
	cr_assert_eq(told.last.seq, 1);
	cr_assert_eq(check_limit(db, &figure, &scope, remember, &told, &error), CHECK_BROKEN);
	cr_assert_eq(told.count, 2);
	cr_assert_eq(told.last.seq, -1);
	sqlite3_close(db);
}

Test(check, a_metric_has_the_unit_of_its_column)
{
	sqlite3 *db = render_database();
	char unit[CHECK_UNIT_BYTES];
	double scale;

	render_database_change(db, schema_schema_doc);
	cr_assert_str_eq(check_unit(db, "heap_alloc", unit, &scale), "bytes");
	cr_assert_eq(scale, 1);
	cr_assert_str_eq(check_unit(db, "fragmentation_ratio", unit, &scale), "ratio");
	cr_assert_str_eq(check_unit(db, "pause_p99_ms", unit, &scale), "ns");
	cr_assert_eq(scale, 1e6);
	cr_assert_str_eq(check_unit(db, "pause_n", unit, &scale), "count");
	cr_assert_null(check_unit(db, "no_such", unit, &scale));
	cr_assert_null(check_unit(db, "", unit, &scale));
	sqlite3_close(db);
}

Test(check, text_is_no_number)
{
	sqlite3 *db = render_database();
	struct told told;

	cr_assert_eq(check(db, "reason", 1e9, false, &told), CHECK_UNKNOWN);
	sqlite3_close(db);
}

Test(check, what_is_unknown_never_passes)
{
	sqlite3 *db = render_database();
	struct told told;

	render_database_change(db, "UPDATE mstats SET heap_alloc = NULL WHERE snapshot_id = 2;"
				   "UPDATE mstats SET next_gc = NULL");
	cr_assert_eq(check(db, "heap_alloc", 1e9, false, &told), CHECK_KEPT);
	cr_assert_eq(check(db, "heap_alloc", 1e9, true, &told), CHECK_UNKNOWN);
	cr_assert_eq(told.last.seq, 1);
	cr_assert_eq(check(db, "next_gc", 1e9, false, &told), CHECK_UNKNOWN);
	render_database_change(db, "DELETE FROM gc_pause");
	cr_assert_eq(check(db, "pause_p99_ms", 5, false, &told), CHECK_UNKNOWN);
	sqlite3_close(db);
}

Test(check, an_unknown_metric_is_named_and_cannot_inject)
{
	sqlite3 *db = render_database();
	struct told told;

	cr_assert_eq(check(db, "no_such", 1, false, &told), CHECK_METRIC);
	cr_assert_eq(check(db, "sys\" FROM run; --", 1, false, &told), CHECK_METRIC);
	cr_assert_eq(check(db, "", 1, false, &told), CHECK_METRIC);
	sqlite3_close(db);
}
