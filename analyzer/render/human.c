#include "human.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KIB = 1024 };

/* The process's locale may have another decimal point; ours is a point. */
static struct human point(struct human figure)
{
	char *comma = strchr(figure.text, ',');

	if (comma)
		*comma = '.';
	return figure;
}

static struct human bytes(double value, const char *plus)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
	double magnitude = fabs(value);
	const char *sign = value < 0 ? "-" : value > 0 ? plus : "";
	struct human figure;
	size_t unit = 0;

	if (magnitude < KIB) {
		snprintf(figure.text, sizeof(figure.text), "%s%.0f B", sign, magnitude);
		return figure;
	}
	/* 1023.95 and above would be printed as 1024.0 of the smaller unit. */
	while (magnitude >= KIB - 0.05 && unit + 1 < sizeof(units) / sizeof(units[0])) {
		magnitude /= KIB;
		unit++;
	}
	snprintf(figure.text, sizeof(figure.text), "%s%.1f %s", sign, magnitude, units[unit]);
	return point(figure);
}

struct human human_bytes(double value)
{
	return bytes(value, "");
}

struct human human_bytes_signed(double value)
{
	return bytes(value, "+");
}

/* From a minute on: two units, the smaller one whole. */
static struct human long_duration(const char *sign, double seconds)
{
	struct human figure;
	int64_t whole = seconds > 1e15 ? INT64_C(1000000000000000) : (int64_t)(seconds + 0.5);
	long long minutes = whole / 60, hours = minutes / 60, days = hours / 24;

	if (minutes < 60)
		snprintf(figure.text, sizeof(figure.text), "%s%lld min %02d s", sign, minutes,
			 (int)(whole % 60));
	else if (hours < 24)
		snprintf(figure.text, sizeof(figure.text), "%s%lld h %02d min", sign, hours,
			 (int)(minutes % 60));
	else
		snprintf(figure.text, sizeof(figure.text), "%s%lld d %02d h", sign, days,
			 (int)(hours % 24));
	return figure;
}

struct human human_duration(double ns)
{
	const char *sign = ns < 0 ? "-" : "";
	double magnitude = fabs(ns);
	struct human figure;

	if (magnitude < 999.5)
		snprintf(figure.text, sizeof(figure.text), "%s%.0f ns", sign, magnitude);
	else if (magnitude < 999.95e3)
		snprintf(figure.text, sizeof(figure.text), "%s%.1f us", sign, magnitude / 1e3);
	else if (magnitude < 999.95e6)
		snprintf(figure.text, sizeof(figure.text), "%s%.1f ms", sign, magnitude / 1e6);
	else if (magnitude < 59.95e9)
		snprintf(figure.text, sizeof(figure.text), "%s%.1f s", sign, magnitude / 1e9);
	else
		return long_duration(sign, magnitude / 1e9);
	return point(figure);
}

struct human human_count(int64_t count)
{
	struct human figure;
	char digits[24];
	uint64_t magnitude = count < 0 ? -(uint64_t)count : (uint64_t)count;
	int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)magnitude);
	char *to = figure.text;

	if (count < 0)
		*to++ = '-';
	for (int i = 0; i < length; i++) {
		if (i > 0 && (length - i) % 3 == 0)
			*to++ = ',';
		*to++ = digits[i];
	}
	*to = '\0';
	return figure;
}

struct human human_percent(double ratio)
{
	struct human figure;

	if (ratio > 0 && ratio < 0.0005)
		snprintf(figure.text, sizeof(figure.text), "< 0.1 %%");
	else
		snprintf(figure.text, sizeof(figure.text), "%.1f %%", ratio * 100);
	return point(figure);
}

struct human human_number(double number)
{
	struct human figure;
	double magnitude = fabs(number);

	if (magnitude >= 999.5 && magnitude < 9e18)
		return human_count(llround(number));
	snprintf(figure.text, sizeof(figure.text), "%.3g", number);
	return point(figure);
}

struct human human_time(int64_t unix_ns)
{
	struct human figure;
	time_t seconds = (time_t)(unix_ns / 1000000000);
	struct tm utc;

	if (unix_ns < 0 || !gmtime_r(&seconds, &utc)) {
		snprintf(figure.text, sizeof(figure.text), "unknown time");
		return figure;
	}
	if (strftime(figure.text, sizeof(figure.text), "%Y-%m-%d %H:%M:%S UTC", &utc) == 0)
		figure.text[0] = '\0';
	return figure;
}
