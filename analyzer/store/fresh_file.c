/* fresh_file.c - see fresh_file.h. */
#define _GNU_SOURCE
#include "fresh_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct {
	int fd;       /* -1: none is open */
	char *path;   /* where it is to stand */
	char *part;   /* its name meanwhile; NULL: it has none */
} fresh = {.fd = -1};

static int open_part(void)
{
	if (asprintf(&fresh.part, "%s.%ld.part", fresh.path, (long)getpid()) < 0) {
		fresh.part = NULL;
		errno = ENOMEM;
		return -1;
	}
	return open(fresh.part, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
}

/* ---- opening ----------------------------------------------------------- */

static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	if (!slash)
		return strdup(".");
	return slash == path ? strdup("/") : strndup(path, (size_t)(slash - path));
}

bool fresh_file_open(const char *path)
{
	char *folder = folder_of(path);
	fresh.path = strdup(path);
	if (!folder || !fresh.path) {
		errno = ENOMEM;
	} else {
		fresh.fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0666);
		if (fresh.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL))
			fresh.fd = open_part();
	}
	int error = errno;
	free(folder);
	if (fresh.fd < 0)
		fresh_file_discard();
	errno = error;
	return fresh.fd >= 0;
}

int fresh_file_descriptor(void)
{
	return fresh.fd;
}

/* ---- the end ----------------------------------------------------------- */

void fresh_file_discard(void)
{
	if (fresh.fd >= 0)
		close(fresh.fd);
	if (fresh.fd >= 0 && fresh.part)
		unlink(fresh.part);
	free(fresh.part);
	free(fresh.path);
	fresh.part = fresh.path = NULL;
	fresh.fd = -1;
}

/* Gives the file a name that is free. */
static bool name_it(const char *path)
{
	char here[40];
	if (fresh.part)
		return renameat2(AT_FDCWD, fresh.part, AT_FDCWD, path, RENAME_NOREPLACE) == 0;
	snprintf(here, sizeof here, "/proc/self/fd/%d", fresh.fd);
	return linkat(AT_FDCWD, here, AT_FDCWD, path, AT_SYMLINK_FOLLOW) == 0;
}

/* Replacing goes by way of a second name: the old file stands until the new one does. */
static bool replace_old(void)
{
	char *name;
	if (asprintf(&name, "%s.%ld.new", fresh.path, (long)getpid()) < 0) {
		errno = ENOMEM;
		return false;
	}
	bool named = name_it(name);
	bool ok = named && rename(name, fresh.path) == 0;
	int error = errno;
	if (named && !ok)
		unlink(name);
	free(name);
	errno = error;
	return ok;
}

bool fresh_file_publish(bool replace)
{
	bool ok = fsync(fresh.fd) == 0 && (replace ? replace_old() : name_it(fresh.path));
	int error = errno;
	fresh_file_discard();
	errno = error;
	return ok;
}
