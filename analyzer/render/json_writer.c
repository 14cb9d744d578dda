#include "json_writer.h"

#include <assert.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "text.h"

void json_writer_begin(struct json_writer *json, FILE *out, unsigned line_depth)
{
	memset(json, 0, sizeof(*json));
	json->out = out;
	json->line_depth = line_depth;
}

static void put_string(const struct json_writer *json, const char *bytes, size_t size)
{
	FILE *out = json->out;

	putc('"', out);
	for (size_t i = 0, step; i < size; i += step) {
		uint32_t code_point;

		step = text_decode(bytes + i, size - i, &code_point);
		if (code_point == '"' || code_point == '\\')
			fprintf(out, "\\%c", (int)code_point);
		else if (code_point == '<' && json->in_markup)
			fputs("\\u003c", out);
		else if (code_point == '\n')
			fputs("\\n", out);
		else if (code_point == '\r')
			fputs("\\r", out);
		else if (code_point == '\t')
			fputs("\\t", out);
		else if (code_point == TEXT_INVALID)
			fputs("\\ufffd", out);
		else if (code_point <= 0xffff && text_is_control(code_point))
			fprintf(out, "\\u%04x", (unsigned)code_point);
		else
			fwrite(bytes + i, 1, step, out);
	}
	putc('"', out);
}

static void new_line(struct json_writer *json)
{
	putc('\n', json->out);
	text_pad(json->out, 2 * (size_t)json->depth);
}

/* What stands before a value: comma, line, key. */
static void before(struct json_writer *json, const char *key)
{
	bool *has_member = &json->has_member[json->depth];

	if (*has_member)
		putc(',', json->out);
	if (json->depth > 0 && json->depth <= json->line_depth)
		new_line(json);
	else if (*has_member)
		putc(json->depth > 0 ? ' ' : '\n', json->out);
	*has_member = true;
	if (key) {
		put_string(json, key, strlen(key));
		fputs(": ", json->out);
	}
}

static void open_container(struct json_writer *json, const char *key, char bracket)
{
	before(json, key);
	putc(bracket, json->out);
	assert(json->depth < JSON_WRITER_DEPTH_MAX);
	json->depth++;
	json->has_member[json->depth] = false;
}

static void close_container(struct json_writer *json, char bracket)
{
	bool on_lines = json->has_member[json->depth] && json->depth <= json->line_depth;

	assert(json->depth > 0);
	json->depth--;
	if (on_lines)
		new_line(json);
	putc(bracket, json->out);
}

void json_writer_object(struct json_writer *json, const char *key)
{
	open_container(json, key, '{');
}

void json_writer_object_end(struct json_writer *json)
{
	close_container(json, '}');
}

void json_writer_array(struct json_writer *json, const char *key)
{
	open_container(json, key, '[');
}

void json_writer_array_end(struct json_writer *json)
{
	close_container(json, ']');
}

void json_writer_null(struct json_writer *json, const char *key)
{
	before(json, key);
	fputs("null", json->out);
}

void json_writer_bool(struct json_writer *json, const char *key, bool value)
{
	before(json, key);
	fputs(value ? "true" : "false", json->out);
}

void json_writer_integer(struct json_writer *json, const char *key, int64_t value)
{
	before(json, key);
	fprintf(json->out, "%lld", (long long)value);
}

void json_writer_format_double(char *text, double value)
{
	enum { CAPACITY = 32 };
	char *comma;

	if (isnan(value) || isinf(value)) {
		snprintf(text, CAPACITY, "%s",
			 isnan(value) ? "null"
			 : value < 0  ? "-1e999"
				      : "1e999");
		return;
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, CAPACITY, "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	comma = strchr(text, ',');
	if (comma)
		*comma = '.';
	if (text[strcspn(text, ".e")] == '\0')
		strcat(text, ".0");
}

void json_writer_double(struct json_writer *json, const char *key, double value)
{
	char text[32];

	json_writer_format_double(text, value);
	before(json, key);
	fputs(text, json->out);
}

void json_writer_string(struct json_writer *json, const char *key, const char *bytes, size_t size)
{
	before(json, key);
	put_string(json, bytes, size);
}

void json_writer_text(struct json_writer *json, const char *key, const char *text)
{
	if (text)
		json_writer_string(json, key, text, strlen(text));
	else
		json_writer_null(json, key);
}

void json_writer_blob(struct json_writer *json, const char *key, const void *bytes, size_t size)
{
	const unsigned char *byte = bytes;

	before(json, key);
	putc('"', json->out);
	for (size_t i = 0; i < size; i++)
		fprintf(json->out, "%02x", byte[i]);
	putc('"', json->out);
}
