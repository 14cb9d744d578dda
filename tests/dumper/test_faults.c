/*
 * test_faults.c - each system call of the dumper fails, or is the program's last, one
 * after the other: test_faults PROGRAM [long]
 *
 * PROGRAM is recorded_program linked with faults.c. For each scenario, each call and each
 * way to fail, the first call of its kind fails, then the second, and so on until there is
 * no such call any more. In the short lane only some numbers are tried where there are many.
 *
 * Held when a call fails: the program does all it would have done and exits with 0; no
 * snapshot is lost but the one at hand; all that is in the file can be read, and the run's
 * end says how many are there. Held when the program is killed, also by a loss of power that
 * leaves just what was synced: each snapshot that it was told to be written is there, and the
 * next run appends without harm.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faults.h"
#include "survey.h"

enum { ARGUMENTS_MAX = 8, CALLS_MAX = 2000, ALL_UP_TO = 2,
       SOME_FROM_THEN_ON = 9, SOME_HOWS = 2 };

struct scenario {
	const char *name;
	const char *arguments[ARGUMENTS_MAX];
	const char *max;      /* MEMSPAN_DUMP_MAX */
	bool has_former;      /* the file holds a run that was killed within a write */
	bool is_thinned;      /* snapshots may be left out */
	uint64_t cycles;      /* asked for; each with a snapshot, and one at exit */
};

static const struct scenario scenarios[] = {
	{.name = "append", .arguments = {"say", "4"}, .has_former = true, .cycles = 4},
	{.name = "thin", .arguments = {"spans", "40000", "say", "7"}, .max = "64KiB",
	 .is_thinned = true, .cycles = 7},
};

static const char *const call_names[FAULT_CALLS] = {FAULT_CALL_NAMES};

/* What each call may fail with; open and its like never for good (see is_lasting). */
static const char *const hows[FAULT_CALLS][6] = {
	[FAULT_OPEN] = {"EMFILE", "EIO", "EINTR", "ENOSPC"},
	[FAULT_CLOSE] = {"EIO", "EINTR"},
	[FAULT_WRITE] = {"ENOSPC", "torn", "short", "EINTR", "EIO"},
	[FAULT_PREAD] = {"EIO", "EINTR"},
	[FAULT_FSTAT] = {"EIO"},
	[FAULT_LSTAT] = {"EIO"},
	[FAULT_FTRUNCATE] = {"EIO", "EINTR"},
	[FAULT_FDATASYNC] = {"EIO", "ENOSPC", "EINTR"},
	[FAULT_FLOCK] = {"ENOLCK", "EINTR"},
	[FAULT_RENAME] = {"EIO", "ENOSPC"},
	[FAULT_UNLINK] = {"EIO"},
	[FAULT_FCHMOD] = {"EIO"},
	[FAULT_MMAP] = {"ENOMEM"},
	[FAULT_MADVISE] = {"EAGAIN"},
	[FAULT_PTHREAD_CREATE] = {"EAGAIN"},
};

static const char *program;
static bool is_long;
static char top[64], former_path[128];
static unsigned long cases, failures;

/* ---- One case ---------------------------------------------------------- */

struct outcome {
	int status;          /* of wait */
	uint64_t dots;       /* snapshots of which the program was told that they are written */
	bool has_struck;
	uint64_t beside;     /* files left beside the recording */
	struct survey survey;
};

__attribute__((format(printf, 3, 4)))
static void fail(const char *fault, const struct outcome *outcome, const char *format, ...)
{
	va_list arguments;

	fprintf(stderr, "%s: ", fault);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fprintf(stderr, " (status %x, %lu dots, %lu snapshots in %lu runs, %lu ends: %lu written, "
	                "%lu skipped, %lu torn, %s)\n",
	        (unsigned)outcome->status, (unsigned long)outcome->dots,
	        (unsigned long)outcome->survey.snapshots, (unsigned long)outcome->survey.runs,
	        (unsigned long)outcome->survey.run_ends,
	        (unsigned long)outcome->survey.run_end_snapshots,
	        (unsigned long)outcome->survey.skipped, (unsigned long)outcome->survey.torn,
	        outcome->survey.message);
	failures++;
}

