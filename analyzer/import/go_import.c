/* go_import.c - see go_import.h. */
#include "go_import.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go_rows.h"
#include "go_scan.h"
#include "plain.h"

enum { ACCOUNTING_ISSUES_MAX = 100 };

/* The run that is being read. */
struct go_run {
	bool is_open, is_whole;
	int64_t id;
	uint64_t seq;	      /* of its next snapshot */
	uint64_t end_unix_ns; /* the last time that was said, or GO_UNKNOWN */
	bool has_sample, has_trace;
	struct snapshot_mstats last;	  /* its last sample */
	uint64_t trace_gc, trace_mono_ns; /* of the last cycle's line */
};

struct go_import {
	struct store *store;
	struct go_rows rows;
	struct import_result *result;
	bool (*look)(void *arg);
	void *look_arg;
	int64_t source_id;
	int64_t first_snapshot_id; /* of those that are added; 0 for none */
	struct go_run run;
	bool forms[GO_FORMS]; /* what the source has of each */
	bool added, failed, complete;
};

/* ---- issues ------------------------------------------------------------ */

__attribute__((format(printf, 5, 6))) static bool note(struct go_import *im, uint64_t offset,
						       const char *severity, const char *code,
						       const char *format, ...)
{
	char message[240];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	return store_issue(im->store, im->source_id, offset, severity, code, message);
}

static bool note_loss(struct go_import *im, const struct go_event *event)
{
	struct import_result *result = im->result;
	im->complete = false;
	im->run.is_whole = false;
	if (event->type == GO_EVENT_TORN) {
		result->unfinished++;
		return note(im, event->offset, "warning", "torn", "the text breaks off in %s",
			    event->what);
	}
	result->damaged = true;
	if (!result->first_issue[0]) {
		snprintf(result->first_issue, sizeof result->first_issue, "%s is not whole",
			 event->what);
		result->first_issue_offset = event->offset;
	}
	return note(im, event->offset, "damage", "syntax", "%s is not whole", event->what);
}

/* ---- runs -------------------------------------------------------------- */

static uint64_t hash(uint64_t state, const void *data, size_t bytes)
{
	const uint8_t *byte = data;
	for (size_t i = 0; i < bytes; i++)
		state = (state ^ byte[i]) * UINT64_C(0x100000001b3);
	return state ^ state >> 29;
}

/*
 * A uuid out of what the run begins with, so the same text gives the same one. A text may
 * begin two runs alike: the later is told by its place among them.
 */
static bool make_uuid(struct go_import *im, const uint64_t *first, size_t count, uint8_t uuid[16])
{
	static const uint64_t seeds[2] = {UINT64_C(0xcbf29ce484222325),
					  UINT64_C(0x6d656d7370616e21)};
	uint64_t half[2], copy;
	half[0] = hash(seeds[0], first, count * sizeof *first);
	if (!go_rows_copies(&im->rows, half[0], &copy))
		return false;
	half[0] = hash(half[0], &copy, sizeof copy);
	half[1] = hash(hash(seeds[1], first, count * sizeof *first), &copy, sizeof copy);
	memcpy(uuid, half, 16);
	uuid[6] = (uint8_t)(0x80 | (uuid[6] & 0x0f)); /* version 8: made as its maker likes */
	uuid[8] = (uint8_t)(0x80 | (uuid[8] & 0x3f));
	return true;
}

static bool end_run(struct go_import *im)
{
	struct go_run *run = &im->run;
	bool ok = !run->is_open ||
		  go_rows_run_end(&im->rows, run->id, run->end_unix_ns, run->is_whole);
	memset(run, 0, sizeof *run);
	return ok;
}

static bool begin_run(struct go_import *im, const uint64_t *first, size_t count, const char *exe,
		      uint64_t start_unix_ns)
{
	static const struct snapshot_segment no_segment;
	struct snapshot_run run = {.pid = GO_UNKNOWN,
				   .start_unix_ns = start_unix_ns,
				   .start_mono_ns = GO_UNKNOWN,
				   .page_bytes = GO_UNKNOWN,
				   .tracking = GO_UNKNOWN};
	bool known;
	if (!end_run(im) || !make_uuid(im, first, count, run.uuid))
		return false;
	snprintf(run.exe, sizeof run.exe, "%s", exe);
	if (!store_run(im->store, im->source_id, &run, &no_segment, &im->run.id, &known))
		return false;
	im->run.is_open = true;
	im->run.is_whole = true;
	im->run.end_unix_ns = GO_UNKNOWN;
	if (!known) {
		im->added = true;
		im->result->runs++;
	}
	return true;
}

