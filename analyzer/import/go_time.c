/* go_time.c - see go_time.h. */
#define _GNU_SOURCE /* timegm */
#include "go_time.h"

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "go_sample.h"

enum { SEARCHED_BYTES = 64, NUMBER_BYTES_MAX = 40 };

/* Exactly `digits` of them; -1 when there are others. */
static int digits(const char **at, const char *end, int digits)
{
	int value = 0;
	if (end - *at < digits)
		return -1;
	for (int i = 0; i < digits; i++, (*at)++) {
		if (!isdigit((unsigned char)**at))
			return -1;
		value = value * 10 + (**at - '0');
	}
	return value;
}

static bool one_of(const char **at, const char *end, const char *choice)
{
	if (*at == end || !**at || !strchr(choice, **at))
		return false;
	(*at)++;
	return true;
}

static bool date_and_time(const char **at, const char *end, struct tm *tm)
{
	memset(tm, 0, sizeof *tm);
	tm->tm_isdst = -1;
	return (tm->tm_year = digits(at, end, 4) - 1900) >= 70 && one_of(at, end, "-/") &&
	       (tm->tm_mon = digits(at, end, 2) - 1) >= 0 && tm->tm_mon < 12 &&
	       one_of(at, end, "-/") && (tm->tm_mday = digits(at, end, 2)) >= 1 &&
	       tm->tm_mday <= 31 && one_of(at, end, "T ") &&
	       (tm->tm_hour = digits(at, end, 2)) >= 0 && tm->tm_hour < 24 &&
	       one_of(at, end, ":") && (tm->tm_min = digits(at, end, 2)) >= 0 && tm->tm_min < 60 &&
	       one_of(at, end, ":") && (tm->tm_sec = digits(at, end, 2)) >= 0 && tm->tm_sec <= 60;
}

static uint64_t fraction_ns(const char **at, const char *end)
{
	uint64_t ns = 0, unit = 100000000;
	const char *begin = *at;
	if (!one_of(at, end, ".,"))
		return 0;
	if (*at == end || !isdigit((unsigned char)**at)) {
		*at = begin;
		return 0;
	}
	for (; *at < end && isdigit((unsigned char)**at); (*at)++, unit /= 10)
		ns += unit * (uint64_t)(**at - '0');
	return ns;
}

/* Seconds east of Greenwich; false where no zone is said. */
static bool zone(const char *at, const char *end, long *east_s)
{
	*east_s = 0;
	if (one_of(&at, end, "Z"))
		return true;
	bool west = at < end && *at == '-';
	if (!one_of(&at, end, "+-"))
		return false;
	int hours = digits(&at, end, 2);
	one_of(&at, end, ":");
	int minutes = digits(&at, end, 2);
	if (hours < 0 || minutes < 0)
		return false;
	*east_s = (west ? -1 : 1) * (hours * 3600L + minutes * 60L);
	return true;
}

static uint64_t parse_here(const char *at, const char *end)
{
	struct tm tm;
	long east_s;
	if (!date_and_time(&at, end, &tm))
		return GO_UNKNOWN;
	uint64_t ns = fraction_ns(&at, end);
	bool zoned = zone(at, end, &east_s);
	time_t seconds = zoned ? timegm(&tm) - east_s : mktime(&tm);
	if (seconds < 0 || (uint64_t)seconds > INT64_MAX / 1000000000)
		return GO_UNKNOWN;
	return (uint64_t)seconds * 1000000000 + ns;
}

uint64_t go_time_parse(const char *line, size_t bytes)
{
	size_t searched = bytes < SEARCHED_BYTES ? bytes : SEARCHED_BYTES;
	for (size_t i = 0; i < searched; i++) {
		if (!isdigit((unsigned char)line[i]) ||
		    (i > 0 && isalnum((unsigned char)line[i - 1])))
			continue;
		uint64_t ns = parse_here(line + i, line + bytes);
		if (ns != GO_UNKNOWN)
			return ns;
	}
	return GO_UNKNOWN;
}

uint64_t go_time_of_seconds(const char *number, size_t bytes)
{
	char text[NUMBER_BYTES_MAX], *end;
	if (bytes >= sizeof text)
		return GO_UNKNOWN;
	memcpy(text, number, bytes);
	text[bytes] = '\0';
	double seconds = strtod(text, &end);
	/* from 2001 on, and not in milliseconds: another unit would be another time */
	if (*end || !(seconds >= 1e9) || seconds >= 1e10)
		return GO_UNKNOWN;
	return (uint64_t)(seconds * 1e6) * 1000;
}
