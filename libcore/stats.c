/* stats.c - see stats.h. */
#include "stats.h"

#include <stddef.h>
#include <string.h>

#include "counters.h"
#include "cycle.h"
#include "lock.h"
#include "mcache.h"
#include "mcentral.h"
#include "os.h"
#include "pageheap.h"
#include "span.h"
#include "sysmem.h"
#include "thread.h"
#include "world.h"

#define SAME_OFFSET(internal, public)                                                        \
	_Static_assert(offsetof(memspan_mstats, internal) == offsetof(memspan_mem_stats, public), \
	               "mstats and MemStats agree up to by_size")
SAME_OFFSET(alloc, alloc);
SAME_OFFSET(total_alloc, total_alloc);
SAME_OFFSET(sys, sys);
SAME_OFFSET(nlookup, lookups);
SAME_OFFSET(nmalloc, mallocs);
SAME_OFFSET(nfree, frees);
SAME_OFFSET(heap_alloc, heap_alloc);
SAME_OFFSET(heap_sys, heap_sys);
SAME_OFFSET(heap_idle, heap_idle);
SAME_OFFSET(heap_inuse, heap_inuse);
SAME_OFFSET(heap_released, heap_released);
SAME_OFFSET(heap_objects, heap_objects);
SAME_OFFSET(stacks_inuse, stack_inuse);
SAME_OFFSET(stacks_sys, stack_sys);
SAME_OFFSET(mspan_inuse, mspan_inuse);
SAME_OFFSET(mspan_sys, mspan_sys);
SAME_OFFSET(mcache_inuse, mcache_inuse);
SAME_OFFSET(mcache_sys, mcache_sys);
SAME_OFFSET(buckhash_sys, buck_hash_sys);
SAME_OFFSET(gc_sys, gc_sys);
SAME_OFFSET(other_sys, other_sys);
SAME_OFFSET(next_gc, next_gc);
SAME_OFFSET(last_gc_unix, last_gc);
SAME_OFFSET(pause_total_ns, pause_total_ns);
SAME_OFFSET(pause_ns, pause_ns);
SAME_OFFSET(pause_end, pause_end);
SAME_OFFSET(numgc, num_gc);
SAME_OFFSET(numforcedgc, num_forced_gc);
SAME_OFFSET(gc_cpu_fraction, gc_cpu_fraction);
SAME_OFFSET(enablegc, enable_gc);
SAME_OFFSET(debuggc, debug_gc);
SAME_OFFSET(by_size, by_size);

static struct {
	struct lock lock;
	struct mcache_counts counts;
} ended;

void stats_thread_ended(struct mcache *m)
{
	lock_acquire(&ended.lock);
	mcache_close(m, &ended.counts);
	lock_release(&ended.lock);
}

uint64_t stats_metadata_bytes(void)
{
	return sysmem_stats.mspan_sys + sysmem_stats.mcache_sys + sysmem_stats.gc_sys +
	       sysmem_stats.other_sys;
}

/* ---- counters ---------------------------------------------------------- */

struct gathered {
	struct mcache_counts counts;
	int64_t live_freed, scan_freed;
	uint64_t caches;
};

static void gather(struct thread *t, void *arg)
{
	struct gathered *sum = arg;
	const struct mcache *m = &t->mcache;
	mcache_counts_add(&sum->counts, &m->counts);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		sum->counts.nmalloc[class] -= (unsigned)__builtin_popcountll(*m->slots[class].word);
	int64_t scan_freed;
	sum->live_freed += mcache_freed_live(m, &scan_freed);
	sum->scan_freed += scan_freed;
	sum->caches += t->open;
}

static void add_objects(memspan_mstats *out, const struct mcache_counts *counts)
{
	for (unsigned kind = 0; kind < SPAN_KINDS; kind++) {
		for (unsigned size = 0; size < SIZECLASS_COUNT; size++) {
			uint64_t mallocs = counts->nmalloc[span_class(kind, size)];
			uint64_t frees = counts->nfree[span_class(kind, size)] -
			                 span_freed_twice[span_class(kind, size)];
			out->nmalloc += mallocs;
			out->nfree += frees;
			out->total_alloc += mallocs * sizeclass_bytes[size];
			out->heap_alloc += (mallocs - frees) * sizeclass_bytes[size];
			if (size) {
				out->by_size[size].nmalloc += mallocs;
				out->by_size[size].nfree += frees;
			}
		}
	}
	out->total_alloc += counts->large_alloc_bytes;
	out->heap_alloc += counts->large_alloc_bytes - counts->large_free_bytes;
	out->alloc = out->heap_alloc;
	out->heap_objects = out->nmalloc - out->nfree;
	out->tinyallocs = counts->tinyallocs;
	out->nmalloc += counts->tinyallocs;
	out->nfree += counts->tinyallocs;
	out->nlookup = counts->lookups;
}

