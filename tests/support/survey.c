/* survey.c - see survey.h. */
#include "survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "snapshot.h"

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

static const struct snapshot_memory memory = {take, give, NULL};

struct sums {
	uint64_t heap_alloc, heap_inuse;
};

static void snapshot_add(struct survey *survey, const struct snapshot_head *head,
                         const struct sums *sums)
{
	if (survey->last_run_snapshots > 0 && head->seq <= survey->last_seq)
		survey->repeated++;
	survey->snapshots++;
	survey->last_run_snapshots++;
	survey->last_seq = head->seq;
	if (head->has_spans && (sums->heap_alloc != head->stats.heap_alloc ||
	                        sums->heap_inuse != head->stats.heap_inuse))
		survey->contradictions++;
}

static void spans_add(struct sums *sums, const struct snapshot_batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct snapshot_span *span = &batch->spans[i];

		if (span->state != SNAPSHOT_STATE_INUSE)
			continue;
		sums->heap_inuse += span->npages * SNAPSHOT_PAGE_BYTES;
		sums->heap_alloc += span->alloc_count * span->elem_bytes;
	}
}

static void event_add(struct survey *survey, const struct snapshot_event *event, struct sums *sums)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_RUN:
		survey->runs++;
		survey->last_run_snapshots = 0;
		survey->last_seq = UINT64_MAX;
		break;
	case SNAPSHOT_EVENT_SNAPSHOT:
		*sums = (struct sums){0};
		break;
	case SNAPSHOT_EVENT_SPANS:
		spans_add(sums, &event->batch);
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		snapshot_add(survey, event->head, sums);
		break;
	case SNAPSHOT_EVENT_RUN_END:
		survey->run_ends++;
		survey->skipped += event->run_end->skipped;
		survey->run_end_snapshots += event->run_end->snapshots;
		break;
	case SNAPSHOT_EVENT_ISSUE:
		if (event->issue.severity > SNAPSHOT_WARNING) {
			survey->is_damaged = true;
			memcpy(survey->message, event->issue.message, sizeof(survey->message));
		}
		break;
	case SNAPSHOT_EVENT_TORN:
		survey->torn++;
		break;
	default:
		break;
	}
}

struct survey survey_file(const char *path)
{
	struct survey survey = {.last_seq = UINT64_MAX};
	struct snapshot_decoder *decoder = snapshot_decoder_new(&memory, 0);
	const struct snapshot_event *event;
	struct sums sums = {0};
	uint8_t bytes[4096];
	size_t have = 0, used = 0;
	FILE *file = fopen(path, "rb");

	while (file && (event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		if (event->type != SNAPSHOT_EVENT_INPUT) {
			event_add(&survey, event, &sums);
			continue;
		}
		if (used == have) {
			have = fread(bytes, 1, sizeof(bytes), file);
			used = 0;
			survey.is_there |= have > 0;
			if (have == 0)
				snapshot_decoder_finish(decoder);
		}
		used += snapshot_decoder_feed(decoder, bytes + used, have - used);
	}
	if (file)
		fclose(file);
	snapshot_decoder_free(decoder);
	return survey;
}
