/*
 * make_sample.c - writes a sample recording: make_sample FILE RUNS SEGMENTS SNAPSHOTS
 * CYCLES SPANS OPEN_END LEAKS. Golden files were written by it once and are never written again.
 */
#include <stdio.h>
#include <stdlib.h>

#include "sample.h"

int main(int count, char **arguments)
{
	struct sample_shape shape;
	size_t bytes;
	uint8_t *data;
	FILE *file;

	if (count != 9)
		return 2;
	shape.runs = (uint32_t)atoi(arguments[2]);
	shape.segments = (uint32_t)atoi(arguments[3]);
	shape.snapshots = (uint32_t)atoi(arguments[4]);
	shape.cycles = (uint32_t)atoi(arguments[5]);
	shape.spans = (uint64_t)atoll(arguments[6]);
	shape.open_end = (uint32_t)atoi(arguments[7]);
	shape.leaks = (uint32_t)atoi(arguments[8]);
	data = sample_recording(&shape, &bytes, NULL);
	file = fopen(arguments[1], "wb");
	if (!file || fwrite(data, 1, bytes, file) != bytes || fclose(file) != 0)
		return 1;
	free(data);
	return 0;
}