static void add_memory(memspan_mstats *out, uint64_t caches)
{
	uint64_t stack_pages = span_totals.stack_pages;
	out->heap_sys = (pageheap_opened_pages() - stack_pages) * PAGE_BYTES;
	out->heap_inuse = span_totals.inuse_pages * PAGE_BYTES;
	out->heap_idle = out->heap_sys - out->heap_inuse;
	out->heap_released = pageheap.released_pages * PAGE_BYTES;
	out->stacks_inuse = stack_pages * PAGE_BYTES;
	out->stacks_sys = thread_stack_bytes();
	out->mspan_inuse = span_totals.struct_bytes;
	out->mspan_sys = sysmem_stats.mspan_sys;
	out->mcache_inuse = caches * sizeof(struct mcache);
	out->mcache_sys = sysmem_stats.mcache_sys;
	out->gc_sys = sysmem_stats.gc_sys;
	out->other_sys = sysmem_stats.other_sys;
	out->sys = out->heap_sys + out->stacks_sys + out->stacks_inuse + out->mspan_sys +
	           out->mcache_sys + out->buckhash_sys + out->gc_sys + out->other_sys;
}

static void add_cycles(memspan_mstats *out)
{
	const struct cycle_figures *c = &cycle_figures;
	out->next_gc = c->next_gc;
	out->last_gc_unix = c->last_gc_unix;
	out->pause_total_ns = c->pause_total_ns;
	memcpy(out->pause_ns, c->pause_ns, sizeof out->pause_ns);
	memcpy(out->pause_end, c->pause_end, sizeof out->pause_end);
	out->numgc = c->numgc;
	out->numforcedgc = c->numforcedgc;
	out->gc_cpu_fraction = c->gc_cpu_fraction;
	out->enablegc = true;
	out->last_gc_nanotime = c->last_gc_nanotime;
	out->last_next_gc = c->last_next_gc;
	out->last_heap_inuse = c->last_heap_inuse;
	out->triggerRatio = c->trigger_ratio;
	out->gc_trigger = counters.gc_trigger;
	out->heap_marked = c->heap_marked;
}

static uint64_t not_negative(int64_t n)
{
	return n > 0 ? (uint64_t)n : 0;
}

void stats_read(memspan_mstats *out)
{
	static struct gathered sum; /* guarded by the stopped world */
	memset(out, 0, sizeof *out);
	memset(&sum, 0, sizeof sum);
	mcache_counts_add(&sum.counts, &ended.counts);
	world_for_each_thread(gather, &sum);
	for (unsigned size = 0; size < SIZECLASS_COUNT; size++)
		out->by_size[size].size = sizeclass_bytes[size];
	add_objects(out, &sum.counts);
	add_memory(out, sum.caches);
	add_cycles(out);
	out->heap_live = not_negative(counters.heap_live - sum.live_freed);
	out->heap_scan = not_negative(counters.heap_scan - sum.scan_freed);
	if (out->heap_scan > out->heap_live) /* both are estimates while marking goes on */
		out->heap_scan = out->heap_live;
}

void stats_publish(const memspan_mstats *in, memspan_mem_stats *out)
{
	memset(out, 0, sizeof *out);
	memcpy(out, in, offsetof(memspan_mem_stats, by_size));
	out->stack_sys += in->stacks_inuse;
	for (int i = 0; i < 61; i++) {
		out->by_size[i].size = in->by_size[i].size;
		out->by_size[i].mallocs = in->by_size[i].nmalloc;
		out->by_size[i].frees = in->by_size[i].nfree;
	}
}

/* ---- check ------------------------------------------------------------- */

static void expect(const char *what, uint64_t walked, uint64_t counted)
{
	if (walked != counted)
		os_fatal("statistics: %s is %llu by walking the spans and %llu by the counters", what,
		         (unsigned long long)walked, (unsigned long long)counted);
}

static void hand_over(struct thread *t, void *arg)
{
	(void)arg;
	mcache_hand_over(&t->mcache);
}

void stats_check(void)
{
	static memspan_mstats st; /* guarded by the stopped world */
	uint64_t alloc = 0, objects = 0, inuse = 0, stacks = 0, idle = 0, released = 0, live = 0, scan = 0;
	world_for_each_thread(hand_over, NULL);
	stats_read(&st);
	for (size_t at = 0, end = pageheap_opened_pages(); at < end;) {
		struct span *s = pageheap.page_map[at];
		uint64_t released_here, pages;
		if (!s) {
			pages = pageheap_idle_run(at, end, &released_here);
			idle += pages;
			released += released_here;
		} else if (s->state == SPAN_STACK) {
			stacks += pages = s->npages;
		} else {
			span_check(s);
			unsigned cached = (unsigned)__builtin_popcountll(span_cached(s));
			uint64_t count = span_alloc_count(s, cached);
			objects += count;
			alloc += count * s->elem_bytes;
			uint64_t live_here = (count + cached + s->charged_count) * s->elem_bytes;
			live += live_here;
			scan += span_noscan(s) ? 0 : live_here;
			inuse += pages = s->npages;
		}
		at += pages;
	}
	expect("alloc", alloc, st.alloc);
	expect("objects", objects, st.heap_objects);
	if (cycle_figures.numgc == 0) { /* later they also hold what died before it was swept */
		expect("heap_live", live, st.heap_live);
		expect("heap_scan", scan, st.heap_scan);
	}
	expect("heap_inuse", inuse * PAGE_BYTES, st.heap_inuse);
	expect("stacks_inuse", stacks * PAGE_BYTES, st.stacks_inuse);
	expect("heap_idle", idle * PAGE_BYTES, st.heap_idle);
	expect("heap_released", released * PAGE_BYTES, st.heap_released);
	pageheap_check();
}
