/* source.c - see source.h. */
#define _GNU_SOURCE
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snapshot.h"

enum { HEAD_BYTES = 64, COPY_BYTES = 1 << 16 };

static bool fail(char **error, const char *path, const char *what)
{
	if (asprintf(error, "%s: %s", path, what) < 0)
		*error = NULL;
	return false;
}

long source_read(const struct source *source, uint64_t offset, void *data, size_t count)
{
	ssize_t n;
	do
		n = pread(source->fd, data, count, (off_t)offset);
	while (n < 0 && errno == EINTR);
	return (long)n;
}

static enum source_kind kind_of(const uint8_t *head, size_t count)
{
	static const char sqlite_head[16] = "SQLite format 3";
	if (snapshot_is_recording(head, count))
		return SOURCE_RECORDING;
	if (count >= sizeof sqlite_head && memcmp(head, sqlite_head, sizeof sqlite_head) == 0)
		return SOURCE_DATABASE;
	return SOURCE_TEXT;
}

/*
 * Whether the mark of a segment stands anywhere in the file: a recording whose first bytes
 * are damaged is one still.
 */
static bool holds_segment(const struct source *source)
{
	static const char mark[16] = "\x5d\x2a\x4d\x18\x28\0\0\0memspan\x1a";
	char *buffer = malloc(COPY_BYTES);
	uint64_t offset = 0;
	bool found = false;
	while (buffer && !found) {
		long n = source_read(source, offset, buffer, COPY_BYTES);
		if (n < (long)sizeof mark)
			break;
		found = memmem(buffer, (size_t)n, mark, sizeof mark) != NULL;
		offset += (uint64_t)n - (sizeof mark - 1); /* a mark may span two pieces */
	}
	free(buffer);
	return found;
}

static bool append(struct source_list *list, const char *path, int fd, char **error)
{
	uint8_t head[HEAD_BYTES];
	struct stat st;
	struct source *source = calloc(1, sizeof *source);
	if (!source || !(source->path = strdup(path))) {
		free(source);
		close(fd);
		return fail(error, path, "out of memory");
	}
	source->fd = fd;
	long n = source_read(source, 0, head, sizeof head);
	if (n < 0 || fstat(fd, &st) != 0) {
		fail(error, path, strerror(errno));
		goto refuse;
	}
	source->bytes = (uint64_t)st.st_size;
	source->kind = kind_of(head, (size_t)n);
	if (source->kind == SOURCE_TEXT && holds_segment(source))
		source->kind = SOURCE_RECORDING;
	if (source->kind == SOURCE_DATABASE) {
		close(fd);
		source->fd = -1;
		list->databases++;
	} else if (source->kind == SOURCE_RECORDING) {
		list->recordings++;
	} else if (n > 0) {
		list->texts++;
	} else {
		fail(error, path, "is empty: nothing was recorded");
		goto refuse;
	}
	if (!list->end)
		list->end = &list->first;
	*list->end = source;
	list->end = &source->next;
	list->count++;
	return true;
refuse:
	close(fd);
	free(source->path);
	free(source);
	return false;
}

/* Standard input, copied so that it can be read at any offset. */
static int spool_input(void)
{
	char *buffer = malloc(COPY_BYTES);
	FILE *copy = tmpfile();
	int fd = -1;
	if (!buffer || !copy)
		goto done;
	for (;;) {
		ssize_t n = read(STDIN_FILENO, buffer, COPY_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (n > 0 && fwrite(buffer, 1, (size_t)n, copy) != (size_t)n))
			goto done;
		if (n == 0)
			break;
	}
	if (fflush(copy) == 0)
		fd = fcntl(fileno(copy), F_DUPFD_CLOEXEC, 0);
done:
	free(buffer);
	if (copy)
		fclose(copy);
	return fd;
}

/* The recordings of a folder; other files in it are passed over. */
static bool add_folder(struct source_list *list, const char *path, char **error)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	size_t before = list->recordings;
	bool ok = count >= 0;
	if (!ok)
		return fail(error, path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *file = NULL;
		uint8_t head[HEAD_BYTES];
		struct stat st;
		if (ok && asprintf(&file, "%s/%s", path, entries[i]->d_name) >= 0 &&
		    stat(file, &st) == 0 && S_ISREG(st.st_mode)) {
			int fd = open(file, O_RDONLY | O_CLOEXEC);
			ssize_t n = fd >= 0 ? pread(fd, head, sizeof head, 0) : -1;
			if (n > 0 && kind_of(head, (size_t)n) == SOURCE_RECORDING)
				ok = append(list, file, fd, error);
			else if (fd >= 0)
				close(fd);
		}
		free(file);
		free(entries[i]);
	}
	free(entries);
	if (ok && list->recordings == before)
		return fail(error, path, "holds no memspan recording; logs with Go's figures and"
		                         " databases are named one by one");
	return ok;
}

bool source_add(struct source_list *list, const char *path, char **error)
{
	struct stat st;
	int fd;
	*error = NULL;
	if (!*path)
		return fail(error, "''", "an empty word names no file");
	if (strcmp(path, "-") == 0) {
		fd = spool_input();
		return fd < 0 ? fail(error, "standard input", strerror(errno))
		              : append(list, "-", fd, error);
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(list, path, error);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(error, path, strerror(errno));
	if (fstat(fd, &st) == 0 && !S_ISREG(st.st_mode)) {
		close(fd);
		return fail(error, path, "is not a regular file");
	}
	return append(list, path, fd, error);
}

void source_list_free(struct source_list *list)
{
	for (struct source *s = list->first, *next; s; s = next) {
		next = s->next;
		if (s->fd >= 0)
			close(s->fd);
		free(s->path);
		free(s);
	}
	memset(list, 0, sizeof *list);
}
