/*
 * faults.c - system calls that fail when they are told to. A program that is linked with
 * -Wl,--wrap=NAME for each name below calls these instead.
 *
 *   FAULT=NAME:N:HOW[,...]  the N-th call of NAME fails; N+: and all after it
 *   FAULT_FD=FD             where a byte is written when the first one of the list strikes
 *
 * HOW is an errno's name, or "short" (half of a write is done, and says so), "torn" (half
 * of it, and the next write is refused), "kill" (SIGKILL instead of the call), "killtorn"
 * (after half of a write), "power" (as kill, and what was not synced is lost).
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "faults.h"
#include "power.h"

enum how { HOW_ERROR, HOW_SHORT, HOW_TORN, HOW_KILL, HOW_KILL_TORN, HOW_POWER };

static struct rule {
	enum fault_call call;
	unsigned from, to; /* numbers of calls, counted from 1 */
	enum how how;
	int error;
} rules[4];

static unsigned rule_count;
static atomic_uint calls[FAULT_CALLS];
static bool loses_power;
static atomic_bool has_struck, refuses_next_write;
static int fd_struck = -1;

static const char *const call_names[FAULT_CALLS] = {FAULT_CALL_NAMES};

static void rule_read(char *text)
{
	static const struct {
		const char *name;
		enum how how;
		int error;
	} hows[] = {
		{"ENOSPC", HOW_ERROR, ENOSPC}, {"EIO", HOW_ERROR, EIO},       {"EINTR", HOW_ERROR, EINTR},
		{"ENOMEM", HOW_ERROR, ENOMEM}, {"EMFILE", HOW_ERROR, EMFILE}, {"EAGAIN", HOW_ERROR, EAGAIN},
		{"ENOLCK", HOW_ERROR, ENOLCK}, {"short", HOW_SHORT, 0},       {"torn", HOW_TORN, 0},
		{"kill", HOW_KILL, 0},         {"killtorn", HOW_KILL_TORN, 0},
		{"power", HOW_POWER, 0},
	};
	char *number = strchr(text, ':'), *how = number ? strchr(number + 1, ':') : NULL;
	struct rule rule = {.call = FAULT_CALLS};
	bool known = false;

	if (!how || rule_count == sizeof(rules) / sizeof(rules[0]))
		abort();
	*number++ = *how++ = '\0';
	for (int i = 0; i < FAULT_CALLS; i++)
		if (strcmp(text, call_names[i]) == 0)
			rule.call = (enum fault_call)i;
	rule.from = (unsigned)strtoul(number, NULL, 10);
	rule.to = strchr(number, '+') ? ~0u : rule.from;
	for (size_t i = 0; i < sizeof(hows) / sizeof(hows[0]); i++) {
		if (strcmp(how, hows[i].name) == 0) {
			rule.how = hows[i].how;
			rule.error = hows[i].error;
			known = true;
		}
	}
	if (!known || rule.call == FAULT_CALLS)
		abort();
	loses_power = loses_power || rule.how == HOW_POWER;
	rules[rule_count++] = rule;
}

