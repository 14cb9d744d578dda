/* go_scan.c - see go_scan.h. */
#include "go_scan.h"

#include <stdlib.h>
#include <string.h>

#include "go_time.h"

struct go_scan {
	void (*take)(void *context, const struct go_event *event);
	void *context;
	uint64_t offset; /* of the next byte to be fed */
	struct go_json_sink sink, inner_sink;
	struct go_json *json;
	struct go_json *inner; /* of what stands in the text of a log's record */
	bool has_ended;	       /* what is left is the line that the text breaks off in */
	bool in_object;
	uint64_t object_offset;
	uint64_t prefix_unix_ns; /* of the line that the object begins in */
	struct go_profile profile;
	uint64_t profile_offset;
	uint64_t line_offset;
	size_t line_bytes;
	char line[GO_LINE_MAX];
};

static void tell(struct go_scan *scan, struct go_event event)
{
	scan->take(scan->context, &event);
}

/* ---- lines ------------------------------------------------------------- */

static void take_trace(struct go_scan *scan, const char *text, size_t bytes, uint64_t offset,
		       uint64_t unix_ns)
{
	struct go_trace trace;
	enum go_event_type broken = scan->has_ended ? GO_EVENT_TORN : GO_EVENT_BROKEN;
	go_trace_parse(text, bytes, &trace);
	if (trace.type == GO_TRACE_NONE)
		return;
	tell(scan, (struct go_event){
			   .type = trace.type == GO_TRACE_BROKEN ? broken : GO_EVENT_TRACE,
			   .offset = offset,
			   .unix_ns = unix_ns,
			   .trace = &trace,
			   .what = "a line of gctrace",
		   });
}

/* What is open of a block is not whole, and never will be. */
static void break_profile(struct go_scan *scan)
{
	scan->profile.is_open = false;
	tell(scan, (struct go_event){.type = GO_EVENT_BROKEN,
				     .offset = scan->profile_offset,
				     .what = "the MemStats block of a heap profile"});
}

static void take_line(struct go_scan *scan)
{
	size_t bytes = scan->line_bytes;
	if (bytes && scan->line[bytes - 1] == '\r')
		bytes--;
	bool was_open = scan->profile.is_open;
	switch (go_profile_take(&scan->profile, scan->line, bytes)) {
	case GO_PROFILE_BEGIN:
		scan->profile_offset = scan->line_offset;
		break;
	case GO_PROFILE_WHOLE:
		tell(scan, (struct go_event){.type = GO_EVENT_SAMPLE,
					     .offset = scan->profile_offset,
					     .unix_ns = GO_UNKNOWN,
					     .sample = &scan->profile.sample});
		break;
	case GO_PROFILE_OTHER:
		if (was_open)
			break_profile(scan);
		take_trace(scan, scan->line, bytes, scan->line_offset,
			   go_time_parse(scan->line, bytes));
		break;
	case GO_PROFILE_INSIDE:
		break;
	}
	scan->line_bytes = 0;
}

/* ---- objects ----------------------------------------------------------- */

static void sink_sample(void *context, const struct go_sample *sample, uint64_t unix_ns)
{
	struct go_scan *scan = context;
	tell(scan, (struct go_event){
			   .type = GO_EVENT_SAMPLE,
			   .offset = scan->object_offset,
			   .unix_ns = unix_ns != GO_UNKNOWN ? unix_ns : scan->prefix_unix_ns,
			   .sample = sample,
		   });
}

/* What the program printed may be an object, wrapped by a logger that knows lines only. */
static void take_inner_objects(struct go_scan *scan, const char *text, size_t bytes)
{
	const char *end = text + bytes;
	while ((text = memchr(text, '{', (size_t)(end - text))) && go_json_begin(scan->inner)) {
		size_t consumed;
		enum go_json_status status =
			go_json_feed(scan->inner, text, (size_t)(end - text), &consumed);
		if (status != GO_JSON_DONE)
			go_json_abandon(scan->inner);
		text += consumed;
	}
}

static void sink_text(void *context, const char *text, size_t bytes, uint64_t unix_ns)
{
	struct go_scan *scan = context;
	if (unix_ns != GO_UNKNOWN)
		scan->prefix_unix_ns = unix_ns;
	take_trace(scan, text, bytes, scan->object_offset, scan->prefix_unix_ns);
	take_inner_objects(scan, text, bytes);
}

