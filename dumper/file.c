#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "path.h"
#include "snapshot.h"

enum {
	/* Never block on a FIFO, never follow the last link, never become a terminal. */
	OPEN_FLAGS = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
	LOCK_BYTES = 4096,
	TAIL_BYTES = (128 << 10) + 64, /* longest torn block, and its header */
	COPY_BYTES = 32 << 10,
	LOCK_ATTEMPTS = 8,
};

/*
 * A program may have closed its standard output and go on writing to it: none of that may
 * reach our file, so these numbers are not used. -1 with errno.
 */
static int open_above(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | OPEN_FLAGS, mode);

	if (fd >= 0 && fd <= STDERR_FILENO) {
		int above = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1), error = errno;

		close(fd);
		errno = error;
		return above;
	}
	return fd;
}

/*
 * The descriptors of the recording that are open just now, plus one; 0: none. A child that
 * is forked meanwhile inherits them, and with them the lock for as long as it lives.
 */
static atomic_int open_now[2];

/* Held over each step that makes or ends one, and over a fork: a child knows them all. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;

static void opening_lock(void)
{
	pthread_mutex_lock(&opening);
}

static void opening_unlock(void)
{
	pthread_mutex_unlock(&opening);
}

static void watch_forks(void)
{
	pthread_atfork(opening_lock, opening_unlock, opening_unlock);
}

static int open_own(const char *path, int flags, mode_t mode)
{
	static pthread_once_t watched = PTHREAD_ONCE_INIT;
	int none = 0;

	pthread_once(&watched, watch_forks);
	opening_lock();
	int fd = open_above(path, flags, mode), error = errno;
	if (fd >= 0 && !atomic_compare_exchange_strong(&open_now[0], &none, fd + 1))
		atomic_store(&open_now[1], fd + 1);
	opening_unlock();
	errno = error;
	return fd;
}

/* As close. */
static int close_own(int fd)
{
	opening_lock();
	for (int i = 0; i < 2; i++) {
		int own = fd + 1;

		atomic_compare_exchange_strong(&open_now[i], &own, 0);
	}
	int result = close(fd), error = errno;
	opening_unlock();
	errno = error;
	return result;
}

void file_forked(void)
{
	for (int i = 0; i < 2; i++) {
		int own = atomic_exchange(&open_now[i], 0);

		if (own)
			close(own - 1);
	}
}

/* Writes all; false with errno. */
static bool write_all(int fd, const void *data, size_t count)
{
	const char *at = data;

	while (count > 0) {
		ssize_t written = write(fd, at, count);

		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0) {
			if (written == 0)
				errno = EIO;
			return false;
		}
		at += written;
		count -= (size_t)written;
	}
	return true;
}

