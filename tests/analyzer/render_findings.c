/* Each rule of schemas/findings.sql: where it holds, what it then says, and where it is silent. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "findings.h"
#include "render/sentence.h"
#include "render_database.h"

/* MiB in SQL. */
#define M "1048576"
#define LAST " WHERE snapshot_id = 5;"
/* Pauses of cycles 1 to n, each of the nanoseconds that an expression of i says. */
#define PAUSES(n, expression)                                                             \
	"DELETE FROM gc_pause; WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1"   \
	" FROM c WHERE i < " #n ") INSERT INTO gc_pause SELECT 1, i, 'mark', " expression \
	", 1000, 1700000000000000000 + i FROM c;"
#define ALL_CYCLES "UPDATE snapshot SET reason = 'gc';"
#define OBJECTS(a, b, c, d, e)                                                               \
	ALL_CYCLES "UPDATE mstats SET heap_alloc = " M " * CASE snapshot_id WHEN 1 THEN " #a \
		   " WHEN 2 THEN " #b " WHEN 3 THEN " #c " WHEN 4 THEN " #d " ELSE " #e " END;"
#define GIVEN_BACK_AT_THE_EXIT                                                            \
	"INSERT INTO snapshot SELECT 1000, run_id, seq + 1, gc_num, 'exit', unix_ns + 1, mono_ns + 1" \
	" FROM snapshot WHERE id = 5;" \
	"INSERT INTO mstats (snapshot_id, heap_alloc, heap_inuse) VALUES (1000, " M ", 2 * " M ");"
#define KEPT                                                                       \
	"UPDATE mstats SET heap_idle = 100 * " M ", heap_released = 0, heap_sys =" \
	" heap_inuse + 100 * " M ", sys = 102 * " M " WHERE snapshot_id > 2;"
#define NO_CYCLE "UPDATE snapshot SET gc_num = 0, reason = 'interval';"
#define PEAK "UPDATE mstats SET heap_inuse = 100 * " M " WHERE snapshot_id = 2;"

