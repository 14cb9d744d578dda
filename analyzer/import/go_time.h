/*
 * go_time - the time that a logger has put before a line, or into a JSON record.
 *
 * RFC 3339 (2026-01-02T03:04:05.6Z, also with a space and a comma) and the form of Go's log
 * package (2026/01/02 03:04:05). A time without a zone is one of the local zone, TZ.
 */
#ifndef GO_TIME_H
#define GO_TIME_H

#include <stddef.h>
#include <stdint.h>

/* The first time within the line's first 64 bytes, Unix nanoseconds; GO_UNKNOWN for none. */
uint64_t go_time_parse(const char *line, size_t bytes);

/* Unix seconds with a fraction, as some loggers write them. */
uint64_t go_time_of_seconds(const char *number, size_t bytes);

#endif