/* Reads up to count bytes, fewer only at the end of the file; -1 with errno. */
static ssize_t read_at(int fd, void *data, size_t count, uint64_t offset)
{
	size_t done = 0;

	while (done < count) {
		ssize_t got = pread(fd, (char *)data + done, count - done, (off_t)(offset + done));

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -1;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

/* ---- The disk ---------------------------------------------------------- */

/* False with errno. Where a file system cannot be asked for it, writing is all there is. */
static bool disk_sync(int fd)
{
	while (fdatasync(fd) != 0) {
		if (errno == EINVAL || errno == EROFS || errno == ENOSYS || errno == EOPNOTSUPP)
			return true;
		if (errno != EINTR)
			return false;
	}
	return true;
}

/* The name of a new file is on the disk when its folder is. False with errno. */
static bool folder_sync(const char *path)
{
	char folder[FILE_PATH_BYTES_MAX + 1];
	const char *slash = strrchr(path, '/');
	struct path_text text = {folder, sizeof(folder), 0, false};
	bool ok;
	int fd, error;

	path_add(&text, slash ? path : ".");
	if (slash)
		folder[slash == path ? 1 : slash - path] = '\0';
	fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A folder that may be written to but not read cannot be synced by anybody. */
	if (fd < 0)
		return errno == EACCES;
	ok = disk_sync(fd);
	error = errno;
	close(fd);
	errno = error;
	return ok;
}

static enum file_result failed(struct dump_file *file, int error)
{
	file->error = error;
	return FILE_FAILED;
}

/* ---- The lock ---------------------------------------------------------- */

/*
 * A mapping keeps the open file description, and with it the flock, after the descriptor
 * is closed. Not in a forked child: it does not record there. Where mapping or locking is
 * not to be had (some network file systems), recording goes on without.
 */
static bool lock_take(int fd, void **lock)
{
	*lock = NULL;
	if (flock(fd, LOCK_EX | LOCK_NB) != 0)
		return errno != EWOULDBLOCK;
	*lock = mmap(NULL, LOCK_BYTES, PROT_NONE, MAP_SHARED, fd, 0);
	if (*lock == MAP_FAILED)
		*lock = NULL;
	else
		madvise(*lock, LOCK_BYTES, MADV_DONTFORK);
	return true;
}

static void lock_drop(void *lock)
{
	if (lock)
		munmap(lock, LOCK_BYTES);
}

/* ---- Attaching --------------------------------------------------------- */

static enum file_result open_first(struct dump_file *file, int *fd, struct stat *status)
{
	/* Asked before opening: opening a device may do something. */
	if (lstat(file->path, status) == 0 && !S_ISREG(status->st_mode))
		return FILE_IRREGULAR;
	*fd = open_own(file->path, O_RDWR | O_APPEND | O_CREAT, 0600);
	if (*fd < 0)
		return errno == ELOOP || errno == ENXIO ? FILE_IRREGULAR : failed(file, errno);
	if (fstat(*fd, status) != 0) {
		int error = errno;

		close_own(*fd);
		return failed(file, error);
	}
	if (!S_ISREG(status->st_mode)) {
		close_own(*fd);
		return FILE_IRREGULAR;
	}
	return FILE_OK;
}

static bool is_same_file(const char *path, const struct stat *status)
{
	struct stat now;

	return lstat(path, &now) == 0 && now.st_dev == status->st_dev &&
	       now.st_ino == status->st_ino;
}

/* Opens and locks; again when the file was replaced in between. */
static enum file_result open_locked(struct dump_file *file, int *fd, struct stat *status)
{
	for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
		enum file_result result = open_first(file, fd, status);

		if (result != FILE_OK)
			return result;
		if (!lock_take(*fd, &file->lock)) {
			close_own(*fd);
			return FILE_LOCKED;
		}
		if (is_same_file(file->path, status) && fstat(*fd, status) == 0)
			return FILE_OK;
		lock_drop(file->lock);
		file->lock = NULL;
		close_own(*fd);
	}
	return FILE_LOCKED;
}

/* Whether a segment's mark stands, or may stand, in what a walk took for the torn end. */
static bool has_mark(int fd, uint64_t from, uint64_t to)
{
	uint8_t window[COPY_BYTES];
	enum { OVERLAP = 64 };

	for (uint64_t at = from; at < to; at += sizeof(window) - OVERLAP) {
		ssize_t got = read_at(fd, window, sizeof(window), at);

		if (got < 0)
			return true;
		for (ssize_t i = 0; i < got; i++)
			if (window[i] == 0x5d && snapshot_is_recording(window + i, (size_t)(got - i)))
				return true;
	}
	return false;
}

/*
 * Makes the file end where something can be appended. Only what is certainly the torn
 * rest of one write is cut off: not when there is more of it than a block, nor when a
 * segment stands in it. A reader finds what is appended then by its mark.
 */
static enum file_result end_close(struct dump_file *file, int fd)
{
	struct snapshot_walk walk;
	uint8_t bytes[64];

	snapshot_walk_begin(&walk);
	while (!walk.done) {
		ssize_t got = read_at(fd, bytes, walk.need, walk.offset);

		if (got < 0)
			return failed(file, errno);
		snapshot_walk_step(&walk, bytes, (size_t)got);
	}
	if (!walk.is_recording)
		return FILE_FOREIGN;
	if (walk.is_damaged || file->size - walk.whole > TAIL_BYTES ||
	    has_mark(fd, walk.whole, file->size))
		return FILE_OK;
	if (walk.whole < file->size) {
		if (ftruncate(fd, (off_t)walk.whole) != 0)
			return failed(file, errno);
		file->size = walk.whole;
	}
	if (walk.is_open) {
		if (!write_all(fd, snapshot_closing, sizeof(snapshot_closing)))
			return failed(file, errno);
		file->size += sizeof(snapshot_closing);
	}
	return FILE_OK;
}

enum file_result file_attach(struct dump_file *file)
{
	enum file_result result;
	struct stat status;
	int fd;

	file_detach(file);
	file->error = 0;
	result = open_locked(file, &fd, &status);
	if (result != FILE_OK)
		return result;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	file->size = (uint64_t)status.st_size;
	if (file->size > 0)
		result = end_close(file, fd);
	else if (file->is_durable && !folder_sync(file->path))
		result = failed(file, errno);
	close_own(fd);
	file->attached = result == FILE_OK;
	if (!file->attached) {
		lock_drop(file->lock);
		file->lock = NULL;
	}
	return result;
}

void file_detach(struct dump_file *file)
{
	lock_drop(file->lock);
	file->lock = NULL;
	file->attached = false;
}

/* ---- Writing ----------------------------------------------------------- */

/* Opens the attached file, if it still is the one that we left. */
static enum file_result open_again(struct dump_file *file, int flags, int *fd)
{
	struct stat status;

	*fd = open_own(file->path, flags, 0);
	if (*fd < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO || errno == ENOTDIR
		               ? FILE_MOVED
		               : failed(file, errno);
	if (fstat(*fd, &status) == 0 && status.st_dev == file->device &&
	    status.st_ino == file->inode && (uint64_t)status.st_size == file->size)
		return FILE_OK;
	close_own(*fd);
	return FILE_MOVED;
}

enum file_result file_append(struct dump_file *file, const void *data, size_t count, bool syncs)
{
	int fd, error = 0;
	enum file_result result = open_again(file, O_WRONLY | O_APPEND, &fd);

	if (result != FILE_OK)
		return result;
	if (!write_all(fd, data, count) || (syncs && !disk_sync(fd))) {
		error = errno;
		/* What cannot be taken back is a torn end, closed when attached anew. */
		if (ftruncate(fd, (off_t)file->size) != 0)
			file_detach(file);
	}
	if (close_own(fd) != 0 && error == 0 && errno != EINTR) {
		error = errno;
		file_detach(file);
	}
	if (error)
		return failed(file, error);
	file->size += count;
	return FILE_OK;
}

static bool copy_range(int from, int to, const struct file_range *range)
{
	uint8_t bytes[COPY_BYTES];

	for (uint64_t done = 0; done < range->bytes;) {
		uint64_t left = range->bytes - done;
		size_t want = left < sizeof(bytes) ? (size_t)left : sizeof(bytes);
		ssize_t got = read_at(from, bytes, want, range->offset + done);

		if (got == 0)
			errno = EIO;
		if (got <= 0 || !write_all(to, bytes, (size_t)got))
			return false;
		done += (uint64_t)got;
	}
	return true;
}

/*
 * Whether the file beside the recording is what a killed run has left: pids come again, in
 * a container at once. Only who has the lock of the recording makes such a file.
 */
static bool is_left_over(const char *beside)
{
	uint8_t head[64];
	struct stat status;
	ssize_t got = -1;
	int fd = open_own(beside, O_RDONLY, 0);

	if (fd < 0)
		return false;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) && status.st_uid == geteuid())
		got = read_at(fd, head, sizeof(head), 0);
	close_own(fd);
	return got == 0 || (got > 0 && snapshot_is_recording(head, (size_t)got));
}

