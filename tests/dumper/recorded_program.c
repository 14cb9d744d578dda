/*
 * recorded_program.c - a program as the dumper meets it: does what its arguments say,
 * one after another.
 *
 *   gc N         N cycles, each waited for until its snapshot is written; errno is kept
 *   say N        the same, with a dot on stdout after each
 *   burst N      N cycles without waiting
 *   spans N      captures hold N spans from now on
 *   use          the heap is used for the first time
 *   sleep MS     sleeps
 *   raise N      sends itself signal N
 *   kill         ends by SIGKILL
 *   _exit        ends by _exit
 *   fork         forks; the child makes two cycles and exits, the parent waits for it; 6 when
 *                the child has a descriptor that the parent did not open
 *   unlink PATH  rename A B  truncate PATH N
 *   fsize N      RLIMIT_FSIZE; fsize -1: none
 *   nofiles N    RLIMIT_NOFILE
 *   nothreads N  threads cannot be started: N = 1, can: 0
 *   closeall     closes every descriptor from 3 on, and says on stdout how many were open
 *   files        says on stdout how many descriptors from 3 on are open
 *   dump PATH    memspan_dump; prints 0 or the name of errno
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dumper.h"
#include "fake_recorder.h"

enum { ERRNO_MARK = 4242 };

static void cycles(int count, bool waits, bool says)
{
	for (int i = 0; i < count; i++) {
		errno = ERRNO_MARK;
		fake_cycle();
		if (errno != ERRNO_MARK)
			exit(5);
		for (int ms = 0; waits && !dumper_is_idle(); ms++) {
			if (ms == 10000)
				exit(3);
			usleep(1000);
		}
		if (says)
			putchar('.');
	}
}

static int files_at_start;

static int files(bool closes)
{
	int open_files = 0;

	for (int fd = 3; fd < 1024; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			open_files++;
		if (closes)
			close(fd);
	}
	return open_files;
}

static void limit(int resource, const char *value)
{
	struct rlimit now;

	getrlimit(resource, &now);
	now.rlim_cur = value[0] == '-' ? now.rlim_max : strtoul(value, NULL, 10);
	setrlimit(resource, &now);
}

static void fork_one(void)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		fake_after_fork();
		if (files(false) != files_at_start)
			exit(6);
		cycles(2, true, false);
		exit(0);
	}
	printf("child %d\n", (int)child);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) != 0)
		exit(WEXITSTATUS(status));
}

static void do_one(const char *what, char **arguments)
{
	if (strcmp(what, "gc") == 0)
		cycles(atoi(arguments[0]), true, false);
	else if (strcmp(what, "say") == 0)
		cycles(atoi(arguments[0]), true, true);
	else if (strcmp(what, "burst") == 0)
		cycles(atoi(arguments[0]), false, false);
	else if (strcmp(what, "spans") == 0)
		fake_spans_set(strtoul(arguments[0], NULL, 10));
	else if (strcmp(what, "use") == 0)
		fake_heap_used();
	else if (strcmp(what, "sleep") == 0)
		usleep((useconds_t)atoi(arguments[0]) * 1000);
	else if (strcmp(what, "raise") == 0)
		raise(atoi(arguments[0]));
	else if (strcmp(what, "kill") == 0)
		kill(getpid(), SIGKILL);
	else if (strcmp(what, "_exit") == 0)
		_exit(0);
	else if (strcmp(what, "fork") == 0)
		fork_one();
	else if (strcmp(what, "unlink") == 0)
		unlink(arguments[0]);
	else if (strcmp(what, "rename") == 0)
		rename(arguments[0], arguments[1]);
	else if (strcmp(what, "truncate") == 0 && truncate(arguments[0], atol(arguments[1])) != 0)
		exit(4);
	else if (strcmp(what, "fsize") == 0)
		limit(RLIMIT_FSIZE, arguments[0]);
	else if (strcmp(what, "nofiles") == 0)
		limit(RLIMIT_NOFILE, arguments[0]);
	else if (strcmp(what, "nothreads") == 0)
		fake_refuse_threads(atoi(arguments[0]));
	else if (strcmp(what, "files") == 0)
		printf("files %d\n", files(false));
	else if (strcmp(what, "closeall") == 0)
		printf("files %d\n", files(true));
	else if (strcmp(what, "dump") == 0)
		printf("dump %s\n",
		       memspan_dump(arguments[0]) == 0 ? "0" : strerrorname_np(errno));
	else if (strcmp(what, "truncate") != 0)
		exit(2);
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		int arguments;
	} with_other_counts[] = {
		{"use", 0},  {"kill", 0},  {"_exit", 0},   {"fork", 0},
		{"files", 0}, {"closeall", 0}, {"rename", 2}, {"truncate", 2},
	};

	setvbuf(stdout, NULL, _IONBF, 0);
	files_at_start = files(false);
	for (int i = 1; i < count; i++) {
		int taken = 1;

		for (size_t k = 0; k < sizeof(with_other_counts) / sizeof(with_other_counts[0]); k++)
			if (strcmp(arguments[i], with_other_counts[k].name) == 0)
				taken = with_other_counts[k].arguments;
		if (i + taken >= count)
			return 2;
		do_one(arguments[i], arguments + i + 1);
		i += taken;
	}
	return 0;
}
