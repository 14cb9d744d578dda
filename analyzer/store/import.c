/* import.c - see import.h. */
#include "import.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cursor.h"

struct import {
	struct store *store;
	const struct source *source;
	struct snapshot_places *places;
	struct import_result *result;
	int64_t source_id, run_id, snapshot_id;
	bool in_run, run_damaged;
	uint64_t run_last_unix_ns, run_skipped;
	bool in_snapshot, known;        /* the present snapshot; it was stored before */
	struct snapshot_head head;
	struct span_sums sums;
	uint64_t spans;
	bool added;                     /* something new: the transaction is worth keeping */
	bool complete;
	uint64_t bytes_skipped;
	bool no_memory;
};

static const char *severity_name(enum snapshot_severity severity)
{
	switch (severity) {
	case SNAPSHOT_WARNING:
		return "warning";
	case SNAPSHOT_DAMAGE:
		return "damage";
	default:
		return "unsupported";
	}
}

/* `ended`: the recording says that it is finished; without that the program was killed. */
static bool end_run(struct import *im, bool ended, bool clean_exit)
{
	bool changed;
	if (!im->in_run)
		return true;
	im->in_run = false;
	if (!ended) {
		im->result->unfinished++;
		im->complete = false;
	}
	if (!store_run_skipped(im->store, im->run_id, im->run_skipped) ||
	    !store_run_end(im->store, im->run_id, im->run_last_unix_ns, clean_exit,
	                   ended && !im->run_damaged, &changed))
		return false;
	im->added |= changed;
	return true;
}

static bool begin_run(struct import *im, const struct snapshot_event *event)
{
	bool known;
	if (!end_run(im, false, false))
		return false;
	if (!store_run(im->store, im->source_id, event->run, &event->segment, &im->run_id, &known))
		return false;
	im->in_run = true;
	im->run_damaged = false;
	im->run_skipped = 0;
	im->run_last_unix_ns = event->run->start_unix_ns;
	if (!known) {
		im->added = true;
		im->result->runs++;
	}
	return true;
}

static bool note_place(struct import *im, const struct snapshot_event *event)
{
	struct snapshot_places *p = im->places;
	if (!p)
		return true;
	if (p->count == p->capacity) {
		size_t capacity = p->capacity ? 2 * p->capacity : 256;
		void *grown = realloc(p->places, capacity * sizeof *p->places);
		if (!grown) {
			im->no_memory = true;
			return false;
		}
		p->places = grown;
		p->capacity = capacity;
	}
	struct snapshot_place *place = &p->places[p->count++];
	*place = (struct snapshot_place){
	    .snapshot_id = im->snapshot_id,
	    .source = im->source,
	    .segment_offset = event->segment.offset,
	    .seq = im->head.seq,
	};
	memcpy(place->run_uuid, event->segment.run_uuid, sizeof place->run_uuid);
	return true;
}

/* Rows are stored as they come, inside a savepoint that a damaged snapshot takes back. */
static bool begin_snapshot(struct import *im, const struct snapshot_event *event)
{
	if (sqlite3_exec(im->store->db, "SAVEPOINT one", NULL, NULL, NULL) != SQLITE_OK)
		return false;
	im->head = *event->head;
	im->in_snapshot = true;
	im->spans = 0;
	memset(&im->sums, 0, sizeof im->sums);
	return store_snapshot(im->store, im->run_id, &im->head, &im->snapshot_id, &im->known);
}

static bool add_spans(struct import *im, const struct snapshot_batch *batch)
{
	if (im->known)
		return true;
	im->spans += batch->count;
	for (uint32_t i = 0; i < batch->count; i++)
		span_sums_add(&im->sums, &batch->spans[i]);
	return !im->store->has_spans ||
	       store_spans(im->store, im->snapshot_id, batch->spans, batch->count);
}

/* A contradiction that a difference of unsigned figures would turn into 2^64. */
static bool note_contradiction(struct import *im, const struct snapshot_event *event,
                               const char *less, uint64_t less_bytes, const char *more,
                               uint64_t more_bytes)
{
	char message[200];
	if (less_bytes <= more_bytes)
		return true;
	snprintf(message, sizeof message, "snapshot %llu: %s (%llu) is above %s (%llu)",
	         (unsigned long long)im->head.seq, less, (unsigned long long)less_bytes, more,
	         (unsigned long long)more_bytes);
	return store_issue(im->store, im->source_id, event->segment.offset, "warning", "accounting",
	                   message);
}

static bool note_contradictions(struct import *im, const struct snapshot_event *event)
{
	const struct snapshot_mstats *m = &im->head.stats;
	return note_contradiction(im, event, "heap_released", m->heap_released, "heap_idle",
	                          m->heap_idle) &&
	       note_contradiction(im, event, "heap_alloc", m->heap_alloc, "heap_inuse", m->heap_inuse);
}

static bool note_endless_pauses(struct import *im, const struct snapshot_event *event)
{
	const struct snapshot_cycle *cycle = event->cycle;
	char message[200];
	uint64_t endless = 0;
	for (uint64_t i = 0; i < cycle->pause_count && i < SNAPSHOT_PAUSES_MAX; i++)
		if (cycle->pauses[i].duration_ns >= STORE_SUMMED_END)
			endless = cycle->pauses[i].duration_ns;
	if (!endless)
		return true;
	snprintf(message, sizeof message, "cycle %llu: a pause of %llu ns cannot be, and is left out",
	         (unsigned long long)cycle->gc_num, (unsigned long long)endless);
	return store_issue(im->store, im->source_id, event->segment.offset, "warning", "accounting",
	                   message);
}

