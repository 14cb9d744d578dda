/* program.c - see program.h. */
#define _GNU_SOURCE
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#if defined(__x86_64__)
enum { MACHINE = EM_X86_64 };
#elif defined(__aarch64__)
enum { MACHINE = EM_AARCH64 };
#endif

enum { SCRIPT_LINE_BYTES = 256, SCRIPTS_DEEP_MAX = 4, SEGMENTS_MAX = 200 };

static bool is_runnable(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISREG(status.st_mode) && access(path, X_OK) == 0;
}

char *program_find(const char *name)
{
	const char *folders = getenv("PATH");
	int error = ENOENT;
	char *path;
	if (strchr(name, '/'))
		return access(name, F_OK) == 0 ? strdup(name) : NULL;
	for (const char *at = folders ? folders : "/bin:/usr/bin"; *name; at++) {
		int length = (int)strcspn(at, ":");
		if (asprintf(&path, "%.*s%s%s", length, at, length ? "/" : "./", name) < 0)
			return NULL;
		if (is_runnable(path))
			return path;
		if (access(path, F_OK) == 0)
			error = EACCES;
		free(path);
		at += length;
		if (!*at)
			break;
	}
	errno = error;
	return NULL;
}

/* The kernel tells the loader to trust nothing in the environment. */
static bool gains_rights(int fd)
{
	struct stat status;
	if (fstat(fd, &status) != 0)
		return false;
	return ((status.st_mode & S_ISUID) && status.st_uid != getuid()) ||
	       ((status.st_mode & S_ISGID) && status.st_gid != getgid()) ||
	       (getuid() != 0 && fgetxattr(fd, "security.capability", NULL, 0) > 0);
}

static const char *judge_elf(int fd)
{
	Elf64_Ehdr head;
	Elf64_Phdr segment;
	if (pread(fd, &head, sizeof head, 0) != (ssize_t)sizeof head ||
	    head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_machine != MACHINE)
		return "is a program for another architecture than this memanalyze";
	for (unsigned i = 0; i < head.e_phnum && i < SEGMENTS_MAX; i++) {
		off_t at = (off_t)(head.e_phoff + (uint64_t)i * head.e_phentsize);
		if (pread(fd, &segment, sizeof segment, at) != (ssize_t)sizeof segment)
			break;
		if (segment.p_type == PT_INTERP)
			return NULL;
	}
	return "is linked statically: no library can take the place of its malloc"
	       " (link it with -lmemspan-malloc instead)";
}

/* The word behind #! of a script; false where there is none. */
static bool read_interpreter(int fd, char interpreter[SCRIPT_LINE_BYTES])
{
	char line[SCRIPT_LINE_BYTES];
	ssize_t n = pread(fd, line, sizeof line - 1, 0);
	if (n < 3 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	const char *word = line + 2 + strspn(line + 2, " \t");
	size_t length = strcspn(word, " \t\r\n");
	memcpy(interpreter, word, length);
	interpreter[length] = '\0';
	return length > 0;
}

const char *program_refuses_preload(const char *path)
{
	char interpreter[SCRIPT_LINE_BYTES];
	char magic[SELFMAG];
	const char *why = NULL;
	for (int depth = 0; depth < SCRIPTS_DEEP_MAX; depth++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return NULL; /* it may be run and not read: then nothing is known */
		bool is_script = false;
		if (gains_rights(fd))
			why = "is set-user-ID, set-group-ID or has capabilities: the loader"
			      " ignores LD_PRELOAD in it";
		else if (pread(fd, magic, sizeof magic, 0) == (ssize_t)sizeof magic &&
		         memcmp(magic, ELFMAG, SELFMAG) == 0)
			why = judge_elf(fd);
		else
			is_script = read_interpreter(fd, interpreter);
		close(fd);
		if (why || !is_script)
			return why;
		path = interpreter;
	}
	return NULL;
}
