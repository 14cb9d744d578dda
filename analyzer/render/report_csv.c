/* The report as one flat table, for spreadsheets: a figure a row, unknown ones empty. */
#include <math.h>
#include <string.h>

#include "json_writer.h"
#include "report.h"
#include "rows.h"

/* run_id, section and name of a row; its value follows. */
static void begin_row(FILE *out, const struct report_page *page, const char *section,
		      const char *name)
{
	fprintf(out, "%lld,%s,", (long long)page->facts->run.id, section);
	rows_print_csv_text(out, name, strlen(name));
	putc(',', out);
}

static void put_double(FILE *out, const struct report_page *page, const char *section,
		       const char *name, double value, const char *unit)
{
	char text[32];

	begin_row(out, page, section, name);
	if (!isnan(value) && value == floor(value) && fabs(value) < 9e15)
		fprintf(out, "%.0f", value);
	else if (!isnan(value)) {
		json_writer_format_double(text, value);
		fputs(text, out);
	}
	fprintf(out, ",%s\n", unit);
}

static void put_figure(FILE *out, const struct report_page *page, const char *section,
		       const char *name, struct figure figure, const char *unit)
{
	begin_row(out, page, section, name);
	if (figure.known)
		fprintf(out, "%lld", (long long)figure.value);
	fprintf(out, ",%s\n", unit);
}

static void put_integer(FILE *out, const struct report_page *page, const char *section,
			const char *name, int64_t value, const char *unit)
{
	struct figure figure = {.known = true, .value = value};

	put_figure(out, page, section, name, figure, unit);
}

static void put_text(FILE *out, const struct report_page *page, const char *section,
		     const char *name, const char *text)
{
	begin_row(out, page, section, name);
	if (text)
		rows_print_csv_text(out, text, strlen(text));
	fputs(",\n", out);
}

static void put_trends(FILE *out, const struct report_page *page)
{
	static const char *const ends[] = {"first", "last", "min", "max"};

	for (int i = 0; i < REPORT_LEVELS; i++) {
		const struct report_trend *trend = &page->facts->trends.level[i];
		const double values[] = {trend->first, trend->last, trend->least, trend->most};

		for (int j = 0; j < 4; j++) {
			char name[64];

			snprintf(name, sizeof(name), "%s.%s", trend->key, ends[j]);
			put_double(out, page, "trends", name, values[j],
				   trend->is_ratio ? "ratio" : "bytes");
		}
	}
}

static void put_pauses(FILE *out, const struct report_page *page)
{
	const struct report_pauses *pauses = &page->facts->pauses;

	put_integer(out, page, "pauses", "n", pauses->n, "cycles");
	put_figure(out, page, "pauses", "min_ns", pauses->min_ns, "ns");
	put_figure(out, page, "pauses", "mean_ns", pauses->mean_ns, "ns");
	put_figure(out, page, "pauses", "p50_ns", pauses->p50_ns, "ns");
	put_figure(out, page, "pauses", "p90_ns", pauses->p90_ns, "ns");
	put_figure(out, page, "pauses", "p99_ns", pauses->p99_ns, "ns");
	put_figure(out, page, "pauses", "max_ns", pauses->max_ns, "ns");
	put_figure(out, page, "pauses", "total_ns", pauses->total_ns, "ns");
	put_double(out, page, "pauses", "slope_ns_per_gc",
		   pauses->slope_ns_per_gc.known ? pauses->slope_ns_per_gc.value : NAN, "ns");
	put_double(out, page, "pauses", "r2", pauses->r2.known ? pauses->r2.value : NAN, "");
}

static void put_classes(FILE *out, const struct report_page *page)
{
	const struct report_spans *spans = &page->facts->spans;

	for (size_t i = 0; i < spans->class_count; i++) {
		const struct report_class *class = &spans->classes[i];
		char section[32];

		snprintf(section, sizeof(section), "class %u", class->number);
		put_integer(out, page, section, "size_bytes", class->size_bytes, "bytes");
		put_integer(out, page, section, "spans", class->spans, "spans");
		put_integer(out, page, section, "alloc_bytes", class->alloc_bytes, "bytes");
		put_integer(out, page, section, "free_slot_bytes", class->free_slot_bytes, "bytes");
		put_integer(out, page, section, "tail_bytes", class->tail_bytes, "bytes");
	}
}

/* No rows: nobody looked for any. */
static void put_leaks(FILE *out, const struct report_page *page)
{
	const struct report_leaks *leaks = &page->facts->leaks;

	if (!leaks->known)
		return;
	put_figure(out, page, "leaks", "blocks", leaks->blocks, "blocks");
	put_figure(out, page, "leaks", "bytes", leaks->bytes, "bytes");
	put_figure(out, page, "leaks", "indirect_blocks", leaks->indirect_blocks, "blocks");
	put_figure(out, page, "leaks", "indirect_bytes", leaks->indirect_bytes, "bytes");
	put_figure(out, page, "leaks", "mapped_bytes", leaks->mapped_bytes, "bytes");
	for (size_t i = 0; i < leaks->count; i++) {
		char name[32];

		snprintf(name, sizeof(name), "class %u blocks", leaks->class[i].number);
		put_figure(out, page, "leaks", name, leaks->class[i].blocks, "blocks");
		snprintf(name, sizeof(name), "class %u bytes", leaks->class[i].number);
		put_figure(out, page, "leaks", name, leaks->class[i].bytes, "bytes");
		snprintf(name, sizeof(name), "class %u indirect_blocks", leaks->class[i].number);
		put_figure(out, page, "leaks", name, leaks->class[i].indirect_blocks, "blocks");
		snprintf(name, sizeof(name), "class %u indirect_bytes", leaks->class[i].number);
		put_figure(out, page, "leaks", name, leaks->class[i].indirect_bytes, "bytes");
	}
}

void report_print_csv_header(FILE *out)
{
	fputs("run_id,section,name,value,unit\n", out);
}

void report_print_csv(const struct report_page *page, FILE *out)
{
	const struct report_facts *facts = page->facts;
	const struct report_quality *quality = &facts->quality;

	put_text(out, page, "run", "exe", facts->run.exe);
	put_text(out, page, "run", "uuid", facts->run.uuid);
	put_text(out, page, "verdict", "severity", page->verdict->severity);
	for (size_t i = 0; i < page->verdict->count; i++)
		put_text(out, page, "verdict", "sentence", page->verdict->sentence[i]);
	for (size_t i = 0; i < facts->account_count; i++)
		put_figure(out, page, "accounting", facts->account[i].key, facts->account[i].bytes,
			   "bytes");
	put_trends(out, page);
	put_pauses(out, page);
	put_classes(out, page);
	put_leaks(out, page);
	put_integer(out, page, "quality", "complete", quality->complete, "");
	put_integer(out, page, "quality", "snapshots", quality->snapshots, "snapshots");
	put_figure(out, page, "quality", "skipped", quality->skipped_snapshots, "snapshots");
	put_figure(out, page, "quality", "bytes_skipped", quality->bytes_skipped, "bytes");
	put_text(out, page, "next", "sql", page->verdict->next_query);
}
