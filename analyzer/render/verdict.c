#include "verdict.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "sentence.h"

static int tell(struct verdict *verdict, char *sentence, const char *severity)
{
	if (!sentence)
		return -1;
	verdict->sentence[verdict->count] = sentence;
	verdict->sentence_severity[verdict->count] = severity;
	verdict->count++;
	return 0;
}

static double last_of(const struct report_facts *facts, enum report_level level)
{
	return facts->trends.level[level].last;
}

/*
 * At an exit most may have been freed already, and then the last figures say nothing of what the
 * program needed: the greatest come first.
 */
static void tell_peak(FILE *out, const struct report_facts *facts, double inuse)
{
	double peak = facts->trends.level[REPORT_HEAP_INUSE].most;

	if (facts->last.reason && strcmp(facts->last.reason, "exit") == 0 && peak >= 2 * inuse)
		fprintf(out, ": at most %s of heap in use; at the exit %s", human_bytes(peak).text,
			human_bytes(inuse).text);
	else
		fprintf(out, ": %s of heap in use", human_bytes(inuse).text);
}

/* "Nothing is wrong: ..." with whatever of the run's figures is known. */
static char *fine_sentence(const struct report_facts *facts)
{
	double inuse = last_of(facts, REPORT_HEAP_INUSE);
	double ratio = last_of(facts, REPORT_FRAGMENTATION_RATIO);
	double retained = last_of(facts, REPORT_RETAINED);
	const struct report_pauses *pauses = &facts->pauses;
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	if (isnan(inuse) && pauses->n == 0)
		fputs("No rule found anything, but the recording lacks the figures to tell", out);
	else
		fputs("Nothing is wrong", out);
	if (!isnan(inuse))
		tell_peak(out, facts, inuse);
	if (!isnan(ratio))
		fprintf(out, ", %s of it without an object", human_percent(ratio).text);
	if (!isnan(retained))
		fprintf(out, ", %s idle and retained", human_bytes(retained).text);
	if (pauses->n > 0 && pauses->p99_ns.known)
		fprintf(out, "%s %s collection%s with pauses of %s at p99", isnan(inuse) ? ":" : ";",
			human_count(pauses->n).text, pauses->n == 1 ? "" : "s",
			human_duration((double)pauses->p99_ns.value).text);
	else if (!isnan(inuse) && facts->last.gc_num.known && facts->last.gc_num.value == 0)
		fputs("; no collection ran", out);
	putc('.', out);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

static char *default_query(const struct report_facts *facts)
{
	char text[160];

	if (facts->spans.known)
		snprintf(text, sizeof(text),
			 "SELECT * FROM class_fragmentation WHERE snapshot_id = %lld"
			 " ORDER BY free_slot_bytes DESC LIMIT 10",
			 (long long)facts->last.id);
	else if (isnan(facts->trends.level[REPORT_HEAP_INUSE].most))
		snprintf(text, sizeof(text), "SELECT * FROM gc_cycle WHERE run_id = %lld",
			 (long long)facts->run.id);
	else
		snprintf(text, sizeof(text), "SELECT * FROM fragmentation WHERE run_id = %lld",
			 (long long)facts->run.id);
	return strdup(text);
}

int verdict_compose(const struct report_facts *facts, struct verdict *verdict)
{
	const struct finding_list *findings = &facts->findings;

	memset(verdict, 0, sizeof(*verdict));
	verdict->severity =
		findings->count > 0 ? finding_severity_name(findings->items[0].severity) : "ok";
	if (findings->count == 0 || findings->items[0].severity == FINDING_INFO)
		if (tell(verdict, fine_sentence(facts), "ok") != 0)
			return -1;
	for (size_t i = 0; i < findings->count && verdict->count < VERDICT_SENTENCES_MAX; i++) {
		const struct finding *finding = &findings->items[i];

		if (finding->covered)
			continue;
		if (tell(verdict, sentence_compose(finding),
			 finding_severity_name(finding->severity)) != 0)
			return -1;
		verdict->is_told[i] = true;
		if (!verdict->next_query)
			verdict->next_query = sentence_next_query(finding, facts->run.id);
	}
	if (!verdict->next_query)
		verdict->next_query = default_query(facts);
	return verdict->next_query ? 0 : -1;
}

void verdict_free(struct verdict *verdict)
{
	for (size_t i = 0; i < verdict->count; i++)
		free(verdict->sentence[i]);
	free(verdict->next_query);
	memset(verdict, 0, sizeof(*verdict));
}
