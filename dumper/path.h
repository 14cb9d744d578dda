/*
 * path.h - the names of recordings: text of bounded length, and the rules by which a
 * pattern becomes a path. No allocation, nothing that a fork could leave half done.
 */
#ifndef DUMP_PATH_H
#define DUMP_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Invariant: bytes[length] is NUL, length < capacity; is_cut: something did not fit. */
struct path_text {
	char *bytes;
	size_t capacity, length;
	bool is_cut;
};

void path_add(struct path_text *text, const char *more);
void path_add_number(struct path_text *text, uint64_t number);

/* Whether each % is followed by p, e, h or %. */
bool path_pattern_is_valid(const char *pattern);

/* Whether the pattern holds %p. */
bool path_pattern_has_pid(const char *pattern);

struct path_names {
	uint64_t pid;
	const char *exe, *host;
};

/* Adds the pattern, expanded. */
void path_expand(struct path_text *text, const char *pattern, const struct path_names *names);

/* Puts ".PID" before ".zst", or at the end of a name without. */
void path_insert_pid(struct path_text *text, uint64_t pid);

/* The program's name without a folder; fit for a file name. */
void path_exe_name(struct path_text *text);
void path_host_name(struct path_text *text);

#endif
