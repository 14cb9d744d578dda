/* follow.c - see follow.h. */
#include "follow.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cursor.h"
#include "locks.h"

enum { BUFFER_BYTES = 1 << 17 };

/* A file that may grow; -1: errno, ESPIPE of what is no regular file. */
static int open_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int error = fd < 0 || fstat(fd, &st) != 0 ? errno
	            : S_ISDIR(st.st_mode)        ? EISDIR
	            : S_ISREG(st.st_mode)        ? 0
	                                         : ESPIPE;
	if (fd >= 0 && error)
		close(fd);
	errno = error;
	return error ? -1 : fd;
}

/* From the file's beginning; what was seen stays known. */
static bool begin(struct follow *follow, int fd)
{
	struct snapshot_decoder *decoder = snapshot_decoder_new(&cursor_memory, 0);
	if (!decoder) {
		close(fd);
		errno = ENOMEM;
		return false;
	}
	if (follow->fd >= 0)
		close(follow->fd);
	if (follow->decoder)
		snapshot_decoder_free(follow->decoder);
	follow->fd = fd;
	follow->decoder = decoder;
	follow->offset = 0;
	follow->have = follow->used = 0;
	follow->is_repeated = false;
	return true;
}

bool follow_open(struct follow *follow, const char *path)
{
	memset(follow, 0, sizeof *follow);
	follow->fd = -1;
	follow->path = strdup(path);
	follow->buffer = malloc(BUFFER_BYTES);
	int fd = open_file(path);
	bool memory = follow->path && follow->buffer;
	if (fd >= 0 && !memory) {
		close(fd);
		errno = ENOMEM;
	} else if (fd >= 0 && begin(follow, fd)) {
		return true;
	}
	int error = errno;
	follow_close(follow);
	errno = error;
	return false;
}

void follow_close(struct follow *follow)
{
	if (follow->decoder)
		snapshot_decoder_free(follow->decoder);
	if (follow->fd >= 0)
		close(follow->fd);
	free(follow->buffer);
	free(follow->path);
	memset(follow, 0, sizeof *follow);
	follow->fd = -1;
}

/* Another file stands there now, or this one was cut: begins anew. 1 if so, -1: errno. */
static int begin_if_replaced(struct follow *follow)
{
	struct stat here, there;
	if (fstat(follow->fd, &here) != 0)
		return -1;
	bool is_cut = (uint64_t)here.st_size < follow->offset;
	bool is_other = stat(follow->path, &there) == 0 &&
	                (there.st_dev != here.st_dev || there.st_ino != here.st_ino);
	if (!is_cut && !is_other)
		return 0;
	int fd = open_file(follow->path);
	if (fd < 0)
		return errno == ENOENT ? 0 : -1;
	return begin(follow, fd) ? 1 : -1;
}

/* Feeds what the file has more; FOLLOW_EVENT means that it did. */
static enum follow_result feed(struct follow *follow)
{
	while (follow->used == follow->have) {
		/* asked before the last read, so that nothing written before its end is missed */
		bool recorded = locks_is_held(follow->fd);
		ssize_t n = pread(follow->fd, follow->buffer, BUFFER_BYTES, (off_t)follow->offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return FOLLOW_FAILED;
		follow->used = 0;
		follow->have = (size_t)n;
		follow->offset += (uint64_t)n;
		if (n > 0)
			break;
		int replaced = begin_if_replaced(follow);
		if (replaced < 0)
			return FOLLOW_FAILED;
		if (replaced)
			continue;
		if (recorded)
			return FOLLOW_WAIT;
		snapshot_decoder_finish(follow->decoder);
		return FOLLOW_EVENT;
	}
	follow->used += snapshot_decoder_feed(follow->decoder, follow->buffer + follow->used,
	                                      follow->have - follow->used);
	return FOLLOW_EVENT;
}

static bool is_repeated(const struct follow *follow, const struct snapshot_event *event)
{
	return follow->has_seen &&
	       memcmp(follow->run_uuid, event->segment.run_uuid, sizeof follow->run_uuid) == 0 &&
	       event->head->seq <= follow->seq;
}

/* Whether the event is to be delivered. */
static bool take(struct follow *follow, const struct snapshot_event *event)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_SNAPSHOT:
		follow->is_repeated = is_repeated(follow, event);
		return !follow->is_repeated;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		if (follow->is_repeated)
			return false;
		follow->has_seen = true;
		follow->seq = event->head->seq;
		memcpy(follow->run_uuid, event->segment.run_uuid, sizeof follow->run_uuid);
		return true;
	case SNAPSHOT_EVENT_SPANS:
	case SNAPSHOT_EVENT_SNAPSHOT_LOST:
		return !follow->is_repeated;
	default:
		return true;
	}
}

enum follow_result follow_next(struct follow *follow, const struct snapshot_event **event)
{
	for (;;) {
		*event = snapshot_decoder_next(follow->decoder);
		if ((*event)->type == SNAPSHOT_EVENT_END)
			return FOLLOW_END;
		if ((*event)->type == SNAPSHOT_EVENT_INPUT) {
			return feed(follow);
		} else if (take(follow, *event)) {
			return FOLLOW_EVENT;
		}
	}
}
