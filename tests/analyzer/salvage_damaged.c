/*
 * salvage_damaged RECORDING STEP - every STEPth byte of a recording is flipped, and the recording
 * cut there: what salvage writes has no damage and the same whole snapshots that the damaged one
 * can still be read of, in the same order; and the undamaged one is copied byte for byte.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cursor.h"
#include "salvage.h"

enum { SNAPSHOTS_MAX = 4096 };

struct content {
	uint64_t snapshots, faults, torn, run_ends;
	uint64_t sums[SNAPSHOTS_MAX];
};

static uint64_t mix(uint64_t sum, const void *data, size_t bytes)
{
	const uint8_t *p = data;
	for (size_t i = 0; i < bytes; i++)
		sum = (sum ^ p[i]) * 0x100000001b3u;
	return sum;
}

static struct source make_source(const void *data, size_t bytes)
{
	int fd = memfd_create("recording", MFD_CLOEXEC);
	check(fd >= 0 && write(fd, data, bytes) == (ssize_t)bytes);
	return (struct source){.path = "recording", .fd = fd, .bytes = bytes};
}

static void read_content(const struct source *source, struct content *content)
{
	struct cursor cursor;
	uint64_t sum = 0, rows = 0;
	memset(content, 0, sizeof *content);
	check(cursor_open(&cursor, source, 0));
	for (;;) {
		const struct snapshot_event *event = cursor_next(&cursor);
		switch (event->type) {
		case SNAPSHOT_EVENT_SNAPSHOT:
			sum = mix(mix(0, event->head, sizeof *event->head), event->run, sizeof *event->run);
			rows = 0;
			break;
		case SNAPSHOT_EVENT_SPANS:
			sum = mix(sum, event->batch.spans, event->batch.count * sizeof *event->batch.spans);
			rows += event->batch.count;
			break;
		case SNAPSHOT_EVENT_SNAPSHOT_END:
			check(rows == event->head->span_count && content->snapshots < SNAPSHOTS_MAX);
			content->sums[content->snapshots++] = sum;
			break;
		case SNAPSHOT_EVENT_RUN_END:
			content->run_ends++;
			break;
		case SNAPSHOT_EVENT_ISSUE:
			content->faults++;
			break;
		case SNAPSHOT_EVENT_TORN:
			content->torn++;
			break;
		case SNAPSHOT_EVENT_END:
			cursor_close(&cursor);
			return;
		default:
			break;
		}
	}
}

static uint64_t losses;

static void count_loss(void *arg, const struct snapshot_issue *issue)
{
	check(arg == &losses && issue->message[0]);
	losses++;
}

/* Salvages, and compares what is in the two. The new one's bytes are to be freed. */
static char *try(const void *data, size_t bytes, size_t *saved_bytes)
{
	static struct content damaged, saved;
	struct source source = make_source(data, bytes);
	struct salvage_result result;
	char *text = NULL;
	FILE *out = open_memstream(&text, saved_bytes);
	losses = 0;
	check(out && salvage(&source, out, count_loss, &losses, &result) == SALVAGE_OK);
	check(fclose(out) == 0);
	read_content(&source, &damaged);
	struct source new = make_source(text, *saved_bytes);
	read_content(&new, &saved);
	check(result.snapshots == damaged.snapshots && saved.snapshots == damaged.snapshots);
	check(memcmp(saved.sums, damaged.sums, sizeof saved.sums) == 0);
	check(saved.faults == 0 && saved.torn == 0);
	check(result.places == losses && losses == damaged.faults + damaged.torn);
	check((losses == 0) == (result.bytes_lost == 0 && result.segments == result.segments_copied));
	close(source.fd);
	close(new.fd);
	return text;
}

int main(int argc, char **argv)
{
	static uint8_t data[1 << 16];
	size_t saved;
	check(argc == 3);
	size_t step = (size_t)atoi(argv[2]);
	FILE *file = fopen(argv[1], "rb");
	check(file && step > 0);
	size_t bytes = fread(data, 1, sizeof data, file);
	check(bytes > 0 && bytes < sizeof data && fclose(file) == 0);

	char *same = try(data, bytes, &saved);
	check(saved == bytes && memcmp(same, data, bytes) == 0);
	free(same);
	for (size_t at = 0; at < bytes; at += step) {
		data[at] ^= (uint8_t)(1 << at % 8);
		free(try(data, bytes, &saved));
		data[at] ^= (uint8_t)(1 << at % 8);
		free(try(data, at, &saved));
	}
	return 0;
}