/* A text in a text: nobody wraps twice. */
static void sink_no_text(void *context, const char *text, size_t bytes, uint64_t unix_ns)
{
	(void)context, (void)text, (void)bytes, (void)unix_ns;
}

static bool begin_object(struct go_scan *scan, uint64_t offset)
{
	if (scan->profile.is_open)
		break_profile(scan);
	scan->object_offset = offset;
	scan->prefix_unix_ns = go_time_parse(scan->line, scan->line_bytes);
	scan->in_object = true;
	return go_json_begin(scan->json);
}

/* What the object leaves of the line that it began in: nothing if it went over its end. */
static void pass_line_end(struct go_scan *scan, const char *data, size_t bytes)
{
	if (memchr(data, '\n', bytes))
		scan->line_bytes = 0;
}

static size_t feed_object(struct go_scan *scan, const char *data, size_t bytes)
{
	size_t consumed;
	enum go_json_status status = go_json_feed(scan->json, data, bytes, &consumed);
	if (status == GO_JSON_REFUSED && go_json_abandon(scan->json))
		tell(scan, (struct go_event){.type = GO_EVENT_BROKEN,
					     .offset = scan->object_offset,
					     .what = "an object with MemStats"});
	scan->in_object = status == GO_JSON_MORE;
	pass_line_end(scan, data, consumed);
	return consumed;
}

/* ---- feeding ----------------------------------------------------------- */

static void keep_text(struct go_scan *scan, const char *data, size_t bytes, uint64_t offset)
{
	if (scan->line_bytes == 0)
		scan->line_offset = offset;
	size_t room = sizeof scan->line - scan->line_bytes;
	if (bytes > room)
		bytes = room;
	memcpy(scan->line + scan->line_bytes, data, bytes);
	scan->line_bytes += bytes;
}

/* The bytes up to the first brace or line's end, that included; a brace is left. */
static size_t feed_text(struct go_scan *scan, const char *data, size_t bytes, uint64_t offset)
{
	size_t n = 0;
	while (n < bytes && data[n] != '\n' && data[n] != '{')
		n++;
	keep_text(scan, data, n, offset);
	if (n < bytes && data[n] == '\n') {
		take_line(scan);
		n++;
	}
	return n;
}

struct go_scan *go_scan_new(void (*take)(void *context, const struct go_event *event),
			    void *context)
{
	struct go_scan *scan = calloc(1, sizeof *scan);
	if (!scan)
		return NULL;
	scan->take = take;
	scan->context = context;
	scan->sink = (struct go_json_sink){sink_sample, sink_text, scan};
	scan->inner_sink = (struct go_json_sink){sink_sample, sink_no_text, scan};
	scan->json = go_json_new(&scan->sink);
	scan->inner = go_json_new(&scan->inner_sink);
	if (scan->json && scan->inner)
		return scan;
	go_scan_free(scan);
	return NULL;
}

void go_scan_free(struct go_scan *scan)
{
	if (scan) {
		go_json_free(scan->json);
		go_json_free(scan->inner);
	}
	free(scan);
}

bool go_scan_feed(struct go_scan *scan, const char *data, size_t bytes)
{
	size_t i = 0;
	while (i < bytes) {
		uint64_t here = scan->offset + i;
		if (!scan->in_object && data[i] == '{' && !begin_object(scan, here))
			return false;
		/* An attempt takes its brace at least, so that reading gets on. */
		i += scan->in_object ? feed_object(scan, data + i, bytes - i)
				     : feed_text(scan, data + i, bytes - i, here);
	}
	scan->offset += bytes;
	return true;
}

void go_scan_finish(struct go_scan *scan)
{
	scan->has_ended = true;
	if (scan->in_object && go_json_abandon(scan->json))
		tell(scan, (struct go_event){.type = GO_EVENT_TORN,
					     .offset = scan->object_offset,
					     .what = "an object with MemStats"});
	if (scan->profile.is_open)
		tell(scan, (struct go_event){.type = GO_EVENT_TORN,
					     .offset = scan->profile_offset,
					     .what = "the MemStats block of a heap profile"});
	else if (!scan->in_object && scan->line_bytes)
		take_line(scan);
	scan->in_object = false;
}
