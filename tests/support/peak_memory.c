/*
 * peak_memory.c - runs a program and holds its peak resident memory to a limit:
 * peak_memory MIB PROGRAM ARGUMENTS... exits as the program did, or 99 above the limit.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXIT_ABOVE = 99, EXIT_OWN = 125 };

int main(int argc, char **argv)
{
	if (argc < 3)
		return EXIT_OWN;
	pid_t child = fork();
	if (child == 0) {
		execv(argv[2], argv + 2);
		_exit(EXIT_OWN);
	}
	int status;
	struct rusage usage;
	if (child < 0 || wait4(child, &status, 0, &usage) != child || !WIFEXITED(status))
		return EXIT_OWN;
	if (usage.ru_maxrss > atol(argv[1]) * 1024) {
		fprintf(stderr, "%s %s: peak of %ld KiB\n", argv[2], argv[3], usage.ru_maxrss);
		return EXIT_ABOVE;
	}
	return WEXITSTATUS(status);
}
