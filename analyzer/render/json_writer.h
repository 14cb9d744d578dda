/*
 * json_writer - JSON text, written as it comes, nothing kept but the nesting.
 *
 * What is written is valid UTF-8 whatever the input was: bytes that are not become U+FFFD.
 * Characters that a terminal could obey are \u escapes. Doubles are the shortest digits
 * that read back as the same number, and look like one (a point or an exponent); infinity
 * is 1e999, which readers of doubles overflow to it; NaN is null. Integers are exact: a
 * reader that keeps numbers as doubles loses those beyond 2^53.
 *
 * Inside an object each value needs a key, inside an array and at the top it has to be NULL.
 * Broken writes are the FILE's to tell (ferror).
 */
#ifndef RENDER_JSON_WRITER_H
#define RENDER_JSON_WRITER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { JSON_WRITER_DEPTH_MAX = 16 };

struct json_writer {
	FILE *out;
	unsigned depth;
	unsigned line_depth; /* containers nested deeper than this stay on one line */
	bool in_markup;      /* < is an escape, so that no text can end an HTML script element */
	bool has_member[JSON_WRITER_DEPTH_MAX + 1];
};

/* line_depth 0: everything on one line. */
void json_writer_begin(struct json_writer *json, FILE *out, unsigned line_depth);

void json_writer_object(struct json_writer *json, const char *key);
void json_writer_object_end(struct json_writer *json);
void json_writer_array(struct json_writer *json, const char *key);
void json_writer_array_end(struct json_writer *json);

void json_writer_null(struct json_writer *json, const char *key);
void json_writer_bool(struct json_writer *json, const char *key, bool value);
void json_writer_integer(struct json_writer *json, const char *key, int64_t value);
void json_writer_double(struct json_writer *json, const char *key, double value);
void json_writer_string(struct json_writer *json, const char *key, const char *bytes, size_t size);
/* NULL is null. */
void json_writer_text(struct json_writer *json, const char *key, const char *text);
/* As a string of hexadecimal digits. */
void json_writer_blob(struct json_writer *json, const char *key, const void *bytes, size_t size);

/* The digits of json_writer_double, for the other formats. text has 32 bytes. */
void json_writer_format_double(char *text, double value);

#endif
