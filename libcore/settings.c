/* settings.c - see settings.h. */
#include "settings.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "os.h"

/* A run of decimal digits, no sign, no space. */
static const char *parse_digits(const char *text, int64_t *value)
{
	int64_t n = 0;
	const char *p = text;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(n, (int64_t)10, &n) ||
		    __builtin_add_overflow(n, (int64_t)(*p - '0'), &n))
			return NULL;
	*value = n;
	return p == text ? NULL : p;
}

bool settings_parse_percent(const char *text, int *percent)
{
	int64_t n;
	if (strcmp(text, "off") == 0) {
		*percent = -1;
		return true;
	}
	bool negative = text[0] == '-';
	const char *end = parse_digits(text + negative, &n);
	if (!end || *end || n > INT_MAX)
		return false;
	*percent = negative ? -1 : (int)n;
	return true;
}

bool settings_parse_bytes(const char *text, int64_t *bytes)
{
	static const struct {
		const char *unit;
		int64_t factor;
	} units[] = {{"", 1},           {"B", 1},          {"KiB", 1ll << 10},
	             {"MiB", 1ll << 20}, {"GiB", 1ll << 30}, {"TiB", 1ll << 40}};
	int64_t n;
	if (strcmp(text, "off") == 0) {
		*bytes = INT64_MAX;
		return true;
	}
	const char *end = parse_digits(text, &n);
	for (size_t i = 0; end && i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].unit) != 0)
			continue;
		if (__builtin_mul_overflow(n, units[i].factor, &n))
			return false;
		*bytes = n;
		return true;
	}
	return false;
}

/* name=0 or 1, separated by commas. */
bool settings_parse_trace(const char *text, struct settings *out)
{
	struct settings parsed = *out;
	for (const char *p = text; *p;) {
		size_t n = strcspn(p, ",");
		if (n == 9 && strncmp(p, "gctrace=", 8) == 0 && (p[8] == '0' || p[8] == '1'))
			parsed.trace_gc = p[8] == '1';
		else if (n == 11 && strncmp(p, "scavtrace=", 10) == 0 && (p[10] == '0' || p[10] == '1'))
			parsed.trace_scavenge = p[10] == '1';
		else
			return false;
		p += n;
		p += *p == ',';
	}
	*out = parsed;
	return true;
}

bool settings_parse_switch(const char *text, bool *on)
{
	if ((text[0] != '0' && text[0] != '1') || text[1])
		return false;
	*on = text[0] == '1';
	return true;
}

static void read_switch(const char *name, bool *on)
{
	const char *text = os_setting(name);
	if (text && *text && !settings_parse_switch(text, on))
		os_warn("%s=%.60s is neither 0 nor 1; using 0", name, text);
}

static void read_leaks(enum settings_leaks *leaks)
{
	const char *text = os_setting("MEMSPAN_LEAKS");
	bool on = false;
	if (!text || !*text)
		return;
	if (strcmp(text, "roots") == 0)
		*leaks = SETTINGS_LEAKS_FROM_ROOTS;
	else if (settings_parse_switch(text, &on))
		*leaks = on ? SETTINGS_LEAKS_WITH_MAPPED : SETTINGS_LEAKS_OFF;
	else
		os_warn("MEMSPAN_LEAKS=%.60s is neither 0, 1 nor 'roots'; using 0", text);
}

struct settings settings_read(void)
{
	struct settings s = {
	    .gc_percent = SETTINGS_PERCENT_DEFAULT,
	    .limit_bytes = SETTINGS_LIMIT_NONE,
	};
	const char *text = os_setting("MEMSPAN_GCPERCENT");
	if (text && *text && !settings_parse_percent(text, &s.gc_percent))
		os_warn("MEMSPAN_GCPERCENT=%.60s is neither a percent nor 'off'; using 100", text);
	text = os_setting("MEMSPAN_MEMLIMIT");
	if (text && *text && !settings_parse_bytes(text, &s.limit_bytes))
		os_warn("MEMSPAN_MEMLIMIT=%.60s is not a size such as 512MiB; using no limit", text);
	text = os_setting("MEMSPAN_TRACE");
	if (text && *text && !settings_parse_trace(text, &s))
		os_warn("MEMSPAN_TRACE=%.60s is not a list of gctrace=1, scavtrace=1; tracing nothing", text);
	read_leaks(&s.leaks);
	read_switch("MEMSPAN_MALLOC_DEBUG", &s.debug);
	return s;
}
