/* go_json.c - see go_json.h. */
#define _GNU_SOURCE /* memrchr */
#include "go_json.h"

#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

#include "go_time.h"

/* What the value that comes next is for. */
enum member { MEMBER_OTHER, MEMBER_FIELD, MEMBER_TIME, MEMBER_TEXT, MEMBER_COMMAND };

struct go_json {
	const struct go_json_sink *sink;
	yajl_handle parser;
	unsigned depth; /* of maps and arrays */
	bool done;
	uint64_t since_token; /* bytes fed before, since the parser came to something */
	size_t good;	      /* of the bytes fed now: those up to what it came to last */

	enum member member;
	const struct go_field *field; /* MEMBER_FIELD */
	unsigned command_depth;	      /* of the array of a member cmdline, 0 outside */

	unsigned sample_depth; /* of the map in which the present sample is, 0 for none */
	size_t index;	       /* in the array of field */
	int class_field;       /* of an entry of BySize: 0 to 2, -1 for none */
	struct go_sample sample;
	struct go_sample waiting; /* finished; the time of its record may still come */
	bool is_waiting;

	uint64_t unix_ns;
	char exe[SNAPSHOT_TEXT_BYTES_MAX];
	char text[GO_JSON_TEXT_MAX]; /* a log record's message */
	size_t text_bytes;
};

static void flush_sample(struct go_json *json)
{
	if (!json->is_waiting)
		return;
	json->is_waiting = false;
	json->sink->sample(json->sink->context, &json->waiting, json->unix_ns);
}

static void take_sample(struct go_json *json)
{
	flush_sample(json);
	if (!go_sample_is_memstats(&json->sample))
		return;
	json->waiting = json->sample;
	json->waiting.form =
		json->sample_depth > 1 && json->exe[0] ? GO_FORM_EXPVAR : GO_FORM_MEMSTATS;
	memcpy(json->waiting.exe, json->exe, sizeof json->exe);
	go_sample_finish(&json->waiting);
	json->is_waiting = true;
}

/* ---- what the parser comes to ------------------------------------------ */

static void came_to_something(struct go_json *json)
{
	json->since_token = 0;
	json->good = yajl_get_bytes_consumed(json->parser);
}

static bool is(const unsigned char *key, size_t bytes, const char *word)
{
	return strlen(word) == bytes && memcmp(key, word, bytes) == 0;
}

static bool is_any(const unsigned char *key, size_t bytes, const char *const *words)
{
	for (; *words; words++)
		if (is(key, bytes, *words))
			return true;
	return false;
}

static int class_field(const unsigned char *key, size_t bytes)
{
	return is(key, bytes, "Size")	   ? 0
	       : is(key, bytes, "Mallocs") ? 1
	       : is(key, bytes, "Frees")   ? 2
					   : -1;
}

/* Whether the parser is in the array that is the value of a field of the sample. */
static bool in_array(const struct go_json *json, enum go_field_kind kind, unsigned below)
{
	return json->sample_depth && json->field && json->field->kind == kind &&
	       json->depth == json->sample_depth + below;
}

/* A field of MemStats: of the present sample, or of one that begins here. */
static void field_key(struct go_json *json, const struct go_field *field)
{
	if (json->sample_depth && json->depth != json->sample_depth) {
		if (json->depth < json->sample_depth || go_sample_is_memstats(&json->sample))
			return;
		json->sample_depth = 0; /* an outer map only has a member of such a name */
	}
	if (!json->sample_depth) {
		json->sample_depth = json->depth;
		go_sample_init(&json->sample);
	}
	json->member = MEMBER_FIELD;
	json->field = field;
	json->index = 0;
}

