/*
 * Numbers in JSON and in the trace have a decimal point, also in a program whose locale writes
 * a comma. That locale is made here, byte by byte as the C library stores it, for the machine
 * need not have one.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <locale.h>
#include <memspan.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "trace.h"

/* LC_NUMERIC: magic, number of fields, their offsets; then point, separator, grouping, the
 * first two as wide characters, codeset. */
static void write_locale(const char *path)
{
	enum { FIELDS = 6, HEAD_BYTES = 4 * (2 + FIELDS) };
	struct {
		uint32_t magic, count, offsets[FIELDS];
		char point[2], separator[1], grouping[1], point_wide[4], separator_wide[4], codeset[6];
	} file = {
	    .magic = 0x20031115 ^ LC_NUMERIC,
	    .count = FIELDS,
	    .offsets = {HEAD_BYTES, HEAD_BYTES + 2, HEAD_BYTES + 3, HEAD_BYTES + 4, HEAD_BYTES + 8,
	                HEAD_BYTES + 12},
	    .point = ",",
	    .point_wide = ",",
	    .codeset = "UTF-8",
	};
	FILE *out = fopen(path, "w");
	check(out && fwrite(&file, HEAD_BYTES + 18, 1, out) == 1 && fclose(out) == 0);
}

static void set_comma(void)
{
	char folder[] = "/tmp/memspan-locale-XXXXXX", name[80], file[80], text[16];
	check(mkdtemp(folder));
	snprintf(name, sizeof name, "%s/comma", folder);
	snprintf(file, sizeof file, "%s/comma/LC_NUMERIC", folder);
	check(mkdir(name, 0700) == 0);
	write_locale(file);
	check(setenv("LOCPATH", folder, 1) == 0);
	bool is_set = setlocale(LC_NUMERIC, "comma") != NULL;
	unlink(file);
	rmdir(name);
	rmdir(folder);
	check(is_set);
	snprintf(text, sizeof text, "%.1f", 1.5);
	check(strcmp(text, "1,5") == 0); /* or this test would test nothing */
}

static void json_has_points(void)
{
	static memspan_mem_stats stats;
	static char text[65536];
	stats.gc_cpu_fraction = 0.25;
	check(memspan_mem_stats_to_json(&stats, text, sizeof text) < (int)sizeof text);
	check(strstr(text, "\"GCCPUFraction\": 0.25,\n"));
}

static void trace_has_points(void)
{
	char text[1000];
	int pipes[2], saved = dup(2);
	check(saved >= 0 && pipe(pipes) == 0 && dup2(pipes[1], 2) == 2);
	trace_gc = true;
	memspan_gc();
	trace_gc = false;
	dup2(saved, 2);
	ssize_t n = read(pipes[0], text, sizeof text - 1);
	check(n > 0);
	text[n] = '\0';
	check(strncmp(text, "gc 1 @0.", 8) == 0);
}

int main(void)
{
	char text[16];
	set_comma();
	json_has_points();
	trace_has_points();
	snprintf(text, sizeof text, "%.1f", 1.5);
	check(strcmp(text, "1,5") == 0); /* the program's locale is as it was */
	return 0;
}
