/* recording.c - see recording.h. */
#include "recording.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = SNAPSHOT_PAGE_BYTES };

static const uint64_t start_unix_ns = 1700000000000000000u;

struct maker {
	struct snapshot_memory memory;
	struct snapshot_encoder *encoder;
	struct snapshot_bytes out;
	struct snapshot_span *table, *former;
	uint64_t spans;
	const struct recording_shape *shape;
	struct snapshot_run run;
	enum snapshot_result result;
};

static void *take(void *opaque, size_t bytes)
{
	(void)opaque;
	return malloc(bytes);
}

static void give(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

static void make_row(struct snapshot_span *row, uint64_t i, uint64_t gc)
{
	memset(row, 0, sizeof *row);
	row->state = SNAPSHOT_STATE_INUSE;
	row->born_gc = 1;
	switch (i % 4) {
	case 0:
		row->npages = 1, row->size_class = 5, row->elem_bytes = 64, row->nelems = 128;
		row->alloc_count = (uint32_t)((i * 7 + gc * 3) % 129);
		break;
	case 1:
		row->npages = 2, row->size_class = 34, row->elem_bytes = 1408, row->nelems = 11;
		row->alloc_count = (uint32_t)((i + gc) % 12);
		break;
	case 2:
		row->npages = 5, row->elem_bytes = 5 * PAGE, row->nelems = 1, row->alloc_count = 1;
		row->noscan = 1;
		break;
	default:
		row->npages = 3, row->state = SNAPSHOT_STATE_IDLE, row->released_bytes = PAGE;
		row->born_gc = 0;
	}
}

static void count_row(struct snapshot_mstats *m, const struct snapshot_span *row)
{
	uint64_t bytes = row->npages * PAGE;
	if (row->state == SNAPSHOT_STATE_IDLE) {
		m->heap_idle += bytes;
		m->heap_released += row->released_bytes;
		return;
	}
	m->heap_inuse += bytes;
	m->heap_alloc += row->alloc_count * row->elem_bytes;
	m->heap_objects += row->alloc_count;
	if (row->size_class)
		m->by_size[row->size_class].nmalloc += row->alloc_count;
}

static void make_stats(struct snapshot_mstats *m, const struct maker *maker, uint64_t gc)
{
	memset(m, 0, sizeof *m);
	for (uint64_t i = 0; i < maker->spans; i++)
		count_row(m, &maker->table[i]);
	m->by_size[5].size = 64;
	m->by_size[34].size = 1408;
	m->alloc = m->heap_alloc;
	m->total_alloc = m->heap_alloc + gc * 1000;
	m->nfree = gc * 10;
	m->nmalloc = m->heap_objects + m->nfree;
	m->heap_sys = m->heap_idle + m->heap_inuse;
	m->stacks_sys = 4096, m->mspan_sys = 16384, m->mspan_inuse = 16000;
	m->mcache_sys = 16384, m->mcache_inuse = 9600, m->gc_sys = 65536, m->other_sys = 1024;
	m->sys = m->heap_sys + m->stacks_sys + m->mspan_sys + m->mcache_sys + m->gc_sys + m->other_sys;
	m->next_gc = 2 * m->heap_alloc;
	m->heap_marked = m->heap_live = m->heap_alloc;
	m->numgc = gc;
	m->last_gc_unix = start_unix_ns + gc * 1000000;
	m->enablegc = 1;
	for (uint64_t g = 1; g <= gc; g++) {
		m->pause_ns[(g - 1) % 256] = 1000 * g;
		m->pause_end[(g - 1) % 256] = start_unix_ns + g * 1000000;
		m->pause_total_ns += 1000 * g;
	}
	if (maker->shape->contradicts) {
		m->heap_released = m->heap_idle + 1;
		m->next_gc = UINT64_MAX;
	}
	uint64_t words[sizeof *m / sizeof(uint64_t)];
	memcpy(words, m, sizeof *m);
	words[maker->shape->wrong_word] += maker->shape->more;
	memcpy(m, words, sizeof *m);
}

static void check(struct maker *maker, enum snapshot_result result)
{
	if (maker->result == SNAPSHOT_OK)
		maker->result = result;
}

static void put_cycle(struct maker *maker, uint64_t gc)
{
	uint64_t end = start_unix_ns + gc * 1000000;
	struct snapshot_cycle cycle = {.gc_num = gc, .threads = 2, .mark_ns = 5000, .pause_count = 2};
	cycle.reason = SNAPSHOT_REASON_GC;
	cycle.start_unix_ns = end - 500000;
	cycle.pauses[0] = (struct snapshot_pause){SNAPSHOT_PHASE_SWEEP_TERM, 400 * gc, 10, end - 100000};
	cycle.pauses[1] = (struct snapshot_pause){SNAPSHOT_PHASE_MARK_TERM, 600 * gc, 20, end};
	check(maker, snapshot_put_cycle(maker->encoder, &cycle, &maker->out));
}

static void put_snapshot(struct maker *maker, uint64_t seq)
{
	struct snapshot_head head = {.seq = seq, .reason = SNAPSHOT_REASON_GC, .gc_num = seq + 1};
	struct snapshot_span *table = maker->former;
	uint64_t base = 0xc000000000u;
	maker->former = maker->table;
	maker->table = table;
	for (uint64_t i = 0; i < maker->spans; i++) {
		make_row(&table[i], i, head.gc_num);
		table[i].base = base;
		base += table[i].npages * PAGE;
	}
	head.unix_ns = start_unix_ns + head.gc_num * 1000000 + 50000;
	head.mono_ns = head.gc_num * 1000000;
	head.stop = (struct snapshot_pause){SNAPSHOT_PHASE_SNAPSHOT, 3000, 100, head.unix_ns};
	head.has_spans = !maker->shape->summary;
	head.span_count = head.has_spans ? maker->spans : 0;
	make_stats(&head.stats, maker, head.gc_num);
	check(maker, snapshot_put(maker->encoder, &head, table, maker->former,
	                          head.has_spans ? maker->spans : 0, &maker->out));
	check(maker, snapshot_flush(maker->encoder, &maker->out));
}

static void put_run(struct maker *maker, uint32_t number, bool ends)
{
	uint32_t snapshots = maker->shape->snapshots;
	maker->run.uuid[0] = (uint8_t)maker->spans;
	maker->run.uuid[15] = (uint8_t)number;
	for (uint32_t seq = 0; seq < snapshots; seq++) {
		if (seq % SNAPSHOT_SEGMENT_SNAPSHOTS == 0) {
			if (seq > 0)
				check(maker, snapshot_segment_end(maker->encoder, &maker->out));
			check(maker, snapshot_segment_begin(maker->encoder, &maker->run,
			                                    seq / SNAPSHOT_SEGMENT_SNAPSHOTS, &maker->out));
		}
		put_cycle(maker, seq + 1);
		put_snapshot(maker, seq);
	}
	if (!ends)
		return;
	struct snapshot_run_end end = {.clean_exit = 1, .snapshots = snapshots};
	end.unix_ns = start_unix_ns + (snapshots + 1) * 1000000ull;
	check(maker, snapshot_put_run_end(maker->encoder, &end, &maker->out));
	check(maker, snapshot_segment_end(maker->encoder, &maker->out));
}

uint8_t *recording_make(const struct recording_shape *shape, size_t *bytes)
{
	struct maker maker = {.memory = {take, give, NULL}, .spans = shape->spans, .shape = shape};
	uint8_t *data = NULL;
	maker.run = (struct snapshot_run){.pid = 4711, .start_unix_ns = start_unix_ns,
	                                  .page_bytes = PAGE};
	snprintf(maker.run.exe, sizeof maker.run.exe, "made-up");
	snprintf(maker.run.host, sizeof maker.run.host, "nowhere");
	snprintf(maker.run.library, sizeof maker.run.library, "0.1.0");
	maker.encoder = snapshot_encoder_new(&maker.memory, 1);
	maker.table = calloc(shape->spans + 1, sizeof *maker.table);
	maker.former = calloc(shape->spans + 1, sizeof *maker.former);
	if (!maker.encoder || !maker.table || !maker.former)
		goto done;
	for (uint32_t r = 0; r < shape->runs; r++)
		put_run(&maker, r, !shape->torn || r + 1 < shape->runs);
	data = malloc(maker.out.size + 1);
	if (data && maker.result == SNAPSHOT_OK) {
		memcpy(data, maker.out.data, maker.out.size);
		*bytes = maker.out.size;
	} else {
		free(data);
		data = NULL;
	}
done:
	snapshot_bytes_free(&maker.memory, &maker.out);
	if (maker.encoder)
		snapshot_encoder_free(maker.encoder);
	free(maker.table);
	free(maker.former);
	return data;
}
