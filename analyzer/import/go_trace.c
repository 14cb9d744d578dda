/* go_trace.c - see go_trace.h. */
#include "go_trace.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "go_sample.h"

/* What is left of a line. A step that does not fit leaves it where it is. */
struct rest {
	const char *at, *end;
};

static bool word(struct rest *rest, const char *expected)
{
	size_t bytes = strlen(expected);
	if ((size_t)(rest->end - rest->at) < bytes || memcmp(rest->at, expected, bytes) != 0)
		return false;
	rest->at += bytes;
	return true;
}

static bool count(struct rest *rest, uint64_t *value)
{
	const char *begin = rest->at;
	while (rest->at < rest->end && isdigit((unsigned char)*rest->at))
		rest->at++;
	*value = go_parse_count(begin, (size_t)(rest->at - begin));
	return *value != GO_UNKNOWN;
}

/* The decimal exponent behind a number, as in 1.23e+03. */
static int exponent(struct rest *rest)
{
	struct rest try = *rest;
	uint64_t value;
	if (!word(&try, "e"))
		return 0;
	bool negative = word(&try, "-");
	if (!negative)
		word(&try, "+");
	if (!count(&try, &value) || value > 18)
		return 0;
	*rest = try;
	return negative ? -(int)value : (int)value;
}

/* A decimal number times 10^scale, as an integer; digits beyond are dropped. */
static bool decimal(struct rest *rest, int scale, uint64_t *value)
{
	const char *begin = rest->at;
	bool fraction = false;
	int digits = 0;
	*value = 0;
	for (; rest->at < rest->end; rest->at++) {
		if (*rest->at == '.' && !fraction) {
			fraction = true;
		} else if (isdigit((unsigned char)*rest->at)) {
			if (++digits > 18)
				return false;
			*value = *value * 10 + (uint64_t)(*rest->at - '0');
			scale -= fraction;
		} else {
			break;
		}
	}
	if (rest->at == begin || digits == 0)
		return false;
	for (scale += exponent(rest); scale > 0; scale--)
		if (__builtin_mul_overflow(*value, 10, value))
			return false;
	for (; scale < 0; scale++)
		*value /= 10;
	return true;
}

/* Whole megabytes, or kilobytes, as bytes. */
static bool size(struct rest *rest, unsigned shift, uint64_t *bytes)
{
	if (!count(rest, bytes) || *bytes >> (63 - shift))
		return false;
	*bytes <<= shift;
	return true;
}

enum { MB = 20, KB = 10, CLOCKS_MAX = 5 };

/* Hours: sums of clocks have to stay sums of whole numbers. */
#define CLOCK_NS_MAX (UINT64_C(1) << 46)

static void add_pause(struct snapshot_cycle *cycle, enum snapshot_phase phase, uint64_t ns)
{
	cycle->pauses[cycle->pause_count++] = (struct snapshot_pause){.phase = phase,
								      .duration_ns = ns,
								      .stop_ns = GO_UNKNOWN,
								      .end_unix_ns = GO_UNKNOWN};
}

/* "0.1+0.2+0.3": how many of them, 0 when they are no such figures. */
static unsigned clocks(struct rest *rest, int scale, uint64_t ns[CLOCKS_MAX])
{
	unsigned n = 0;
	do {
		if (n == CLOCKS_MAX || !decimal(rest, scale, &ns[n]) || ns[n] > CLOCK_NS_MAX)
			return 0;
		n++;
	} while (word(rest, "+"));
	return n;
}

/*
 * Three clocks: sweep termination and mark termination stop the world, marking does not.
 * Five, in Go 1.5: with scanning and the switch of the write barrier, which do not either.
 */
static bool modern_clocks(struct rest *rest, struct snapshot_cycle *cycle)
{
	uint64_t ns[CLOCKS_MAX];
	unsigned n = clocks(rest, 6, ns);
	if ((n != 3 && n != 5) || !word(rest, " ms clock, "))
		return false;
	add_pause(cycle, SNAPSHOT_PHASE_SWEEP_TERM, ns[0]);
	add_pause(cycle, SNAPSHOT_PHASE_MARK_TERM, ns[n - 1]);
	cycle->mark_ns = 0;
	for (unsigned i = 1; i < n - 1; i++)
		if (__builtin_add_overflow(cycle->mark_ns, ns[i], &cycle->mark_ns))
			return false;
	return true;
}

