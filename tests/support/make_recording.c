/*
 * make_recording.c - writes a recording that recording.h describes:
 * make_recording FILE RUNS SNAPSHOTS SPANS [summary] [torn] [contradicts] [newer] [more WORD N]
 * more: this word of mstats says so much more than is true
 * newer: the first segment is of a format version that nobody has seen yet.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crc32.h"
#include "recording.h"

/* Where they stand in a segment's mark: schemas/snapshot.md, section 1. */
enum { MAJOR_AT = 16, CHECKSUM_AT = 44 };

static void make_newer(uint8_t *mark)
{
	mark[MAJOR_AT] = 9;
	uint32_t checksum = crc32_of(0, mark, CHECKSUM_AT);
	for (int i = 0; i < 4; i++)
		mark[CHECKSUM_AT + i] = (uint8_t)(checksum >> 8 * i);
}

int main(int argc, char **argv)
{
	struct recording_shape shape = {0};
	size_t bytes;
	bool newer = false;
	if (argc < 5)
		return 2;
	shape.runs = (uint32_t)atoi(argv[2]);
	shape.snapshots = (uint32_t)atoi(argv[3]);
	shape.spans = (uint64_t)atoll(argv[4]);
	for (int i = 5; i < argc; i++) {
		shape.summary |= strcmp(argv[i], "summary") == 0;
		shape.torn |= strcmp(argv[i], "torn") == 0;
		shape.contradicts |= strcmp(argv[i], "contradicts") == 0;
		newer |= strcmp(argv[i], "newer") == 0;
		if (strcmp(argv[i], "more") == 0 && i + 2 < argc) {
			shape.wrong_word = (uint32_t)strtoul(argv[i + 1], NULL, 10);
			shape.more = strtoull(argv[i + 2], NULL, 10);
			if (shape.wrong_word >= sizeof(struct snapshot_mstats) / sizeof(uint64_t))
				return 2;
		}
	}
	uint8_t *data = recording_make(&shape, &bytes);
	if (data && newer)
		make_newer(data);
	FILE *file = data ? fopen(argv[1], "wb") : NULL;
	bool ok = file && fwrite(data, 1, bytes, file) == bytes && fclose(file) == 0;
	free(data);
	return ok ? 0 : 1;
}
