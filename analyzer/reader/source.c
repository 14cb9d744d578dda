/* source.c - see source.h. */
#define _GNU_SOURCE
#include "source.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plain.h"
#include "snapshot.h"
#include "spool.h"

enum { HEAD_BYTES = 64, COPY_BYTES = 1 << 16, TEXT_BEGINNING_BYTES = 4096, SEARCHED_BYTES_MAX = 64 << 20 };

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
 * are damaged is one still. A file of a folder that nobody named is not searched to its end.
 */
static bool holds_segment(const struct source *source)
{
	uint64_t end = source->folder ? SEARCHED_BYTES_MAX : UINT64_MAX;
	static const char mark[16] = "\x5d\x2a\x4d\x18\x28\0\0\0memspan\x1a";
	char *buffer = malloc(COPY_BYTES);
	uint64_t offset = 0;
	bool found = false;
	while (buffer && !found && offset < end) {
		long n = source_read(source, offset, buffer, COPY_BYTES);
		if (n < (long)sizeof mark)
			break;
		found = memmem(buffer, (size_t)n, mark, sizeof mark) != NULL;
		offset += (uint64_t)n - (sizeof mark - 1); /* a mark may span two pieces */
	}
	free(buffer);
	return found;
}

static struct source *make(const char *path, const char *folder)
{
	struct source *source = calloc(1, sizeof *source);
	if (!source)
		return NULL;
	source->fd = -1;
	source->path = strdup(path);
	source->folder = folder ? strdup(folder) : NULL;
	if (source->path && (source->folder || !folder))
		return source;
	free(source->path);
	free(source->folder);
	free(source);
	return NULL;
}

static void unmake(struct source *source)
{
	if (source->fd >= 0)
		close(source->fd);
	free(source->path);
	free(source->folder);
	free(source);
}

static void append(struct source_list *list, struct source *source)
{
	if (!list->end)
		list->end = &list->first;
	*list->end = source;
	list->end = &source->next;
	list->count++;
	list->recordings += source->kind == SOURCE_RECORDING;
	list->databases += source->kind == SOURCE_DATABASE;
}

/* What the file is; false with errno, or with errno 0 where it is empty. */
static bool examine(struct source *source)
{
	uint8_t head[HEAD_BYTES];
	struct stat st;
	long n = source_read(source, 0, head, sizeof head);
	if (n < 0 || fstat(source->fd, &st) != 0)
		return false;
	errno = 0;
	if (n == 0)
		return false;
	source->bytes = (uint64_t)st.st_size;
	source->kind = kind_of(head, (size_t)n);
	if (source->kind == SOURCE_TEXT && holds_segment(source))
		source->kind = SOURCE_RECORDING;
	if (source->kind == SOURCE_DATABASE && !source->is_nameless) {
		close(source->fd);
		source->fd = -1;
	}
	return true;
}

/* Takes the descriptor. */
static bool add_file(struct source_list *list, const char *path, int fd, bool is_nameless,
                     char **error)
{
	struct source *source = make(path, NULL);
	if (!source) {
		close(fd);
		return fail(error, path, "out of memory");
	}
	source->fd = fd;
	source->is_nameless = is_nameless;
	if (!examine(source)) {
		fail(error, path, errno ? strerror(errno) : "is empty: nothing was recorded");
		unmake(source);
		return false;
	}
	append(list, source);
	return true;
}

/* Without waiting for a writer of a pipe. A folder may have more files than are usually open. */
static int open_file(const char *path)
{
	struct rlimit limit;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd >= 0 || errno != EMFILE || getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return fd;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
}

/* A file that stands there as standard input, from its beginning, is read in its place. */
static int open_input(char **error)
{
	struct stat st;
	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode) &&
	    lseek(STDIN_FILENO, 0, SEEK_CUR) == 0)
		return fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	return spool(STDIN_FILENO, "standard input", error);
}

/* Takes the descriptor of a pipe, opened without waiting for a writer; -1 with *error. */
static int spool_pipe(int fd, const char *path, char **error)
{
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
	int copy = spool(fd, path, error);
	close(fd);
	return copy;
}

bool source_is_heap_dump(const struct source *source)
{
	char head[16];
	return source_read(source, 0, head, sizeof head) == sizeof head &&
	       memcmp(head, "go1.", 4) == 0 && memcmp(head + 5, " heap dump\n", 11) == 0;
}

/*
 * Whether to read a file of a folder for figures: what begins without a zero byte, or is packed.
 * What no text begins with is not read on; there are programs and pictures in folders.
 */
static bool may_be_text(const struct source *source)
{
	char beginning[TEXT_BEGINNING_BYTES];
	long n = source_read(source, 0, beginning, sizeof beginning);
	return n > 0 && (plain_is_packed(beginning, (size_t)n) || !memchr(beginning, 0, (size_t)n));
}

/* A file of a folder: recordings and what may be a text; databases and the rest are passed over. */
static bool add_file_of(struct source_list *list, const char *folder, const char *path)
{
	struct stat st;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return true;
	struct source *source = make(path, folder);
	if (!source)
		return false;
	source->fd = open_file(path);
	bool is_read = source->fd >= 0 && examine(source);
	if (!is_read && errno && errno != ENOENT) {
		source->kind = SOURCE_UNREADABLE;
		source->error = errno;
	} else if (!is_read || source->kind == SOURCE_DATABASE ||
	           (source->kind == SOURCE_TEXT && !may_be_text(source) && !source_is_heap_dump(source))) {
		unmake(source);
		return true;
	}
	append(list, source);
	return true;
}

static bool add_folder(struct source_list *list, const char *path, char **error)
{
	struct dirent **entries;
	int count = scandir(path, &entries, NULL, alphasort);
	size_t before = list->count;
	bool ok = count >= 0;
	if (!ok)
		return fail(error, path, strerror(errno));
	for (int i = 0; i < count; i++) {
		char *file = NULL;
		ok = ok && asprintf(&file, "%s/%s", path, entries[i]->d_name) >= 0 &&
		     add_file_of(list, path, file);
		free(file);
		free(entries[i]);
	}
	free(entries);
	if (!ok)
		return fail(error, path, "out of memory");
	if (list->count == before)
		return fail(error, path, "a folder without recordings and texts; databases are named one"
		                         " by one");
	return true;
}

bool source_add(struct source_list *list, const char *path, char **error)
{
	struct stat st;
	int fd;
	*error = NULL;
	if (!*path)
		return fail(error, "''", "an empty word names no file");
	if (strcmp(path, "-") == 0) {
		fd = open_input(error);
		return fd >= 0 && add_file(list, "-", fd, true, error);
	}
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return add_folder(list, path, error);
	fd = open_file(path);
	if (fd < 0 || fstat(fd, &st) != 0)
		return fail(error, path, strerror(errno));
	if (S_ISREG(st.st_mode))
		return add_file(list, path, fd, false, error);
	if (!S_ISFIFO(st.st_mode)) {
		close(fd);
		return fail(error, path, "is neither a file nor a pipe");
	}
	fd = spool_pipe(fd, path, error);
	return fd >= 0 && add_file(list, path, fd, true, error);
}

void source_list_free(struct source_list *list)
{
	for (struct source *s = list->first, *next; s; s = next) {
		next = s->next;
		unmake(s);
	}
	memset(list, 0, sizeof *list);
}