// clang-format off
/* The fixture changed by `change` makes the rule hold or leaves it silent. */
static const struct rule_case {
	const char *rule, *change;
	const char *sentence; /* NULL: the rule is silent */
} cases[] = {
	{"fragmentation_high",
	 "UPDATE mstats SET heap_inuse = 40 * " M ", heap_alloc = 20 * " M LAST,
	 "Fragmentation is high: 20.0 MiB of 40.0 MiB in spans (50.0 %) hold no object, 0.1 % of it"
	 " in size classes 176, 1024, 64, in spans less than half full for 3 cycles (median)."},
	{"fragmentation_high",
	 "DELETE FROM span; UPDATE mstats SET heap_inuse = 40 * " M ", heap_alloc = 20 * " M LAST,
	 "Fragmentation is high: 20.0 MiB of 40.0 MiB in spans (50.0 %) hold no object."},
	{"fragmentation_high", "UPDATE mstats SET heap_inuse = 4 * " M ", heap_alloc = " M LAST, NULL},
	{"fragmentation_high",
	 "UPDATE mstats SET heap_inuse = 100 * " M ", heap_alloc = 70 * " M LAST, NULL},

	{"idle_retained", KEPT PEAK,
	 "100.0 MiB of idle memory (99.9 % of the heap) are kept from the operating system with"
	 " nothing in them, since gc 3, 2.0 s before the end, after a peak of 100.0 MiB in use at"
	 " gc 2; releasing them takes the process from 102.0 MiB to 2.0 MiB."},
	{"idle_retained", KEPT PEAK NO_CYCLE,
	 "100.0 MiB of idle memory (99.9 % of the heap) are kept from the operating system with"
	 " nothing in them, since snapshot 2, 2.0 s before the end, after a peak of 100.0 MiB in use at"
	 " snapshot 1; releasing them takes the process from 102.0 MiB to 2.0 MiB."},
	{"idle_retained",
	 KEPT PEAK NO_CYCLE "UPDATE snapshot SET unix_ns = 1700000000000000000 + seq * 1000000;", NULL},
	{"idle_retained", KEPT, NULL},
	{"idle_retained", KEPT PEAK "UPDATE mstats SET heap_released = 90 * " M LAST, NULL},
	{"idle_retained", KEPT PEAK "UPDATE mstats SET next_gc = 90 * " M LAST, NULL},

	{"scavenger_behind",
	 KEPT "UPDATE snapshot SET unix_ns = 1700000000000000000 + seq * 6000000000;",
	 "The scavenger does not keep up: for 12.0 s the heap kept at least 95.7 MiB beyond what the"
	 " next collection needs, and 0 B went back meanwhile."},
	{"scavenger_behind", KEPT, NULL},
	{"scavenger_behind",
	 KEPT "UPDATE snapshot SET unix_ns = 1700000000000000000 + seq * 6000000000;"
	      "UPDATE mstats SET heap_released = 60 * " M LAST,
	 NULL},

	{"heap_growing", OBJECTS(10, 20, 30, 40, 50),
	 "The live heap grows by 10.0 MiB a second, from 10.0 MiB to 50.0 MiB over 4.0 s (R2 1, 5"
	 " cycles), and was still growing at the end; 4.0 s are too short to tell a start from a"
	 " leak."},
	{"heap_growing",
	 OBJECTS(10, 20, 30, 40, 50)
	 "UPDATE snapshot SET unix_ns = 1700000000000000000 + seq * 64000000000;",
	 "The live heap grows by 160.0 KiB a second, from 10.0 MiB to 50.0 MiB over 4 min 16 s (R2 1,"
	 " 5 cycles), and was still growing at the end."},
	{"heap_growing", OBJECTS(10, 20, 30, 31, 31), NULL},
	{"heap_growing", OBJECTS(10, 20, 30, 40, 50) GIVEN_BACK_AT_THE_EXIT, NULL},
	{"heap_growing",
	 OBJECTS(10, 20, 30, 40, 50)
	 "UPDATE snapshot SET unix_ns = 1700000000000000000 + seq * 64000000000;" GIVEN_BACK_AT_THE_EXIT,
	 "The live heap grows by 160.0 KiB a second, from 10.0 MiB to 50.0 MiB over 4 min 16 s (R2 1,"
	 " 5 cycles), and was still growing at the end; it was given back at the exit, down to 1.0"
	 " MiB."},
	{"heap_growing", OBJECTS(10, 50, 10, 60, 20), NULL},
	{"heap_growing", OBJECTS(1, 2, 3, 4, 5), NULL},
	{"heap_growing", OBJECTS(100, 102, 104, 106, 110), NULL},
	{"heap_growing", OBJECTS(50, 40, 30, 20, 10), NULL},

	{"pauses_long", PAUSES(20, "12000000 + i"),
	 "Pauses are long: p99 12.0 ms, median 12.0 ms over 20 cycles; the longest, 12.0 ms, was at gc"
	 " 20, 1.0 us of it until the threads stood."},
	{"pauses_long", PAUSES(20, "9000000"), NULL},
	{"pauses_long", PAUSES(4, "50000000"), NULL},

	{"pause_outlier", PAUSES(101, "CASE i WHEN 3 THEN 8000000 ELSE 100000 END"),
	 "One pause stands out: 8.0 ms at gc 3, 80 times the median of 100.0 us, 1.0 us of it until"
	 " the threads stood."},
	{"pause_outlier", PAUSES(101, "CASE i WHEN 3 THEN 4000000 ELSE 100000 END"), NULL},
	{"pause_outlier", PAUSES(19, "CASE i WHEN 3 THEN 8000000 ELSE 100000 END"), NULL},

	{"pauses_growing", PAUSES(40, "i * 100000"),
	 "Pauses grow by 100.0 us a cycle, 4.0 ms over 40 cycles (R2 1)."},
	{"pauses_growing", PAUSES(40, "i % 2 * 5000000"), NULL},
	{"pauses_growing", PAUSES(40, "i * 10000"), NULL},
	{"pauses_growing", PAUSES(19, "i * 1000000"), NULL},

	{"collector_cpu_high",
	 "UPDATE mstats SET gc_cpu_fraction = 0.4, numgc = 50, heap_marked = 3 * " M LAST,
	 "The collector takes 40.0 % of the available CPU in 50 cycles, 10 a second; the goal of 4.0"
	 " MiB leaves little room above 3.0 MiB live: a higher MEMSPAN_GCPERCENT buys time with"
	 " memory."},
	{"collector_cpu_high", "UPDATE mstats SET gc_cpu_fraction = 0.4, numgc = 10" LAST, NULL},
	{"collector_cpu_high", "UPDATE mstats SET gc_cpu_fraction = 0.2, numgc = 50" LAST, NULL},

	{"collections_frequent", "UPDATE mstats SET gc_cpu_fraction = 0.15, numgc = 100" LAST,
	 "Collections are frequent: 20 a second over 5.0 s, at 15.0 % of the available CPU, for a goal"
	 " of 4.0 MiB."},
	{"collections_frequent", "UPDATE mstats SET gc_cpu_fraction = 0.05, numgc = 100" LAST, NULL},
	{"collections_frequent", "UPDATE mstats SET gc_cpu_fraction = NULL, numgc = 100" LAST, NULL},

	{"collections_forced", "UPDATE mstats SET numgc = 40, numforcedgc = 30" LAST,
	 "30 of 40 collections (75.0 %) were forced by the program, not by the pacer."},
	{"collections_forced", "UPDATE mstats SET numgc = 40, numforcedgc = 10" LAST, NULL},

	{"limit_reached", "UPDATE gc_cycle SET reason = 'limit' WHERE gc_num > 1;",
	 "The memory limit was reached: it started 3 of 4 cycles (75.0 %), the first at gc 2; 40.0 KiB"
	 " were live at the last of them."},
	{"limit_reached", "UPDATE gc_cycle SET reason = 'limit' WHERE gc_num > 2;", NULL},

	{"recording_skipped", "UPDATE run SET skipped = 5;",
	 "5 of 10 snapshots (50.0 %) were skipped, each while the one before was being written: what"
	 " happened between is not seen."},
	{"recording_skipped", "UPDATE run SET skipped = 2;", NULL},

	{"recording_damaged",
	 "UPDATE source SET bytes_skipped = 5000;"
	 "INSERT INTO import_issue VALUES (1, 100, 'damage', 'checksum', 'wrong');",
	 "The recording is damaged: 4.9 KiB in it had to be passed over; the figures are partial."},
	{"recording_damaged",
	 "UPDATE source SET bytes_skipped = 5000;"
	 "INSERT INTO import_issue VALUES (1, 100, 'warning', 'torn', 'not whole');",
	 NULL},

	{"recording_incomplete", "UPDATE run SET clean_exit = 0, complete = 0;",
	 "The run did not end in an orderly way, it was killed or goes on: the figures end at gc 4, 5.0"
	 " s after its start."},
	{"recording_incomplete",
	 "UPDATE run SET clean_exit = 0; UPDATE snapshot SET reason = 'dump' WHERE id = 5;", NULL},

	{"accounting_broken", "UPDATE mstats SET sys = sys + 1 WHERE snapshot_id = 3;",
	 "The figures contradict themselves, in 1 of the identities and 1 of the snapshots; first at gc"
	 " 3: sys = sum of its parts, 1,277,953 and 1,277,952."},
	{"accounting_broken", "UPDATE mstats SET sys = NULL WHERE snapshot_id = 3;", NULL},

	{"blocks_lost",
	 "INSERT INTO leak_search VALUES (5, 1000, 5000, 0, 1003, 3193728, 0, 0, 0);"
	 "INSERT INTO leak VALUES (5, 4, 1000, 48000, 0, 0), (5, 0, 3, 3145728, 0, 0);",
	 "No pointer leads to 3.0 MiB in 1,003 blocks: they can never be freed."},
	{"blocks_lost",
	 "INSERT INTO leak_search VALUES (3, 1000, 5000, 2, 1000, 48000, NULL, 990, 47000),"
	 " (2, 1, 1, 0, 9, 9, NULL, NULL, NULL);"
	 "INSERT INTO leak VALUES (3, 5, 750, 48000, 740, 47000), (2, 5, 9, 9, NULL, NULL);"
	 "INSERT OR IGNORE INTO by_size VALUES (3, 5, 64, 800, 50);",
	 "No pointer leads to 46.9 KiB in 1,000 blocks, 100.0 % of it in 750 blocks of 64 B: they can"
	 " never be freed; only others of them lead to 990 of them; the stacks of 2 threads were not"
	 " looked through; memory that the program mapped itself was not looked through."},
	{"blocks_lost", "INSERT INTO leak_search VALUES (5, 1000, 5000, 0, 0, 0, 0, 0, 0);", NULL},

	{"threads_unknown", "UPDATE gc_cycle SET threads_unknown = 2 WHERE gc_num = 3;",
	 "Up to 2 threads are unknown to the collector, first at gc 3: what only their stacks lead to"
	 " is not kept (memspan_thread_register)."},
};

