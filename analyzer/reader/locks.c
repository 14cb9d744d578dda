/* locks.c - see locks.h. */
#define _GNU_SOURCE
#include "locks.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "snapshot.h"

enum { HEAD_BYTES = 64 };

pid_t locks_holder(int fd)
{
	struct stat st;
	FILE *table = fopen("/proc/locks", "re");
	char line[256];
	pid_t holder = 0;
	if (!table)
		return 0;
	while (holder == 0 && fstat(fd, &st) == 0 && fgets(line, sizeof line, table)) {
		long pid;
		unsigned major_number, minor_number;
		unsigned long inode;
		if (sscanf(line, "%*d: FLOCK %*s WRITE %ld %x:%x:%lu", &pid, &major_number,
		           &minor_number, &inode) == 4 &&
		    inode == st.st_ino && major_number == major(st.st_dev) &&
		    minor_number == minor(st.st_dev))
			holder = (pid_t)pid;
	}
	fclose(table);
	return holder;
}

bool locks_is_held(int fd)
{
	if (locks_holder(fd) > 0)
		return true;
	if (flock(fd, LOCK_SH | LOCK_NB) != 0)
		return errno == EWOULDBLOCK;
	flock(fd, LOCK_UN);
	return false;
}

/* Whether the file is a recording that the process holds. */
static bool is_recorded_by(const char *path, pid_t pid)
{
	char head[HEAD_BYTES];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	ssize_t n = pread(fd, head, sizeof head, 0);
	pid_t holder = locks_holder(fd);
	bool is = n == 0 || (n > 0 && snapshot_is_recording(head, (size_t)n));
	if (holder == 0) /* the table may know the file by another device */
		is = is && locks_is_held(fd);
	else
		is = is && holder == pid;
	close(fd);
	return is;
}

char *locks_recording_of(pid_t pid)
{
	char name[40], *line = NULL, *found = NULL;
	size_t capacity = 0;
	snprintf(name, sizeof name, "/proc/%ld/maps", (long)pid);
	FILE *maps = fopen(name, "re");
	if (!maps) {
		if (errno == ENOENT)
			errno = ESRCH;
		return NULL;
	}
	int error = ENOENT;
	while (!found && getline(&line, &capacity, maps) > 0) {
		char *path = strchr(line, '/');
		if (!path || !strstr(line, " ---s ")) /* the lock: shared, of no use to read or write */
			continue;
		path[strcspn(path, "\n")] = '\0';
		if (is_recorded_by(path, pid) && !(found = strdup(path)))
			error = ENOMEM;
	}
	if (!found && ferror(maps))
		error = errno;
	free(line);
	fclose(maps);
	errno = error;
	return found;
}