static void child_run(const struct scenario *scenario, const char *fault, int out, int struck)
{
	char *arguments[ARGUMENTS_MAX + 2] = {(char *)program};
	char fd[16];
	int null = open("/dev/null", O_WRONLY);

	for (int i = 0; i < ARGUMENTS_MAX; i++)
		arguments[i + 1] = (char *)scenario->arguments[i];
	snprintf(fd, sizeof(fd), "%d", struck);
	setenv("MEMSPAN_DUMP", "a.zst", 1);
	setenv("MEMSPAN_DUMP_SYNC", "snapshot", 1);
	if (scenario->max)
		setenv("MEMSPAN_DUMP_MAX", scenario->max, 1);
	if (fault)
		setenv("FAULT", fault, 1);
	setenv("FAULT_FD", fd, 1);
	dup2(out, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	execv(program, arguments);
	_exit(127);
}

static uint64_t bytes_in(int fd)
{
	char bytes[4096];
	ssize_t got = read(fd, bytes, sizeof(bytes));

	return got > 0 ? (uint64_t)got : 0;
}

static uint64_t files_beside(void)
{
	DIR *folder = opendir(".");
	uint64_t count = 0;

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		count += entry->d_name[0] != '.' && strcmp(entry->d_name, "a.zst") != 0;
	if (folder)
		closedir(folder);
	return count;
}

/* The program under one fault, in the present folder. */
static struct outcome run(const struct scenario *scenario, const char *fault)
{
	struct outcome outcome = {0};
	int out[2], struck[2];
	pid_t child;

	if (pipe(out) != 0 || pipe2(struck, O_NONBLOCK) != 0 || (child = fork()) < 0) {
		perror("test_faults");
		exit(1);
	}
	if (child == 0)
		child_run(scenario, fault, out[1], struck[1]);
	close(out[1]);
	close(struck[1]);
	for (uint64_t some; (some = bytes_in(out[0])) > 0;)
		outcome.dots += some;
	outcome.has_struck = bytes_in(struck[0]) > 0;
	waitpid(child, &outcome.status, 0);
	close(out[0]);
	close(struck[0]);
	outcome.survey = survey_file("a.zst");
	outcome.beside = files_beside();
	return outcome;
}

static void folder_empty(void)
{
	DIR *folder = opendir(".");

	for (struct dirent *entry; folder && (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			unlink(entry->d_name);
	if (folder)
		closedir(folder);
}

static void file_copy(const char *from, const char *to)
{
	char bytes[65536];
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	ssize_t got = read(in, bytes, sizeof(bytes));

	if (got <= 0 || write(out, bytes, (size_t)got) != got) {
		perror(to);
		exit(1);
	}
	close(in);
	close(out);
}

static void folder_prepare(const struct scenario *scenario)
{
	folder_empty();
	if (scenario->has_former)
		file_copy(former_path, "a.zst");
}

/* ---- What has to hold -------------------------------------------------- */

enum { FORMER_SNAPSHOTS = 3 };

static uint64_t former_snapshots(const struct scenario *scenario)
{
	return scenario->has_former ? FORMER_SNAPSHOTS : 0;
}

static void check_file(const struct scenario *scenario, const char *fault,
                       const struct outcome *outcome)
{
	const struct survey *survey = &outcome->survey;

	if (survey->is_damaged)
		fail(fault, outcome, "the recording is damaged");
	if (survey->repeated || survey->contradictions)
		fail(fault, outcome, "a snapshot stands there twice, or contradicts itself");
	if (survey->snapshots < former_snapshots(scenario))
		fail(fault, outcome, "a snapshot of the run before was lost");
}

static void check_unharmed(const struct scenario *scenario, const char *fault,
                           const struct outcome *outcome)
{
	if (outcome->status != 0 || outcome->dots != scenario->cycles)
		fail(fault, outcome, "the program was harmed");
	check_file(scenario, fault, outcome);
}

/* One call failed: its snapshot at most is missing, and the run has its end. */
static void check_once(const struct scenario *scenario, const char *fault,
                       const struct outcome *outcome)
{
	const struct survey *survey = &outcome->survey;
	uint64_t all = scenario->cycles + 1;

	check_unharmed(scenario, fault, outcome);
	if (outcome->beside > (strncmp(fault, "unlink", 6) == 0))
		fail(fault, outcome, "a file was left beside the recording");
	if (survey->run_ends == 0)
		return; /* the last write was it, or attaching failed for good: checked by count */
	if (survey->run_end_snapshots + survey->skipped != all)
		fail(fault, outcome, "%lu snapshots are not accounted for", (unsigned long)all);
	if (survey->skipped > 1)
		fail(fault, outcome, "more than one snapshot was lost");
	if (!scenario->is_thinned &&
	    survey->snapshots < former_snapshots(scenario) + survey->run_end_snapshots)
		fail(fault, outcome, "the run's end counts what is not there");
}

static void check_killed(const struct scenario *scenario, const char *fault,
                         const struct outcome *outcome)
{
	const struct survey *survey = &outcome->survey;
	struct outcome next;
	uint64_t present = survey->snapshots;

	if (!WIFSIGNALED(outcome->status) || WTERMSIG(outcome->status) != SIGKILL)
		fail(fault, outcome, "it was not killed");
	check_file(scenario, fault, outcome);
	if (outcome->dots > 0 && (survey->last_seq == UINT64_MAX || survey->last_seq + 1 < outcome->dots))
		fail(fault, outcome, "a snapshot was lost that had been written");
	if (!scenario->is_thinned && present < former_snapshots(scenario) + outcome->dots)
		fail(fault, outcome, "a snapshot is missing");
	next = run(scenario, NULL);
	if (next.status != 0 || next.survey.is_damaged || next.survey.run_ends != survey->run_ends + 1 ||
	    (!scenario->is_thinned && next.survey.snapshots != present + scenario->cycles + 1))
		fail(fault, &next, "the run after it did not get the better of it");
}

/* ---- All cases --------------------------------------------------------- */

typedef void check_function(const struct scenario *, const char *, const struct outcome *);

/* Whether the call of this number is tried; fewer of them where a case takes longer. */
static bool is_tried(const struct scenario *scenario, unsigned number)
{
	unsigned all_up_to = scenario->is_thinned ? 1 : ALL_UP_TO;

	return is_long || number <= all_up_to || number % SOME_FROM_THEN_ON == 0;
}

static void try_all(const struct scenario *scenario, const char *call, const char *how,
                    const char *more, check_function *check)
{
	for (unsigned number = 1; number < CALLS_MAX; number++) {
		struct outcome outcome;
		char fault[128];

		if (!is_tried(scenario, number))
			continue;
		snprintf(fault, sizeof(fault), "%s:%u%s", call, number, how);
		if (more)
			snprintf(fault + strlen(fault), sizeof(fault) - strlen(fault), ",%s", more);
		folder_prepare(scenario);
		outcome = run(scenario, fault);
		if (!outcome.has_struck)
			break;
		cases++;
		check(scenario, fault, &outcome);
	}
}

static void try_call(const struct scenario *scenario, enum fault_call call)
{
	unsigned long before = cases;
	const char *name = call_names[call];

	for (int i = 0; hows[call][i] && (is_long || i < SOME_HOWS); i++) {
		char how[32];

		snprintf(how, sizeof(how), ":%s", hows[call][i]);
		try_all(scenario, name, how, NULL, check_once);
		/* For good: EINTR would then be for ever. */
		snprintf(how, sizeof(how), "+:%s", hows[call][i]);
		if (strcmp(hows[call][i], "EINTR") != 0 && (is_long || i == 0))
			try_all(scenario, name, how, NULL, check_unharmed);
	}
	try_all(scenario, name, ":kill", NULL, check_killed);
	if (is_long || call == FAULT_WRITE || call == FAULT_FDATASYNC || call == FAULT_RENAME)
		try_all(scenario, name, ":power", NULL, check_killed);
	printf("%s: %s: %lu cases\n", scenario->name, name, cases - before);
}

static void try_scenario(const struct scenario *scenario)
{
	for (int call = 0; call < FAULT_CALLS; call++)
		try_call(scenario, (enum fault_call)call);
	try_all(scenario, "write", ":killtorn", NULL, check_killed);
	try_all(scenario, "rename", ":EIO", "unlink:1+:EIO", check_unharmed);
	/* What was half written cannot be taken back. */
	try_all(scenario, "write", ":torn", "ftruncate:1+:EIO", check_unharmed);
	try_all(scenario, "fdatasync", ":EIO", "ftruncate:1+:EIO", check_unharmed);
}

/* A run of three snapshots that was killed in the middle of writing the fourth. */
static void former_make(void)
{
	static const struct scenario scenario = {.arguments = {"say", "4"}};
	struct outcome outcome;

	folder_empty();
	outcome = run(&scenario, "write:4:killtorn");
	if (outcome.survey.snapshots != FORMER_SNAPSHOTS || outcome.survey.torn != 1)
		fail("former", &outcome, "this is not what is needed");
	file_copy("a.zst", former_path);
}

int main(int count, char **arguments)
{
	char work[128], synced[128];

	if (count < 2)
		return 2;
	program = arguments[1];
	is_long = count > 2;
	/* In memory, where there is such a folder: thousands of syncs of a disk take minutes. */
	strcpy(top, "/dev/shm/memspan-faults-XXXXXX");
	if (!mkdtemp(top)) {
		strcpy(top, "/tmp/memspan-faults-XXXXXX");
		if (!mkdtemp(top))
			return 1;
	}
	snprintf(former_path, sizeof(former_path), "%s/former", top);
	snprintf(work, sizeof(work), "%s/work", top);
	snprintf(synced, sizeof(synced), "%s/synced", top);
	if (mkdir(synced, 0700) != 0 || mkdir(work, 0700) != 0 || chdir(work) != 0)
		return 1;
	former_make();
	for (size_t i = 0; i < sizeof(scenarios) / sizeof(scenarios[0]); i++) {
		unsigned long before = cases;

		try_scenario(&scenarios[i]);
		printf("%s: %lu cases\n", scenarios[i].name, cases - before);
	}
	folder_empty();
	if (chdir(synced) == 0)
		folder_empty();
	if (chdir("/") == 0 && rmdir(synced) == 0 && rmdir(work) == 0 && unlink(former_path) == 0)
		rmdir(top);
	return failures > 0 || cases < 100;
}
