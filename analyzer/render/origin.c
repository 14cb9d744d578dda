/* origin.c - see origin.h. */
#include "origin.h"

#include <stddef.h>
#include <string.h>

#define OF_MEMSTATS "the span table, the phases of cycles, the time until threads stood"

static const struct {
	const char *kind;
	struct origin origin;
} origins[] = {
	{"go-memstats", {"samples of Go's runtime.MemStats as JSON", OF_MEMSTATS}},
	{"go-expvar", {"samples of Go's runtime.MemStats as expvar shows them", OF_MEMSTATS}},
	{"go-heap-profile",
	 {"the MemStats block of Go heap profiles", OF_MEMSTATS ", allocations by size class"}},
	{"go-trace",
	 {"lines of Go's gctrace and scavtrace, rounded as they are printed",
	  "most of MemStats, the span table, the time until threads stood"}},
	{"go-log",
	 {"a log with several forms of Go's figures",
	  "the span table, the time until threads stood"}},
};

const struct origin *origin_of(const char *kind)
{
	for (size_t i = 0; kind && i < sizeof(origins) / sizeof(origins[0]); i++)
		if (strcmp(origins[i].kind, kind) == 0)
			return &origins[i].origin;
	return NULL;
}
