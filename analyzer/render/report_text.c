/* The report for people: sections of plain text in at most `width` columns. */
#define _GNU_SOURCE /* vasprintf */
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../bounded.h"
#include "graph.h"
#include "human.h"
#include "origin.h"
#include "report.h"
#include "text.h"

enum {
	WIDTH_DEFAULT = 80,
	WIDTH_MAX = 100, /* lines of text longer than this are hard to read */
	LABEL_COLUMNS = 32,
	BAR_COLUMNS = 8,
	SPARK_COLUMNS = 18,
	TREND_LABEL_COLUMNS = 14,
	CLASSES_SHOWN = 8,
	TREND_CYCLES_MIN = 20, /* as the rule pauses_growing */
};

#define TREND_R2_MIN 0.5 /* as well */

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_RED, STYLE_YELLOW, STYLE_GREEN };

static void style(FILE *out, const struct report_page *page, enum style style)
{
	static const char *const codes[] = {
		[STYLE_PLAIN] = "\033[0m",     [STYLE_BOLD] = "\033[1m",
		[STYLE_DIM] = "\033[2m",       [STYLE_RED] = "\033[1;31m",
		[STYLE_YELLOW] = "\033[1;33m", [STYLE_GREEN] = "\033[1;32m",
	};

	if (page->options->color)
		fputs(codes[style], out);
}

static size_t width_of(const struct report_page *page)
{
	unsigned width = page->options->width;

	if (width == 0)
		return WIDTH_DEFAULT;
	return width > WIDTH_MAX ? WIDTH_MAX : width;
}

/* One text, wrapped, with two spaces before each line. */
__attribute__((format(printf, 3, 4))) static void paragraph(const struct report_page *page,
							    FILE *out, const char *format, ...)
{
	va_list arguments;
	char *text;
	int size;

	va_start(arguments, format);
	size = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (size < 0)
		return;
	fputs("  ", out);
	text_wrap(out, text, 2, 2, width_of(page));
	putc('\n', out);
	free(text);
}

static void heading(const struct report_page *page, FILE *out, const char *title, const char *note)
{
	putc('\n', out);
	style(out, page, STYLE_BOLD);
	fputs(title, out);
	style(out, page, STYLE_PLAIN);
	if (note && *note) {
		style(out, page, STYLE_DIM);
		fprintf(out, "  %s", note);
		style(out, page, STYLE_PLAIN);
	}
	putc('\n', out);
}

static void right(FILE *out, size_t columns, const char *text)
{
	size_t size = strlen(text);

	if (size < columns)
		text_pad(out, columns - size);
	fputs(text, out);
}

static const char *or_unknown(const char *text)
{
	return text && *text ? text : "unknown";
}

static struct human figure_bytes(struct figure figure)
{
	struct human unknown = {"unknown"};

	return figure.known ? human_bytes((double)figure.value) : unknown;
}

static struct human figure_duration(struct figure figure)
{
	struct human unknown = {"unknown"};

	return figure.known ? human_duration((double)figure.value) : unknown;
}

/* ---- Title and verdict --------------------------------------------------- */

static double run_ns(const struct report_facts *facts)
{
	const struct report_trends *trends = &facts->trends;

	if (facts->run.start_unix_ns.known && facts->last.unix_ns.known)
		return (double)bounded_difference(facts->last.unix_ns.value,
						  facts->run.start_unix_ns.value);
	return trends->elapsed_ns.known ? (double)trends->elapsed_ns.value : NAN;
}

static void print_title(const struct report_page *page, FILE *out)
{
	const struct report_run *run = &page->facts->run;
	const char *name = run->exe && *run->exe ? run->exe : "unnamed program";
	double elapsed_ns = run_ns(page->facts);

	style(out, page, STYLE_BOLD);
	text_print(out, name, strlen(name));
	style(out, page, STYLE_PLAIN);
	if (run->pid.known)
		fprintf(out, ", pid %lld", (long long)run->pid.value);
	if (run->host && *run->host) {
		fputs(" on ", out);
		text_print(out, run->host, strlen(run->host));
	}
	if (run->start_unix_ns.known)
		fprintf(out, ", %s", human_time(run->start_unix_ns.value).text);
	if (!isnan(elapsed_ns))
		fprintf(out, ", %s", human_duration(elapsed_ns).text);
	if (run->source_runs > 1)
		fprintf(out, ", run %lld of %lld", (long long)run->source_run,
			(long long)run->source_runs);
	fputs("\n\n", out);
}

