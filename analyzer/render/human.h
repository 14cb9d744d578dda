/*
 * human - figures as people read them: bytes, durations, counts, shares, times.
 *
 * Pure functions. A figure is rounded for reading only; whoever needs it exact asks for
 * JSON. All output is ASCII, at most HUMAN_TEXT_MAX - 1 bytes, and independent of the locale.
 */
#ifndef RENDER_HUMAN_H
#define RENDER_HUMAN_H

#include <stdint.h>

enum { HUMAN_TEXT_MAX = 40 };

/* Small enough to be returned: printf("%s", human_bytes(n).text). */
struct human {
	char text[HUMAN_TEXT_MAX];
};

/* "512 B", "1.5 KiB", "63.9 MiB"; negative: "-1.5 KiB". */
struct human human_bytes(double bytes);

/* The same, with a plus sign where it grew. */
struct human human_bytes_signed(double bytes);

/* "850 ns", "12.3 us", "1.2 ms", "3.4 s", "5 min 12 s", "3 h 05 min", "2 d 04 h". */
struct human human_duration(double ns);

/* "1,234,567" */
struct human human_count(int64_t count);

/* 0.421 is "42.1 %"; what is not nothing is never "0.0 %" but "< 0.1 %". */
struct human human_percent(double ratio);

/* Three significant digits: "0.0123", "4.56", "1,230". */
struct human human_number(double number);

/* "2026-11-23 01:10:00 UTC" */
struct human human_time(int64_t unix_ns);

#endif