static bool add_snapshot(struct go_import *im, const struct snapshot_mstats *stats, uint64_t gc_num,
			 uint64_t reason, uint64_t unix_ns, uint64_t mono_ns)
{
	struct go_run *run = &im->run;
	struct snapshot_head head = {.seq = run->seq++,
				     .reason = reason,
				     .gc_num = gc_num,
				     .unix_ns = unix_ns,
				     .mono_ns = mono_ns,
				     .stop = {.duration_ns = GO_UNKNOWN},
				     .stats = *stats};
	int64_t id;
	bool known;
	if (!store_snapshot(im->store, run->id, &head, &id, &known))
		return false;
	im->result->seen++;
	if (unix_ns != GO_UNKNOWN && (run->end_unix_ns == GO_UNKNOWN || unix_ns > run->end_unix_ns))
		run->end_unix_ns = unix_ns;
	if (known)
		return true;
	im->added = true;
	im->result->snapshots++;
	if (!im->first_snapshot_id)
		im->first_snapshot_id = id;
	return true;
}

/* ---- samples of MemStats ----------------------------------------------- */

static bool went_back(uint64_t before, uint64_t now)
{
	return before != GO_UNKNOWN && now != GO_UNKNOWN && now < before;
}

/* The first cycle that the ring of a sample still has. */
static uint64_t ring_first(const struct snapshot_mstats *m)
{
	return m->numgc > GO_RING ? m->numgc - GO_RING + 1 : 1;
}

static size_t ring_index(uint64_t gc_num)
{
	return (size_t)((gc_num - 1) % GO_RING);
}

static bool has_ring(const struct snapshot_mstats *m)
{
	return m->numgc != GO_UNKNOWN && m->numgc > 0 &&
	       m->pause_ns[ring_index(m->numgc)] != GO_UNKNOWN;
}

/* Two samples of one process tell the same of the cycles that both have. */
static bool rings_differ(const struct snapshot_mstats *before, const struct snapshot_mstats *now)
{
	if (!has_ring(before) || !has_ring(now))
		return false;
	for (uint64_t gc = ring_first(now); gc <= before->numgc; gc++) {
		size_t i = ring_index(gc);
		if (before->pause_ns[i] != now->pause_ns[i] ||
		    before->pause_end[i] != now->pause_end[i])
			return true;
	}
	return false;
}

static bool is_other_run(const struct go_run *run, const struct snapshot_mstats *now)
{
	const struct snapshot_mstats *last = &run->last;
	if (!run->is_open)
		return true;
	/* A cycle's line may stand before or behind a sample that already counts the cycle. */
	if (run->has_trace && now->numgc != GO_UNKNOWN && now->numgc + 1 < run->trace_gc)
		return true;
	if (!run->has_sample)
		return false;
	return went_back(last->total_alloc, now->total_alloc) ||
	       went_back(last->nmalloc, now->nmalloc) || went_back(last->nfree, now->nfree) ||
	       went_back(last->nlookup, now->nlookup) || went_back(last->numgc, now->numgc) ||
	       went_back(last->numforcedgc, now->numforcedgc) ||
	       went_back(last->pause_total_ns, now->pause_total_ns) ||
	       went_back(last->last_gc_unix, now->last_gc_unix) || rings_differ(last, now);
}

/* The cycles between what was known and what the ring still has. */
static bool note_gap(struct go_import *im, uint64_t offset, uint64_t first, uint64_t last)
{
	uint64_t known;
	if (!go_rows_pauses(&im->rows, im->run.id, first, last, &known))
		return false;
	if (known == last - first + 1) /* from a trace */
		return true;
	return note(im, offset, "warning", "pause_gap",
		    "the pauses of cycles %" PRIu64 " to %" PRIu64
		    " are not known: more than %d cycles"
		    " passed between two samples",
		    first, last, GO_RING);
}

static bool merge_ring(struct go_import *im, uint64_t offset, const struct snapshot_mstats *m)
{
	const struct go_run *run = &im->run;
	if (!has_ring(m))
		return true;
	uint64_t first = ring_first(m);
	if (run->has_sample && run->last.numgc != GO_UNKNOWN) {
		uint64_t next = run->last.numgc + 1;
		if (next < first && !note_gap(im, offset, next, first - 1))
			return false;
		if (next > first)
			first = next;
	}
	for (uint64_t gc = first; gc <= m->numgc; gc++) {
		size_t i = ring_index(gc);
		bool added;
		if (m->pause_ns[i] == GO_UNKNOWN)
			continue;
		if (!go_rows_pause(&im->rows, run->id, gc, m->pause_ns[i], m->pause_end[i], &added))
			return false;
		im->added |= added;
	}
	return true;
}