static enum style style_of(const char *severity)
{
	if (strcmp(severity, "critical") == 0)
		return STYLE_RED;
	if (strcmp(severity, "warning") == 0)
		return STYLE_YELLOW;
	return strcmp(severity, "ok") == 0 ? STYLE_GREEN : STYLE_DIM;
}

static void print_verdict(const struct report_page *page, FILE *out)
{
	const struct verdict *verdict = page->verdict;
	const struct finding_list *findings = &page->facts->findings;
	bool has_more = false;

	for (size_t i = 0; i < verdict->count; i++) {
		bool is_alarm = style_of(verdict->sentence_severity[i]) == STYLE_RED ||
				style_of(verdict->sentence_severity[i]) == STYLE_YELLOW;

		style(out, page, style_of(verdict->sentence_severity[i]));
		fputs(is_alarm ? "! " : "- ", out);
		style(out, page, STYLE_PLAIN);
		text_wrap(out, verdict->sentence[i], 2, 2, width_of(page));
		putc('\n', out);
	}
	for (size_t i = 0; i < findings->count; i++) {
		if (verdict->is_told[i])
			continue;
		fputs(has_more ? ", " : "  Found as well: ", out);
		text_print(out, findings->items[i].rule, strlen(findings->items[i].rule));
		has_more = true;
	}
	if (has_more)
		putc('\n', out);
}

/* ---- Accounting ---------------------------------------------------------- */

/* The columns of the tree right of its labels; as wide as the greatest figure, Sys, needs. */
struct account_layout {
	size_t count_columns, bar_columns;
};

static struct account_layout account_layout(const struct report_page *page)
{
	const struct figure all = page->facts->account[0].bytes;
	struct account_layout layout = {.count_columns = 15, .bar_columns = BAR_COLUMNS};
	size_t needed = strlen(human_count(all.value).text) + 2;
	size_t used;

	if (all.known && needed > layout.count_columns)
		layout.count_columns = needed;
	used = 2 + LABEL_COLUMNS + layout.count_columns + 11 + 9 + 2;
	if (used + layout.bar_columns > width_of(page))
		layout.bar_columns = used < width_of(page) ? width_of(page) - used : 0;
	return layout;
}

/* Nothing where not even the smallest part of a column would be drawn. */
static void print_share(const struct report_page *page, FILE *out,
			const struct report_account *account, size_t columns)
{
	double share = (double)account->bytes.value / (double)page->facts->account[0].bytes.value;
	bool unicode = page->options->unicode;

	right(out, 9, human_percent(share).text);
	if (share * (double)columns * (unicode ? 8 : 1) < 0.5)
		return;
	fputs("  ", out);
	style(out, page, account->not_resident ? STYLE_DIM : STYLE_PLAIN);
	graph_bar(out, share, columns, unicode, false);
	style(out, page, STYLE_PLAIN);
}

static void print_account(const struct report_page *page, FILE *out, const unsigned *depth,
			  size_t index, const struct account_layout *layout)
{
	const struct report_facts *facts = page->facts;
	const struct report_account *account = &facts->account[index];
	const struct figure *all = &facts->account[0].bytes;
	size_t columns;

	fputs("  ", out);
	columns = graph_branches(out, depth, facts->account_count, index, page->options->unicode);
	fputs(account->label, out);
	columns += strlen(account->label);
	if (account->not_resident) {
		fputs(" (not resident)", out);
		columns += strlen(" (not resident)");
	}
	text_pad(out, columns < LABEL_COLUMNS ? LABEL_COLUMNS - columns : 0);
	if (account->bytes.known) {
		right(out, layout->count_columns, human_count(account->bytes.value).text);
		right(out, 11, human_bytes((double)account->bytes.value).text);
		if (all->known && all->value > 0)
			print_share(page, out, account, layout->bar_columns);
	} else {
		right(out, layout->count_columns, "unknown");
	}
	putc('\n', out);
}

