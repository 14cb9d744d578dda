/*
 * go_trace - the lines that GODEBUG=gctrace=1 and scavtrace=1 print, from Go 1.4 to now, and
 * those of MEMSPAN_TRACE.
 *
 * A line is found wherever it stands behind a logger's prefix. Its figures are rounded:
 * megabytes are given as the bytes of that many whole ones, times as printed.
 *
 *	gc1(1): 0+0+0+0 us, 0 -> 0 MB, 21 (21-0) objects, ...             up to 1.4
 *	gc 1 @0.017s 2%: a+b+c+d+e ms clock, a+b/c/d+e ms cpu,
 *	  4->4->0 MB, 5 MB goal, 4 P (forced)                             1.5: five clock figures
 *	  ... 5 MB goal, 0 MB stacks, 0 MB globals, 4 P                   1.18 and later
 *	scvg1: inuse: 3, idle: 58, sys: 61, released: 58, consumed: 3 (MB) up to 1.13
 *	scav [1] 8 KiB work, 2040 KiB total, 62% util (forced)            1.14 to 1.19
 *	scav 8 KiB work (bg), 0 KiB work (eager), 2040 KiB now, 62% util  later
 */
#ifndef GO_TRACE_H
#define GO_TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

enum go_trace_type {
	GO_TRACE_NONE, /* another line of the log */
	GO_TRACE_CYCLE,
	GO_TRACE_SCAVENGE,
	GO_TRACE_BROKEN, /* it begins as one of a cycle, and does not go on as one */
};

struct go_trace {
	enum go_trace_type type;
	/* What the line does not say is GO_UNKNOWN (go_sample.h). */
	struct snapshot_cycle cycle; /* its pauses: of the phases that stop the world */
	double cpu_fraction;	     /* of the available CPU since the start, or NaN */
	uint64_t heap_objects, nmalloc, nfree;
	uint64_t heap_inuse, heap_idle, heap_released;
};

void go_trace_parse(const char *line, size_t bytes, struct go_trace *trace);

#endif
