/* What is pure arithmetic or text: the pacer, the settings, the JSON. */
#include <criterion/criterion.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "memspan.h"
#include "pacer.h"
#include "settings.h"

static const uint64_t MiB = 1 << 20;

static struct pacer_input at(int percent, uint64_t marked)
{
	return (struct pacer_input){.percent = percent, .limit_bytes = INT64_MAX, .marked_bytes = marked};
}

Test(pacer, the_goal_is_what_was_kept_and_the_percent_of_all_that_was_scanned)
{
	struct pacer_input in = at(100, 100 * MiB);
	cr_assert_eq(pacer_next(&in).goal, 200 * MiB);
	in.stack_bytes = 3 * MiB;
	in.global_bytes = 7 * MiB;
	cr_assert_eq(pacer_next(&in).goal, 210 * MiB);
	in.percent = 50;
	cr_assert_eq(pacer_next(&in).goal, 155 * MiB);
}

Test(pacer, the_smallest_heap_is_4_MiB_times_the_percent)
{
	struct pacer_input in = at(100, 1000);
	cr_assert_eq(pacer_next(&in).goal, 4 * MiB);
	in.percent = 200;
	cr_assert_eq(pacer_next(&in).goal, 8 * MiB);
}

Test(pacer, the_trigger_lies_on_the_way_to_the_goal)
{
	for (uint64_t marked = 0; marked < 64 * MiB; marked += MiB + 12345) {
		struct pacer_input in = at(100, marked);
		struct pacer_output out = pacer_next(&in);
		cr_assert_geq(out.trigger, marked + (out.goal - marked) / 64 * 45);
		cr_assert_leq(out.trigger, marked + (out.goal - marked) / 64 * 61 + 64);
		cr_assert_leq(out.trigger_ratio, 1.0);
	}
}

Test(pacer, a_percent_beyond_all_memory_gives_a_goal_that_is_a_number)
{
	struct pacer_input in = {
	    .percent = INT_MAX, .limit_bytes = INT64_MAX, .marked_bytes = (uint64_t)1 << 47};
	struct pacer_output out = pacer_next(&in);
	cr_assert_gt(out.goal, 2 * in.marked_bytes);
	cr_assert_lt(out.goal, (uint64_t)1 << 63);
	cr_assert(out.trigger > in.marked_bytes && out.trigger < out.goal);
}

Test(pacer, off_is_off_unless_there_is_a_limit)
{
	struct pacer_input in = at(-1, 10 * MiB);
	cr_assert_eq(pacer_next(&in).goal, UINT64_MAX);
	cr_assert_eq(pacer_next(&in).trigger, UINT64_MAX);
	in.limit_bytes = 64 * (int64_t)MiB;
	struct pacer_output out = pacer_next(&in);
	cr_assert(out.by_limit);
	cr_assert_leq(out.goal, 64 * MiB);
	cr_assert_geq(out.goal, 32 * MiB);
}

Test(pacer, the_limit_lowers_the_goal_but_never_below_what_lives)
{
	struct pacer_input in = at(100, 100 * MiB);
	in.limit_bytes = 150 * (int64_t)MiB;
	in.overhead_bytes = 10 * MiB;
	cr_assert_lt(pacer_next(&in).goal, 140 * MiB);
	in.limit_bytes = 20 * (int64_t)MiB;
	cr_assert_eq(pacer_next(&in).goal, 100 * MiB);
}