static bool has_accounts(const struct report_facts *facts)
{
	return facts->account[0].bytes.known || facts->account[1].bytes.known;
}

static void print_accounts(const struct report_page *page, FILE *out)
{
	const struct report_facts *facts = page->facts;
	struct account_layout layout = account_layout(page);
	unsigned depth[REPORT_ACCOUNT_MAX];
	const struct origin *origin = origin_of(facts->run.kind);
	char note[96];

	snprintf(note, sizeof(note), "at %s snapshot: seq %lld, gc %s, %.16s",
		 facts->is_chosen ? "the chosen" : "the last", (long long)facts->last.seq.value,
		 facts->last.gc_num.known ? human_count(facts->last.gc_num.value).text : "unknown",
		 facts->last.reason ? facts->last.reason : origin ? "a sample" : "unknown");
	heading(page, out, "WHERE EVERY BYTE IS", note);
	if (origin && !has_accounts(facts)) {
		paragraph(page, out, "Not in this source: a trace tells how much was live, not where"
				     " the bytes are.");
		return;
	}
	for (size_t i = 0; i < facts->account_count; i++)
		depth[i] = facts->account[i].depth;
	for (size_t i = 0; i < facts->account_count; i++)
		print_account(page, out, depth, i, &layout);
	if (facts->resident_bytes.known)
		paragraph(page, out, "Resident at most: %s, all but what is released.",
			  human_bytes((double)facts->resident_bytes.value).text);
	if (!facts->spans.known)
		paragraph(page, out, origin ? "Spans are not in this source."
					    : "The spans of this snapshot were not recorded.");
}

/* ---- Over the run -------------------------------------------------------- */

static struct human level_text(const struct report_trend *trend, double value)
{
	struct human unknown = {"unknown"};

	if (isnan(value))
		return unknown;
	return trend->is_ratio ? human_percent(value) : human_bytes(value);
}

static void print_trend(const struct report_page *page, FILE *out, const struct report_trend *trend)
{
	const struct report_trends *trends = &page->facts->trends;
	struct graph_series series = {trends->at, trend->value, trends->count};
	size_t columns;

	fprintf(out, "  %-*s", TREND_LABEL_COLUMNS, trend->label);
	columns = graph_sparkline(out, &series, SPARK_COLUMNS, page->options->unicode);
	text_pad(out, SPARK_COLUMNS - columns);
	right(out, 11, level_text(trend, trend->first).text);
	right(out, 11, level_text(trend, trend->last).text);
	right(out, 11, level_text(trend, trend->least).text);
	right(out, 11, level_text(trend, trend->most).text);
	putc('\n', out);
}

/* A level that no snapshot of Go's figures knows is none; what was marked stands in for objects. */
static bool is_shown(const struct report_facts *facts, enum report_level level)
{
	const struct report_trend *trends = facts->trends.level;

	if (level == REPORT_MARKED)
		return isnan(trends[REPORT_HEAP_ALLOC].most) && !isnan(trends[level].most);
	return !origin_of(facts->run.kind) || !isnan(trends[level].most);
}

static void print_trends(const struct report_page *page, FILE *out)
{
	const struct report_trends *trends = &page->facts->trends;
	char note[96];

	if (trends->count == 0)
		return;
	if (trends->count == 1)
		snprintf(note, sizeof(note), "one snapshot");
	else if (!trends->elapsed_ns.known)
		snprintf(note, sizeof(note), "%s snapshots, the source tells no times",
			 human_count((int64_t)trends->count).text);
	else
		snprintf(note, sizeof(note), "%s snapshots in %s",
			 human_count((int64_t)trends->count).text,
			 figure_duration(trends->elapsed_ns).text);
	heading(page, out, "OVER THE RUN", note);
	text_pad(out, 2 + TREND_LABEL_COLUMNS + SPARK_COLUMNS);
	fprintf(out, "%11s%11s%11s%11s\n", "first", "last", "least", "most");
	for (int i = 0; i < REPORT_LEVELS; i++)
		if (is_shown(page->facts, i))
			print_trend(page, out, &trends->level[i]);
}

