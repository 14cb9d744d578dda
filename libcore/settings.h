/*
 * settings.h - the heap's environment variables (CONTRACT: MEMSPAN_GCPERCENT,
 * MEMSPAN_MEMLIMIT, MEMSPAN_TRACE, MEMSPAN_LEAKS, MEMSPAN_MALLOC_DEBUG). A bad value gives
 * one line on stderr and the default; all are ignored in a setuid program.
 */
#ifndef SETTINGS_H
#define SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { SETTINGS_PERCENT_DEFAULT = 100 };
#define SETTINGS_LIMIT_NONE INT64_MAX

enum settings_leaks {
	SETTINGS_LEAKS_OFF = 0,
	SETTINGS_LEAKS_WITH_MAPPED, /* 1: also through memory that the program mapped */
	SETTINGS_LEAKS_FROM_ROOTS,  /* roots: from the roots of a collection and the C library only */
};

struct settings {
	int gc_percent;        /* -1: off */
	int64_t limit_bytes;   /* INT64_MAX: none */
	bool trace_gc, trace_scavenge;
	enum settings_leaks leaks; /* snapshots tell which blocks nothing points to (leaks.h) */
	bool debug;            /* freed memory is filled and checked (fill.h) */
};

struct settings settings_read(void);

/* The parts, for tests: false and the value untouched when the text is bad. */
bool settings_parse_percent(const char *text, int *percent);
bool settings_parse_bytes(const char *text, int64_t *bytes);
bool settings_parse_trace(const char *text, struct settings *out);
bool settings_parse_switch(const char *text, bool *on); /* 0 or 1 */

#endif