// clang-format on
enum { CASES = sizeof(cases) / sizeof(cases[0]) };

static const struct finding *found(const struct finding_list *list, const char *rule)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i].rule, rule) == 0)
			return &list->items[i];
	return NULL;
}

static void evaluate(sqlite3 *db, struct finding_list *list)
{
	char *error;

	cr_assert_eq(findings_evaluate(db, 1, list, &error), 0, "%s", error);
}

Test(findings, each_rule_holds_where_it_should_and_is_silent_elsewhere)
{
	static struct finding_list list;

	for (size_t i = 0; i < CASES; i++) {
		sqlite3 *db = render_database();
		const struct finding *finding;

		render_database_change(db, cases[i].change);
		evaluate(db, &list);
		finding = found(&list, cases[i].rule);
		if (!cases[i].sentence) {
			cr_expect_null(finding, "case %zu: %s is not silent", i, cases[i].rule);
		} else if (!finding) {
			cr_expect_fail("case %zu: %s is silent", i, cases[i].rule);
		} else {
			char *sentence = sentence_compose(finding);

			cr_expect_str_eq(sentence, cases[i].sentence, "case %zu: %s", i, sentence);
			free(sentence);
		}
		findings_free(&list);
		sqlite3_close(db);
	}
}

Test(findings, a_healthy_run_has_none)
{
	static struct finding_list list;
	sqlite3 *db = render_database();

	evaluate(db, &list);
	cr_assert_eq(list.count, 0);
	cr_assert_gt(list.rules, 0);
	sqlite3_close(db);
}