/* ---- Pauses -------------------------------------------------------------- */

static void print_slope(const struct report_page *page, FILE *out)
{
	const struct report_pauses *pauses = &page->facts->pauses;
	const char *meaning;

	if (!pauses->slope_ns_per_gc.known || !pauses->r2.known)
		return;
	meaning = pauses->n < TREND_CYCLES_MIN        ? "too few cycles to tell"
		  : pauses->r2.value < TREND_R2_MIN   ? "no clear trend"
		  : pauses->slope_ns_per_gc.value > 0 ? "growing"
						      : "shrinking";
	paragraph(page, out, "Slope %s%s a cycle (R2 %s: %s).",
		  pauses->slope_ns_per_gc.value >= 0 ? "+" : "",
		  human_duration(pauses->slope_ns_per_gc.value).text,
		  human_number(pauses->r2.value).text, meaning);
}

static void print_phases(const struct report_page *page, FILE *out)
{
	const struct report_pauses *pauses = &page->facts->pauses;

	for (size_t i = 0; i < pauses->phase_count; i++) {
		const struct report_phase *phase = &pauses->phase[i];
		bool is_snapshot = phase->name && strcmp(phase->name, "snapshot") == 0;
		bool is_whole = phase->name && strcmp(phase->name, "cycle") == 0;
		bool has_stop = phase->stop_max_ns.known;

		paragraph(page, out, "%s: %s stop%s, the longest %s%s%s%s.",
			  is_snapshot ? "Taking snapshots"
			  : is_whole  ? "Cycles whose stops are known together only"
				      : or_unknown(phase->name),
			  human_count(phase->n).text, phase->n == 1 ? "" : "s",
			  human_duration((double)phase->max_ns).text,
			  has_stop ? ", to stop the threads at most " : "",
			  has_stop ? human_duration((double)phase->stop_max_ns.value).text : "",
			  is_snapshot ? "; not counted above" : "");
	}
}

static void print_pauses(const struct report_page *page, FILE *out)
{
	const struct report_pauses *pauses = &page->facts->pauses;
	struct graph_series series = {pauses->gc_num, pauses->pause_ns, pauses->count};
	double elapsed_ns = run_ns(page->facts);
	char note[96];

	if (pauses->n == 0) {
		heading(page, out, "PAUSES", "none recorded");
		print_phases(page, out);
		return;
	}
	snprintf(note, sizeof(note), "n = %s, the time to stop the threads included",
		 human_count(pauses->n).text);
	heading(page, out, "PAUSES", note);
	fprintf(out, "  %-*s", TREND_LABEL_COLUMNS, "by cycle");
	text_pad(out, SPARK_COLUMNS -
			      graph_sparkline(out, &series, SPARK_COLUMNS, page->options->unicode));
	fprintf(out, "%11s%11s%11s%11s\n", "p50", "p90", "p99", "max");
	text_pad(out, 2 + TREND_LABEL_COLUMNS + SPARK_COLUMNS);
	right(out, 11, figure_duration(pauses->p50_ns).text);
	right(out, 11, figure_duration(pauses->p90_ns).text);
	right(out, 11, figure_duration(pauses->p99_ns).text);
	right(out, 11, figure_duration(pauses->max_ns).text);
	putc('\n', out);
	if (pauses->total_ns.known && elapsed_ns > 0)
		paragraph(page, out, "In all %s, %s of the run; mean %s, shortest %s.",
			  figure_duration(pauses->total_ns).text,
			  human_percent((double)pauses->total_ns.value / elapsed_ns).text,
			  figure_duration(pauses->mean_ns).text,
			  figure_duration(pauses->min_ns).text);
	print_slope(page, out);
	if (pauses->worst_gc.known)
		paragraph(page, out, "Worst: %s at gc %s%s%s%s.",
			  figure_duration(pauses->max_ns).text,
			  human_count(pauses->worst_gc.value).text,
			  pauses->worst_stop_ns.known ? ", " : "",
			  pauses->worst_stop_ns.known ? figure_duration(pauses->worst_stop_ns).text : "",
			  pauses->worst_stop_ns.known ? " of it until the threads stood" : "");
	print_phases(page, out);
}

