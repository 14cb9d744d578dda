/*
 * child - runs a program to its end as if it stood where memanalyze stands: signals that
 * memanalyze is sent are passed on, and what it ends with is told.
 */
#ifndef CHILD_H
#define CHILD_H

#include <sys/types.h>

struct child {
	pid_t pid;
	int status;      /* exit status, 128 + n after signal n */
	int exec_error;  /* errno, when it could not be run */
};

/*
 * Runs path with the arguments. `prepare` is called in the child before, with its pid
 * known. 0, or -1 when no process could be made (errno).
 */
int child_run(struct child *child, const char *path, char **arguments, void (*prepare)(void *arg),
              void *arg);

#endif
