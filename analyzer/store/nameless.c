/* nameless.c - see nameless.h. */
#define _GNU_SOURCE
#include "nameless.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char prefix[] = "/proc/memspan-descriptor-";

static sqlite3_syscall_ptr system_open;

/* The descriptor that the name stands for; -1: none, as the journal of one. */
static int descriptor_of(const char *name)
{
	size_t length = sizeof prefix - 1;
	if (strncmp(name, prefix, length) != 0 || !name[length] ||
	    name[length + strspn(name + length, "0123456789")])
		return -1;
	return atoi(name + length);
}

/* What SQLite calls instead of open(2). */
static int open_for_sqlite(const char *path, int flags, ...)
{
	va_list args;
	va_start(args, flags);
	int mode = va_arg(args, int);
	va_end(args);
	int fd = descriptor_of(path);
	if (fd >= 0 && (flags & O_ACCMODE) != O_RDONLY && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
		errno = EACCES; /* it asks again for less */
		return -1;
	}
	if (fd >= 0)
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return ((int (*)(const char *, int, ...))system_open)(path, flags, mode);
}

static bool divert_open(void)
{
	sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
	if (system_open)
		return true;
	if (!vfs || vfs->iVersion < 3 || !(system_open = vfs->xGetSystemCall(vfs, "open")))
		return false;
	return vfs->xSetSystemCall(vfs, "open", (sqlite3_syscall_ptr)open_for_sqlite) == SQLITE_OK;
}

bool nameless_name(int fd, char name[static NAMELESS_NAME_BYTES])
{
	snprintf(name, NAMELESS_NAME_BYTES, "%s%d", prefix, fd);
	return divert_open();
}