Test(findings, every_rule_has_a_case_that_holds_and_a_query_that_runs)
{
	sqlite3 *db = render_database();
	sqlite3_stmt *rules;

	cr_assert_eq(
		sqlite3_prepare_v2(db, "SELECT name, replace(next, '{run}', '1') FROM finding_rule",
				   -1, &rules, NULL),
		SQLITE_OK);
	while (sqlite3_step(rules) == SQLITE_ROW) {
		const char *name = (const char *)sqlite3_column_text(rules, 0);
		const char *next = (const char *)sqlite3_column_text(rules, 1);
		bool holds = false;

		for (size_t i = 0; i < CASES; i++)
			holds = holds || (cases[i].sentence && strcmp(cases[i].rule, name) == 0);
		cr_expect(holds, "%s has no case", name);
		if (next)
			render_database_change(db, next);
	}
	sqlite3_finalize(rules);
	sqlite3_close(db);
}

Test(findings, the_worst_come_first_and_a_covered_one_says_so)
{
	static struct finding_list list;
	sqlite3 *db = render_database();

	render_database_change(db,
			       "UPDATE mstats SET gc_cpu_fraction = 0.4, numgc = 100, numforcedgc ="
			       " 80, sys = sys + 1 WHERE snapshot_id = 5");
	evaluate(db, &list);
	cr_assert_eq(list.count, 4);
	cr_assert_str_eq(list.items[0].rule, "accounting_broken");
	cr_assert_str_eq(list.items[1].rule, "collector_cpu_high");
	cr_assert_str_eq(list.items[2].rule, "collections_frequent");
	cr_assert(list.items[2].covered);
	cr_assert_str_eq(list.items[3].rule, "collections_forced");
	findings_free(&list);
	sqlite3_close(db);
}

Test(findings, those_asked_for_all_runs_at_once_stay_until_they_are_dropped)
{
	static const char change[] = "UPDATE mstats SET sys = sys + 1 WHERE snapshot_id = 5";
	static struct finding_list list;
	sqlite3 *db = render_database();

	findings_share(db);
	render_database_change(db, change);
	evaluate(db, &list);
	cr_assert_eq(list.count, 0);
	findings_free(&list);
	findings_unshare(db);
	evaluate(db, &list);
	cr_assert_eq(list.count, 1);
	findings_free(&list);
	render_database_change(db, "UPDATE mstats SET gc_cpu_fraction = 0.4, numgc = 100"
				   " WHERE snapshot_id = 5");
	findings_share(db);
	evaluate(db, &list);
	cr_assert_geq(list.count, 2);
	cr_assert_str_eq(list.items[0].rule, "accounting_broken");
	cr_assert_str_eq(list.items[1].rule, "collector_cpu_high");
	findings_free(&list);
	findings_unshare(db);
	sqlite3_close(db);
}

