/*
 * replay.c - runs a fuzz target over files, without libFuzzer: replay N FILE|FOLDER...
 * Each input is run as it is, cut at N lengths, and N times with a byte changed; always the
 * same ones. Fails when there is no file.
 */
#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include "fuzz.h"

enum { INPUT_BYTES_MAX = 1 << 20 };

static unsigned long variants, inputs, executions;

/* A copy of just these bytes, so that a sanitizer sees a read beyond them. */
static void run(const uint8_t *data, size_t count)
{
	uint8_t *copy = malloc(count ? count : 1);

	FUZZ_HOLDS(copy);
	memcpy(copy, data, count);
	LLVMFuzzerTestOneInput(copy, count);
	free(copy);
	executions++;
}

static void run_around(uint8_t *data, size_t count)
{
	uint64_t random = count + 1;

	run(data, count);
	for (size_t i = 0; i < variants; i++)
		run(data, count * i / variants);
	for (size_t i = 0; i < variants && count > 0; i++) {
		uint8_t former;
		size_t at;

		random = random * 6364136223846793005u + 1442695040888963407u;
		at = (size_t)(random >> 24) % count;
		former = data[at];
		data[at] = (uint8_t)(random >> 16);
		run(data, count);
		data[at] = former;
	}
}

static void run_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(INPUT_BYTES_MAX);
	size_t count;

	FUZZ_HOLDS(file && data);
	count = fread(data, 1, INPUT_BYTES_MAX, file);
	fclose(file);
	run_around(data, count);
	free(data);
	inputs++;
}

static void run_folder(const char *path)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < count; i++) {
		char file[4096];

		snprintf(file, sizeof(file), "%s/%s", path, entries[i]->d_name);
		if (entries[i]->d_name[0] != '.')
			run_file(file);
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

int main(int count, char **arguments)
{
	if (count < 3)
		return 2;
	variants = strtoul(arguments[1], NULL, 10);
	for (int i = 2; i < count; i++) {
		struct stat status;

		if (stat(arguments[i], &status) != 0) {
			perror(arguments[i]);
			return 1;
		}
		if (S_ISDIR(status.st_mode))
			run_folder(arguments[i]);
		else
			run_file(arguments[i]);
	}
	printf("%lu inputs, %lu executions\n", inputs, executions);
	return inputs == 0;
}
