/* The stable views against figures worked out by hand. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "schema.h"
#include "store.h"

static struct store store;

static void execute(const char *sql)
{
	char *error = NULL;
	cr_assert(sqlite3_exec(store.db, sql, NULL, NULL, &error) == SQLITE_OK, "%s: %s", sql, error);
}

static void open_store(void)
{
	cr_assert(store_open_memory(&store));
	execute(schema_span);
	cr_assert(store_views(&store), "%s", sqlite3_errmsg(store.db));
	execute("INSERT INTO source VALUES (1, 'here', 'recording', 1, 1, 0);"
	        "INSERT INTO run (id, source_id, uuid) VALUES (1, 1, 'one'), (2, 1, 'two');"
	        "INSERT INTO snapshot VALUES (1, 1, 0, 1, 'gc', 10, 10), (2, 1, 1, 2, 'gc', 20, 20);");
}

static void close_store(void)
{
	store_close(&store);
}

TestSuite(views, .init = open_store, .fini = close_store);

/* The first row of a query, columns divided by spaces. */
static const char *row(const char *sql)
{
	static char text[400];
	sqlite3_stmt *stmt;
	text[0] = '\0';
	cr_assert(sqlite3_prepare_v2(store.db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
	          sqlite3_errmsg(store.db));
	if (sqlite3_step(stmt) != SQLITE_ROW)
		snprintf(text, sizeof text, "no row");
	else
		for (int i = 0; i < sqlite3_column_count(stmt); i++) {
			const unsigned char *value = sqlite3_column_text(stmt, i);
			size_t used = strlen(text);
			snprintf(text + used, sizeof text - used, "%s%s", i ? " " : "",
			         value ? (const char *)value : "NULL");
		}
	sqlite3_finalize(stmt);
	return text;
}

static void pause(int run, int gc, int phase_ns, const char *phase)
{
	char sql[200];
	snprintf(sql, sizeof sql, "INSERT INTO gc_pause VALUES (%d, %d, '%s', %d, 1, %d)", run, gc,
	         phase, phase_ns, gc * 100);
	execute(sql);
}

Test(views, fragmentation_is_what_spans_hold_without_an_object)
{
	execute("INSERT INTO mstats (snapshot_id, heap_inuse, heap_alloc) VALUES (1, 8000, 6000)");
	cr_expect_str_eq(row("SELECT * FROM fragmentation"), "1 1 1 10 8000 6000 2000 0.25");
}

Test(views, a_ratio_over_zero_is_unknown)
{
	execute("INSERT INTO mstats (snapshot_id, heap_inuse, heap_alloc, heap_idle, heap_released,"
	        " heap_sys) VALUES (1, 0, 0, 0, 0, 0)");
	cr_expect_str_eq(row("SELECT fragmentation_bytes, fragmentation_ratio FROM fragmentation"),
	                 "0 NULL");
	cr_expect_str_eq(row("SELECT retained_bytes, retained_ratio FROM idle_memory"), "0 NULL");
}

Test(views, a_figure_that_is_missing_stays_missing)
{
	execute("INSERT INTO mstats (snapshot_id, heap_inuse) VALUES (1, 8000)");
	cr_expect_str_eq(row("SELECT heap_alloc_bytes, fragmentation_bytes, fragmentation_ratio"
	                     " FROM fragmentation"), "NULL NULL NULL");
	cr_expect_str_eq(row("SELECT count(*) FROM accounting"), "0");
}

Test(views, retained_memory_is_idle_and_not_released)
{
	execute("INSERT INTO mstats (snapshot_id, heap_idle, heap_released, heap_sys)"
	        " VALUES (1, 3000, 1000, 8000)");
	cr_expect_str_eq(row("SELECT * FROM idle_memory"), "1 1 1 10 3000 1000 2000 0.25");
}

Test(views, more_released_than_idle_breaks_an_identity_and_never_wraps)
{
	execute("INSERT INTO mstats (snapshot_id, heap_idle, heap_released, heap_sys)"
	        " VALUES (1, 1000, 3000, 8000)");
	cr_expect_str_eq(row("SELECT retained_bytes FROM idle_memory"), "-2000");
	cr_expect_str_eq(row("SELECT holds FROM accounting WHERE identity = 'heap_released <= heap_idle'"),
	                 "0");
}

Test(views, a_cycle_pauses_as_long_as_its_stops_but_not_its_snapshot)
{
	pause(1, 1, 30, "sweep_term");
	pause(1, 1, 70, "mark_term");
	pause(1, 1, 5000, "snapshot");
	pause(1, 2, 300, "mark");
	cr_expect_str_eq(row("SELECT * FROM pause_trend WHERE gc_num = 1"), "1 1 100 100 100.0 100");
	cr_expect_str_eq(row("SELECT * FROM pause_trend WHERE gc_num = 2"), "1 2 300 200 200.0 300");
}

Test(views, rolling_figures_cover_twenty_cycles_of_one_run)
{
	pause(1, 1, 100000, "mark");
	for (int gc = 2; gc <= 21; gc++)
		pause(1, gc, gc, "mark");
	pause(2, 22, 7, "mark");
	/* 2 to 21: the first cycle is out of the window */
	cr_expect_str_eq(row("SELECT rolling_mean_ns, rolling_max_ns FROM pause_trend WHERE gc_num = 21"),
	                 "11.5 21");
	cr_expect_str_eq(row("SELECT rolling_max_ns FROM pause_trend WHERE gc_num = 20"), "100000");
	cr_expect_str_eq(row("SELECT rolling_mean_ns FROM pause_trend WHERE run_id = 2"), "7.0");
}

Test(views, percentiles_are_nearest_rank)
{
	static const int shuffled[] = {90, 10, 50, 30, 100, 70, 20, 80, 40, 60};
	for (int i = 0; i < 10; i++)
		pause(1, i + 1, shuffled[i], "mark");
	for (int i = 1; i <= 3; i++)
		pause(2, i, i * i, "mark"); /* 1, 4, 9 */
	cr_expect_str_eq(row("SELECT n, min_ns, mean_ns, p50_ns, p90_ns, p99_ns, max_ns, total_ns"
	                     " FROM pause_summary WHERE run_id = 1"),
	                 "10 10 55.0 50 90 100 100 550");
	/* ceil(1.5) = 2nd, ceil(2.7) = 3rd */
	cr_expect_str_eq(row("SELECT n, p50_ns, p90_ns FROM pause_summary WHERE run_id = 2"), "3 4 9");
}

Test(views, the_slope_is_least_squares_over_the_cycle_number)
{
	pause(1, 10, 3, "mark");
	pause(1, 20, 5, "mark");
	pause(1, 40, 6, "mark");
	/* mean x 70/3, y 14/3; Sxx 1400/3, Sxy 130/3, Syy 14/3 */
	cr_expect_str_eq(row("SELECT round(slope_ns_per_gc - 13.0 / 140, 12), round(r2 - 16900.0 / 19600, 12)"
	                     " FROM pause_summary"), "0.0 0.0");
}

Test(views, one_pause_has_no_slope_and_equal_pauses_no_r2)
{
	pause(1, 1, 5, "mark");
	cr_expect_str_eq(row("SELECT n, p50_ns, p99_ns, slope_ns_per_gc, r2 FROM pause_summary"),
	                 "1 5 5 NULL NULL");
	pause(1, 2, 5, "mark");
	cr_expect_str_eq(row("SELECT slope_ns_per_gc, r2 FROM pause_summary"), "0.0 NULL");
}

/* Two spans of class 5, one of them half full; one of class 34, empty; a large object. */
static void add_spans(void)
{
	execute("INSERT INTO by_size VALUES (1, 5, 64, 192, 0), (1, 34, 1408, 0, 0);"
	        "INSERT INTO span VALUES (1, 8192, 1, 'inuse', 5, 0, 64, 128, 128, 0, 1),"
	        " (1, 16384, 1, 'inuse', 5, 1, 64, 128, 64, 0, 1),"
	        " (1, 24576, 2, 'inuse', 34, 0, 1408, 11, 0, 0, 1),"
	        " (1, 40960, 5, 'inuse', 0, 0, 40960, 1, 1, 0, 1),"
	        " (1, 81920, 3, 'idle', 0, 0, 24576, 0, 0, 8192, 0);"
	        "INSERT INTO mstats (snapshot_id, alloc, heap_alloc, heap_inuse, heap_idle, heap_released)"
	        " VALUES (1, 53248, 53248, 73728, 24576, 8192)");
}

Test(views, classes_add_up_their_spans)
{
	add_spans();
	cr_expect_str_eq(row("SELECT * FROM class_fragmentation WHERE class = 5"),
	                 "1 5 64 2 16384 12288 4096 0 0.75");
	cr_expect_str_eq(row("SELECT * FROM class_fragmentation WHERE class = 34"),
	                 "1 34 1408 1 16384 0 15488 896 0.0");
	cr_expect_str_eq(row("SELECT * FROM class_fragmentation WHERE class = 0"),
	                 "1 0 NULL 1 40960 40960 0 0 1.0");
	cr_expect_str_eq(row("SELECT sum(free_slot_bytes + tail_bytes) FROM class_fragmentation"), "20480");
}

Test(views, free_slots_and_tails_are_the_fragmentation)
{
	add_spans();
	cr_expect_str_eq(row("SELECT left_value, right_value, holds FROM accounting"
	                     " WHERE identity = 'free slots + tails = fragmentation'"), "20480 20480 1");
	cr_expect_str_eq(row("SELECT count(*) FROM accounting WHERE NOT holds"), "0");
}

Test(views, sums_follow_spans_that_are_changed_by_hand)
{
	add_spans();
	execute("UPDATE span SET alloc_count = 32 WHERE base = 16384");
	cr_expect_str_eq(row("SELECT alloc_bytes FROM class_fragmentation WHERE class = 5"), "10240");
	execute("DELETE FROM span WHERE base = 24576");
	cr_expect_str_eq(row("SELECT count(*) FROM class_fragmentation WHERE class = 34"), "0");
	cr_expect_str_eq(row("SELECT group_concat(identity, ', ') FROM accounting WHERE NOT holds"),
	                 "objects in spans = alloc, spans in use = heap_inuse, "
	                 "free slots + tails = fragmentation, size classes that disagree = 0");
}

Test(views, lost_blocks_come_by_class_and_add_up)
{
	execute("INSERT INTO mstats (snapshot_id, heap_alloc) VALUES (1, 5000), (2, 100);"
	        "INSERT INTO by_size VALUES (1, 5, 64, 70, 0);"
	        "INSERT INTO leak_search VALUES (1, 10, 20, 0, 11, 4000, 0, 4, 256),"
	        " (2, 10, 20, 0, 3, 200, NULL, 2, 201);"
	        "INSERT INTO leak VALUES (1, 0, 1, 3360, 0, 0), (1, 5, 10, 640, 4, 256),"
	        " (2, 5, 2, 128, 1, 64)");
	cr_expect_str_eq(row("SELECT class, size_bytes, blocks, bytes FROM leaks"), "0 NULL 1 3360");
	cr_expect_str_eq(row("SELECT run_id, seq, size_bytes, blocks, indirect_blocks, indirect_bytes"
	                     " FROM leaks WHERE class = 5"),
	                 "1 0 64 10 4 256");
	cr_expect_str_eq(row("SELECT count(*), sum(holds) FROM accounting WHERE snapshot_id = 1"), "4 4");
	cr_expect_str_eq(row("SELECT group_concat(identity, ', ') FROM accounting WHERE NOT holds"),
	                 "leaked_bytes <= heap_alloc, leaked blocks of all classes = leaked_blocks, "
	                 "indirect blocks of all classes = indirect_blocks, indirect_bytes <= leaked_bytes");
}

Test(views, sys_is_the_sum_of_its_parts)
{
	execute("INSERT INTO mstats (snapshot_id, sys, heap_sys, stacks_sys, stacks_inuse, mspan_sys,"
	        " mcache_sys, buckhash_sys, gc_sys, other_sys) VALUES (1, 36, 1, 2, 3, 4, 5, 6, 7, 8)");
	cr_expect_str_eq(row("SELECT left_value, right_value, holds FROM accounting"), "36 36 1");
}

Test(views, every_column_is_described)
{
	cr_expect_str_eq(row("SELECT m.name, c.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c"
	                     " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'"
	                     " AND NOT EXISTS (SELECT 1 FROM schema_doc AS d WHERE d.object = m.name"
	                     " AND d.column = c.name)"), "no row");
	cr_expect_str_eq(row("SELECT m.name FROM sqlite_master AS m WHERE m.type IN ('table', 'view')"
	                     " AND m.name NOT LIKE 'sqlite_%' AND NOT EXISTS (SELECT 1 FROM schema_doc"
	                     " AS d WHERE d.object = m.name AND d.column = '')"), "no row");
	cr_expect_str_eq(row("SELECT d.object, d.column FROM schema_doc AS d WHERE d.column <> ''"
	                     " AND NOT EXISTS (SELECT 1 FROM pragma_table_info(d.object) AS c"
	                     " WHERE c.name = d.column)"), "no row");
}

/* Steps of SQLite's machine for one query: what it costs, on any machine. */
static int steps_of(const char *sql)
{
	sqlite3_stmt *stmt;
	cr_assert(sqlite3_prepare_v2(store.db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
	          sqlite3_errmsg(store.db));
	while (sqlite3_step(stmt) == SQLITE_ROW)
		;
	int steps = sqlite3_stmt_status(stmt, SQLITE_STMTSTATUS_VM_STEP, 0);
	sqlite3_finalize(stmt);
	return steps;
}

/* Snapshots of one run, each with its cycle, from number `first` on. */
static void add_snapshots(int run, int first, int count)
{
	char sql[800];
	snprintf(sql, sizeof sql,
	         "WITH RECURSIVE n (i) AS (SELECT %d UNION ALL SELECT i + 1 FROM n WHERE i < %d)"
	         " INSERT INTO snapshot (run_id, seq, gc_num, reason, unix_ns, mono_ns)"
	         " SELECT %d, 100 + i, i, 'gc', i * 100, i FROM n;"
	         "INSERT OR IGNORE INTO mstats (snapshot_id, alloc, heap_alloc, numgc, pause_total_ns)"
	         " SELECT id, 5, 5, gc_num, gc_num * 7 FROM snapshot WHERE run_id = %d AND seq >= 100;"
	         "INSERT INTO gc_pause SELECT run_id, gc_num, 'mark', 7, 1, unix_ns"
	         " FROM snapshot WHERE run_id = %d AND seq >= 100 + %d AND seq < 100 + %d;"
	         "INSERT OR IGNORE INTO by_size SELECT id, 5, 64, 3, 0 FROM snapshot WHERE seq >= 100;"
	         "INSERT OR IGNORE INTO span_sum SELECT id, 'inuse', 5, 0, 1, 8192, 128, 3, 8192, 192, 0"
	         " FROM snapshot WHERE seq >= 100;",
	         first, first + count - 1, run, run, run, first, first + count);
	execute(sql);
}

/* More than 2^63 ns in one run, as no program but a hostile recording has them. */
Test(views, a_sum_of_pauses_ends_at_the_largest_integer)
{
	execute("INSERT INTO mstats (snapshot_id, numgc, pause_total_ns) VALUES (2, 40000, 5);"
	        "UPDATE snapshot SET gc_num = 40000 WHERE id = 2;"
	        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 40000)"
	        " INSERT INTO gc_pause SELECT 1, i, 'mark', (1 << 48) - 1, 1, i FROM n");
	cr_expect_str_eq(row("SELECT n, total_ns FROM pause_summary"), "40000 9223372036854775807");
	cr_expect_str_eq(row("SELECT right_value, holds FROM accounting"
	                     " WHERE identity = 'pause_total_ns = sum of the pauses'"),
	                 "9223372036854775807 0");
	execute("DELETE FROM gc_pause WHERE gc_num > 4;"
	        "UPDATE gc_pause SET duration_ns = (1 << 51) - 1");
	cr_expect_str_eq(row("SELECT total_ns FROM pause_summary"), "9007199254740988");
}

Test(views, accounting_of_twice_the_snapshots_takes_twice_the_steps)
{
	static const char question[] = "SELECT * FROM accounting WHERE run_id = 1";
	static const char finding[] = "SELECT * FROM finding_accounting_broken WHERE run_id = 1";
	add_snapshots(1, 1, 200);
	cr_expect_str_eq(row("SELECT count(*), sum(holds) FROM accounting"
	                     " WHERE identity = 'pause_total_ns = sum of the pauses'"), "200 200");
	int once = steps_of(question), finding_once = steps_of(finding);
	add_snapshots(1, 201, 200);
	int twice = steps_of(question), finding_twice = steps_of(finding);
	cr_expect(twice < once * 5 / 2, "%d steps, then %d", once, twice);
	cr_expect(finding_twice < finding_once * 5 / 2, "%d steps, then %d", finding_once,
	          finding_twice);
	add_snapshots(2, 1, 400);
	cr_expect(steps_of(question) < twice * 11 / 10, "another run costs this one");
	cr_expect(steps_of(finding) < finding_twice * 11 / 10, "another run costs this one");
}
