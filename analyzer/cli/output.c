/* output.c - see output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exit.h"

FILE *output_open(const struct options *options)
{
	if (!options->output)
		return stdout;
	FILE *out = fopen(options->output, options->force ? "w" : "wx");
	if (!out && errno == EEXIST)
		complain(EXIT_USAGE, "%s exists; --force replaces it", options->output);
	else if (!out)
		complain(EXIT_USAGE, "%s: %s", options->output, strerror(errno));
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
	struct stat made;
	if ((status == EXIT_USAGE || status == EXIT_INPUT) && fstat(fileno(out), &made) == 0 &&
	    S_ISREG(made.st_mode))
		unlink(options->output);
	errno = 0;
	failed |= fclose(out) != 0;
	return failed ? explain_write(options->output, errno, status) : status;
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
