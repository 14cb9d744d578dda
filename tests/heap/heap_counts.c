/*
 * heap_counts - statistics under load: every identity of Go's documentation in every
 * reading while eight threads allocate and free, and a walk over the spans that gives
 * the same figures to the byte.
 */
#include <errno.h>
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "../libcore/check.h"

enum { THREADS = 8, KEPT = 400, READINGS = 1500 };

static _Atomic bool done;
static void *_Atomic handed[64]; /* from thread to thread: frees by others */

static void *load(void *seed)
{
	unsigned x = (unsigned)(uintptr_t)seed * 2654435761u + 1;
	void **kept = memspan_alloc(KEPT * sizeof *kept);
	while (!done) {
		x = x * 1664525 + 1013904223;
		unsigned size = x >> 8 & 1023, i = (x >> 18) % KEPT;
		if (x >> 28 == 0)
			size = 32768 + (size << 7);
		switch (x >> 29) {
		case 0:
		case 1:
			memspan_free(kept[i]);
			kept[i] = memspan_alloc(size);
			break;
		case 2:
			kept[i] = memspan_alloc_noscan(size);
			break;
		case 3:
			memspan_free(atomic_exchange(&handed[i % 64], kept[i]));
			kept[i] = NULL;
			break;
		case 4:
			kept[i] = memspan_alloc_noscan(size % 16);
			break;
		default:
			kept[i] = memspan_alloc(size);
		}
	}
	return NULL;
}

static void identities_hold(const memspan_mem_stats *s)
{
	check(s->sys == s->heap_sys + s->stack_sys + s->mspan_sys + s->mcache_sys + s->buck_hash_sys +
	                    s->gc_sys + s->other_sys);
	check(s->heap_sys == s->heap_idle + s->heap_inuse);
	check(s->heap_released <= s->heap_idle);
	check(s->heap_alloc <= s->heap_inuse);
	check(s->alloc == s->heap_alloc && s->total_alloc >= s->alloc);
	check(s->heap_objects == s->mallocs - s->frees);
	check(s->stack_sys >= s->stack_inuse);
	check(s->mspan_inuse <= s->mspan_sys && s->mcache_inuse <= s->mcache_sys);
	check(s->num_forced_gc <= s->num_gc);
	check(s->last_gc == s->pause_end[(s->num_gc + 255) % 256]);
	check(s->enable_gc && !s->debug_gc);
	check(s->gc_cpu_fraction >= 0 && s->gc_cpu_fraction <= 1);
	uint64_t pauses = 0;
	for (int i = 0; i < 256; i++)
		pauses += s->pause_ns[i];
	if (s->num_gc < 256) {
		check(s->pause_total_ns == pauses);
		for (unsigned i = s->num_gc; i < 256; i++)
			check(s->pause_ns[i] == 0 && s->pause_end[i] == 0);
	} else {
		check(s->pause_total_ns >= pauses);
	}
}

struct walk {
	uint64_t alloc, objects, inuse, idle, released, stacks, end;
	uint64_t by_size[67];
};

static int add(const memspan_span *s, void *arg)
{
	struct walk *w = arg;
	uint64_t bytes = s->npages * 8192;
	check(s->base >= w->end && s->base % 8192 == 0 && s->npages > 0);
	w->end = s->base + bytes;
	switch (s->state) {
	case MEMSPAN_SPAN_IDLE:
		w->idle += bytes;
		w->released += s->released_bytes;
		check(s->released_bytes <= bytes && s->alloc_count == 0);
		break;
	case MEMSPAN_SPAN_STACK:
		w->stacks += bytes;
		break;
	default:
		check(s->alloc_count <= s->nelems && s->nelems * s->elem_bytes <= bytes);
		check(s->size_class || s->elem_bytes == bytes);
		w->inuse += bytes;
		w->objects += s->alloc_count;
		w->alloc += s->alloc_count * s->elem_bytes;
		w->by_size[s->size_class] += s->size_class ? s->alloc_count : 0;
	}
	return 0;
}

static void walk_gives_the_counters(void)
{
	static struct walk w;
	static memspan_mstats m;
	memset(&w, 0, sizeof w);
	check(memspan_visit_spans(add, &w, &m) == 0);
	check(w.alloc == m.heap_alloc && w.objects == m.heap_objects);
	check(w.inuse == m.heap_inuse && w.idle == m.heap_idle);
	check(w.released == m.heap_released && w.stacks == m.stacks_inuse);
	for (int i = 1; i < 67; i++)
		check(w.by_size[i] == m.by_size[i].nmalloc - m.by_size[i].nfree);
	check(m.by_size[66].size == 32768 && m.by_size[0].size == 0);
	check(m.sys == m.heap_sys + m.stacks_sys + m.stacks_inuse + m.mspan_sys + m.mcache_sys +
	                   m.buckhash_sys + m.gc_sys + m.other_sys);
	check(m.heap_scan <= m.heap_live || m.numgc == 0);
}

