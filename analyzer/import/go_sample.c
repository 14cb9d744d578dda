/* go_sample.c - see go_sample.h. */
#include "go_sample.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define COUNT(go, ours)                                                    \
	{                                                                  \
		go, GO_FIELD_COUNT, offsetof(struct snapshot_mstats, ours) \
	}

static const struct go_field fields[] = {
	COUNT("Alloc", alloc),
	COUNT("TotalAlloc", total_alloc),
	COUNT("Sys", sys),
	COUNT("Lookups", nlookup),
	COUNT("Mallocs", nmalloc),
	COUNT("Frees", nfree),
	COUNT("HeapAlloc", heap_alloc),
	COUNT("HeapSys", heap_sys),
	COUNT("HeapIdle", heap_idle),
	COUNT("HeapInuse", heap_inuse),
	COUNT("HeapReleased", heap_released),
	COUNT("HeapObjects", heap_objects),
	COUNT("StackInuse", stacks_inuse),
	COUNT("StackSys", stacks_sys),
	COUNT("MSpanInuse", mspan_inuse),
	COUNT("MSpanSys", mspan_sys),
	COUNT("MCacheInuse", mcache_inuse),
	COUNT("MCacheSys", mcache_sys),
	COUNT("BuckHashSys", buckhash_sys),
	COUNT("GCSys", gc_sys),
	COUNT("OtherSys", other_sys),
	COUNT("NextGC", next_gc),
	COUNT("LastGC", last_gc_unix),
	COUNT("PauseTotalNs", pause_total_ns),
	{"PauseNs", GO_FIELD_RING, offsetof(struct snapshot_mstats, pause_ns)},
	{"PauseEnd", GO_FIELD_RING, offsetof(struct snapshot_mstats, pause_end)},
	COUNT("NumGC", numgc),
	COUNT("NumForcedGC", numforcedgc),
	{"GCCPUFraction", GO_FIELD_FRACTION, offsetof(struct snapshot_mstats, gc_cpu_fraction)},
	{"EnableGC", GO_FIELD_SWITCH, offsetof(struct snapshot_mstats, enablegc)},
	{"DebugGC", GO_FIELD_SWITCH, offsetof(struct snapshot_mstats, debuggc)},
	{"BySize", GO_FIELD_CLASSES, offsetof(struct snapshot_mstats, by_size)},
};

enum { NUMBER_BYTES_MAX = 64 };

#define PAUSE_NS_MAX (UINT64_C(1) << 46)

const struct go_field *go_field_find(const char *name, size_t bytes)
{
	for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++)
		if (strlen(fields[i].name) == bytes && memcmp(fields[i].name, name, bytes) == 0)
			return &fields[i];
	return NULL;
}

void go_sample_init(struct go_sample *sample)
{
	memset(sample, 0, sizeof *sample);
	memset(&sample->stats, 0xff, sizeof sample->stats);
	sample->stats.gc_cpu_fraction = NAN;
	sample->stats.trigger_ratio = NAN;
}

/* A number in a buffer of its own; "" when it is too long to be one. */
static const char *number_text(const char *text, size_t bytes, char buffer[NUMBER_BYTES_MAX])
{
	if (bytes >= NUMBER_BYTES_MAX)
		bytes = 0;
	memcpy(buffer, text, bytes);
	buffer[bytes] = '\0';
	return buffer;
}

/* Digits only: what went through a tool that knows doubles alone may be 1.5e6. */
static uint64_t count_of_double(const char *text, size_t bytes)
{
	char buffer[NUMBER_BYTES_MAX], *end;
	double value = strtod(number_text(text, bytes, buffer), &end);
	if (end == buffer || *end || !(value >= 0) || value > 9007199254740992.0 ||
	    value != floor(value))
		return GO_UNKNOWN;
	return (uint64_t)value;
}

