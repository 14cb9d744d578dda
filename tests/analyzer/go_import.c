/* Texts with Go's figures to rows: runs, rings, gaps, what is unknown, what is not whole. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "go_import.h"
#include "schema.h"

static struct store store;
static struct import_result result;
static char *text;
static size_t text_bytes;
static FILE *out;

static void open_store(void)
{
	cr_assert(store_open_memory(&store));
	cr_assert(sqlite3_exec(store.db, schema_span, NULL, NULL, NULL) == SQLITE_OK);
	cr_assert(store_views(&store));
	store.has_spans = true;
	out = open_memstream(&text, &text_bytes);
}

static void close_store(void)
{
	fclose(out);
	free(text);
	store_close(&store);
}

TestSuite(go_import, .init = open_store, .fini = close_store);

/* Imports what was printed to out so far. */
static enum import_status import_bytes(size_t bytes)
{
	struct source source = {.path = "made", .kind = SOURCE_TEXT, .bytes = bytes};
	source.fd = memfd_create("text", MFD_CLOEXEC);
	cr_assert(source.fd >= 0 && write(source.fd, text, bytes) == (ssize_t)bytes);
	enum import_status status = import_go(&store, &source, &result, NULL, NULL);
	close(source.fd);
	return status;
}

static void import(void)
{
	fflush(out);
	cr_assert(import_bytes(text_bytes) == IMPORT_OK, "%s", sqlite3_errmsg(store.db));
}

