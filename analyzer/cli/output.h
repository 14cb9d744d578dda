/* output - where a command's data goes, and what it may look like there. */
#ifndef OUTPUT_H
#define OUTPUT_H

#include <stdio.h>

#include "options.h"

/* Standard output, or the file of -o, which is not there before output_close; NULL after a complaint. */
FILE *output_open(const struct options *options);

/*
 * Closes what output_open gave; `status`, or EXIT_INPUT after a complaint when writing the
 * file failed. A command that failed leaves no file, and the one that stood there as it was.
 */
int output_close(FILE *out, const struct options *options, int status);

/* The same for standard output, at the end of every command. A reader that left is fine. */
int output_finish(int status);

/* Colour, characters and width for this output (NO_COLOR, TERM, locale, COLUMNS). */
struct render_options output_look(const struct options *options, FILE *out);

#endif
