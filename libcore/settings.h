/*
 * settings.h - the heap's environment variables (CONTRACT: MEMSPAN_GCPERCENT,
 * MEMSPAN_MEMLIMIT, MEMSPAN_TRACE, MEMSPAN_LEAKS, MEMSPAN_MALLOC_DEBUG). A bad value gives one line on stderr and the
 * default; all are ignored in a setuid program.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { SETTINGS_PERCENT_DEFAULT = 100 };
#define SETTINGS_LIMIT_NONE INT64_MAX

struct settings {
	int gc_percent;        /* -1: off */
	int64_t limit_bytes;   /* INT64_MAX: none */
	bool trace_gc, trace_scavenge;
	bool leaks;            /* snapshots tell which blocks nothing points to (leaks.h) */
	bool debug;            /* freed memory is filled and checked (fill.h) */
};

struct settings settings_read(void);

/* The parts, for tests: false and the value untouched when the text is bad. */
bool settings_parse_percent(const char *text, int *percent);
bool settings_parse_bytes(const char *text, int64_t *bytes);
bool settings_parse_trace(const char *text, struct settings *out);
bool settings_parse_switch(const char *text, bool *on); /* 0 or 1 */

#endif