/* ---- Size classes -------------------------------------------------------- */

static void print_class(const struct report_page *page, FILE *out, const struct report_class *class)
{
	double tenths[REPORT_TENTHS];
	char age[HUMAN_TEXT_MAX];
	double slot_bytes = (double)class->alloc_bytes + (double)class->free_slot_bytes;

	for (int i = 0; i < REPORT_TENTHS; i++)
		tenths[i] = (double)class->tenths[i];
	right(out, 8, human_count(class->size_bytes).text);
	right(out, 9, human_count(class->spans).text);
	right(out, 9,
	      slot_bytes > 0 ? human_percent((double)class->alloc_bytes / slot_bytes).text : "-");
	right(out, 12, human_bytes((double)class->free_slot_bytes).text);
	right(out, 11, human_bytes((double)class->tail_bytes).text);
	right(out, 8, human_percent((double)class->noscan_spans / (double)class->spans).text);
	fputs("  ", out);
	graph_histogram(out, tenths, REPORT_TENTHS, page->options->unicode);
	if (class->half_empty_age_gc.known)
		snprintf(age, sizeof(age), "%lld/%lld", (long long)class->half_empty_age_gc.value,
			 (long long)class->half_empty_age_gc_max.value);
	else
		snprintf(age, sizeof(age), "-");
	right(out, 11, age);
	putc('\n', out);
}

static void print_large(const struct report_page *page, FILE *out, const struct report_class *class)
{
	paragraph(page, out,
		  "Large objects: %s, %s, the largest %s; %s without pointers; the median is %s"
		  " cycles old.",
		  human_count(class->spans).text, human_bytes((double)class->span_bytes).text,
		  human_bytes((double)class->size_bytes).text,
		  human_bytes((double)class->noscan_bytes).text,
		  class->age_gc.known ? human_count(class->age_gc.value).text
				      : "an unknown number of");
}

/* Where no spans tell how full they are: what is live, by the counters. */
static void print_live(const struct report_page *page, FILE *out)
{
	const struct report_live *live = &page->facts->live;

	if (live->count == 0)
		return;
	heading(page, out, "LARGEST SIZE CLASSES", "by bytes in objects; spans are not known");
	fputs("    size     objects       bytes\n", out);
	for (size_t i = 0; i < live->count; i++) {
		const struct report_live_class *class = &live->class[i];

		right(out, 8, human_count(class->size_bytes).text);
		right(out, 12, human_count(class->objects).text);
		right(out, 12, human_bytes((double)class->bytes).text);
		right(out, 9, human_percent((double)class->bytes / (double)live->bytes).text);
		fputs("  ", out);
		graph_bar(out, (double)class->bytes / (double)live->bytes, SPARK_COLUMNS,
			  page->options->unicode, false);
		putc('\n', out);
	}
	paragraph(page, out, "In all classes %s; larger objects are not among them.",
		  human_bytes((double)live->bytes).text);
}

static void print_classes(const struct report_page *page, FILE *out)
{
	const struct report_spans *spans = &page->facts->spans;
	size_t shown = 0, more = 0;

	if (!spans->known) {
		print_live(page, out);
		return;
	}
	heading(page, out, "WORST SIZE CLASSES", "by bytes in their spans without an object");
	fputs("    size    spans     full  free slots       tail  noscan  0..100 %   half empty\n",
	      out);
	for (size_t i = 0; i < spans->class_count; i++) {
		const struct report_class *class = &spans->classes[i];

		if (class->number == 0)
			continue;
		if (shown < CLASSES_SHOWN && (class->free_slot_bytes > 0 || class->tail_bytes > 0)) {
			print_class(page, out, class);
			shown++;
		} else {
			more++;
		}
	}
	if (shown == 0)
		paragraph(page, out, "No span of a size class has room left.");
	else
		paragraph(page, out,
			  "0..100 %%: spans by occupancy, in tenths. half empty: age in cycles of"
			  " the spans less than half full, median/oldest.");
	if (more > 0)
		paragraph(page, out, "%s other size class%s in use.",
			  human_count((int64_t)more).text, more == 1 ? "" : "es");
	if (spans->class_count > 0 && spans->classes[spans->class_count - 1].number == 0)
		print_large(page, out, &spans->classes[spans->class_count - 1]);
}

