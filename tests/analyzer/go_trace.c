/* Lines of gctrace and scavtrace, one of each form that a release of Go printed. */
#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "go_sample.h"
#include "go_trace.h"

#define MIB(n) ((uint64_t)(n) << 20)

static struct go_trace parse(const char *line)
{
	struct go_trace trace;
	go_trace_parse(line, strlen(line), &trace);
	return trace;
}

static struct go_trace cycle(const char *line)
{
	struct go_trace trace = parse(line);
	cr_assert(trace.type == GO_TRACE_CYCLE, "%s", line);
	return trace;
}

static struct go_trace scavenge(const char *line)
{
	struct go_trace trace = parse(line);
	cr_assert(trace.type == GO_TRACE_SCAVENGE, "%s", line);
	return trace;
}

Test(trace, of_today_has_stacks_and_globals)
{
	struct go_trace t = cycle("gc 7 @1.082s 3%: 0.012+1.25+0.003 ms clock, "
				  "0.025+0.5/1.1/2.25+0.007 ms cpu, 4->5->3 MB, 6 MB goal, "
				  "1 MB stacks, 2 MB globals, 8 P (forced)");
	cr_assert(t.cycle.gc_num == 7 && t.cycle.reason == SNAPSHOT_REASON_FORCED);
	cr_assert(t.cycle.start_mono_ns == 1082000000 && t.cpu_fraction == 0.03);
	cr_assert(t.cycle.mark_ns == 1250000 && t.cycle.pause_count == 2);
	cr_assert(t.cycle.pauses[0].phase == SNAPSHOT_PHASE_SWEEP_TERM);
	cr_assert(t.cycle.pauses[0].duration_ns == 12000);
	cr_assert(t.cycle.pauses[1].phase == SNAPSHOT_PHASE_MARK_TERM);
	cr_assert(t.cycle.pauses[1].duration_ns == 3000);
	cr_assert(t.cycle.pauses[0].stop_ns == GO_UNKNOWN);
	cr_assert(t.cycle.cpu_assist_ns == 500000 && t.cycle.cpu_background_ns == 1100000);
	cr_assert(t.cycle.cpu_idle_ns == 2250000 && t.cycle.threads == 8);
	cr_assert(t.cycle.heap_live_start == MIB(4) && t.cycle.heap_live_end == MIB(5));
	cr_assert(t.cycle.heap_marked == MIB(3) && t.cycle.heap_goal == MIB(6));
	cr_assert(t.cycle.stack_bytes == MIB(1) && t.cycle.global_bytes == MIB(2));
	cr_assert(t.cycle.sweep_ns == GO_UNKNOWN && t.cycle.gc_trigger == GO_UNKNOWN);
}

Test(trace, of_1_6_knows_nothing_of_stacks)
{
	struct go_trace t = cycle("gc 1 @2.104s 0%: 0.018+1.3+0.076 ms clock, "
				  "0.054+0.35/1.0/3.0+0.23 ms cpu, 4->4->3 MB, 5 MB goal, 4 P");
	cr_assert(t.cycle.reason == SNAPSHOT_REASON_GC && t.cycle.threads == 4);
	cr_assert(t.cycle.stack_bytes == GO_UNKNOWN && t.cycle.global_bytes == GO_UNKNOWN);
	cr_assert(t.cycle.mark_ns == 1300000 && t.cycle.pauses[1].duration_ns == 76000);
}

Test(trace, of_1_5_has_five_clocks_of_which_two_stop_the_world)
{
	struct go_trace t =
		cycle("gc 1 @0.011s 3%: 0.11+0.70+0.11+0.23+0.26 ms clock, "
		      "0.34+0.70+0+0/0.21/0.44+0.79 ms cpu, 4->4->0 MB, 4 MB goal, 4 P");
	cr_assert(t.cycle.pause_count == 2 && t.cycle.mark_ns == 700000 + 110000 + 230000);
	cr_assert(t.cycle.pauses[0].duration_ns == 110000);
	cr_assert(t.cycle.pauses[1].duration_ns == 260000);
	cr_assert(t.cycle.cpu_assist_ns == 0 && t.cycle.cpu_background_ns == 210000);
	cr_assert(t.cycle.cpu_idle_ns == 440000);
}

