/* spool.c - see spool.h. */
#define _GNU_SOURCE
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPY_BYTES = 1 << 16 };

static const char *temporary_folder(void)
{
	const char *folder = getenv("TMPDIR");
	return folder && *folder ? folder : "/tmp";
}

/* A file without a name; -1: errno. */
static int open_nameless(void)
{
	char *path = NULL;
	int fd = open(temporary_folder(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL))
		return fd;
	if (asprintf(&path, "%s/memanalyze.XXXXXX", temporary_folder()) < 0) {
		errno = ENOMEM;
		return -1;
	}
	fd = mkostemp(path, O_CLOEXEC);
	if (fd >= 0)
		unlink(path);
	free(path);
	return fd;
}

static bool write_all(int fd, const char *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t n = write(fd, data, bytes);
		if (n < 0 && errno != EINTR)
			return false;
		if (n > 0) {
			data += n;
			bytes -= (size_t)n;
		}
	}
	return true;
}

static bool fail(char **error, const char *name, const char *what)
{
	if (asprintf(error, "%s: %s", name, what) < 0)
		*error = NULL;
	return false;
}

static bool fail_copy(char **error, const char *name)
{
	int number = errno;
	if (asprintf(error, "%s: cannot be copied to %s (TMPDIR): %s", name, temporary_folder(),
	             strerror(number)) < 0)
		*error = NULL;
	return false;
}

/* Copies what can be read once. */
static bool copy_stream(int from, int to, const char *name, char **error)
{
	struct stat st;
	bool is_device = fstat(from, &st) == 0 && S_ISCHR(st.st_mode) && !isatty(from);
	bool ok = true;
	char *buffer = malloc(COPY_BYTES);
	if (!buffer)
		return fail(error, name, "out of memory");
	for (ssize_t n = 1; n != 0 && ok;) {
		n = read(from, buffer, COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ok = fail(error, name, strerror(errno));
		else if (n > 0 && is_device)
			ok = fail(error, name, "is a device, which may never end");
		else if (!write_all(to, buffer, (size_t)n))
			ok = fail_copy(error, name);
	}
	free(buffer);
	return ok;
}

int spool(int from, const char *name, char **error)
{
	int fd = open_nameless();
	if (fd < 0) {
		fail_copy(error, name);
	} else if (!copy_stream(from, fd, name, error)) {
		close(fd);
		fd = -1;
	}
	return fd;
}
