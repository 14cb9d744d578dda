/* exit.c - see exit.h. */
#define _GNU_SOURCE
#include "exit.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "render/text.h"

/* A line that is longer, by what it quotes, is left out in the middle: its end says what is wrong. */
enum { LINE_BYTES_MAX = 1200, BEGINNING_BYTES = 700, END_BYTES = 400 };

static bool is_inside_character(char byte)
{
	return ((unsigned char)byte & 0xc0) == 0x80;
}

/* What a file says about itself is in some of these lines: nothing of it obeys the terminal. */
static void print_line(const char *kind, const char *format, va_list args)
{
	char *line;
	int bytes = vasprintf(&line, format, args);
	fprintf(stderr, "memanalyze: %s", kind);
	if (bytes > LINE_BYTES_MAX) {
		size_t beginning = BEGINNING_BYTES, end = (size_t)bytes - END_BYTES;
		while (beginning > 0 && is_inside_character(line[beginning]))
			beginning--;
		while (is_inside_character(line[end]))
			end++;
		text_print(stderr, line, beginning);
		fputs("[...]", stderr);
		text_print(stderr, line + end, (size_t)bytes - end);
	} else if (bytes >= 0) {
		text_print(stderr, line, (size_t)bytes);
	} else {
		fputs("out of memory", stderr);
	}
	fputc('\n', stderr);
	if (bytes >= 0)
		free(line);
}

int complain(enum exit_status status, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line("", format, args);
	va_end(args);
	return (int)status;
}

void warn(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	print_line("warning: ", format, args);
	va_end(args);
}
