#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "render_database.h"

struct told {
	int count;
	struct check_breach last;
};

static void remember(const struct check_breach *breach, void *arg)
{
	struct told *told = arg;

	told->count++;
	told->last = *breach;
}

static enum check_result check(sqlite3 *db, const char *metric, double max, bool over_any,
			       struct told *told)
{
	struct check_limit limit = {metric, max};
	char *error;
	enum check_result result;

	memset(told, 0, sizeof(*told));
	result = check_limit(db, &limit, over_any, remember, told, &error);
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
