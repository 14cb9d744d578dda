/*
 * fresh_file - a file that has no name until it is finished.
 *
 * Whatever ends the program before that, SIGKILL included, leaves nothing behind. Only where
 * the file system knows no such files it is called NAME.PID.part meanwhile.
 *
 * SQLite opens files by name only: while a fresh file is open, fresh_file_name stands for it
 * in the system call that SQLite opens with. One fresh file at a time.
 */
#ifndef FRESH_FILE_H
#define FRESH_FILE_H

#include <stdbool.h>

/* The name to give to sqlite3_open. */
extern const char fresh_file_name[];

/* Begins the file that is to stand at `path`. false: errno. */
bool fresh_file_open(const char *path);

/* Where it can be written without SQLite; the descriptor stays this module's. -1: none is open. */
int fresh_file_descriptor(void);

/*
 * Puts it there, its content on the disk first; a file that stands there meanwhile is
 * replaced if `replace`, else it stays (EEXIST). false: errno; the file is gone.
 */
bool fresh_file_publish(bool replace);

/* Gives it up; nothing happens where none is open. */
void fresh_file_discard(void);

#endif