/* Readable too: what is only written cannot be mapped, and its lock would go with it. */
static int open_beside(const char *beside)
{
	int fd = open_own(beside, O_RDWR | O_CREAT | O_EXCL, 0600);

	if (fd >= 0 || errno != EEXIST)
		return fd;
	if (!is_left_over(beside) || unlink(beside) != 0) {
		errno = EEXIST;
		return -1;
	}
	return open_own(beside, O_RDWR | O_CREAT | O_EXCL, 0600);
}

static bool path_beside(const struct dump_file *file, char *path, size_t capacity)
{
	struct path_text text = {path, capacity, 0, false};

	path_add(&text, file->path);
	path_add(&text, ".");
	path_add_number(&text, (uint64_t)getpid());
	path_add(&text, ".tmp");
	return !text.is_cut;
}

/* Fills the new file, locks it, puts it in place. 0 or an errno value. */
static int replace(struct dump_file *file, int from, int to, const char *beside,
                   const struct file_range *ranges, size_t count)
{
	struct stat status;
	void *lock;
	uint64_t size = 0;

	for (size_t i = 0; i < count; i++) {
		if (!copy_range(from, to, &ranges[i]))
			return errno;
		size += ranges[i].bytes;
	}
	if (fstat(to, &status) != 0 || (file->is_durable && !disk_sync(to)))
		return errno;
	if (!lock_take(to, &lock))
		return EWOULDBLOCK;
	if (rename(beside, file->path) != 0) {
		int error = errno;

		lock_drop(lock);
		return error;
	}
	lock_drop(file->lock);
	file->lock = lock;
	file->device = status.st_dev;
	file->inode = status.st_ino;
	file->size = size;
	/* Whichever of the two files a loss of power leaves is a whole recording. */
	if (file->is_durable)
		folder_sync(file->path);
	return 0;
}

enum file_result file_rewrite(struct dump_file *file, const struct file_range *ranges,
                              size_t count)
{
	char beside[FILE_PATH_BYTES_MAX + 32];
	enum file_result result;
	struct stat status;
	int from, to, error;

	if (!path_beside(file, beside, sizeof(beside)))
		return failed(file, ENAMETOOLONG);
	result = open_again(file, O_RDONLY, &from);
	if (result != FILE_OK)
		return result;
	to = open_beside(beside);
	if (to < 0) {
		error = errno;
		goto close_from;
	}
	error = fstat(from, &status) == 0 && fchmod(to, status.st_mode & 07777) == 0 ? 0 : errno;
	if (!error)
		error = replace(file, from, to, beside, ranges, count);
	if (error)
		unlink(beside);
	close_own(to);
close_from:
	close_own(from);
	return error ? failed(file, error) : FILE_OK;
}

int file_create(const char *path, const void *data, size_t count, bool syncs)
{
	int fd = open_above(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	int error = 0;

	if (fd < 0)
		return errno;
	if (!write_all(fd, data, count) || (syncs && !disk_sync(fd)))
		error = errno;
	if (close(fd) != 0 && error == 0 && errno != EINTR)
		error = errno;
	if (!error && syncs && !folder_sync(path))
		error = errno;
	if (error)
		unlink(path);
	return error;
}
