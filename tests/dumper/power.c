/*
 * power.c - see power.h. Calls nothing that faults.c stands in for.
 */
#include "power.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { NAMES_MAX = 16, PATH_BYTES = 300 };

static struct {
	char name[256];
	ino_t inode;
} names[NAMES_MAX];

static int name_count;

static void need(bool holds)
{
	if (!holds)
		abort();
}

static void copy(const char *from, const char *to)
{
	char bytes[65536];
	int in = openat(AT_FDCWD, from, O_RDONLY);
	int out = openat(AT_FDCWD, to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	off_t at = 0;

	need(out >= 0);
	for (ssize_t got; in >= 0 && (got = read(in, bytes, sizeof(bytes))) > 0; at += got)
		need(pwrite(out, bytes, (size_t)got, at) == got);
	if (in >= 0)
		syscall(SYS_close, in);
	syscall(SYS_close, out);
}

static void synced_path(char *path, ino_t inode)
{
	snprintf(path, PATH_BYTES, "../synced/%llu", (unsigned long long)inode);
}

/* Calls visit for each file. */
static void each_file(void (*visit)(const char *name, ino_t inode))
{
	DIR *folder = opendir(".");

	need(folder != NULL);
	for (struct dirent *entry; (entry = readdir(folder));)
		if (entry->d_name[0] != '.')
			visit(entry->d_name, entry->d_ino);
	closedir(folder);
}

static void name_add(const char *name, ino_t inode)
{
	need(name_count < NAMES_MAX);
	snprintf(names[name_count].name, sizeof(names[0].name), "%s", name);
	names[name_count++].inode = inode;
}

static void content_add(const char *name, ino_t inode)
{
	char to[PATH_BYTES];

	synced_path(to, inode);
	copy(name, to);
}

static void file_remove(const char *name, ino_t inode)
{
	(void)inode;
	unlinkat(AT_FDCWD, name, 0);
}

void power_begin(void)
{
	each_file(name_add);
	each_file(content_add);
}

void power_synced(int fd)
{
	char path[PATH_BYTES];
	struct stat status;

	need(fstatat(fd, "", &status, AT_EMPTY_PATH) == 0);
	if (S_ISDIR(status.st_mode)) {
		name_count = 0;
		each_file(name_add);
	} else {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		content_add(path, status.st_ino);
	}
}

void power_lost(void)
{
	char path[PATH_BYTES];

	each_file(file_remove);
	for (int i = 0; i < name_count; i++) {
		synced_path(path, names[i].inode);
		copy(path, names[i].name);
	}
}