/* Before the constructor of the dumper. */
__attribute__((constructor(101))) static void rules_read(void)
{
	const char *fault = getenv("FAULT"), *fd = getenv("FAULT_FD");
	char text[256], *rest = text;

	if (!fault)
		return;
	strncpy(text, fault, sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	for (char *one = strsep(&rest, ","); one; one = strsep(&rest, ","))
		rule_read(one);
	if (loses_power)
		power_begin();
	if (fd)
		fd_struck = atoi(fd);
}

static const struct rule *rule_for(enum fault_call call)
{
	unsigned number = atomic_fetch_add(&calls[call], 1) + 1;

	for (unsigned i = 0; i < rule_count; i++) {
		const struct rule *rule = &rules[i];

		if (rule->call != call || number < rule->from || number > rule->to)
			continue;
		if (i == 0 && !atomic_exchange(&has_struck, true) && fd_struck >= 0)
			syscall(SYS_write, fd_struck, "!", 1);
		if (rule->how == HOW_POWER)
			power_lost();
		if (rule->how == HOW_KILL || rule->how == HOW_POWER)
			kill(getpid(), SIGKILL);
		errno = rule->error;
		return rule;
	}
	return NULL;
}

/* ---- The calls --------------------------------------------------------- */

#define WRAP_INT(call, name, parameters, arguments)       \
	int __real_##name parameters;                     \
	int __wrap_##name parameters;                     \
	int __wrap_##name parameters                      \
	{                                                 \
		if (rule_for(call))                       \
			return -1;                        \
		return __real_##name arguments;           \
	}

WRAP_INT(FAULT_FSTAT, fstat, (int fd, struct stat *status), (fd, status))
WRAP_INT(FAULT_LSTAT, lstat, (const char *path, struct stat *status), (path, status))
WRAP_INT(FAULT_FTRUNCATE, ftruncate, (int fd, off_t bytes), (fd, bytes))
WRAP_INT(FAULT_FLOCK, flock, (int fd, int operation), (fd, operation))
WRAP_INT(FAULT_RENAME, rename, (const char *from, const char *to), (from, to))
WRAP_INT(FAULT_UNLINK, unlink, (const char *path), (path))
WRAP_INT(FAULT_FCHMOD, fchmod, (int fd, mode_t mode), (fd, mode))
WRAP_INT(FAULT_MADVISE, madvise, (void *p, size_t bytes, int advice), (p, bytes, advice))

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...)
{
	va_list arguments;
	unsigned mode;

	if (rule_for(FAULT_OPEN))
		return -1;
	va_start(arguments, flags);
	mode = flags & O_CREAT ? va_arg(arguments, unsigned) : 0;
	va_end(arguments);
	return __real_open(path, flags, mode);
}

int __real_fdatasync(int fd);
int __wrap_fdatasync(int fd);
int __wrap_fdatasync(int fd)
{
	if (rule_for(FAULT_FDATASYNC))
		return -1;
	if (loses_power)
		power_synced(fd);
	return __real_fdatasync(fd);
}

/* The descriptor is closed whatever close says: Linux does the same. */
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_close(int fd)
{
	const struct rule *rule = rule_for(FAULT_CLOSE);
	int result = __real_close(fd);

	if (!rule)
		return result;
	errno = rule->error;
	return -1;
}

ssize_t __real_pread(int fd, void *data, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t count, off_t offset);
ssize_t __wrap_pread(int fd, void *data, size_t count, off_t offset)
{
	if (rule_for(FAULT_PREAD))
		return -1;
	return __real_pread(fd, data, count, offset);
}

void *__real_mmap(void *p, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t bytes, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *p, size_t bytes, int protection, int flags, int fd, off_t offset)
{
	if (rule_for(FAULT_MMAP))
		return MAP_FAILED;
	return __real_mmap(p, bytes, protection, flags, fd, offset);
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                          void *(*start)(void *), void *arg)
{
	const struct rule *rule = rule_for(FAULT_PTHREAD_CREATE);

	return rule ? rule->error : __real_pthread_create(thread, attributes, start, arg);
}

ssize_t __real_write(int fd, const void *data, size_t count);
ssize_t __wrap_write(int fd, const void *data, size_t count);
ssize_t __wrap_write(int fd, const void *data, size_t count)
{
	const struct rule *rule = rule_for(FAULT_WRITE);
	ssize_t half;

	if (atomic_exchange(&refuses_next_write, false)) {
		errno = ENOSPC;
		return -1;
	}
	if (!rule)
		return __real_write(fd, data, count);
	if (rule->how == HOW_ERROR)
		return -1;
	half = __real_write(fd, data, count - count / 2);
	if (rule->how == HOW_KILL_TORN)
		kill(getpid(), SIGKILL);
	if (rule->how == HOW_TORN)
		atomic_store(&refuses_next_write, true);
	return half;
}
