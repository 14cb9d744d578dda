/* text_file.c - see text_file.h. */
#include "text_file.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"

enum { FILE_BYTES_MAX = 1 << 20 };

char *text_file_read(const char *path, const char *what)
{
	FILE *in = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	char *text = in ? malloc(FILE_BYTES_MAX + 1) : NULL;
	size_t n = text ? fread(text, 1, FILE_BYTES_MAX + 1, in) : 0;
	bool failed = !text || ferror(in);
	int error = errno;
	if (in && in != stdin)
		fclose(in);
	if (failed)
		complain(EXIT_USAGE, "%s: %s", path, strerror(error));
	else if (n > FILE_BYTES_MAX)
		complain(EXIT_USAGE, "%s: more than %d bytes of %s", path, FILE_BYTES_MAX, what);
	else if (memchr(text, '\0', n))
		complain(EXIT_USAGE, "%s: is no text: there is a zero byte in it", path);
	else {
		text[n] = '\0';
		return text;
	}
	free(text);
	return NULL;
}
