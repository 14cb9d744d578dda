/* The report for a pull request or an issue: headings and tables of GitHub's Markdown. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "origin.h"
#include "report.h"
#include "rows.h"
#include "text.h"

enum { CLASSES_SHOWN = 8 };

static void put_text(FILE *out, const char *text)
{
	rows_print_markdown_text(out, text, strlen(text));
}

static struct human bytes_of(struct figure figure)
{
	struct human unknown = {"unknown"};

	return figure.known ? human_bytes((double)figure.value) : unknown;
}

static struct human count_of(struct figure figure)
{
	struct human unknown = {"unknown"};

	return figure.known ? human_count(figure.value) : unknown;
}

static struct human duration_of(struct figure figure)
{
	struct human unknown = {"unknown"};

	return figure.known ? human_duration((double)figure.value) : unknown;
}

static struct human level_of(const struct report_trend *trend, double value)
{
	struct human unknown = {"unknown"};

	if (isnan(value))
		return unknown;
	return trend->is_ratio ? human_percent(value) : human_bytes(value);
}

static void put_head(const struct report_page *page, FILE *out)
{
	const struct report_run *run = &page->facts->run;

	fputs("# ", out);
	put_text(out, run->exe && *run->exe ? run->exe : "unnamed program");
	if (run->pid.known)
		fprintf(out, ", pid %lld", (long long)run->pid.value);
	if (run->start_unix_ns.known)
		fprintf(out, ", %s", human_time(run->start_unix_ns.value).text);
	fputs("\n\n", out);
	for (size_t i = 0; i < page->verdict->count; i++) {
		fputs("- ", out);
		put_text(out, page->verdict->sentence[i]);
		putc('\n', out);
	}
}

static void put_accounts(const struct report_page *page, FILE *out)
{
	const struct report_facts *facts = page->facts;

	fputs("\n## Where every byte is\n\n| | bytes | | resident |\n| --- | ---: | ---: | --- |\n",
	      out);
	for (size_t i = 0; i < facts->account_count; i++) {
		const struct report_account *account = &facts->account[i];

		fputs("| ", out);
		for (unsigned depth = 0; depth < account->depth; depth++)
			fputs("&emsp;", out);
		fprintf(out, "%s | %s | %s | %s |\n", account->label,
			account->bytes.known ? human_count(account->bytes.value).text : "unknown",
			bytes_of(account->bytes).text, account->not_resident ? "no" : "");
	}
}

static void put_trends(const struct report_page *page, FILE *out)
{
	const struct report_trends *trends = &page->facts->trends;

	fprintf(out, "\n## Over the run\n\n%s snapshots\n\n",
		human_count((int64_t)trends->count).text);
	fputs("| | first | last | least | most |\n| --- | ---: | ---: | ---: | ---: |\n", out);
	for (int i = 0; i < REPORT_LEVELS; i++) {
		const struct report_trend *trend = &trends->level[i];

		if (isnan(trend->most) && (i == REPORT_MARKED || origin_of(page->facts->run.kind)))
			continue;
		fprintf(out, "| %s | %s | %s | %s | %s |\n", trend->key,
			level_of(trend, trend->first).text, level_of(trend, trend->last).text,
			level_of(trend, trend->least).text, level_of(trend, trend->most).text);
	}
}

static void put_pauses(const struct report_page *page, FILE *out)
{
	const struct report_pauses *pauses = &page->facts->pauses;

	fputs("\n## Pauses\n\n", out);
	if (pauses->n == 0) {
		fputs("None recorded.\n", out);
		return;
	}
	fputs("| n | p50 | p90 | p99 | max | worst gc | to stop the threads |\n"
	      "| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
	      out);
	fprintf(out, "| %s | %s | %s | %s | %s | %s | %s |\n", human_count(pauses->n).text,
		duration_of(pauses->p50_ns).text, duration_of(pauses->p90_ns).text,
		duration_of(pauses->p99_ns).text, duration_of(pauses->max_ns).text,
		pauses->worst_gc.known ? human_count(pauses->worst_gc.value).text : "unknown",
		duration_of(pauses->worst_stop_ns).text);
}

static void put_classes(const struct report_page *page, FILE *out)
{
	const struct report_spans *spans = &page->facts->spans;
	size_t shown = 0;

	if (!spans->known)
		return;
	fputs("\n## Worst size classes\n\n| size | spans | objects | free slots | tail | half "
	      "empty |"
	      " their age in cycles |\n| ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n",
	      out);
	for (size_t i = 0; i < spans->class_count && shown < CLASSES_SHOWN; i++) {
		const struct report_class *class = &spans->classes[i];

		if (class->number == 0)
			continue;
		fprintf(out, "| %s | %s | %s | %s | %s | %s | %s |\n",
			human_count(class->size_bytes).text, human_count(class->spans).text,
			human_count(class->objects).text,
			human_bytes((double)class->free_slot_bytes).text,
			human_bytes((double)class->tail_bytes).text,
			human_count(class->half_empty_spans).text,
			class->half_empty_age_gc.known
				? human_count(class->half_empty_age_gc.value).text
				: "-");
		shown++;
	}
}

static void put_leaks(const struct report_page *page, FILE *out)
{
	const struct report_leaks *leaks = &page->facts->leaks;

	if (!leaks->known)
		return;
	fprintf(out, "\n## Blocks that nothing points to\n\n%s in %s blocks.\n",
		bytes_of(leaks->bytes).text, count_of(leaks->blocks).text);
	if (leaks->indirect_blocks.known && leaks->indirect_blocks.value > 0)
		fprintf(out, "Another lost block leads to %s of them, %s.\n",
			count_of(leaks->indirect_blocks).text, bytes_of(leaks->indirect_bytes).text);
	if (!leaks->mapped_bytes.known && leaks->blocks.value > 0)
		fputs("Memory that the program mapped itself was not looked through.\n", out);
	if (leaks->count > 0)
		fputs("\n| size | blocks | indirect | bytes |\n| ---: | ---: | ---: | ---: |\n", out);
	for (size_t i = 0; i < leaks->count && i < CLASSES_SHOWN; i++) {
		const struct report_leak *class = &leaks->class[i];

		fprintf(out, "| %s | %s | %s | %s |\n",
			class->size_bytes.known ? human_count(class->size_bytes.value).text : "large",
			count_of(class->blocks).text, count_of(class->indirect_blocks).text,
			bytes_of(class->bytes).text);
	}
}

static void put_quality(const struct report_page *page, FILE *out)
{
	const struct report_facts *facts = page->facts;
	const struct report_quality *quality = &facts->quality;
	const struct origin *origin = origin_of(facts->run.kind);

	if (origin) {
		fprintf(out, "\n## Data\n\n%s: %s; %s snapshots. Not in this source: %s. %s of %s"
			     " identities broken.\n",
			quality->damaged    ? "Damaged"
			: quality->complete ? "Complete"
					    : "The text breaks off",
			origin->what, human_count(quality->snapshots).text, origin->lacks,
			human_count(quality->broken_identities).text,
			human_count(quality->identities).text);
		return;
	}
	fprintf(out, "\n## Data\n\n%s; %s snapshots, %s skipped, %s passed over; tracking mode ",
		quality->damaged    ? "Damaged"
		: quality->complete ? "Complete"
				    : "Torn end",
		human_count(quality->snapshots).text,
		quality->skipped_snapshots.known
			? human_count(quality->skipped_snapshots.value).text
			: "unknown",
		bytes_of(quality->bytes_skipped).text);
	put_text(out, facts->run.tracking ? facts->run.tracking : "unknown");
	fprintf(out, "; %s of %s identities broken.\n",
		human_count(quality->broken_identities).text,
		human_count(quality->identities).text);
}

void report_print_markdown(const struct report_page *page, FILE *out)
{
	const char *file = page->file ? page->file : page->facts->run.path;

	put_head(page, out);
	put_accounts(page, out);
	put_trends(page, out);
	put_pauses(page, out);
	put_classes(page, out);
	put_leaks(page, out);
	put_quality(page, out);
	fputs("\n## Next\n\n```\nmemanalyze sql ", out);
	text_print_shell_word(out, file ? file : "FILE");
	putc(' ', out);
	text_print_shell_word(out, page->verdict->next_query);
	fputs("\n```\n", out);
}