/* "0.1+0.2/0.3/0.4+0.5 ms cpu, ": in Go 1.5 with more terms before the one with slashes. */
static bool modern_cpu(struct rest *rest, struct snapshot_cycle *cycle)
{
	uint64_t ns;
	for (unsigned i = 0; i < CLOCKS_MAX; i++) {
		if (!decimal(rest, 6, &ns))
			return false;
		if (word(rest, "/")) {
			cycle->cpu_assist_ns = ns;
			if (!decimal(rest, 6, &cycle->cpu_background_ns) || !word(rest, "/") ||
			    !decimal(rest, 6, &cycle->cpu_idle_ns))
				return false;
		}
		if (!word(rest, "+"))
			break;
	}
	return word(rest, " ms cpu, ");
}

/* "4->4->0 MB, 5 MB goal, [0 MB stacks, 0 MB globals, ]4 P[ (forced)]" */
static bool modern_sizes(struct rest *rest, struct snapshot_cycle *cycle)
{
	if (!size(rest, MB, &cycle->heap_live_start) || !word(rest, "->") ||
	    !size(rest, MB, &cycle->heap_live_end) || !word(rest, "->") ||
	    !size(rest, MB, &cycle->heap_marked) || !word(rest, " MB, ") ||
	    !size(rest, MB, &cycle->heap_goal) || !word(rest, " MB goal, "))
		return false;
	struct rest roots = *rest;
	uint64_t stacks, globals;
	if (size(&roots, MB, &stacks) && word(&roots, " MB stacks, ") &&
	    size(&roots, MB, &globals) && word(&roots, " MB globals, ")) {
		cycle->stack_bytes = stacks;
		cycle->global_bytes = globals;
		*rest = roots;
	}
	if (!count(rest, &cycle->threads) || !word(rest, " P"))
		return false;
	cycle->reason = word(rest, " (forced)") ? SNAPSHOT_REASON_FORCED : SNAPSHOT_REASON_GC;
	return true;
}

/* Behind "gc "; `begun`: it looks like a cycle's line. */
static bool modern_cycle(struct rest rest, struct go_trace *trace, bool *begun)
{
	struct snapshot_cycle *cycle = &trace->cycle;
	uint64_t percent;
	if (!count(&rest, &cycle->gc_num) || cycle->gc_num > UINT32_MAX || !word(&rest, " @"))
		return false;
	if (!decimal(&rest, 9, &cycle->start_mono_ns) || !word(&rest, "s "))
		return false;
	*begun = true;
	if (!count(&rest, &percent) || !word(&rest, "%: "))
		return false;
	trace->cpu_fraction = (double)percent / 100;
	return modern_clocks(&rest, cycle) && modern_cpu(&rest, cycle) &&
	       modern_sizes(&rest, cycle);
}

/* Behind "gc", up to Go 1.4, when the world stood still for all of it: 1(1): 0+0+0+0 us, ... */
static bool stopped_cycle(struct rest rest, struct go_trace *trace)
{
	struct snapshot_cycle *cycle = &trace->cycle;
	uint64_t ns[CLOCKS_MAX], total = 0;
	if (!count(&rest, &cycle->gc_num) || cycle->gc_num > UINT32_MAX || !word(&rest, "(") ||
	    !count(&rest, &cycle->threads) || !word(&rest, "): "))
		return false;
	struct rest again = rest;
	unsigned n = clocks(&rest, 3, ns);
	if (n == 0 || !word(&rest, " us, ")) {
		rest = again;
		n = clocks(&rest, 6, ns);
		if (n == 0 || !word(&rest, " ms, "))
			return false;
	}
	for (unsigned i = 0; i < n; i++)
		if (__builtin_add_overflow(total, ns[i], &total))
			return false;
	if (!size(&rest, MB, &cycle->heap_live_start) || !word(&rest, " -> ") ||
	    !size(&rest, MB, &cycle->heap_live_end) || !word(&rest, " MB"))
		return false;
	add_pause(cycle, SNAPSHOT_PHASE_MARK, total);
	if (!word(&rest, ", ") || !count(&rest, &trace->heap_objects) || !word(&rest, " (") ||
	    !count(&rest, &trace->nmalloc) || !word(&rest, "-") || !count(&rest, &trace->nfree))
		trace->heap_objects = trace->nmalloc = trace->nfree = GO_UNKNOWN; /* before 1.3 */
	return true;
}