Test(findings, a_user_adds_a_rule_and_moves_a_threshold_in_sql)
{
	static struct finding_list list;
	sqlite3 *db = render_database();
	char *sentence;

	render_database_change(
		db,
		"INSERT INTO finding_rule VALUES ('many_objects', 'warning', 99, 100, 'objects', 0,"
		" '', NULL, 'There are {value:count} objects[ and {none:bytes} of nothing].',"
		" NULL, 'Mine.');"
		"CREATE VIEW finding_many_objects AS SELECT l.run_id, m.heap_objects AS value, NULL"
		" AS none FROM run_last AS l JOIN mstats AS m ON m.snapshot_id = l.snapshot_id"
		" WHERE m.heap_objects >= (SELECT threshold FROM finding_rule WHERE name ="
		" 'many_objects');"
		"UPDATE finding_rule SET threshold = 0.001, floor = 1 WHERE name ="
		" 'fragmentation_high'");
	evaluate(db, &list);
	cr_assert_eq(list.count, 2);
	cr_assert_str_eq(list.items[0].rule, "fragmentation_high");
	sentence = sentence_compose(&list.items[1]);
	cr_assert_str_eq(sentence, "There are 205 objects.");
	free(sentence);
	findings_free(&list);
	sqlite3_close(db);
}

Test(findings, a_rule_without_its_view_is_an_error_that_names_it)
{
	static struct finding_list list;
	sqlite3 *db = render_database();
	char *error;

	render_database_change(db, "DROP VIEW finding_pause_outlier");
	cr_assert_eq(findings_evaluate(db, 1, &list, &error), -1);
	cr_assert(strstr(error, "pause_outlier"));
	sqlite3_free(error);
	findings_free(&list);
	sqlite3_close(db);
}

Test(findings, every_column_of_rules_and_evidence_is_in_words)
{
	sqlite3 *db = render_database();
	sqlite3_stmt *silent;

	cr_assert_eq(
		sqlite3_prepare_v2(
			db,
			"SELECT m.name, c.name FROM sqlite_schema AS m JOIN "
			"pragma_table_info(m.name)"
			" AS c WHERE (m.name GLOB 'finding_*' OR m.name GLOB 'evidence_*' OR m.name"
			" GLOB 'run_*' OR m.name GLOB 'cycle_*') AND NOT EXISTS (SELECT 1 FROM"
			" schema_doc AS d WHERE d.object = m.name AND d.column = c.name)",
			-1, &silent, NULL),
		SQLITE_OK);
	while (sqlite3_step(silent) == SQLITE_ROW)
		cr_expect_fail("%s.%s has no words", (const char *)sqlite3_column_text(silent, 0),
			       (const char *)sqlite3_column_text(silent, 1));
	sqlite3_finalize(silent);
	sqlite3_close(db);
}

Test(findings, a_rule_that_never_ends_is_named)
{
	sqlite3 *db = render_database();
	struct finding_list list;
	char *error;

	render_database_change(db, "INSERT INTO finding_rule SELECT 'endless', severity, 99, threshold,"
				   " threshold_unit, floor, floor_unit, covered_by, sentence, next, doc"
				   " FROM finding_rule LIMIT 1;"
				   "CREATE VIEW finding_endless AS WITH RECURSIVE n(x) AS"
				   " (SELECT 1 UNION ALL SELECT x + 1 FROM n)"
				   " SELECT 1 AS run_id, count(*) AS n FROM n");
	findings_rule_s_max = 0.1;
	cr_assert_neq(findings_evaluate(db, 1, &list, &error), 0);
	cr_assert(strstr(error, "rule endless: no answer within 0.1 s"), "%s", error);
	sqlite3_free(error);
	findings_free(&list);
	sqlite3_close(db);
}