static int64_t number(const char *sql)
{
	sqlite3_stmt *stmt;
	cr_assert(sqlite3_prepare_v2(store.db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
		  sqlite3_errmsg(store.db));
	cr_assert(sqlite3_step(stmt) == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(store.db));
	int64_t value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

#define EXPECT(sql, expected)                                                        \
	do {                                                                         \
		int64_t value_ = number(sql);                                        \
		cr_assert(value_ == (expected), "%s: %lld", sql, (long long)value_); \
	} while (0)

/* The pause of a cycle and its end, told by its number. */
static unsigned long long pause_ns(unsigned gc)
{
	return gc ? 1000 + 7 * gc : 0;
}

static unsigned long long pause_end(unsigned gc)
{
	return gc ? 1700000000000000000ull + 1000000ull * gc : 0;
}

static void print_ring(const char *name, unsigned gc, unsigned long long (*of)(unsigned))
{
	fprintf(out, "\"%s\":[", name);
	for (unsigned i = 0; i < 256; i++) {
		unsigned newest = gc ? (gc - 1) % 256 : 0;
		unsigned back = (newest + 256 - i) % 256;
		fprintf(out, "%s%llu", i ? "," : "", of(gc > back ? gc - back : 0));
	}
	fprintf(out, "],");
}

/* A sample after so many cycles, all identities right. */
static void print_sample(unsigned gc)
{
	unsigned long long total = 0;
	for (unsigned i = 1; i <= gc; i++)
		total += pause_ns(i);
	fprintf(out,
		"{\"Alloc\":%u,\"TotalAlloc\":%u,\"Sys\":10000,\"Mallocs\":%u,\"Frees\":0,"
		"\"HeapAlloc\":%u,\"HeapSys\":7000,\"HeapIdle\":1000,\"HeapInuse\":6000,"
		"\"HeapReleased\":500,\"HeapObjects\":%u,\"StackInuse\":100,\"StackSys\":300,"
		"\"MSpanInuse\":10,\"MSpanSys\":700,\"MCacheInuse\":10,\"MCacheSys\":500,"
		"\"BuckHashSys\":500,\"GCSys\":500,\"OtherSys\":500,"
		"\"NextGC\":18446744073709551615,\"LastGC\":%llu,\"PauseTotalNs\":%llu,",
		1000 + gc, 5000 + gc, 40 + gc, 1000 + gc, 40 + gc, pause_end(gc), total);
	print_ring("PauseNs", gc, pause_ns);
	print_ring("PauseEnd", gc, pause_end);
	fprintf(out,
		"\"NumGC\":%u,\"NumForcedGC\":0,\"GCCPUFraction\":0.25,\"EnableGC\":true,"
		"\"DebugGC\":false,\"BySize\":[{\"Size\":0,\"Mallocs\":0,\"Frees\":0},"
		"{\"Size\":8,\"Mallocs\":5,\"Frees\":2}]}\n",
		gc);
}

static void print_cycle(unsigned gc)
{
	fprintf(out,
		"gc %u @%u.5s 1%%: 0.001+0.2+0.003 ms clock, 0.1+0.2/0.3/0.4+0.5 ms cpu, "
		"4->5->3 MB, 6 MB goal, 2 P\n",
		gc, gc);
}

Test(go_import, rings_of_successive_samples_merge_into_one_history)
{
	print_sample(3);
	print_sample(5);
	print_sample(250);
	print_sample(500);
	import();
	EXPECT("SELECT count(*) FROM run", 1);
	EXPECT("SELECT count(*) FROM snapshot", 4);
	EXPECT("SELECT count(*) FROM gc_pause", 500);
	EXPECT("SELECT count(DISTINCT gc_num) FROM gc_pause", 500);
	EXPECT("SELECT count(*) FROM gc_pause WHERE phase <> 'cycle' OR duration_ns <> 1000 + 7 * "
	       "gc_num"
	       " OR end_unix_ns <> 1700000000000000000 + 1000000 * gc_num",
	       0);
	EXPECT("SELECT count(*) FROM import_issue", 0);
	EXPECT("SELECT count(*) FROM accounting WHERE NOT holds", 0);
	EXPECT("SELECT count(*) FROM accounting WHERE identity LIKE 'pause_total_ns%'", 4);
	EXPECT("SELECT stacks_sys FROM mstats", 200);
	EXPECT("SELECT next_gc IS NULL AND nlookup IS NULL FROM mstats", 1);
	EXPECT("SELECT count(*) FROM by_size", 8);
}

Test(go_import, more_cycles_than_a_ring_holds_leave_a_marked_gap)
{
	print_sample(10);
	print_sample(266);
	print_sample(523); /* 267 is lost */
	import();
	EXPECT("SELECT count(*) FROM gc_pause", 522);
	EXPECT("SELECT count(*) FROM gc_pause WHERE gc_num = 267", 0);
	EXPECT("SELECT count(*) FROM import_issue", 1);
	EXPECT("SELECT count(*) FROM import_issue WHERE code = 'pause_gap' AND severity = "
	       "'warning' AND"
	       " message LIKE 'the pauses of cycles 267 to 267 are not known%' AND byte_offset > 0",
	       1);
	EXPECT("SELECT complete FROM source", 1);
}

Test(go_import, a_counter_that_goes_backwards_begins_a_run)
{
	print_sample(100);
	print_sample(120);
	print_sample(4);
	print_sample(4);
	print_sample(100);
	print_sample(2);
	import();
	EXPECT("SELECT count(*) FROM run", 3);
	EXPECT("SELECT group_concat(n, '') FROM (SELECT count(*) AS n FROM snapshot GROUP BY run_id"
	       " ORDER BY run_id)",
	       231);
	EXPECT("SELECT count(*) FROM gc_pause", 120 + 100 + 2);
}

Test(go_import, two_runs_that_begin_alike_are_two_runs)
{
	for (int i = 0; i < 3; i++) {
		print_cycle(1);
		print_cycle(2);
	}
	import();
	EXPECT("SELECT count(*) FROM run", 3);
	EXPECT("SELECT count(*) FROM snapshot", 6);
	import();
	EXPECT("SELECT count(*) FROM run", 3);
}

Test(go_import, a_log_that_has_grown_adds_what_is_new)
{
	print_sample(3);
	print_cycle(4);
	import();
	cr_assert(result.runs == 1 && result.snapshots == 2);
	import();
	cr_assert(result.runs == 0 && result.snapshots == 0 && result.seen == 2);
	EXPECT("SELECT count(*) FROM source", 1);
	print_cycle(5);
	print_sample(5);
	import();
	cr_assert(result.runs == 0 && result.snapshots == 2 && result.seen == 4);
	EXPECT("SELECT count(*) FROM snapshot", 4);
	EXPECT("SELECT count(*) FROM gc_pause", 5);
	EXPECT("SELECT count(*) FROM gc_cycle", 2);
}

Test(go_import, a_sample_knows_the_pauses_better_than_a_trace)
{
	for (unsigned gc = 1; gc <= 300; gc++)
		print_cycle(gc);
	EXPECT("SELECT 1", 1);
	print_sample(300);
	print_cycle(301);
	print_sample(600);
	import();
	EXPECT("SELECT count(*) FROM run", 1);
	EXPECT("SELECT count(*) FROM gc_pause WHERE phase = 'cycle'", 256 + 256);
	EXPECT("SELECT count(*) FROM gc_pause WHERE phase <> 'cycle'", 2 * 45);
	EXPECT("SELECT count(DISTINCT gc_num) FROM gc_pause", 45 + 256 + 256);
	/* 301 is told by its line, what follows up to 344 by nothing */
	EXPECT("SELECT count(*) FROM import_issue WHERE code = 'pause_gap'", 1);
	EXPECT("SELECT count(*) FROM accounting WHERE NOT holds", 0);
	EXPECT("SELECT kind = 'go-log' FROM source", 1);
}

Test(go_import, rounded_figures_are_held_against_no_identity)
{
	fprintf(out, "scvg0: inuse: 12, idle: 5, sys: 18, released: 3, consumed: 14 (MB)\n");
	print_cycle(1);
	fprintf(out, "scav 8 KiB work, 65408 KiB total, 52%% util\n");
	import();
	EXPECT("SELECT count(*) FROM accounting WHERE NOT holds", 0);
	EXPECT("SELECT count(*) FROM snapshot", 3);
	EXPECT("SELECT count(*) FROM mstats WHERE heap_alloc IS NULL AND sys IS NULL", 3);
	EXPECT("SELECT heap_released FROM mstats ORDER BY snapshot_id DESC LIMIT 1", 65408 << 10);
}

Test(go_import, what_a_version_lacks_is_unknown_and_its_identities_are_not_asked)
{
	/* Go 1.1: no GCSys, OtherSys, PauseEnd, NumForcedGC, GCCPUFraction. */
	fprintf(out,
		"{\"Alloc\":10,\"TotalAlloc\":20,\"Sys\":9000,\"Lookups\":1,\"Mallocs\":9,"
		"\"Frees\":4,\"HeapAlloc\":10,\"HeapSys\":100,\"HeapIdle\":40,\"HeapInuse\":60,"
		"\"HeapReleased\":0,\"HeapObjects\":5,\"StackInuse\":5,\"StackSys\":7,\"NextGC\":"
		"99,"
		"\"LastGC\":1,\"PauseTotalNs\":5,\"PauseNs\":[5],\"NumGC\":1}\n");
	import();
	EXPECT("SELECT gc_sys IS NULL AND other_sys IS NULL AND numforcedgc IS NULL AND"
	       " gc_cpu_fraction IS NULL AND enablegc IS NULL AND mspan_sys IS NULL FROM mstats",
	       1);
	EXPECT("SELECT duration_ns FROM gc_pause WHERE end_unix_ns IS NULL", 5);
	EXPECT("SELECT count(*) FROM accounting WHERE identity LIKE 'sys =%'", 0);
	EXPECT("SELECT count(*) FROM accounting WHERE identity = 'heap_sys = heap_idle + "
	       "heap_inuse'",
	       1);
	EXPECT("SELECT count(*) FROM import_issue", 0);
	EXPECT("SELECT stacks_sys FROM mstats", 2);
	EXPECT("SELECT count(*) FROM by_size", 0);
}

Test(go_import, pause_ends_of_1_4_are_no_unix_time)
{
	fprintf(out, "{\"HeapAlloc\":1,\"HeapSys\":2,\"NumGC\":1,\"PauseNs\":[5],\"PauseEnd\":[77],"
		     "\"LastGC\":1400000000000000000}\n");
	import();
	EXPECT("SELECT count(*) FROM gc_pause WHERE duration_ns = 5 AND end_unix_ns IS NULL", 1);
	EXPECT("SELECT count(*) FROM accounting WHERE NOT holds", 0);
}

Test(go_import, a_breach_is_listed_and_not_fatal)
{
	fprintf(out, "{\"HeapAlloc\":70,\"HeapSys\":100,\"HeapIdle\":30,\"HeapInuse\":60,"
		     "\"HeapReleased\":40}\n");
	import();
	EXPECT("SELECT count(*) FROM import_issue WHERE code = 'accounting' AND severity = "
	       "'warning'",
	       3);
	EXPECT("SELECT count(*) FROM snapshot", 1);
	cr_assert(!result.damaged);
}

Test(go_import, figures_that_cannot_be_are_unknown)
{
	fprintf(out, "{\"HeapAlloc\":-5,\"HeapSys\":\"many\",\"HeapIdle\":1e3,\"HeapInuse\":1.5,"
		     "\"HeapReleased\":99999999999999999999999,\"Sys\":null,\"TotalAlloc\":7,"
		     "\"NumGC\":1,\"PauseNs\":[9223372036854775807]}\n");
	import();
	EXPECT("SELECT heap_alloc IS NULL AND heap_sys IS NULL AND heap_inuse IS NULL AND"
	       " heap_released IS NULL AND sys IS NULL FROM mstats",
	       1);
	EXPECT("SELECT heap_idle FROM mstats", 1000);
	EXPECT("SELECT count(*) FROM gc_pause", 0);
	EXPECT("SELECT count(*) FROM import_issue WHERE code = 'field' AND message LIKE '5 "
	       "figures%'",
	       1);
}

Test(go_import, objects_are_found_wherever_they_stand)
{
	fprintf(out,
		"{not json} {\"a\": [1, {\"b\": 2}]} {\n{\"Sys\": 1, \"deep\": [{\"memstats\": ");
	print_sample(1);
	fprintf(out, "}]} trailing {\n2026-01-02T03:04:05.25Z stats=");
	print_sample(2);
	fprintf(out, "{\"time\":\"2026-01-02T03:04:06+01:00\",\"level\":\"INFO\",\"stats\":");
	print_sample(3);
	fprintf(out, "}\n[");
	print_sample(4);
	fprintf(out, ",");
	print_sample(5);
	fprintf(out, "]\n{\"log\":\"gc 6 @1.0s 0%%: 0+0+0 ms clock, 0+0/0/0+0 ms cpu, 1->1->1 MB, "
		     "4 MB goal, 1 P\\n\",\"time\":\"2026-01-02T03:04:07Z\"}\n"
		     "{\"log\":\"{\\\"HeapAlloc\\\":1,\\\"HeapSys\\\":2,\\\"NumGC\\\":7} {\\n\","
		     "\"time\":\"2026-01-02T03:04:08Z\"}\n");
	import();
	EXPECT("SELECT count(*) FROM snapshot", 7);
	EXPECT("SELECT unix_ns FROM snapshot WHERE gc_num = 7", 1767323048000000000);
	EXPECT("SELECT count(*) FROM run", 1);
	EXPECT("SELECT unix_ns FROM snapshot WHERE seq = 1", 1767323045250000000);
	EXPECT("SELECT unix_ns FROM snapshot WHERE seq = 2", 1767319446000000000);
	EXPECT("SELECT count(*) FROM snapshot WHERE seq IN (0, 3, 4) AND unix_ns IS NULL", 3);
	EXPECT("SELECT unix_ns FROM snapshot WHERE gc_num = 6", 1767323047000000000);
	EXPECT("SELECT count(*) FROM import_issue", 0);
}

Test(go_import, an_object_that_is_not_whole_is_damage_in_the_middle_and_torn_at_the_end)
{
	print_sample(1);
	fflush(out);
	size_t whole = text_bytes;
	cr_assert(import_bytes(whole - 100) == IMPORT_OK);
	cr_assert(result.seen == 0 && result.unfinished == 1 && !result.damaged);
	print_sample(2);
	fprintf(out, "{\"HeapAlloc\":1,\"HeapSys\":2,\n");
	print_sample(3);
	import();
	cr_assert(result.seen == 3 && result.damaged && result.first_issue_offset > whole);
	EXPECT("SELECT complete FROM source", 0);
	EXPECT("SELECT count(*) FROM import_issue WHERE severity = 'damage' AND code = 'syntax'",
	       1);
}

/* Whatever a text is cut to, reading it neither fails nor invents a sample. */
Test(go_import, any_cut_is_survived)
{
	print_cycle(1);
	print_sample(2);
	fprintf(out, "# runtime.MemStats\n# HeapAlloc = 10\n# HeapSys = 20\n# Stack = 1 / 3\n"
		     "# PauseNs = [1 2 3]\n# NumGC = 3\n# DebugGC = false\n");
	fflush(out);
	size_t step = text_bytes / 97;
	for (size_t bytes = 1; bytes <= text_bytes; bytes += step) {
		cr_assert(import_bytes(bytes) == IMPORT_OK);
		cr_assert(result.seen <= 3);
		EXPECT("SELECT count(*) FROM accounting WHERE NOT holds", 0);
	}
	import();
	cr_assert(result.seen == 3);
}

Test(go_import, a_text_without_figures_leaves_nothing)
{
	for (int i = 0; i < 1000; i++)
		fprintf(out, "{[\"{{\\u0000 %c gc( scav {\"a\":%d", i % 256, i);
	fprintf(out, "\n");
	import();
	cr_assert(result.seen == 0 && !result.damaged);
	EXPECT("SELECT count(*) FROM source", 0);
}

Test(go_import, depth_and_length_are_bounded)
{
	for (int i = 0; i < 100000; i++)
		fprintf(out, "{\"a\":[");
	fprintf(out, "\n{\"a\":\"%0*d\"}\n", 3 << 20, 0);
	print_sample(1);
	import();
	cr_assert(result.seen == 1);
}
