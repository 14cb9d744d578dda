/* output.c - see output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"
#include "fresh_file.h"

/* A file without a name: nothing is there before all of it is. errno on NULL. */
static FILE *open_fresh(const char *path, const struct stat *former)
{
	char *target = former ? realpath(path, NULL) : strdup(path); /* what a link leads to */
	int fd = -1;
	FILE *out = NULL;
	if (target && fresh_file_open(target))
		fd = fcntl(fresh_file_descriptor(), F_DUPFD_CLOEXEC, 3);
	if (fd >= 0 && former)
		(void)!fchmod(fd, former->st_mode & 0777);
	if (fd >= 0)
		out = fdopen(fd, "w");
	int error = errno;
	if (!out)
		fresh_file_discard();
	if (!out && fd >= 0)
		close(fd);
	free(target);
	errno = error;
	return out;
}

FILE *output_open(const struct options *options)
{
	const char *path = options->output;
	struct stat former;
	FILE *out = NULL;
	if (!path)
		return stdout;
	bool exists = lstat(path, &former) == 0;
	if (exists && !options->force) {
		complain(EXIT_USAGE, "%s exists; --force replaces it", path);
		return NULL;
	}
	exists = exists && stat(path, &former) == 0;
	if (!exists || S_ISREG(former.st_mode))
		out = open_fresh(path, exists ? &former : NULL);
	if (!out && exists) /* a device, or a folder where no new file may be made */
		out = fopen(path, "we");
	if (!out)
		complain(EXIT_USAGE, "%s: %s", path, strerror(errno));
	return out;
}

static int explain_write(const char *name, int error, int status)
{
	if (error == EPIPE)
		return status;
	return complain(EXIT_INPUT, "%s: %s", name, error ? strerror(error) : "not all of it was written");
}

int output_close(FILE *out, const struct options *options, int status)
{
	if (out == stdout)
		return status; /* output_finish tells */
	bool failed = ferror(out) != 0;
	errno = 0;
	failed |= fclose(out) != 0;
	if (status == EXIT_USAGE || status == EXIT_INPUT || failed) {
		int error = errno;
		fresh_file_discard();
		return failed ? explain_write(options->output, error, status) : status;
	}
	if (fresh_file_descriptor() < 0 || fresh_file_publish(options->force))
		return status;
	return explain_write(options->output, errno, status);
}

int output_finish(int status)
{
	errno = 0;
	if (fflush(stdout) == 0 && !ferror(stdout))
		return status;
	return explain_write("standard output", errno, status);
}

struct render_options output_look(const struct options *options, FILE *out)
{
	const char *term = getenv("TERM"), *none = getenv("NO_COLOR"), *columns = getenv("COLUMNS");
	bool terminal = isatty(fileno(out)) == 1;
	struct render_options look = {.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0};
	struct winsize size;
	look.color = options->color > 0 ||
	             (options->color == 0 && terminal && !(none && *none) && term &&
	              strcmp(term, "dumb") != 0);
	if (terminal)
		look.width = 80;
	if (terminal && ioctl(fileno(out), TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		look.width = size.ws_col;
	if (terminal && columns && atoi(columns) > 0)
		look.width = (unsigned)atoi(columns);
	return look;
}