/* Behind "scav ". */
static bool scavenge(struct rest rest, struct go_trace *trace)
{
	uint64_t figure, total;
	struct rest generation = rest;
	if (count(&generation, &figure) && word(&generation, " ") &&
	    generation.at < generation.end && isdigit((unsigned char)*generation.at))
		rest = generation;
	if (!count(&rest, &figure) || !word(&rest, " KiB work"))
		return false;
	if (word(&rest, " (bg)") &&
	    (!word(&rest, ", ") || !count(&rest, &figure) || !word(&rest, " KiB work (eager)")))
		return false;
	if (!word(&rest, ", ") || !size(&rest, KB, &total) ||
	    (!word(&rest, " KiB total, ") && !word(&rest, " KiB now, ")) ||
	    !count(&rest, &figure) || !word(&rest, "% util"))
		return false;
	trace->heap_released = total;
	return true;
}

/* Behind "scvg": a number, or nothing, then the heap in megabytes. */
static bool old_scavenge(struct rest rest, struct go_trace *trace)
{
	uint64_t figure;
	word(&rest, "-");
	count(&rest, &figure);
	return word(&rest, ": inuse: ") && size(&rest, MB, &trace->heap_inuse) &&
	       word(&rest, ", idle: ") && size(&rest, MB, &trace->heap_idle) &&
	       word(&rest, ", sys: ") && size(&rest, MB, &figure) && word(&rest, ", released: ") &&
	       size(&rest, MB, &trace->heap_released);
}

static void clear(struct go_trace *trace)
{
	memset(trace, 0, sizeof *trace);
	memset(&trace->cycle, 0xff, sizeof trace->cycle);
	trace->cycle.pause_count = 0;
	trace->cycle.reason = SNAPSHOT_REASON_GC;
	trace->cpu_fraction = NAN;
	trace->heap_objects = trace->nmalloc = trace->nfree = GO_UNKNOWN;
	trace->heap_inuse = trace->heap_idle = trace->heap_released = GO_UNKNOWN;
}

static enum go_trace_type try_here(struct rest rest, struct go_trace *trace, bool *begun)
{
	clear(trace);
	if (word(&rest, "gc "))
		return modern_cycle(rest, trace, begun) ? GO_TRACE_CYCLE : GO_TRACE_NONE;
	if (word(&rest, "gc"))
		return stopped_cycle(rest, trace) ? GO_TRACE_CYCLE : GO_TRACE_NONE;
	if (word(&rest, "scav "))
		return scavenge(rest, trace) ? GO_TRACE_SCAVENGE : GO_TRACE_NONE;
	if (word(&rest, "scvg"))
		return old_scavenge(rest, trace) ? GO_TRACE_SCAVENGE : GO_TRACE_NONE;
	return GO_TRACE_NONE;
}

void go_trace_parse(const char *line, size_t bytes, struct go_trace *trace)
{
	struct rest rest = {line, line + bytes};
	bool begun = false;
	for (; rest.at < rest.end; rest.at++) {
		char before = rest.at > line ? rest.at[-1] : ' ';
		if ((*rest.at != 'g' && *rest.at != 's') || isalnum((unsigned char)before) ||
		    before == '_')
			continue;
		trace->type = try_here(rest, trace, &begun);
		if (trace->type != GO_TRACE_NONE)
			return;
	}
	clear(trace);
	trace->type = begun ? GO_TRACE_BROKEN : GO_TRACE_NONE;
}
