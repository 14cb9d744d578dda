/*
 * print_recording.c - every figure of a recording as text, one record a line: what golden
 * files are compared by, and the second reader, read_snapshot.py. Exit 1 on damage.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "record.h"

static void *plain_alloc(void *opaque, size_t bytes)
{
	(void)opaque;
	return malloc(bytes);
}

static void plain_free(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

static void words_print(const char *name, const void *words, size_t count)
{
	printf("%s", name);
	for (size_t i = 0; i < count; i++) {
		uint64_t word;

		memcpy(&word, (const char *)words + 8 * i, 8);
		printf(" %llu", (unsigned long long)word);
	}
	printf("\n");
}

static void run_print(const struct snapshot_run *run)
{
	printf("run ");
	for (int i = 0; i < 16; i++)
		printf("%02x", run->uuid[i]);
	printf(" %s|%s|%s|%s\n", run->exe, run->host,
	       run->tracking_why, run->library);
	words_print("run_words", &run->pid, RUN_WORDS);
}

static void spans_print(const struct snapshot_batch *batch)
{
	for (uint32_t i = 0; i < batch->count; i++) {
		const struct snapshot_span *span = &batch->spans[i];

		printf("span %llu %llu %llu %llu %u %u %u %u %u %u\n",
		       (unsigned long long)span->base, (unsigned long long)span->npages,
		       (unsigned long long)span->elem_bytes,
		       (unsigned long long)span->released_bytes, span->nelems,
		       span->alloc_count, span->born_gc, span->state, span->size_class,
		       span->noscan);
	}
}

static int event_print(const struct snapshot_event *event)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_RUN:
		run_print(event->run);
		break;
	case SNAPSHOT_EVENT_SEGMENT:
		printf("segment %u %u.%u\n", event->segment.number, event->segment.version_major,
		       event->segment.version_minor);
		break;
	case SNAPSHOT_EVENT_CYCLE:
		words_print("cycle", event->cycle, WORDS_OF(struct snapshot_cycle));
		break;
	case SNAPSHOT_EVENT_SNAPSHOT:
		words_print("snapshot", event->head, WORDS_OF(struct snapshot_head));
		break;
	case SNAPSHOT_EVENT_SPANS:
		spans_print(&event->batch);
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		printf("end %llu\n", (unsigned long long)event->head->seq);
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_LOST:
		printf("lost %llu\n", (unsigned long long)event->head->seq);
		break;
	case SNAPSHOT_EVENT_LEAKS:
		words_print("leaks", event->leaks, WORDS_OF(struct snapshot_leaks));
		break;
	case SNAPSHOT_EVENT_SKIPPED:
		words_print("skipped", event->skipped, WORDS_OF(struct snapshot_skipped));
		break;
	case SNAPSHOT_EVENT_RUN_END:
		words_print("run_end", event->run_end, WORDS_OF(struct snapshot_run_end));
		break;
	case SNAPSHOT_EVENT_TORN:
		printf("torn\n");
		break;
	case SNAPSHOT_EVENT_ISSUE:
		fprintf(stderr, "%llu: %s, %llu bytes skipped: %s\n",
		        (unsigned long long)event->issue.offset,
		        snapshot_issue_name(event->issue.code),
		        (unsigned long long)event->issue.bytes_skipped, event->issue.message);
		return event->issue.severity > SNAPSHOT_WARNING;
	default:
		break;
	}
	return 0;
}

int main(int count, char **arguments)
{
	const struct snapshot_memory memory = {plain_alloc, plain_free, NULL};
	struct snapshot_decoder *decoder = snapshot_decoder_new(&memory, 0);
	FILE *file = count == 2 ? fopen(arguments[1], "rb") : NULL;
	const struct snapshot_event *event;
	int result = 0;

	if (!file || !decoder)
		return 2;
	while ((event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		char bytes[4096];
		size_t got;

		if (event->type != SNAPSHOT_EVENT_INPUT) {
			result |= event_print(event);
			continue;
		}
		/* The decoder takes at least as much as it holds of nothing: 4 KiB always fit. */
		got = fread(bytes, 1, sizeof(bytes), file);
		if (got == 0)
			snapshot_decoder_finish(decoder);
		else
			snapshot_decoder_feed(decoder, bytes, got);
	}
	snapshot_decoder_free(decoder);
	fclose(file);
	return result;
}