/* ---- Blocks that nothing points to ---------------------------------------- */

static void print_leak(FILE *out, const struct report_page *page, const struct report_leak *class)
{
	const struct figure all = page->facts->leaks.bytes;
	double share = all.known && all.value > 0 && class->bytes.known
			       ? (double)class->bytes.value / (double)all.value
			       : 0;

	right(out, 8, class->size_bytes.known ? human_count(class->size_bytes.value).text : "large");
	right(out, 12, class->blocks.known ? human_count(class->blocks.value).text : "-");
	right(out, 12, class->indirect_blocks.known ? human_count(class->indirect_blocks.value).text : "-");
	right(out, 12, figure_bytes(class->bytes).text);
	right(out, 9, human_percent(share).text);
	fputs("  ", out);
	graph_bar(out, share, SPARK_COLUMNS, page->options->unicode, false);
	putc('\n', out);
}

/* What the figures do not say by themselves. */
static void print_leaks_doubts(const struct report_page *page, FILE *out)
{
	const struct report_leaks *leaks = &page->facts->leaks;

	if (leaks->indirect_blocks.known && leaks->indirect_blocks.value > 0)
		paragraph(page, out, "Indirect: another lost block leads there, %s in %s block%s. Who frees"
			  " the others rightly is likely to free these, too.",
			  figure_bytes(leaks->indirect_bytes).text,
			  human_count(leaks->indirect_blocks.value).text,
			  leaks->indirect_blocks.value == 1 ? "" : "s");
	if (!leaks->mapped_bytes.known && leaks->blocks.value > 0)
		paragraph(page, out, "Memory that the program mapped itself was not looked through: blocks to"
			  " which only that leads are among these.");
}

static void print_leaks(const struct report_page *page, FILE *out)
{
	const struct report_leaks *leaks = &page->facts->leaks;
	bool is_earlier = leaks->seq.known && page->facts->last.seq.known &&
			  leaks->seq.value != page->facts->last.seq.value;

	if (!leaks->known)
		return;
	heading(page, out, "BLOCKS THAT NOTHING POINTS TO", "by size class");
	if (leaks->count > 0)
		fputs("    size      blocks    indirect       bytes\n", out);
	for (size_t i = 0; i < leaks->count && i < CLASSES_SHOWN; i++)
		print_leak(out, page, &leaks->class[i]);
	paragraph(page, out, "In all %s block%s, %s%s%s%s.",
		  leaks->blocks.known ? human_count(leaks->blocks.value).text : "an unknown number of",
		  leaks->blocks.known && leaks->blocks.value == 1 ? "" : "s",
		  figure_bytes(leaks->bytes).text, is_earlier ? ", at snapshot " : "",
		  is_earlier ? human_count(leaks->seq.value).text : "",
		  leaks->threads_unknown.value > 0
			  ? "; the stacks of some threads were not looked through"
			  : "");
	print_leaks_doubts(page, out);
}

/* ---- Data quality, next command ------------------------------------------ */

/* Of a text with Go's figures: what it is, and what can not be in it. */
static void print_origin(const struct report_page *page, FILE *out, const struct origin *origin)
{
	const struct report_quality *quality = &page->facts->quality;

	paragraph(page, out, "%s: %s; %s snapshot%s, %s read.",
		  quality->damaged     ? "Damaged, figures are partial"
		  : !quality->complete ? "The text breaks off"
				       : "Complete",
		  origin->what, human_count(quality->snapshots).text,
		  quality->snapshots == 1 ? "" : "s",
		  quality->bytes.known ? human_bytes((double)quality->bytes.value).text
				       : "unknown size");
	paragraph(page, out, "Not in this source: %s.", origin->lacks);
}

