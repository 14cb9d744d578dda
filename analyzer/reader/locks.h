/*
 * locks - who records into a file: the recorder holds a flock on it (docs/design/dumper.md,
 * dumper.6), which the kernel lists in /proc/locks.
 */
#ifndef LOCKS_H
#define LOCKS_H

#include <stdbool.h>
#include <sys/types.h>

/* The process that holds a flock on the open file; 0: none that is seen from here. */
pid_t locks_holder(int fd);

/*
 * Whether anybody holds one. The table tells without touching the file, but hides processes of
 * other namespaces; trying the lock tells for certain, and would be in the way of a recorder
 * that begins in the same instant: so only where the table names none.
 */
bool locks_is_held(int fd);

/*
 * The recording into which the process writes, found among the files that it has mapped and
 * locked. To be freed; NULL with errno ENOENT: none, ESRCH: no such process, EACCES, ENOMEM.
 */
char *locks_recording_of(pid_t pid);

#endif
