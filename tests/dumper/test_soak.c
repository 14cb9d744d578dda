/*
 * test_soak.c - many threads and a snapshot each cycle, to the end: test_soak BUSY CYCLES
 *
 * Every snapshot's statistics and spans agree to the byte, the run's end counts what is
 * there and what was skipped, and the children that were forked meanwhile have recordings
 * of their own.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "survey.h"

static unsigned long children, failures;

static void expect_whole(const char *path, uint64_t cycles_least)
{
	struct survey survey = survey_file(path);

	printf("%s: %lu snapshots, %lu skipped\n", path, (unsigned long)survey.snapshots,
	       (unsigned long)survey.skipped);
	if (!survey.is_damaged && survey.torn == 0 && survey.repeated == 0 &&
	    survey.contradictions == 0 && survey.run_ends == 1 && survey.runs == 1 &&
	    survey.run_end_snapshots == survey.snapshots &&
	    survey.snapshots + survey.skipped > cycles_least)
		return;
	fprintf(stderr, "%s: %lu torn, %lu repeated, %lu contradict themselves, %lu ends of %lu "
	                "runs that say %lu were written; %s\n",
	        path, (unsigned long)survey.torn, (unsigned long)survey.repeated,
	        (unsigned long)survey.contradictions, (unsigned long)survey.run_ends,
	        (unsigned long)survey.runs, (unsigned long)survey.run_end_snapshots,
	        survey.message);
	failures++;
}

static void expect_children(void)
{
	DIR *folder = opendir(".");

	for (struct dirent *entry; folder && (entry = readdir(folder));) {
		if (entry->d_name[0] == '.' || strcmp(entry->d_name, "a.zst") == 0)
			continue;
		expect_whole(entry->d_name, 2);
		unlink(entry->d_name);
		children++;
	}
	if (folder)
		closedir(folder);
}

int main(int count, char **arguments)
{
	char folder[] = "/tmp/memspan-soak-XXXXXX", command[4096];
	uint64_t cycles = count == 3 ? strtoul(arguments[2], NULL, 10) : 0;

	if (cycles == 0 || !mkdtemp(folder) || chdir(folder) != 0)
		return 2;
	snprintf(command, sizeof(command), "MEMSPAN_DUMP=a.zst %s 12 %lu fork >/dev/null",
	         arguments[1], (unsigned long)cycles);
	if (system(command) != 0)
		failures++;
	expect_whole("a.zst", cycles);
	expect_children();
	if (children != (cycles + 7) / 8) {
		fprintf(stderr, "%lu children have a recording\n", children);
		failures++;
	}
	unlink("a.zst");
	if (chdir("/") == 0)
		rmdir(folder);
	return failures > 0;
}