static bool take_sample(struct go_import *im, const struct go_event *event)
{
	const struct go_sample *sample = event->sample;
	const struct snapshot_mstats *m = &sample->stats;
	im->forms[sample->form] = true;
	if (is_other_run(&im->run, m)) {
		const uint64_t first[] = {m->alloc,	 m->total_alloc,   m->sys,
					  m->nlookup,	 m->nmalloc,	   m->nfree,
					  m->heap_alloc, m->heap_sys,	   m->heap_idle,
					  m->heap_inuse, m->heap_released, m->heap_objects,
					  m->next_gc,	 m->last_gc_unix,  m->pause_total_ns,
					  m->numgc};
		if (!begin_run(im, first, sizeof first / sizeof first[0], sample->exe, GO_UNKNOWN))
			return false;
	}
	if (sample->ill_fields &&
	    !note(im, event->offset, "warning", "field",
		  "%u figures of the sample cannot be such figures and count as unknown",
		  sample->ill_fields))
		return false;
	if (!merge_ring(im, event->offset, m) ||
	    !add_snapshot(im, m, m->numgc, GO_UNKNOWN, event->unix_ns, GO_UNKNOWN))
		return false;
	im->run.last = *m;
	im->run.has_sample = true;
	return true;
}

/* ---- lines of traces --------------------------------------------------- */

static void unknown_stats(struct snapshot_mstats *stats)
{
	memset(stats, 0xff, sizeof *stats);
	stats->gc_cpu_fraction = NAN;
	stats->trigger_ratio = NAN;
}

static bool is_other_trace(const struct go_run *run, const struct snapshot_cycle *cycle)
{
	if (!run->is_open)
		return true;
	if (run->has_trace &&
	    (cycle->gc_num <= run->trace_gc || went_back(run->trace_mono_ns, cycle->start_mono_ns)))
		return true;
	return run->has_sample && run->last.numgc != GO_UNKNOWN &&
	       cycle->gc_num + 1 < run->last.numgc;
}

/* The phases of a line are rounded: they stand only where no sample told the cycle's pause. */
static bool add_cycle(struct go_import *im, const struct snapshot_cycle *cycle)
{
	struct snapshot_cycle bare = *cycle;
	uint64_t cycles;
	bool known;
	bare.pause_count = 0;
	if (!store_cycle(im->store, im->run.id, &bare, &known) ||
	    !go_rows_pauses(&im->rows, im->run.id, cycle->gc_num, cycle->gc_num, &cycles))
		return false;
	im->added |= !known;
	for (uint64_t i = 0; i < cycle->pause_count && cycles == 0; i++)
		if (!store_pause(im->store, im->run.id, cycle->gc_num, &cycle->pauses[i]))
			return false;
	return true;
}

static bool take_cycle(struct go_import *im, const struct go_event *event)
{
	const struct go_trace *trace = event->trace;
	const struct snapshot_cycle *cycle = &trace->cycle;
	struct snapshot_mstats stats;
	if (is_other_trace(&im->run, cycle)) {
		const uint64_t first[] = {cycle->gc_num,
					  cycle->start_mono_ns,
					  cycle->mark_ns,
					  cycle->pauses[0].duration_ns,
					  cycle->heap_live_start,
					  cycle->heap_live_end,
					  cycle->heap_goal,
					  cycle->threads,
					  cycle->cpu_background_ns,
					  trace->nmalloc,
					  trace->nfree};
		bool dated = event->unix_ns != GO_UNKNOWN && cycle->start_mono_ns < event->unix_ns;
		if (!begin_run(im, first, sizeof first / sizeof first[0], "",
			       dated ? event->unix_ns - cycle->start_mono_ns : GO_UNKNOWN))
			return false;
	}
	unknown_stats(&stats);
	stats.numgc = cycle->gc_num;
	stats.heap_marked = cycle->heap_marked;
	stats.gc_cpu_fraction = trace->cpu_fraction;
	stats.heap_objects = trace->heap_objects;
	stats.nmalloc = trace->nmalloc;
	stats.nfree = trace->nfree;
	im->run.has_trace = true;
	im->run.trace_gc = cycle->gc_num;
	im->run.trace_mono_ns = cycle->start_mono_ns;
	return add_cycle(im, cycle) && add_snapshot(im, &stats, cycle->gc_num, cycle->reason,
						    event->unix_ns, cycle->start_mono_ns);
}

static bool take_scavenge(struct go_import *im, const struct go_event *event)
{
	const struct go_trace *trace = event->trace;
	struct snapshot_mstats stats;
	const uint64_t first[] = {trace->heap_inuse, trace->heap_idle, trace->heap_released};
	if (!im->run.is_open &&
	    !begin_run(im, first, sizeof first / sizeof first[0], "", GO_UNKNOWN))
		return false;
	unknown_stats(&stats);
	stats.heap_inuse = trace->heap_inuse;
	stats.heap_idle = trace->heap_idle;
	stats.heap_released = trace->heap_released;
	return add_snapshot(im, &stats, im->run.has_trace ? im->run.trace_gc : GO_UNKNOWN,
			    GO_UNKNOWN, event->unix_ns, GO_UNKNOWN);
}