uint64_t go_parse_count(const char *text, size_t bytes)
{
	uint64_t value = 0;
	if (bytes == 0)
		return GO_UNKNOWN;
	for (size_t i = 0; i < bytes; i++) {
		if (text[i] < '0' || text[i] > '9')
			return count_of_double(text, bytes);
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)(text[i] - '0'), &value))
			return GO_UNKNOWN;
	}
	return value;
}

static uint64_t switch_of(const char *text, size_t bytes)
{
	if (bytes == 4 && memcmp(text, "true", 4) == 0)
		return 1;
	return bytes == 5 && memcmp(text, "false", 5) == 0 ? 0 : GO_UNKNOWN;
}

static double fraction_of(const char *text, size_t bytes)
{
	char buffer[NUMBER_BYTES_MAX], *end;
	double value = strtod(number_text(text, bytes, buffer), &end);
	return end == buffer || *end || !isfinite(value) ? NAN : value;
}

void go_sample_set(struct go_sample *sample, const struct go_field *field, size_t index,
		   const char *text, size_t bytes)
{
	char *place = (char *)&sample->stats + field->offset;
	uint64_t value;
	if (field->kind == GO_FIELD_FRACTION) {
		double fraction = fraction_of(text, bytes);
		memcpy(place, &fraction, sizeof fraction);
		sample->ill_fields += isnan(fraction) != 0;
		return;
	}
	if (field->kind == GO_FIELD_CLASSES || (field->kind == GO_FIELD_RING && index >= GO_RING)) {
		sample->ill_fields++;
		return;
	}
	if (field->kind == GO_FIELD_SWITCH)
		value = switch_of(text, bytes);
	else
		value = go_parse_count(text, bytes);
	memcpy(place + index * sizeof value, &value, sizeof value);
	/* next_gc of all ones is how Go says that the collector is off */
	sample->ill_fields += value == GO_UNKNOWN &&
			      !(bytes == 20 && memcmp(text, "18446744073709551615", 20) == 0);
}

bool go_sample_is_memstats(const struct go_sample *sample)
{
	const struct snapshot_mstats *m = &sample->stats;
	const uint64_t heap[] = {m->total_alloc, m->heap_alloc,	   m->heap_sys,	   m->heap_idle,
				 m->heap_inuse,	 m->heap_released, m->heap_objects};
	unsigned known = 0;
	for (size_t i = 0; i < sizeof heap / sizeof heap[0]; i++)
		known += heap[i] != GO_UNKNOWN;
	return known >= 2;
}

/* A pause of hours is none; and sums of pauses have to stay sums of whole numbers. */
static void refuse_long_pauses(struct go_sample *sample)
{
	for (size_t i = 0; i < GO_RING; i++) {
		uint64_t *pause_ns = &sample->stats.pause_ns[i];
		if (*pause_ns <= PAUSE_NS_MAX || *pause_ns == GO_UNKNOWN)
			continue;
		*pause_ns = GO_UNKNOWN;
		sample->ill_fields++;
	}
}

void go_sample_finish(struct go_sample *sample)
{
	struct snapshot_mstats *m = &sample->stats;
	refuse_long_pauses(sample);
	if (m->numgc > UINT32_MAX && m->numgc != GO_UNKNOWN) {
		m->numgc = GO_UNKNOWN; /* 32 bits in every release */
		sample->ill_fields++;
	}
	if (m->stacks_sys != GO_UNKNOWN) {
		bool fits = m->stacks_inuse != GO_UNKNOWN && m->stacks_inuse <= m->stacks_sys;
		sample->ill_fields += m->stacks_inuse != GO_UNKNOWN && !fits;
		m->stacks_sys = fits ? m->stacks_sys - m->stacks_inuse : GO_UNKNOWN;
	}
	if (isnan(m->gc_cpu_fraction) && sample->form != GO_FORM_PROFILE)
		memset(m->pause_end, 0xff, sizeof m->pause_end);
}
