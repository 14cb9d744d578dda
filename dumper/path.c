#include "path.h"

#include <errno.h>
#include <string.h>
#include <sys/utsname.h>

static void text_add(struct path_text *text, const char *more, size_t count)
{
	size_t room = text->capacity - 1 - text->length;

	if (count > room) {
		count = room;
		text->is_cut = true;
	}
	memcpy(text->bytes + text->length, more, count);
	text->length += count;
	text->bytes[text->length] = '\0';
}

void path_add(struct path_text *text, const char *more)
{
	text_add(text, more, strlen(more));
}

void path_add_number(struct path_text *text, uint64_t number)
{
	char digits[20];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number > 0);
	text_add(text, digits + at, sizeof(digits) - at);
}

bool path_pattern_is_valid(const char *pattern)
{
	for (const char *at = pattern; (at = strchr(at, '%')); at += 2)
		if (!at[1] || !strchr("peh%", at[1]))
			return false;
	return true;
}

bool path_pattern_has_pid(const char *pattern)
{
	for (const char *at = pattern; (at = strchr(at, '%')); at += 2)
		if (at[1] == 'p')
			return true;
	return false;
}

void path_expand(struct path_text *text, const char *pattern, const struct path_names *names)
{
	const char *at = pattern;

	for (;;) {
		size_t plain = strcspn(at, "%");

		text_add(text, at, plain);
		at += plain;
		if (!*at)
			return;
		if (at[1] == 'p')
			path_add_number(text, names->pid);
		else if (at[1] == 'e')
			path_add(text, names->exe);
		else if (at[1] == 'h')
			path_add(text, names->host);
		else
			path_add(text, "%");
		at += 2;
	}
}

void path_insert_pid(struct path_text *text, uint64_t pid)
{
	bool has_ending = text->length >= 4 &&
	                  strcmp(text->bytes + text->length - 4, ".zst") == 0;

	if (has_ending) {
		text->length -= 4;
		text->bytes[text->length] = '\0';
	}
	path_add(text, ".");
	path_add_number(text, pid);
	if (has_ending)
		path_add(text, ".zst");
}

void path_exe_name(struct path_text *text)
{
	const char *name = program_invocation_short_name;

	path_add(text, name && *name && !strchr(name, '/') ? name : "unknown");
}

void path_host_name(struct path_text *text)
{
	struct utsname system;

	if (uname(&system) != 0 || !system.nodename[0] || strchr(system.nodename, '/'))
		path_add(text, "unknown");
	else
		path_add(text, system.nodename);
}
