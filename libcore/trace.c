/* trace.c - see trace.h. */
#include "trace.h"

#include <errno.h>
#include <stdio.h>

#include "os.h"
#include "pageheap.h"
#include "span.h"

bool trace_gc, trace_scavenge;

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

static unsigned long long mib(uint64_t bytes)
{
	return bytes == UINT64_MAX ? 0 : bytes >> 20;
}

static void print(const char *line, int length, size_t cap)
{
	if (length > 0)
		os_stderr(line, (size_t)length < cap ? (size_t)length : cap - 1);
}

/*
 * a+b+c: the first pause, marking beside the program, the last pause. Where marking stops
 * the world the whole of it is the first pause and the others are 0. The first and the last
 * CPU figure are the time in which the processors waited for threads to stop.
 */
void trace_cycle(const struct recorder_cycle *cycle, unsigned cpus, double cpu_fraction,
                 uint64_t begun_ns)
{
	if (!trace_gc)
		return;
	int saved = errno;
	void *locale = os_locale_plain();
	char line[400];
	const struct recorder_pause *first = &cycle->pauses[0], none = {0};
	const struct recorder_pause *last = cycle->pause_count > 1 ? &cycle->pauses[1] : &none;
	uint64_t paused_ns = first->duration_ns + last->duration_ns;
	uint64_t beside_ns =
	    last == &none || cycle->mark_ns < paused_ns ? 0 : cycle->mark_ns - paused_ns;
	int n = snprintf(line, sizeof line,
	                 "gc %u @%.3fs %.0f%%: %.3g+%.3g+%.3g ms clock, %.3g+%.3g/%.3g/%.3g+%.3g ms cpu, "
	                 "%llu->%llu->%llu MB, %llu MB goal, %llu MB stacks, %llu MB globals, %u P%s\n",
	                 cycle->gc_num, (double)(cycle->start_mono_ns - begun_ns) / 1e9,
	                 cpu_fraction * 100, ms(first->duration_ns), ms(beside_ns),
	                 ms(last->duration_ns), ms(first->stop_ns) * cpus, ms(cycle->cpu_assist_ns),
	                 ms(cycle->cpu_background_ns), ms(cycle->cpu_idle_ns), ms(last->stop_ns) * cpus,
	                 mib(cycle->heap_live_start), mib(cycle->heap_live_end),
	                 mib(cycle->heap_marked), mib(cycle->heap_goal), mib(cycle->stack_bytes),
	                 mib(cycle->global_bytes), cpus,
	                 cycle->reason == RECORDER_FORCED ? " (forced)" : "");
	os_locale_restore(locale);
	print(line, n, sizeof line);
	errno = saved;
}

void trace_scavenged(size_t background_bytes, size_t demand_bytes)
{
	if (!trace_scavenge)
		return;
	int saved = errno;
	char line[160];
	uint64_t released = __atomic_load_n(&pageheap.released_pages, __ATOMIC_RELAXED);
	uint64_t kept = pageheap_retained_pages();
	uint64_t used = __atomic_load_n(&pageheap.used_pages, __ATOMIC_RELAXED);
	int n = snprintf(line, sizeof line,
	                 "scav %zu KiB work (bg), %zu KiB work (eager), %llu KiB now, %llu%% util\n",
	                 background_bytes >> 10, demand_bytes >> 10,
	                 (unsigned long long)(released * PAGE_BYTES >> 10),
	                 (unsigned long long)(kept ? used * 100 / kept : 100));
	print(line, n, sizeof line);
	errno = saved;
}

void trace_given_up(const char *why)
{
	if (!trace_gc)
		return;
	int saved = errno;
	char line[160];
	int n = snprintf(line, sizeof line, "gc given up: %s\n", why);
	print(line, n, sizeof line);
	errno = saved;
}
