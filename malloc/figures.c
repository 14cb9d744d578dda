/*
 * figures.c - what glibc's malloc tells about itself, and its settings: mallinfo and the
 * like from the heap's exact statistics, malloc_trim, mallopt.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>

#include "heap.h"
#include "interpose.h"
#include "mcentral.h"
#include "memspan.h"
#include "os.h"
#include "scavenge.h"
#include "trace.h"

static uint64_t large_objects(const memspan_mstats *st)
{
	uint64_t mallocs = st->nmalloc, frees = st->nfree;
	for (int i = 0; i < SIZECLASS_COUNT; i++) {
		mallocs -= st->by_size[i].nmalloc;
		frees -= st->by_size[i].nfree;
	}
	return mallocs - frees;
}

static uint64_t small_bytes(const memspan_mstats *st)
{
	uint64_t bytes = 0;
	for (int i = 0; i < SIZECLASS_COUNT; i++)
		bytes += (st->by_size[i].nmalloc - st->by_size[i].nfree) * st->by_size[i].size;
	return bytes;
}

/* What the system has back is no part of it, as glibc's arena shrinks. */
static uint64_t resident_bytes(const memspan_mstats *st)
{
	return st->heap_sys - st->heap_released;
}

/*
 * Blocks over 32 KiB stand for those that glibc maps; ordblks counts free slots and idle
 * pages as one, for they are no blocks here.
 */
WRAPPED struct mallinfo2 mallinfo2(void)
{
	memspan_mstats st;
	memspan_read_mstats(&st);
	uint64_t small = small_bytes(&st);
	struct mallinfo2 info = {
	    .arena = resident_bytes(&st) - (st.heap_alloc - small),
	    .ordblks = 1,
	    .hblks = large_objects(&st),
	    .hblkhd = st.heap_alloc - small,
	    .uordblks = small,
	    .fordblks = resident_bytes(&st) - st.heap_alloc,
	    .keepcost = st.heap_idle - st.heap_released,
	};
	return info;
}

static int as_int(size_t n)
{
	return (int)n; /* wraps around, as glibc's does */
}

WRAPPED struct mallinfo mallinfo(void)
{
	struct mallinfo2 wide = mallinfo2();
	struct mallinfo info = {
	    .arena = as_int(wide.arena),
	    .ordblks = as_int(wide.ordblks),
	    .hblks = as_int(wide.hblks),
	    .hblkhd = as_int(wide.hblkhd),
	    .uordblks = as_int(wide.uordblks),
	    .fordblks = as_int(wide.fordblks),
	    .keepcost = as_int(wide.keepcost),
	};
	return info;
}

/* Gives all idle pages back; `pad` of them may stay. 1 when there were some. */
WRAPPED int malloc_trim(size_t pad)
{
	struct thread *t = heap_thread();
	if (!t)
		return 0;
	thread_enter(t);
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		mcentral_drain(class);
	size_t idle = scavenge_retained();
	size_t bytes = idle > pad ? scavenge_release(idle - pad) : 0;
	thread_leave(t);
	if (bytes)
		trace_scavenged(0, bytes);
	return bytes != 0;
}

/* The heap has none of glibc's settings; each is accepted. */
WRAPPED int mallopt(int parameter, int value)
{
	(void)parameter;
	(void)value;
	return 1;
}

WRAPPED void malloc_stats(void)
{
	memspan_mstats st;
	memspan_read_mstats(&st);
	os_warn("%" PRIu64 " bytes in %" PRIu64 " blocks; %" PRIu64 " bytes from the system, %" PRIu64
	        " of them given back", st.heap_alloc, st.heap_objects, st.sys, st.heap_released);
}

/* glibc's format, version 1, with a heap for each size class that is in use. */
WRAPPED int malloc_info(int options, FILE *out)
{
	memspan_mstats st;
	if (options != 0) {
		errno = EINVAL;
		return -1;
	}
	memspan_read_mstats(&st);
	fprintf(out, "<malloc version=\"1\">\n<heap nr=\"0\">\n<sizes>\n");
	for (int i = 1; i < SIZECLASS_COUNT; i++) {
		uint64_t count = st.by_size[i].nmalloc - st.by_size[i].nfree;
		if (count)
			fprintf(out, "  <size from=\"%u\" to=\"%u\" total=\"%" PRIu64 "\" count=\"%" PRIu64 "\"/>\n",
			        i > 1 ? st.by_size[i - 1].size + 1 : 1, st.by_size[i].size,
			        count * st.by_size[i].size, count);
	}
	fprintf(out,
	        "</sizes>\n"
	        "<total type=\"rest\" count=\"1\" size=\"%" PRIu64 "\"/>\n"
	        "<total type=\"mmap\" count=\"%" PRIu64 "\" size=\"%" PRIu64 "\"/>\n"
	        "<system type=\"current\" size=\"%" PRIu64 "\"/>\n"
	        "<system type=\"max\" size=\"%" PRIu64 "\"/>\n"
	        "<aspace type=\"total\" size=\"%" PRIu64 "\"/>\n"
	        "</heap>\n</malloc>\n",
	        resident_bytes(&st) - st.heap_alloc, large_objects(&st), st.heap_alloc - small_bytes(&st),
	        st.sys - st.heap_released, st.sys, st.heap_sys);
	return ferror(out) ? -1 : 0;
}
