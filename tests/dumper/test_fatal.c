/*
 * test_fatal.c - a recorded program dies as it would have died, does as it would have done
 * with its own handlers, and the snapshot in flight is in the file: test_fatal PROGRAM [long]
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "survey.h"

enum {
	HANDLED = 42,
	STUCK_S = 30,
	/*
	 * On a machine with far more to do than it can, a second may not be enough for the
	 * writer to have its turn. Without the wait a third of all snapshots are missing.
	 */
	MISSING_MAX = 3,
};

static const char *program;
static unsigned failures, missing;

static void run_child(const char *what, const char *how, bool is_recorded)
{
	struct rlimit none = {0, 0};
	int null = open("/dev/null", O_WRONLY);

	setrlimit(RLIMIT_CORE, &none);
	dup2(null, STDERR_FILENO);
	if (is_recorded)
		setenv("MEMSPAN_DUMP", "a.zst", 1);
	execl(program, program, what, how, (char *)NULL);
	_exit(127);
}

/* Status as a shell gives it. */
static int run(const char *what, const char *how, bool is_recorded)
{
	int status;
	pid_t child;

	unlink("a.zst");
	child = fork();
	if (child == 0)
		run_child(what, how, is_recorded);
	if (child < 0 || waitpid(child, &status, 0) != child)
		return -1;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void expect(const char *what, const char *how, int wanted)
{
	bool exits = wanted == 0;
	/* The system does not let a program ignore a fault, and asks nobody. */
	bool is_sudden = !exits && strcmp(how, "ignored") == 0;
	int plain = run(what, how, false), status = run(what, how, true);
	struct survey survey = survey_file("a.zst");

	missing += !is_sudden && !exits && survey.snapshots == 0;
	if (plain == wanted && status == wanted && !survey.is_damaged &&
	    survey.contradictions == 0 && survey.run_ends == exits &&
	    survey.snapshots <= 1u + exits && (!exits || survey.snapshots == 2))
		return;
	fprintf(stderr, "%s %s: status %d, not recorded %d, wanted %d; %lu snapshots, %lu ends %s\n",
	        what, how, status, plain, wanted, (unsigned long)survey.snapshots,
	        (unsigned long)survey.run_ends, survey.message);
	failures++;
}

/*
 * A write that takes half a minute is not waited for: a second, and the program dies; ten of
 * them, and it exits.
 */
static void expect_no_long_wait(const char *what, int wanted)
{
	struct timespec begin, end;
	int status;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	status = run(what, "stuck", true);
	clock_gettime(CLOCK_MONOTONIC, &end);
	if (status == wanted && end.tv_sec - begin.tv_sec < STUCK_S / 2 &&
	    survey_file("a.zst").snapshots == 0)
		return;
	fprintf(stderr, "%s stuck: status %d after %ld s\n", what, status,
	        (long)(end.tv_sec - begin.tv_sec));
	failures++;
}

/* Each signal with each way to meet it. */
static void expect_all(const char *what, int number)
{
	expect(what, "default", 128 + number);
	expect(what, "restored", 128 + number);
	expect(what, "exits", HANDLED);
	expect(what, "returns", 128 + number);
	expect(what, "jumps", 0);
}

static void expect_traps(void)
{
	struct utsname machine;

	/* Elsewhere neither a division nor a trap need give these signals. */
	if (uname(&machine) != 0 || strcmp(machine.machine, "x86_64") != 0)
		return;
	expect_all("fpe", SIGFPE);
	expect_all("ill", SIGILL);
}

int main(int count, char **arguments)
{
	char folder[] = "/tmp/memspan-fatal-XXXXXX";

	if (count < 2 || !mkdtemp(folder) || chdir(folder) != 0)
		return 2;
	program = arguments[1];
	expect_all("segv", SIGSEGV);
	expect_all("bus", SIGBUS);
	expect_all("abort", SIGABRT);
	expect_traps();
	expect("overflow", "default", 128 + SIGSEGV);
	expect("deep", "default", 128 + SIGSEGV);
	expect("thread", "default", 128 + SIGSEGV);
	expect("thread", "exits", HANDLED);
	/* What is ignored and sent is ignored; what happens kills. */
	expect("raised", "ignored", 0);
	expect("segv", "ignored", 128 + SIGSEGV);
	expect("sent", "default", 128 + SIGSEGV);
	expect("raised", "default", 128 + SIGABRT);
	expect("nothing", "default", 0);
	expect_no_long_wait("segv", 128 + SIGSEGV);
	if (count > 2)
		expect_no_long_wait("nothing", 0);
	unlink("a.zst");
	if (chdir("/") == 0)
		rmdir(folder);
	if (missing > MISSING_MAX)
		fprintf(stderr, "%u snapshots in flight were lost\n", missing);
	return failures > 0 || missing > MISSING_MAX;
}
