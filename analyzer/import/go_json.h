/*
 * go_json - finds runtime.MemStats in one JSON object, at any depth.
 *
 * The object may be MemStats itself, what expvar answers (a member memstats), or a record of
 * a structured log with MemStats, or with a trace's line, somewhere in it. Its bytes are fed
 * as they come; nothing is kept of it but the present sample, so its length does not matter.
 * A single string or number of more than GO_JSON_TOKEN_MAX bytes, or values nested deeper
 * than GO_JSON_DEPTH_MAX, is taken for text that is no JSON.
 */
#ifndef GO_JSON_H
#define GO_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go_sample.h"

enum { GO_JSON_TOKEN_MAX = 1 << 20, GO_JSON_DEPTH_MAX = 64, GO_JSON_TEXT_MAX = 1 << 15 };

enum go_json_status {
	GO_JSON_MORE,	 /* the object goes on */
	GO_JSON_DONE,	 /* its last byte was among the consumed */
	GO_JSON_REFUSED, /* it is none, or not whole; the consumed bytes are of no use */
};

struct go_json_sink {
	/* A finished sample; unix_ns is the record's time or GO_UNKNOWN. */
	void (*sample)(void *context, const struct go_sample *sample, uint64_t unix_ns);
	/* A text of a log record, which may be what the program printed. */
	void (*text)(void *context, const char *text, size_t bytes, uint64_t unix_ns);
	void *context;
};

struct go_json;

struct go_json *go_json_new(const struct go_json_sink *sink);
void go_json_free(struct go_json *json);

/* Begins another object: the next byte to feed is its brace. */
bool go_json_begin(struct go_json *json);

enum go_json_status go_json_feed(struct go_json *json, const char *data, size_t bytes,
				 size_t *consumed);

/*
 * Hands over what is whole of an object that is not. Whether a part of MemStats was in the
 * rest.
 */
bool go_json_abandon(struct go_json *json);

#endif
