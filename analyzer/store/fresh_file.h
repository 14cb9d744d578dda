/*
 * fresh_file - a file that has no name until it is finished.
 *
 * Whatever ends the program before that, SIGKILL included, leaves nothing behind. Only where
 * the file system knows no such files it is called NAME.PID.part meanwhile.
 *
 * One fresh file at a time.
 */
#ifndef FRESH_FILE_H
#define FRESH_FILE_H

#include <stdbool.h>

/* Begins the file that is to stand at `path`. false: errno. */
bool fresh_file_open(const char *path);

/* What to write to, by SQLite too (nameless.h); the descriptor stays this module's. -1: none is open. */
int fresh_file_descriptor(void);

/*
 * Puts it there, its content on the disk first; a file that stands there meanwhile is
 * replaced if `replace`, else it stays (EEXIST). false: errno; the file is gone.
 */
bool fresh_file_publish(bool replace);

/* Gives it up; nothing happens where none is open. */
void fresh_file_discard(void);

#endif
