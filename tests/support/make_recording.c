/*
 * make_recording.c - writes a recording that recording.h describes:
 * make_recording FILE RUNS SNAPSHOTS SPANS [summary] [torn] [contradicts]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recording.h"

int main(int argc, char **argv)
{
	struct recording_shape shape = {0};
	size_t bytes;
	if (argc < 5)
		return 2;
	shape.runs = (uint32_t)atoi(argv[2]);
	shape.snapshots = (uint32_t)atoi(argv[3]);
	shape.spans = (uint64_t)atoll(argv[4]);
	for (int i = 5; i < argc; i++) {
		shape.summary |= strcmp(argv[i], "summary") == 0;
		shape.torn |= strcmp(argv[i], "torn") == 0;
		shape.contradicts |= strcmp(argv[i], "contradicts") == 0;
	}
	uint8_t *data = recording_make(&shape, &bytes);
	FILE *file = data ? fopen(argv[1], "wb") : NULL;
	bool ok = file && fwrite(data, 1, bytes, file) == bytes && fclose(file) == 0;
	free(data);
	return ok ? 0 : 1;
}