static int on_key(void *context, const unsigned char *key, size_t bytes)
{
	static const char *const times[] = {"time", "ts", "timestamp", "@timestamp", NULL};
	static const char *const texts[] = {"log", "msg", "message", "MESSAGE", NULL};
	struct go_json *json = context;
	came_to_something(json);
	if (in_array(json, GO_FIELD_CLASSES, 2)) {
		json->class_field = class_field(key, bytes);
		return 1;
	}
	const struct go_field *field = go_field_find((const char *)key, bytes);
	json->member = MEMBER_OTHER;
	if (json->depth == json->sample_depth)
		json->field = NULL;
	if (field)
		field_key(json, field);
	else if (is(key, bytes, "cmdline"))
		json->member = MEMBER_COMMAND;
	else if (json->depth == 1 && is_any(key, bytes, times))
		json->member = MEMBER_TIME;
	else if (json->depth == 1 && is_any(key, bytes, texts))
		json->member = MEMBER_TEXT;
	return 1;
}

static void set_class(struct go_json *json, const char *text, size_t bytes)
{
	uint64_t *figures[] = {NULL, NULL, NULL};
	if (json->index >= SNAPSHOT_CLASSES || json->class_field < 0)
		return;
	figures[0] = &json->sample.stats.by_size[json->index].size;
	figures[1] = &json->sample.stats.by_size[json->index].nmalloc;
	figures[2] = &json->sample.stats.by_size[json->index].nfree;
	*figures[json->class_field] = go_parse_count(text, bytes);
	json->sample.ill_fields += *figures[json->class_field] == GO_UNKNOWN;
}

/* A number, or another value's text that is none. */
static int take_figure(struct go_json *json, const char *text, size_t bytes)
{
	came_to_something(json);
	if (in_array(json, GO_FIELD_RING, 1))
		go_sample_set(&json->sample, json->field, json->index++, text, bytes);
	else if (in_array(json, GO_FIELD_CLASSES, 2))
		set_class(json, text, bytes);
	else if (json->member == MEMBER_FIELD && json->depth == json->sample_depth)
		go_sample_set(&json->sample, json->field,
			      json->field->kind == GO_FIELD_RING ? GO_RING : 0, text, bytes);
	else if (json->member == MEMBER_TIME && json->depth == 1)
		json->unix_ns = go_time_of_seconds(text, bytes);
	json->member = MEMBER_OTHER;
	return 1;
}

static int on_number(void *context, const char *text, size_t bytes)
{
	return take_figure(context, text, bytes);
}

static int on_boolean(void *context, int value)
{
	return take_figure(context, value ? "true" : "false", value ? 4 : 5);
}

/* null: the source says itself that it does not know. */
static int on_null(void *context)
{
	struct go_json *json = context;
	came_to_something(json);
	json->index += in_array(json, GO_FIELD_RING, 1);
	json->member = MEMBER_OTHER;
	return 1;
}

static void keep_exe(struct go_json *json, const char *path, size_t bytes)
{
	const char *slash = memrchr(path, '/', bytes);
	size_t begin = slash ? (size_t)(slash - path) + 1 : 0;
	size_t count = bytes - begin;
	if (count >= sizeof json->exe)
		count = sizeof json->exe - 1;
	memcpy(json->exe, path + begin, count);
	json->exe[count] = '\0';
}

static int on_string(void *context, const unsigned char *string, size_t bytes)
{
	struct go_json *json = context;
	const char *text = (const char *)string;
	came_to_something(json);
	if (json->command_depth && json->depth == json->command_depth) {
		keep_exe(json, text, bytes);
		json->command_depth = 0; /* the arguments are none of our business */
	} else if (json->member == MEMBER_TIME && json->depth == 1) {
		json->unix_ns = go_time_parse(text, bytes);
	} else if (json->member == MEMBER_TEXT && json->depth == 1 && bytes <= sizeof json->text) {
		memcpy(json->text, text, bytes);
		json->text_bytes = bytes;
	} else if (json->member == MEMBER_FIELD || in_array(json, GO_FIELD_RING, 1)) {
		return take_figure(json, "", 0);
	}
	json->member = MEMBER_OTHER;
	return 1;
}

static int open_value(struct go_json *json, bool is_array)
{
	came_to_something(json);
	if (json->depth == GO_JSON_DEPTH_MAX)
		return 0;
	if (json->member == MEMBER_FIELD && !is_array)
		json->field = NULL; /* a map of that name is no field */
	json->depth++;
	json->command_depth = json->member == MEMBER_COMMAND && is_array ? json->depth : 0;
	json->class_field = -1;
	json->member = MEMBER_OTHER;
	return 1;
}