Test(trace, up_to_1_4_stops_the_world_for_the_whole_cycle)
{
	struct go_trace t =
		cycle("gc12(2): 3+1+93+4 us, 1 -> 2 MB, 21 (30-9) objects, 2 goroutines, "
		      "15/0/0 sweeps, 0(0) handoff, 0(0) steal, 0/0/0 yields");
	cr_assert(t.cycle.gc_num == 12 && t.cycle.threads == 2 && t.cycle.pause_count == 1);
	cr_assert(t.cycle.pauses[0].phase == SNAPSHOT_PHASE_MARK);
	cr_assert(t.cycle.pauses[0].duration_ns == 101000);
	cr_assert(t.cycle.heap_live_start == MIB(1) && t.cycle.heap_live_end == MIB(2));
	cr_assert(t.heap_objects == 21 && t.nmalloc == 30 && t.nfree == 9);
	cr_assert(t.cycle.start_mono_ns == GO_UNKNOWN && t.cycle.heap_marked == GO_UNKNOWN);
	cr_assert(isnan(t.cpu_fraction));
}

Test(trace, up_to_1_2_gives_milliseconds)
{
	struct go_trace t = cycle("gc3(4): 0+2+1 ms, 1 -> 0 MB 1016 -> 403 (1035-632) objects, "
				  "0(0) handoff, 0(0) steal, 0/0/0 yields");
	cr_assert(t.cycle.pauses[0].duration_ns == 3000000 && t.heap_objects == GO_UNKNOWN);
}

Test(trace, of_memspan_reads_as_go_does)
{
	struct go_trace t =
		cycle("gc 2 @0.003s 0%: 1.23e+03+0+0 ms clock, 0.00345+0/1.5/0+0 ms cpu, "
		      "0->0->0 MB, 4 MB goal, 0 MB stacks, 0 MB globals, 2 P");
	cr_assert(t.cycle.pauses[0].duration_ns == 1230000000 && t.cycle.mark_ns == 0);
}

Test(trace, of_the_scavenger_tells_what_is_released)
{
	cr_assert(scavenge("scav 8 KiB work, 65408 KiB total, 52% util").heap_released ==
		  65408 << 10);
	cr_assert(scavenge("scav 4 0 KiB work, 40 KiB total, 52% util (forced)").heap_released ==
		  40960);
	cr_assert(scavenge("scav 0 KiB work (bg), 8 KiB work (eager), 16 KiB now, 99% util")
			  .heap_released == 16 << 10);
	struct go_trace old = scavenge("scvg0: inuse: 12, idle: 5, sys: 17, released: 3, "
				       "consumed: 14 (MB)");
	cr_assert(old.heap_inuse == MIB(12) && old.heap_idle == MIB(5) &&
		  old.heap_released == MIB(3));
	cr_assert(scavenge("scvg: inuse: 4, idle: 59, sys: 63, released: 57, consumed: 5 (MB)")
			  .heap_idle == MIB(59));
}

Test(trace, is_found_behind_what_a_logger_puts_before_it)
{
	struct go_trace t =
		cycle("2026-01-02T03:04:05Z pod-7 stderr F gc 9 @1.0s 0%: 0+0+0 ms clock, "
		      "0+0/0/0+0 ms cpu, 1->1->1 MB, 4 MB goal, 1 P");
	cr_assert(t.cycle.gc_num == 9);
	cr_assert(parse("agc 9 @1.0s 0%: 0+0+0 ms clock, 0+0/0/0+0 ms cpu, 1->1->1 MB, 4 MB goal, "
			"1 P")
			  .type == GO_TRACE_NONE);
}

Test(trace, that_is_cut_or_wrong_is_no_cycle)
{
	const char line[] = "gc 1 @2.104s 0%: 0.018+1.3+0.076 ms clock, "
			    "0.054+0.35/1.0/3.0+0.23 ms cpu, 4->4->3 MB, 5 MB goal, 4 P";
	struct go_trace t;
	for (size_t n = 0; n < sizeof line - 1; n++) {
		char *copy =
			malloc(n + 1); /* exactly as long, so that a sanitizer sees a step beyond */
		memcpy(copy, line, n);
		go_trace_parse(copy, n, &t);
		cr_assert(t.type == GO_TRACE_NONE || t.type == GO_TRACE_BROKEN, "cut at %zu", n);
		free(copy);
	}
	cr_assert(parse("gc 1 @2.104s 0%: a lot of work").type == GO_TRACE_BROKEN);
	cr_assert(parse("gc 99999999999999999999 @2.104s").type == GO_TRACE_NONE);
	cr_assert(parse("gc 1 @1.0s 0%: 99999999999+0+0 ms clock, 0+0/0/0+0 ms cpu, 1->1->1 MB, "
			"4 MB goal, 1 P")
			  .type == GO_TRACE_BROKEN);
	cr_assert(parse("gc 1 @1.0s 0%: 0+0+0 ms clock, 0+0/0/0+0 ms cpu, 17592186044416->1->1 MB, "
			"4 MB goal, 1 P")
			  .type == GO_TRACE_BROKEN);
	cr_assert(parse("a line about gc 5 and scav 3 of scvg").type == GO_TRACE_NONE);
}
