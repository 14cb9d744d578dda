/*
 * test_kill.c - runs that are killed at any moment:
 *
 *	test_kill RECORDED BUSY KILLS
 *	test_kill malloc KILLS LIBRARY PROGRAM
 *
 * RECORDED is recorded_program, which says when a snapshot is written: none of these may be
 * missing. BUSY is busy_program on the real heap: what is there must be whole, and its
 * statistics and spans agree, as those of PROGRAM, whose malloc is LIBRARY's. Runs follow each other in the same file for a while, so that
 * each meets the end that a kill has left, and is killed while it does.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "survey.h"

enum { RUNS_OF_A_FILE = 8, DELAY_NS_MAX = 12000000 };

struct kind {
	const char *name;
	const char *arguments[6];
	const char *max;        /* MEMSPAN_DUMP_MAX */
	const char *sync;       /* MEMSPAN_DUMP_SYNC */
	bool says_when_written; /* each dot is a snapshot in the file */
	const char *preload;
};

static struct kind kinds[] = {
	{"appended", {NULL, "spans", "3000", "say", "100000"}, NULL, NULL, true, NULL},
	{"thinned", {NULL, "spans", "30000", "say", "100000"}, "64KiB", NULL, false, NULL},
	{"synced", {NULL, "spans", "300", "say", "100000"}, NULL, "snapshot", true, NULL},
	{"busy", {NULL, "3", "100000"}, NULL, NULL, false, NULL},
	{"a million spans", {NULL, "spans", "1000000", "say", "100000"}, NULL, NULL, true, NULL},
};

enum { KINDS = 5, SHORT_KINDS = 4, LONG_KILLS = 100 };

static struct kind of_malloc = {"malloc", {NULL}, NULL, NULL, false, NULL};

static uint64_t random_state = 1;
static unsigned long failures, kills;

static uint64_t random_below(uint64_t limit)
{
	random_state = random_state * 6364136223846793005u + 1442695040888963407u;
	return (random_state >> 24) % limit;
}

static void run_child(const struct kind *kind, int out)
{
	int null = open("/dev/null", O_WRONLY);

	setenv("MEMSPAN_DUMP", "a.zst", 1);
	if (kind->max)
		setenv("MEMSPAN_DUMP_MAX", kind->max, 1);
	if (kind->sync)
		setenv("MEMSPAN_DUMP_SYNC", kind->sync, 1);
	if (kind->preload) {
		setenv("MEMSPAN_DUMP_INTERVAL", "1ms", 1);
		setenv("LD_PRELOAD", kind->preload, 1);
	}
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(kind->arguments[0], (char **)kind->arguments);
	_exit(127);
}

static uint64_t dots_in(int fd)
{
	char bytes[4096];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	return got > 0 ? (uint64_t)got : 0;
}

/*
 * Lets it run for a moment after its first dot, or, now and then, hardly at all; kills it.
 * Returns how many dots it made.
 */
static uint64_t run_and_kill(const struct kind *kind)
{
	struct timespec delay = {.tv_nsec = (long)random_below(DELAY_NS_MAX)};
	bool is_early = random_below(8) == 0;
	uint64_t dots = 0;
	int out[2], status;
	pid_t child;

	if (pipe(out) != 0 || (child = fork()) < 0) {
		perror("test_kill");
		exit(1);
	}
	if (child == 0)
		run_child(kind, out[1]);
	close(out[1]);
	if (!is_early)
		dots = dots_in(out[0]);
	nanosleep(&delay, NULL);
	kill(child, SIGKILL);
	for (uint64_t some; (some = dots_in(out[0])) > 0;)
		dots += some;
	close(out[0]);
	if (waitpid(child, &status, 0) != child || !WIFSIGNALED(status)) {
		fprintf(stderr, "%s: it ended by itself: %x\n", kind->name, (unsigned)status);
		failures++;
	}
	kills++;
	return dots;
}

static void check(const struct kind *kind, uint64_t dots, uint64_t former)
{
	struct survey survey = survey_file("a.zst");

	if (!survey.is_damaged && survey.repeated == 0 && survey.contradictions == 0 &&
	    survey.run_ends == 0 &&
	    (!kind->says_when_written || survey.snapshots >= former + dots))
		return;
	fprintf(stderr, "%s, kill %lu: %lu snapshots in %lu runs, %lu before it and %lu said; "
	                "%lu repeated, %lu contradict themselves %s\n",
	        kind->name, kills, (unsigned long)survey.snapshots, (unsigned long)survey.runs,
	        (unsigned long)former, (unsigned long)dots, (unsigned long)survey.repeated,
	        (unsigned long)survey.contradictions, survey.message);
	failures++;
}

static void kill_some(const struct kind *kind, unsigned count)
{
	uint64_t snapshots = 0, dots = 0;

	for (unsigned i = 0; i < count; i++) {
		uint64_t former, some;

		if (i % RUNS_OF_A_FILE == 0)
			unlink("a.zst");
		former = survey_file("a.zst").snapshots;
		some = run_and_kill(kind);
		check(kind, some, former);
		dots += some;
		snapshots += survey_file("a.zst").snapshots - former;
	}
	printf("%s: %u kills, %lu snapshots\n", kind->name, count, (unsigned long)snapshots);
	if (dots == 0 || snapshots == 0) {
		fprintf(stderr, "%s: nothing was recorded\n", kind->name);
		failures++;
	}
}

static void kill_all_kinds(char **arguments, unsigned count)
{
	int kind_count = count < LONG_KILLS ? SHORT_KINDS : KINDS;

	for (int i = 0; i < kind_count; i++) {
		kinds[i].arguments[0] = arguments[strcmp(kinds[i].name, "busy") == 0 ? 2 : 1];
		kill_some(&kinds[i], count / (unsigned)kind_count);
	}
}

int main(int count, char **arguments)
{
	char folder[] = "/tmp/memspan-kill-XXXXXX";
	bool is_malloc = count == 5 && strcmp(arguments[1], "malloc") == 0;
	unsigned wanted = count >= 4 ? (unsigned)atoi(arguments[is_malloc ? 2 : 3]) : 0;

	if (wanted < KINDS || !mkdtemp(folder) || chdir(folder) != 0)
		return 2;
	if (is_malloc) {
		of_malloc.preload = arguments[3];
		of_malloc.arguments[0] = arguments[4];
		kill_some(&of_malloc, wanted);
	} else {
		kill_all_kinds(arguments, wanted);
	}
	unlink("a.zst");
	if (system("rm -f a.zst.*.tmp") == 0 && chdir("/") == 0)
		rmdir(folder);
	return failures > 0;
}
