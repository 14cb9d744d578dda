/*
 * file.h - one recording on disk: appended to, never kept open.
 *
 * A file is attached once: found to be empty or a recording, its torn end closed, locked.
 * Invariant while attached: the file at `path` has (device, inode), is `size` bytes long
 * and ends where our last whole write ended, or somebody else has changed it, which each
 * operation checks first. The lock is an flock that lives as long as the mapping `lock`:
 * no descriptor is kept, so a program that closes all it sees does not unlock us.
 *
 * All functions keep the signal mask's promise of their caller: SIGXFSZ is blocked.
 * Thread: whoever holds the recording (see recording.h).
 */
#ifndef DUMP_FILE_H
#define DUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "settings.h"

enum { FILE_PATH_BYTES_MAX = 2 * DUMP_PATH_BYTES_MAX };

enum file_result {
	FILE_OK = 0,
	FILE_LOCKED,   /* another process records there */
	FILE_FOREIGN,  /* neither empty nor a recording */
	FILE_IRREGULAR, /* no regular file, or a symbolic link */
	FILE_MOVED,    /* it is not there any more, or not as we left it */
	FILE_FAILED,   /* error says why; the file is as it was, or is not attached any more */
};

struct dump_file {
	char path[FILE_PATH_BYTES_MAX];
	bool attached;
	bool is_durable; /* set by the user: new names are brought to the disk at once */
	int error;
	dev_t device;
	ino_t inode;
	uint64_t size;
	void *lock;
};

/* A piece of a file, for file_rewrite. */
struct file_range {
	uint64_t offset, bytes;
};

/*
 * Opens or creates file->path, takes the lock, finds the end and closes a torn one.
 * FILE_OK, FILE_LOCKED, FILE_FOREIGN, FILE_IRREGULAR or FILE_FAILED.
 */
enum file_result file_attach(struct dump_file *file);

/* Unlocks. The struct may be attached again. */
void file_detach(struct dump_file *file);

/*
 * Appends all of data or nothing; `syncs`: and brings it to the disk, or else it was not
 * appended. FILE_OK, FILE_MOVED or FILE_FAILED.
 */
enum file_result file_append(struct dump_file *file, const void *data, size_t count, bool syncs);

/* In a child, after fork: closes what the parent had open of its recording just then. */
void file_forked(void);

/*
 * Puts a file in place of this one that holds only these ranges of it, one after the
 * other, unchanged. A reader that has the old one open reads on there. FILE_OK,
 * FILE_MOVED or FILE_FAILED: then the file is untouched.
 */
enum file_result file_rewrite(struct dump_file *file, const struct file_range *ranges,
                              size_t count);

/*
 * Creates path, which must not exist, with this content; `syncs`: on the disk when it
 * returns. 0 or an errno value: then there is no such file.
 */
int file_create(const char *path, const void *data, size_t count, bool syncs);

#endif
