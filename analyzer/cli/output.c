/* output.c - see output.h. */
#define _GNU_SOURCE
#include "output.h"

#include <errno.h>
#include <langinfo.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
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

int output_close(FILE *out, const struct options *options, int status)
{
	bool failed = ferror(out) != 0;
	int error = errno;
	bool useless = status == EXIT_USAGE || status == EXIT_INPUT;
	if (useless && out != stdout)
		unlink(options->output);
	if (fflush(out) != 0 || (out != stdout && fclose(out) != 0)) {
		failed = true;
		error = errno;
	}
	if (failed && error == EPIPE)
		return status;
	if (failed)
		return complain(EXIT_INPUT, "%s: %s", options->output ? options->output : "standard output",
		                strerror(error));
	return status;
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
