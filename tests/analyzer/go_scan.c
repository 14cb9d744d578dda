/* The scan of a text does not depend on the pieces it comes in, and survives any text. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "go_scan.h"

static const char text[] =
	"a line {of} text\r\n"
	"2026/01/02 03:04:05 {\n  \"Alloc\": 1, \"HeapAlloc\": 1,\n  \"HeapSys\": 2, \"PauseNs\": "
	"[1, 2],\n"
	"  \"BySize\": [{\"Size\": 8, \"Mallocs\": 3, \"Frees\": 1}]\n}\n"
	"{\"cmdline\": [\"/usr/bin/shop\", \"--password=x\"], \"other\": {\"Sys\": [1]}, "
	"\"memstats\": "
	"{\"HeapAlloc\": 5, \"HeapIdle\": 6}}\n"
	"gc 7 @1.082s 3%: 0.012+1.25+0.003 ms clock, 0.025+0.5/1.1/2.25+0.007 ms cpu, 4->5->3 MB, "
	"6 MB goal, 8 P\n"
	"{\"HeapAlloc\": 1, \"HeapSys\": 1, }\n"
	"heap profile: 1: 2 [3: 4] @ heap/1048576\n\n# runtime.MemStats\n# HeapAlloc = 1\n"
	"# HeapSys = 2\n# MSpan = 3 / 4\n# PauseNs = [5 6]\n# NumGC = 2\n# DebugGC = false\n# "
	"MaxRSS = 1\n"
	"{\"msg\": \"scav 8 KiB work, 65408 KiB total, 52% util\", \"ts\": 1700000000.5}\n"
	"# runtime.MemStats\n# HeapAlloc = 1\n"
	"{\"HeapAlloc\": 1, \"HeapSys\": 1, \"Heap";

/* Each event as a line. */
static void write_event(void *context, const struct go_event *event)
{
	FILE *out = context;
	fprintf(out, "%d at %llu, %llu: ", event->type, (unsigned long long)event->offset,
		(unsigned long long)event->unix_ns);
	if (event->type == GO_EVENT_SAMPLE)
		fprintf(out, "form %d, %s, %llu %llu %llu, [%llu, %llu], %llu\n",
			event->sample->form, event->sample->exe,
			(unsigned long long)event->sample->stats.heap_alloc,
			(unsigned long long)event->sample->stats.heap_sys,
			(unsigned long long)event->sample->stats.mspan_sys,
			(unsigned long long)event->sample->stats.pause_ns[0],
			(unsigned long long)event->sample->stats.pause_ns[1],
			(unsigned long long)event->sample->stats.by_size[0].nmalloc);
	else if (event->type == GO_EVENT_TRACE)
		fprintf(out, "trace %d\n", event->trace->type);
	else
		fprintf(out, "%s\n", event->what);
}

/* What is said of a text that comes in pieces of that many bytes; to be freed. */
static char *scan_in_pieces(const char *data, size_t bytes, size_t piece)
{
	char *said = NULL;
	size_t said_bytes;
	FILE *out = open_memstream(&said, &said_bytes);
	struct go_scan *scan = go_scan_new(write_event, out);
	cr_assert(scan);
	for (size_t i = 0; i < bytes; i += piece) {
		size_t n = bytes - i < piece ? bytes - i : piece;
		char *copy =
			malloc(n); /* exactly as long, so that a sanitizer sees a step beyond */
		memcpy(copy, data + i, n);
		cr_assert(go_scan_feed(scan, copy, n));
		free(copy);
	}
	go_scan_finish(scan);
	go_scan_free(scan);
	fclose(out);
	return said;
}

Test(scan, finds_everything_in_order)
{
	char *said = scan_in_pieces(text, sizeof text - 1, sizeof text);
	unsigned events[4] = {0};
	for (const char *line = said; *line; line = strchr(line, '\n') + 1)
		events[*line - '0']++;
	cr_assert(events[GO_EVENT_SAMPLE] == 3 && events[GO_EVENT_TRACE] == 2, "%s", said);
	cr_assert(events[GO_EVENT_BROKEN] == 2 && events[GO_EVENT_TORN] == 1, "%s", said);
	cr_assert(strstr(said, "form 1, shop, 5 "), "%s", said);
	cr_assert(!strstr(said, "password"), "%s", said);
	cr_assert(strstr(said, "1700000000500000000: trace"), "%s", said);
	free(said);
}

Test(scan, does_not_depend_on_the_pieces)
{
	char *whole = scan_in_pieces(text, sizeof text - 1, sizeof text);
	for (size_t piece = 1; piece < 200; piece++) {
		char *said = scan_in_pieces(text, sizeof text - 1, piece);
		cr_assert_str_eq(said, whole, "pieces of %zu bytes", piece);
		free(said);
	}
	free(whole);
}

Test(scan, survives_any_text)
{
	char copy[sizeof text];
	srand(1);
	for (int round = 0; round < 3000; round++) {
		size_t bytes = sizeof text - 1;
		memcpy(copy, text, sizeof text);
		for (int i = rand() % 8; i >= 0; i--)
			copy[(size_t)rand() % bytes] = "{}[]\",:\n 0e.\\g\xff"[rand() % 15];
		size_t from = (size_t)rand() % bytes;
		free(scan_in_pieces(copy + from, bytes - from, 1 + (size_t)rand() % 100));
	}
}
