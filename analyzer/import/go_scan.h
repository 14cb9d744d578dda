/*
 * go_scan - Go's own figures out of any text, in the order in which they stand there.
 *
 * Pure: bytes go in as they come, events come out through a callback, nothing is read or
 * stored. A brace begins a JSON object wherever it stands; what turns out to be none is
 * text again from the byte on where it went wrong, so every byte is looked at a bounded
 * number of times. Memory is a line of GO_LINE_MAX bytes and the parser's; longer lines are
 * looked at up to there.
 */
#ifndef GO_SCAN_H
#define GO_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "go_json.h"
#include "go_profile.h"
#include "go_sample.h"
#include "go_trace.h"

enum { GO_LINE_MAX = 1 << 15 };

enum go_event_type {
	GO_EVENT_SAMPLE, /* sample */
	GO_EVENT_TRACE,	 /* trace: a cycle or a scavenge */
	GO_EVENT_BROKEN, /* what: a thing begins here, and is not whole */
	GO_EVENT_TORN,	 /* what: as it stands at the end of the text */
};

struct go_event {
	enum go_event_type type;
	uint64_t offset;  /* in the text: of the line, or of the object's brace */
	uint64_t unix_ns; /* as the log says, or GO_UNKNOWN */
	const struct go_sample *sample;
	const struct go_trace *trace;
	const char *what;
};

struct go_scan;

/* Calls take(context, event) for each event; an event is valid during the call only. */
struct go_scan *go_scan_new(void (*take)(void *context, const struct go_event *event),
			    void *context);
void go_scan_free(struct go_scan *scan);

/* false: memory was refused; the scan is of no further use. */
bool go_scan_feed(struct go_scan *scan, const char *data, size_t bytes);

/* No byte will follow. */
void go_scan_finish(struct go_scan *scan);

#endif
