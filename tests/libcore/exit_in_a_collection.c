/*
 * A program ends, by any of the ways there are, while its other threads allocate and collect:
 * it ends at once and with its own status. Each case is a process of its own.
 *
 * A program of its own: it is about threads and the end of the process.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"

enum { STATUS = 42, ROUNDS = 6 };

static void *allocate(void *arg)
{
	void *kept[64] = {NULL};
	for (unsigned i = 0;; i++)
		kept[i % 64] = memspan_alloc(i * 7919 % 5000);
	return kept[0] ? arg : NULL;
}

static void *collect(void *arg)
{
	for (;;)
		memspan_gc();
	return arg;
}

static void *end(void *arg)
{
	exit(STATUS);
	return arg;
}

static void on_finalizer(void *object, void *arg)
{
	(void)object, (void)arg;
	exit(STATUS);
}

static void *make_finalizable(void *arg)
{
	for (int i = 0; i < 100; i++)
		check(memspan_set_finalizer(memspan_alloc(64), on_finalizer, NULL) == 0);
	return arg;
}

static void collect_at_exit(void)
{
	void *p = memspan_alloc(1000);
	memspan_gc();
	check(memspan_usable_size(p) >= 1000);
}

static void begin(void *(*run)(void *))
{
	pthread_t id;
	check(pthread_create(&id, NULL, run, NULL) == 0);
}

static int run(const char *way)
{
	alarm(30); /* a hang is ended by it, and seen */
	check(atexit(collect_at_exit) == 0);
	begin(allocate);
	begin(collect);
	begin(collect);
	usleep((useconds_t)(getpid() % 7 * 1000));
	if (strcmp(way, "exit") == 0)
		exit(STATUS);
	else if (strcmp(way, "thread") == 0)
		begin(end);
	else if (strcmp(way, "quick") == 0)
		quick_exit(STATUS);
	else if (strcmp(way, "finalizer") == 0)
		begin(make_finalizable);
	else
		return STATUS;
	for (;;)
		memspan_gc();
}

int main(int argc, char **argv)
{
	static char *ways[] = {"return", "exit", "thread", "quick", "finalizer"};
	extern char **environ;
	if (argc > 1)
		return run(argv[1]);
	for (int round = 0; round < ROUNDS; round++) {
		for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
			char *arguments[] = {argv[0], ways[i], NULL};
			int status;
			pid_t child;
			check(posix_spawn(&child, argv[0], NULL, NULL, arguments, environ) == 0);
			check(waitpid(child, &status, 0) == child);
			if (!WIFEXITED(status) || WEXITSTATUS(status) != STATUS)
				fprintf(stderr, "%s: status %#x\n", ways[i], (unsigned)status);
			check(WIFEXITED(status) && WEXITSTATUS(status) == STATUS);
		}
	}
	return 0;
}
