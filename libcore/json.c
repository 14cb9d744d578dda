/* json.c - see json.h. */
#include "json.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "os.h"

struct writer {
	char *buf;
	size_t cap, length;
};

static void __attribute__((format(printf, 2, 3))) put(struct writer *w, const char *format, ...)
{
	va_list args;
	size_t room = w->length < w->cap ? w->cap - w->length : 0;
	va_start(args, format);
	int n = vsnprintf(room ? w->buf + w->length : NULL, room, format, args);
	va_end(args);
	if (n > 0)
		w->length += (size_t)n;
}

static void put_array(struct writer *w, const char *name, const uint64_t *values, size_t n)
{
	put(w, "    \"%s\": [\n", name);
	for (size_t i = 0; i < n; i++)
		put(w, "        %" PRIu64 "%s\n", values[i], i + 1 < n ? "," : "");
	put(w, "    ],\n");
}

/* d.ddde-05 as 0.0000dddd: Go's encoder has no exponent from 1e-6 on, %g from 1e-4 on. */
static void without_exponent(char *text, size_t cap, const char *exponent)
{
	char digits[24];
	size_t n = 0;
	int zeros = exponent[3] - '0' - 1;
	bool negative = text[0] == '-';
	for (const char *p = text + negative; p < exponent && n + 1 < sizeof digits; p++)
		if (*p != '.')
			digits[n++] = *p;
	digits[n] = '\0';
	snprintf(text, cap, "%s0.%.*s%s", negative ? "-" : "", zeros, "00000", digits);
}

/* The shortest text that reads back as the same number; exponents as Go's encoder has them. */
static void put_double(struct writer *w, const char *name, double value)
{
	char text[40];
	for (int digits = 1; digits <= 17; digits++) {
		double back;
		snprintf(text, sizeof text, "%.*g", digits, value);
		if (sscanf(text, "%lf", &back) == 1 && back == value)
			break;
	}
	char *exponent = strchr(text, 'e');
	if (exponent && (strcmp(exponent, "e-05") == 0 || strcmp(exponent, "e-06") == 0))
		without_exponent(text, sizeof text, exponent);
	else if (exponent && exponent[2] == '0')
		memmove(exponent + 2, exponent + 3, strlen(exponent + 3) + 1);
	put(w, "    \"%s\": %s,\n", name, text);
}

int json_mem_stats(const memspan_mem_stats *s, char *buf, size_t cap)
{
	struct writer w = {buf, cap, 0};
	void *locale = os_locale_plain();
	const struct {
		const char *name;
		uint64_t value;
	} figures[] = {
	    {"Alloc", s->alloc},
	    {"TotalAlloc", s->total_alloc},
	    {"Sys", s->sys},
	    {"Lookups", s->lookups},
	    {"Mallocs", s->mallocs},
	    {"Frees", s->frees},
	    {"HeapAlloc", s->heap_alloc},
	    {"HeapSys", s->heap_sys},
	    {"HeapIdle", s->heap_idle},
	    {"HeapInuse", s->heap_inuse},
	    {"HeapReleased", s->heap_released},
	    {"HeapObjects", s->heap_objects},
	    {"StackInuse", s->stack_inuse},
	    {"StackSys", s->stack_sys},
	    {"MSpanInuse", s->mspan_inuse},
	    {"MSpanSys", s->mspan_sys},
	    {"MCacheInuse", s->mcache_inuse},
	    {"MCacheSys", s->mcache_sys},
	    {"BuckHashSys", s->buck_hash_sys},
	    {"GCSys", s->gc_sys},
	    {"OtherSys", s->other_sys},
	    {"NextGC", s->next_gc},
	    {"LastGC", s->last_gc},
	    {"PauseTotalNs", s->pause_total_ns},
	};
	put(&w, "{\n");
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		put(&w, "    \"%s\": %" PRIu64 ",\n", figures[i].name, figures[i].value);
	put_array(&w, "PauseNs", s->pause_ns, 256);
	put_array(&w, "PauseEnd", s->pause_end, 256);
	put(&w, "    \"NumGC\": %" PRIu32 ",\n", s->num_gc);
	put(&w, "    \"NumForcedGC\": %" PRIu32 ",\n", s->num_forced_gc);
	put_double(&w, "GCCPUFraction", s->gc_cpu_fraction);
	put(&w, "    \"EnableGC\": %s,\n", s->enable_gc ? "true" : "false");
	put(&w, "    \"DebugGC\": %s,\n", s->debug_gc ? "true" : "false");
	put(&w, "    \"BySize\": [\n");
	for (int i = 0; i < 61; i++)
		put(&w,
		    "        {\n            \"Size\": %" PRIu32 ",\n            \"Mallocs\": %" PRIu64
		    ",\n            \"Frees\": %" PRIu64 "\n        }%s\n",
		    s->by_size[i].size, s->by_size[i].mallocs, s->by_size[i].frees, i < 60 ? "," : "");
	put(&w, "    ]\n}");
	if (cap && w.length >= cap)
		buf[cap - 1] = '\0';
	os_locale_restore(locale);
	return (int)w.length;
}