static int on_start_map(void *context)
{
	return open_value(context, false);
}

static int on_start_array(void *context)
{
	return open_value(context, true);
}

static int on_end_map(void *context)
{
	struct go_json *json = context;
	came_to_something(json);
	if (in_array(json, GO_FIELD_CLASSES, 2))
		json->index++;
	if (json->sample_depth && json->depth == json->sample_depth) {
		take_sample(json);
		json->sample_depth = 0;
	}
	json->member = MEMBER_OTHER;
	json->depth--;
	if (json->depth > 0)
		return 1;
	flush_sample(json);
	if (json->text_bytes)
		json->sink->text(json->sink->context, json->text, json->text_bytes, json->unix_ns);
	json->done = true;
	return 0;
}

static int on_end_array(void *context)
{
	struct go_json *json = context;
	came_to_something(json);
	json->depth--;
	json->command_depth = 0;
	json->member = MEMBER_OTHER;
	return 1;
}

static const yajl_callbacks callbacks = {
	.yajl_null = on_null,
	.yajl_boolean = on_boolean,
	.yajl_number = on_number,
	.yajl_string = on_string,
	.yajl_start_map = on_start_map,
	.yajl_map_key = on_key,
	.yajl_end_map = on_end_map,
	.yajl_start_array = on_start_array,
	.yajl_end_array = on_end_array,
};

/* ---- feeding ----------------------------------------------------------- */

struct go_json *go_json_new(const struct go_json_sink *sink)
{
	struct go_json *json = calloc(1, sizeof *json);
	if (json)
		json->sink = sink;
	return json;
}

void go_json_free(struct go_json *json)
{
	if (json && json->parser)
		yajl_free(json->parser);
	free(json);
}

bool go_json_begin(struct go_json *json)
{
	const struct go_json_sink *sink = json->sink;
	if (json->parser)
		yajl_free(json->parser);
	memset(json, 0, offsetof(struct go_json, sample));
	json->sink = sink;
	json->class_field = -1;
	json->is_waiting = false;
	json->unix_ns = GO_UNKNOWN;
	json->exe[0] = '\0';
	json->text_bytes = 0;
	json->parser = yajl_alloc(&callbacks, NULL, json);
	if (!json->parser)
		return false;
	yajl_config(json->parser, yajl_dont_validate_strings, 1); /* a log's text is any bytes */
	return true;
}

/*
 * How much of what was fed is of no use, now that it went wrong at some byte: nothing that
 * stands on a later line, and no brace that may begin another object.
 */
static size_t useless(const struct go_json *json, const char *data, size_t failed)
{
	const char *line = memchr(data + json->good, '\n', failed - json->good);
	if (line)
		return (size_t)(line - data);
	return failed > json->good && data[failed - 1] == '{' ? failed - 1 : failed;
}

enum go_json_status go_json_feed(struct go_json *json, const char *data, size_t bytes,
				 size_t *consumed)
{
	json->good = 0;
	yajl_status status = yajl_parse(json->parser, (const unsigned char *)data, bytes);
	*consumed = bytes;
	if (status == yajl_status_ok) {
		json->since_token += bytes - json->good;
		return json->since_token <= GO_JSON_TOKEN_MAX ? GO_JSON_MORE : GO_JSON_REFUSED;
	}
	size_t stopped = yajl_get_bytes_consumed(json->parser);
	if (json->done || stopped > bytes || stopped < json->good) {
		*consumed = stopped < bytes ? stopped : bytes;
		return json->done ? GO_JSON_DONE : GO_JSON_REFUSED;
	}
	*consumed = useless(json, data, stopped);
	return GO_JSON_REFUSED;
}

bool go_json_abandon(struct go_json *json)
{
	flush_sample(json);
	return json->sample_depth && go_sample_is_memstats(&json->sample);
}