/* ---- the whole --------------------------------------------------------- */

static bool take_event(struct go_import *im, const struct go_event *event)
{
	switch (event->type) {
	case GO_EVENT_SAMPLE:
		return take_sample(im, event);
	case GO_EVENT_TRACE:
		im->forms[GO_FORM_TRACE] = true;
		return event->trace->type == GO_TRACE_CYCLE ? take_cycle(im, event)
							    : take_scavenge(im, event);
	default:
		return note_loss(im, event);
	}
}

static void take(void *context, const struct go_event *event)
{
	struct go_import *im = context;
	if (!im->failed)
		im->failed = !take_event(im, event);
}

/* What the source turned out to be. */
static const char *kind_of(const struct go_import *im)
{
	static const char *const names[GO_FORMS] = {
		[GO_FORM_MEMSTATS] = "go-memstats",
		[GO_FORM_EXPVAR] = "go-expvar",
		[GO_FORM_PROFILE] = "go-heap-profile",
		[GO_FORM_TRACE] = "go-trace",
	};
	const char *kind = NULL;
	for (int i = 0; i < GO_FORMS; i++)
		if (im->forms[i])
			kind = kind ? "go-log" : names[i];
	return kind ? kind : "go-log";
}

/* The packed text ends, or cannot be unpacked further, where it should not. */
static bool note_packing(struct go_import *im, enum plain_status status, uint64_t offset)
{
	struct go_event event = {
		.type = status == PLAIN_TORN ? GO_EVENT_TORN : GO_EVENT_BROKEN,
		.offset = offset,
		.what = "the compressed data",
	};
	return note_loss(im, &event);
}

static enum import_status read_text(struct go_import *im, struct plain *plain, struct go_scan *scan)
{
	const char *data;
	size_t bytes;
	enum plain_status status;
	while ((status = plain_next(plain, &data, &bytes)) == PLAIN_MORE && !im->failed) {
		if (!go_scan_feed(scan, data, bytes))
			return IMPORT_NO_MEMORY;
		im->result->offset = plain_offset(plain);
		im->failed |= im->look && im->look(im->look_arg);
	}
	if (im->failed)
		return IMPORT_DATABASE;
	if (status == PLAIN_READ_ERROR)
		return IMPORT_READ_ERROR;
	if (status == PLAIN_NO_MEMORY)
		return IMPORT_NO_MEMORY;
	go_scan_finish(scan);
	if (status != PLAIN_END && !note_packing(im, status, plain_offset(plain)))
		return IMPORT_DATABASE;
	bool ok = !im->failed && end_run(im) &&
		  go_rows_source_kind(&im->rows, im->source_id, kind_of(im)) &&
		  store_source_end(im->store, im->source_id, im->complete, 0) &&
		  (!im->first_snapshot_id ||
		   go_rows_accounting(&im->rows, im->source_id, im->first_snapshot_id,
				      ACCOUNTING_ISSUES_MAX));
	return ok ? IMPORT_OK : IMPORT_DATABASE;
}

static enum import_status import_text(struct go_import *im, const struct source *source,
				      struct plain *plain, struct go_scan *scan)
{
	enum import_status status = IMPORT_DATABASE;
	if (!store_begin(im->store))
		return IMPORT_DATABASE;
	if (go_rows_open(&im->rows, im->store) &&
	    store_source(im->store, source->path, "go-log", source->bytes, &im->source_id))
		status = read_text(im, plain, scan);
	int error = errno;
	go_rows_close(&im->rows);
	if (status == IMPORT_OK && im->added && im->result->seen > 0 && !store_commit(im->store))
		status = IMPORT_DATABASE;
	if (!sqlite3_get_autocommit(im->store->db))
		store_rollback(im->store);
	errno = error;
	return status;
}

enum import_status import_go(struct store *store, const struct source *source,
			     struct import_result *result, bool (*look)(void *arg), void *arg)
{
	enum import_status status = IMPORT_NO_MEMORY;
	memset(result, 0, sizeof *result);
	struct go_import *im = calloc(1, sizeof *im);
	struct plain *plain = plain_open(source);
	struct go_scan *scan = im ? go_scan_new(take, im) : NULL;
	if (plain && scan) {
		im->store = store;
		im->result = result;
		im->look = look;
		im->look_arg = arg;
		im->complete = true;
		status = import_text(im, source, plain, scan);
	}
	go_scan_free(scan);
	plain_close(plain);
	free(im);
	return status;
}
