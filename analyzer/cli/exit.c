/* exit.c - see exit.h. */
#include "exit.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "render/text.h"

enum { LINE_BYTES = 1024 };

/* What a file says about itself is in some of these lines: nothing of it obeys the terminal. */
static void print_line(const char *kind, const char *format, va_list args)
{
	char line[LINE_BYTES];
	vsnprintf(line, sizeof line, format, args);
	fprintf(stderr, "memanalyze: %s", kind);
	text_print(stderr, line, strlen(line));
	fputc('\n', stderr);
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