Test(settings, sizes_are_read_as_go_reads_them)
{
	int64_t bytes = 7;
	cr_assert(settings_parse_bytes("512MiB", &bytes) && bytes == 512 << 20);
	cr_assert(settings_parse_bytes("1GiB", &bytes) && bytes == 1 << 30);
	cr_assert(settings_parse_bytes("123", &bytes) && bytes == 123);
	cr_assert(settings_parse_bytes("123B", &bytes) && bytes == 123);
	cr_assert(settings_parse_bytes("off", &bytes) && bytes == INT64_MAX);
	bytes = 7;
	const char *const bad[] = {"", "MiB", "-1", "1MB", "1 MiB", "1MiBx", "99999999999999999999",
	                           "9999999999TiB", "0x10"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		cr_assert_not(settings_parse_bytes(bad[i], &bytes), "'%s' was read", bad[i]);
	cr_assert_eq(bytes, 7);
}

Test(settings, percents_and_traces)
{
	int percent = 7;
	struct settings s = {0};
	cr_assert(settings_parse_percent("off", &percent) && percent == -1);
	cr_assert(settings_parse_percent("-5", &percent) && percent == -1);
	cr_assert(settings_parse_percent("200", &percent) && percent == 200);
	cr_assert_not(settings_parse_percent("2x", &percent));
	cr_assert_not(settings_parse_percent("99999999999", &percent));
	cr_assert(settings_parse_trace("gctrace=1,scavtrace=1", &s) && s.trace_gc && s.trace_scavenge);
	cr_assert(settings_parse_trace("gctrace=0", &s) && !s.trace_gc && s.trace_scavenge);
	cr_assert_not(settings_parse_trace("gctrace", &s));
	cr_assert_not(settings_parse_trace("gctrace=1,what=1", &s));
}

static char *json(const memspan_mem_stats *stats)
{
	int length = memspan_mem_stats_to_json(stats, NULL, 0);
	char *text = malloc((size_t)length + 1);
	cr_assert_eq(memspan_mem_stats_to_json(stats, text, (size_t)length + 1), length);
	cr_assert_eq(strlen(text), (size_t)length);
	return text;
}

Test(json, keys_stand_in_the_order_of_go)
{
	static const char *const keys[] = {
	    "Alloc", "TotalAlloc", "Sys", "Lookups", "Mallocs", "Frees", "HeapAlloc", "HeapSys",
	    "HeapIdle", "HeapInuse", "HeapReleased", "HeapObjects", "StackInuse", "StackSys",
	    "MSpanInuse", "MSpanSys", "MCacheInuse", "MCacheSys", "BuckHashSys", "GCSys", "OtherSys",
	    "NextGC", "LastGC", "PauseTotalNs", "PauseNs", "PauseEnd", "NumGC", "NumForcedGC",
	    "GCCPUFraction", "EnableGC", "DebugGC", "BySize"};
	static memspan_mem_stats stats;
	char *text = json(&stats), *from = text;
	for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
		char key[40];
		snprintf(key, sizeof key, "\n    \"%s\": ", keys[i]);
		from = strstr(from, key);
		cr_assert_not_null(from, "%s is missing or out of order", keys[i]);
	}
	cr_assert_null(strstr(from + 1, "\n    \""), "there are more keys than Go has");
	free(text);
}

Test(json, numbers_are_written_as_go_writes_them)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {{0, "0"}, {0.25, "0.25"}, {1e-7, "1e-7"}, {0.00001234, "0.00001234"},
	             {1.5e-6, "0.0000015"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		memspan_mem_stats stats = {.gc_cpu_fraction = cases[i].value};
		char line[80], *text = json(&stats);
		snprintf(line, sizeof line, "\"GCCPUFraction\": %s,\n", cases[i].text);
		cr_assert_not_null(strstr(text, line), "%g is not written as %s", cases[i].value,
		                   cases[i].text);
		free(text);
	}
}

Test(json, a_small_buffer_gets_its_part_and_the_whole_length)
{
	static memspan_mem_stats stats;
	char *whole = json(&stats), part[100];
	int length = (int)strlen(whole);
	cr_assert_eq(memspan_mem_stats_to_json(&stats, part, sizeof part), length);
	cr_assert_eq(strlen(part), sizeof part - 1);
	cr_assert_eq(strncmp(part, whole, sizeof part - 1), 0);
	free(whole);
}
