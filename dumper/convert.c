#include "convert.h"

#include <string.h>

#define SAME_PLACE(field)                                                                   \
	_Static_assert(offsetof(memspan_span, field) == offsetof(struct snapshot_span, field), \
	               #field " stands elsewhere")
SAME_PLACE(base);
SAME_PLACE(npages);
SAME_PLACE(elem_bytes);
SAME_PLACE(released_bytes);
SAME_PLACE(nelems);
SAME_PLACE(alloc_count);
SAME_PLACE(born_gc);
SAME_PLACE(state);
SAME_PLACE(size_class);
SAME_PLACE(noscan);
_Static_assert(sizeof(memspan_span) == sizeof(struct snapshot_span), "spans differ in size");
_Static_assert((int)RECORDER_PAUSES_MAX == (int)SNAPSHOT_PAUSES_MAX, "pauses differ in number");
_Static_assert((int)RECORDER_SHRINK == (int)SNAPSHOT_REASON_SHRINK, "reasons differ");
_Static_assert((int)RECORDER_PHASE_SNAPSHOT == (int)SNAPSHOT_PHASE_SNAPSHOT, "phases differ");

static void convert_pause(const struct recorder_pause *from, struct snapshot_pause *to)
{
	to->phase = from->phase;
	to->duration_ns = from->duration_ns;
	to->stop_ns = from->stop_ns;
	to->end_unix_ns = from->end_unix_ns;
}

#define COPY(field) to->field = from->field

void convert_cycle(const struct recorder_cycle *from, struct snapshot_cycle *to)
{
	memset(to, 0, sizeof(*to));
	COPY(gc_num);
	COPY(reason);
	COPY(tracking);
	COPY(threads);
	COPY(threads_unknown);
	COPY(start_unix_ns);
	COPY(start_mono_ns);
	COPY(mark_ns);
	COPY(sweep_ns);
	COPY(cpu_assist_ns);
	COPY(cpu_background_ns);
	COPY(cpu_idle_ns);
	COPY(heap_live_start);
	COPY(heap_live_end);
	COPY(heap_marked);
	COPY(heap_goal);
	COPY(gc_trigger);
	COPY(next_goal);
	COPY(next_trigger);
	COPY(stack_bytes);
	COPY(global_bytes);
	to->pause_count = from->pause_count < RECORDER_PAUSES_MAX ? from->pause_count
	                                                          : RECORDER_PAUSES_MAX;
	for (uint64_t i = 0; i < to->pause_count; i++)
		convert_pause(&from->pauses[i], &to->pauses[i]);
}

static void convert_mstats(const memspan_mstats *from, struct snapshot_mstats *to)
{
	COPY(alloc);
	COPY(total_alloc);
	COPY(sys);
	COPY(nlookup);
	COPY(nmalloc);
	COPY(nfree);
	COPY(heap_alloc);
	COPY(heap_sys);
	COPY(heap_idle);
	COPY(heap_inuse);
	COPY(heap_released);
	COPY(heap_objects);
	COPY(stacks_inuse);
	COPY(stacks_sys);
	COPY(mspan_inuse);
	COPY(mspan_sys);
	COPY(mcache_inuse);
	COPY(mcache_sys);
	COPY(buckhash_sys);
	COPY(gc_sys);
	COPY(other_sys);
	COPY(next_gc);
	COPY(last_gc_unix);
	COPY(pause_total_ns);
	memcpy(to->pause_ns, from->pause_ns, sizeof(to->pause_ns));
	memcpy(to->pause_end, from->pause_end, sizeof(to->pause_end));
	COPY(numgc);
	COPY(numforcedgc);
	COPY(gc_cpu_fraction);
	COPY(enablegc);
	COPY(debuggc);
	for (int i = 0; i < SNAPSHOT_CLASSES; i++) {
		COPY(by_size[i].size);
		COPY(by_size[i].nmalloc);
		COPY(by_size[i].nfree);
	}
	COPY(last_gc_nanotime);
	COPY(tinyallocs);
	COPY(last_next_gc);
	COPY(last_heap_inuse);
	to->trigger_ratio = from->triggerRatio;
	COPY(gc_trigger);
	COPY(heap_live);
	COPY(heap_scan);
	COPY(heap_marked);
}

void convert_head(const struct recorder_snapshot *from, bool has_spans, struct snapshot_head *to)
{
	memset(to, 0, sizeof(*to));
	COPY(reason);
	COPY(gc_num);
	COPY(unix_ns);
	COPY(mono_ns);
	convert_pause(&from->stop, &to->stop);
	to->has_spans = has_spans;
	to->span_count = has_spans ? from->span_count : 0;
	convert_mstats(&from->stats, &to->stats);
}

void convert_leaks(const struct recorder_leaks *from, struct snapshot_leaks *to)
{
	_Static_assert(sizeof(to->by_class) == sizeof(from->by_class), "the same classes");
	_Static_assert(sizeof(struct snapshot_lost) == sizeof(struct recorder_lost), "the same words");
	memset(to, 0, sizeof(*to));
	COPY(search_ns);
	COPY(root_bytes);
	COPY(threads_unknown);
	COPY(blocks);
	COPY(bytes);
	memcpy(to->by_class, from->by_class, sizeof(to->by_class));
	to->known = (from->split ? SNAPSHOT_LEAKS_SPLIT : 0) |
	            (from->mapped_searched ? SNAPSHOT_LEAKS_MAPPED : 0);
	COPY(mapped_bytes);
	COPY(indirect_blocks);
	COPY(indirect_bytes);
	memcpy(to->indirect_by_class, from->indirect_by_class, sizeof(to->indirect_by_class));
}

const struct snapshot_span *convert_spans(const struct recorder_snapshot *from)
{
	return (const void *)from->spans;
}