/* Of a recording: whether it is whole, and how writes were tracked. */
static void print_recording(const struct report_page *page, FILE *out)
{
	const struct report_quality *quality = &page->facts->quality;
	const struct report_run *run = &page->facts->run;
	bool unclean = run->clean_exit.known && !run->clean_exit.value;

	paragraph(page, out,
		  "%s: %s snapshot%s, %s skipped while recording; %s read, %s passed over.",
		  quality->damaged     ? "Damaged, figures are partial"
		  : !quality->complete ? "Torn end, the run was killed or goes on"
		  : unclean            ? "Complete, without an orderly end"
				       : "Complete",
		  human_count(quality->snapshots).text, quality->snapshots == 1 ? "" : "s",
		  quality->skipped_snapshots.known
			  ? human_count(quality->skipped_snapshots.value).text
			  : "unknown",
		  quality->bytes.known ? human_bytes((double)quality->bytes.value).text
				       : "unknown size",
		  quality->bytes_skipped.known
			  ? human_bytes((double)quality->bytes_skipped.value).text
			  : "unknown");
	paragraph(page, out, "Tracking mode: %s%s%s%s.", or_unknown(run->tracking),
		  run->tracking_why && *run->tracking_why ? " (" : "",
		  run->tracking_why ? run->tracking_why : "",
		  run->tracking_why && *run->tracking_why ? ")" : "");
}

static void print_quality(const struct report_page *page, FILE *out)
{
	const struct report_quality *quality = &page->facts->quality;
	const struct origin *origin = origin_of(page->facts->run.kind);

	heading(page, out, "DATA", NULL);
	if (origin)
		print_origin(page, out, origin);
	else
		print_recording(page, out);
	if (quality->broken_identities > 0)
		paragraph(page, out, "%s of %s accounting identities do not hold.",
			  human_count(quality->broken_identities).text,
			  human_count(quality->identities).text);
	else if (quality->identities > 0)
		paragraph(page, out, "All %s accounting identities hold, to the byte.",
			  human_count(quality->identities).text);
	for (size_t i = 0; i < quality->issue_count; i++) {
		const struct report_issue *issue = &quality->issue[i];

		paragraph(page, out, "%s%s%s: %s", or_unknown(issue->severity),
			  issue->byte_offset.known ? " at byte " : "",
			  issue->byte_offset.known ? human_count(issue->byte_offset.value).text : "",
			  or_unknown(issue->message));
	}
}

/*
 * The query as one argument of a shell, over several lines where it is long: a line's end
 * inside the quotes is a space to SQL. A query with quotes of its own stays on one line.
 */
static void print_query(const struct report_page *page, FILE *out, size_t column)
{
	const char *query = page->verdict->next_query;

	if (column + 1 + strlen(query) + 2 <= width_of(page) || strchr(query, '\'')) {
		putc(' ', out);
		text_print_shell_word(out, query);
	} else {
		fputs(" \\\n    '", out);
		text_wrap(out, query, 5, 5, width_of(page) - 1);
		putc('\'', out);
	}
	putc('\n', out);
}

static void print_next(const struct report_page *page, FILE *out)
{
	const char *file = page->file ? page->file : page->facts->run.path;
	char *command = NULL;
	size_t size;
	FILE *line = open_memstream(&command, &size);

	if (!line)
		return;
	fputs("memanalyze sql ", line);
	text_print_shell_word(line, file ? file : "FILE");
	if (fclose(line) == 0) {
		heading(page, out, "NEXT", NULL);
		fprintf(out, "  %s", command);
		print_query(page, out, 2 + size);
	}
	free(command);
}

void report_print_text(const struct report_page *page, FILE *out)
{
	print_title(page, out);
	print_verdict(page, out);
	print_accounts(page, out);
	print_trends(page, out);
	print_pauses(page, out);
	print_classes(page, out);
	print_leaks(page, out);
	print_quality(page, out);
	print_next(page, out);
}