static int stop_at_once(const memspan_span *s, void *arg)
{
	(void)s, (void)arg;
	return 42;
}

static void tiny_objects_count_one_each(void)
{
	static memspan_mstats before, after;
	memspan_read_mstats(&before);
	for (int i = 0; i < 1000; i++)
		check(memspan_alloc_noscan(4) != NULL);
	memspan_read_mstats(&after);
	check(after.nmalloc - before.nmalloc == 1000);
	check(after.tinyallocs - before.tinyallocs >= 700);
	check(after.by_size[2].nmalloc - before.by_size[2].nmalloc <= 300);
}

static void forced_cycles_are_counted(void)
{
	memspan_mem_stats before, after;
	memspan_read_mem_stats(&before);
	memspan_gc();
	memspan_gc();
	memspan_read_mem_stats(&after);
	check(after.num_forced_gc == before.num_forced_gc + 2);
	check(after.num_gc >= before.num_gc + 2 && after.last_gc > before.last_gc);
}

static void settings_return_the_former_value(void)
{
	check(memspan_set_gc_percent(50) == 100 && memspan_set_gc_percent(-7) == 50);
	memspan_mem_stats s;
	memspan_read_mem_stats(&s);
	check(s.next_gc == UINT64_MAX && s.enable_gc);
	check(memspan_set_gc_percent(100) == -1);
	check(memspan_set_memory_limit(-1) == INT64_MAX);
	check(memspan_set_memory_limit(1 << 30) == INT64_MAX);
	check(memspan_set_memory_limit(INT64_MAX) == 1 << 30);
}

static void memory_goes_back_when_it_is_asked_for(void)
{
	memspan_mem_stats s;
	char *large = memspan_alloc_noscan(100 << 20);
	memset(large, 1, 100 << 20);
	memspan_free(large);
	memspan_read_mem_stats(&s);
	check(s.heap_idle - s.heap_released >= 100 << 20);
	memspan_free_os_memory();
	memspan_read_mem_stats(&s);
	check(s.heap_idle == s.heap_released);
}

static void the_limit_bounds_what_is_mapped(void)
{
	memspan_mem_stats s;
	void **ring = memspan_alloc(1000 * sizeof *ring); /* 8 MB live at most */
	memspan_set_gc_percent(-1);
	memspan_set_memory_limit(48 << 20);
	for (unsigned i = 0; i < 60000; i++)
		ring[i % 1000] = memspan_alloc(8192);
	memspan_read_mem_stats(&s);
	/* 5 % on a quiet machine; the collector gets less of others. */
	check(s.sys - s.heap_released <= (48 << 20) / 100 * 110);
	memspan_set_memory_limit(INT64_MAX);
	memspan_set_gc_percent(100);
}

/* One kind's pages are idle, among objects that stay, when the other kind's are needed. */
static void the_limit_takes_idle_pages(void)
{
	enum { OBJECTS = 40000, STAY = 64 };
	memspan_mem_stats s;
	void **kept = memspan_alloc(OBJECTS * sizeof *kept);
	memspan_set_gc_percent(-1);
	memspan_set_memory_limit(64 << 20);
	for (int kind = 0; kind < 4; kind++) {
		for (int i = 0; i < OBJECTS; i++)
			kept[i] = kind % 2 ? memspan_alloc(1024) : memspan_alloc_noscan(1024);
		memspan_read_mem_stats(&s);
		check(s.sys - s.heap_released <= (64 << 20) / 100 * 110);
		for (int i = 0; i < OBJECTS; i++)
			kept[i] = i % STAY ? NULL : kept[i];
		memspan_gc();
	}
	memspan_set_memory_limit(INT64_MAX);
	memspan_set_gc_percent(100);
}

int main(void)
{
	pthread_t threads[THREADS];
	memspan_mem_stats s;
	tiny_objects_count_one_each();
	for (uintptr_t i = 0; i < THREADS; i++)
		check(pthread_create(&threads[i], NULL, load, (void *)(i + 1)) == 0);
	for (int i = 0; i < READINGS; i++) {
		memspan_read_mem_stats(&s);
		identities_hold(&s);
		if (i % 8 == 0)
			walk_gives_the_counters();
		if (i % 100 == 0)
			memspan_gc();
	}
	done = true;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	walk_gives_the_counters();
	check(memspan_visit_spans(stop_at_once, NULL, NULL) == 42);
	forced_cycles_are_counted();
	settings_return_the_former_value();
	memory_goes_back_when_it_is_asked_for();
	the_limit_bounds_what_is_mapped();
	the_limit_takes_idle_pages();
	memspan_read_mem_stats(&s);
	identities_hold(&s);
	return 0;
}
