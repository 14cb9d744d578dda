/*
 * pacer.h - when the next cycle starts. Pure arithmetic over figures of the last one.
 *
 * Go's rules (1.18 and later): goal = marked + (marked + stacks + globals) x percent /
 * 100, at least 4 MiB x percent / 100. Marking starts as early as it takes for the heap to
 * end at the goal, by what the program allocated while it was marked in the cycles before,
 * and between 45/64 and 61/64 of the way from marked to goal. The memory limit lowers the
 * goal by what the runtime holds beside objects.
 */
#ifndef PACER_H
#define PACER_H

#include <stdbool.h>
#include <stdint.h>

#define PACER_OFF UINT64_MAX      /* goal and trigger when nothing starts a cycle */

struct pacer_input {
	int percent;              /* below 0: off */
	int64_t limit_bytes;      /* INT64_MAX: none */
	uint64_t marked_bytes, stack_bytes, global_bytes;
	uint64_t marking_alloc_bytes; /* what the program is expected to allocate while it is marked */
	uint64_t overhead_bytes;  /* mapped and not released, and not in objects */
};

struct pacer_output {
	uint64_t goal, trigger;
	double trigger_ratio;     /* trigger = marked x (1 + trigger_ratio) */
	bool by_limit;            /* the memory limit set the goal */
};

struct pacer_output pacer_next(const struct pacer_input *in);

#endif