static bool finish_snapshot(struct import *im, const struct snapshot_event *event)
{
	im->in_snapshot = false;
	im->result->seen++;
	if (im->head.unix_ns > im->run_last_unix_ns)
		im->run_last_unix_ns = im->head.unix_ns;
	if (!im->known) {
		if (im->head.has_spans && !store_sums(im->store, im->snapshot_id, &im->sums))
			return false;
		if (!note_contradictions(im, event))
			return false;
		im->added = true;
		im->result->snapshots++;
		im->result->spans += im->spans;
		if (!note_place(im, event))
			return false;
	}
	return sqlite3_exec(im->store->db, "RELEASE one", NULL, NULL, NULL) == SQLITE_OK;
}

static bool lose_snapshot(struct import *im)
{
	im->in_snapshot = false;
	return sqlite3_exec(im->store->db, "ROLLBACK TO one; RELEASE one", NULL, NULL, NULL) == SQLITE_OK;
}

static bool note_issue(struct import *im, const struct snapshot_event *event)
{
	const struct snapshot_issue *issue = &event->issue;
	bool torn = event->type == SNAPSHOT_EVENT_TORN;
	im->bytes_skipped += issue->bytes_skipped;
	im->run_damaged = true;
	im->complete = false;
	if (torn && !im->in_run) /* a run of which not even the description is whole */
		im->result->unfinished++;
	if (issue->code == SNAPSHOT_ISSUE_MEMORY)
		im->no_memory = true;
	if (!torn && issue->severity == SNAPSHOT_DAMAGE)
		im->result->damaged = true;
	if (issue->severity == SNAPSHOT_UNSUPPORTED)
		im->result->unsupported = true;
	if (!torn && !im->result->first_issue[0]) {
		snprintf(im->result->first_issue, sizeof im->result->first_issue, "%s", issue->message);
		im->result->first_issue_offset = issue->offset;
	}
	return store_issue(im->store, im->source_id, issue->offset,
	                   torn ? "warning" : severity_name(issue->severity),
	                   snapshot_issue_name(issue->code), issue->message);
}

static bool take_event(struct import *im, const struct snapshot_event *event)
{
	bool known;
	switch (event->type) {
	case SNAPSHOT_EVENT_RUN:
		return begin_run(im, event);
	case SNAPSHOT_EVENT_CYCLE:
		if (!store_cycle(im->store, im->run_id, event->cycle, &known))
			return false;
		im->added |= !known;
		return known || note_endless_pauses(im, event);
	case SNAPSHOT_EVENT_SNAPSHOT:
		return begin_snapshot(im, event);
	case SNAPSHOT_EVENT_SPANS:
		return add_spans(im, &event->batch);
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		return finish_snapshot(im, event);
	case SNAPSHOT_EVENT_SNAPSHOT_LOST:
		return lose_snapshot(im);
	case SNAPSHOT_EVENT_LEAKS:
		return im->known || store_leaks(im->store, im->snapshot_id, event->leaks);
	case SNAPSHOT_EVENT_SKIPPED:
		im->run_skipped += event->skipped->snapshots;
		return true;
	case SNAPSHOT_EVENT_RUN_END:
		im->run_last_unix_ns = event->run_end->unix_ns;
		return end_run(im, true, event->run_end->clean_exit);
	case SNAPSHOT_EVENT_ISSUE:
	case SNAPSHOT_EVENT_TORN:
		return note_issue(im, event);
	default:
		return true;
	}
}

static enum import_status read_events(struct import *im, struct cursor *cursor)
{
	const struct snapshot_event *event;
	do {
		event = cursor_next(cursor);
		im->result->offset = event->offset;
		if (!take_event(im, event))
			return im->no_memory ? IMPORT_NO_MEMORY : IMPORT_DATABASE;
	} while (event->type != SNAPSHOT_EVENT_END);
	if (im->no_memory)
		return IMPORT_NO_MEMORY;
	if (cursor->error) {
		errno = cursor->error;
		return IMPORT_READ_ERROR;
	}
	bool ok = end_run(im, false, false) &&
	          store_source_end(im->store, im->source_id, im->complete, im->bytes_skipped);
	return ok ? IMPORT_OK : IMPORT_DATABASE;
}

enum import_status import_recording(struct store *store, const struct source *source,
                                    struct snapshot_places *places, struct import_result *result)
{
	struct cursor cursor;
	enum import_status status = IMPORT_DATABASE;
	struct import *im = calloc(1, sizeof *im);
	memset(result, 0, sizeof *result);
	if (!im)
		return IMPORT_NO_MEMORY;
	*im = (struct import){.store = store, .source = source, .places = places, .result = result,
	                      .complete = true};
	size_t places_before = places ? places->count : 0;
	if (!cursor_open(&cursor, source, 0)) {
		status = IMPORT_NO_MEMORY;
		goto no_cursor;
	}
	if (!store_begin(store))
		goto no_transaction;
	if (store_source(store, source->path, "recording", source->bytes, &im->source_id))
		status = read_events(im, &cursor);
	if (status == IMPORT_OK && im->added && result->seen > 0) {
		if (!store_commit(store))
			status = IMPORT_DATABASE;
	}
	if (status != IMPORT_OK && places)
		places->count = places_before;
	if (!sqlite3_get_autocommit(store->db))
		store_rollback(store);
no_transaction:
	cursor_close(&cursor);
no_cursor:
	free(im);
	return status;
}
