/*
 * The report as JSON: every figure exact, unknown ones null. Keys are stable: new ones may
 * be added, none changes its meaning.
 */
#include <math.h>
#include <stdlib.h>

#include "../bounded.h"
#include "origin.h"
#include "report.h"
#include "sentence.h"

static void put_figure(struct json_writer *json, const char *key, struct figure figure)
{
	if (figure.known)
		json_writer_integer(json, key, figure.value);
	else
		json_writer_null(json, key);
}

static void put_ratio(struct json_writer *json, const char *key, struct ratio ratio)
{
	if (ratio.known)
		json_writer_double(json, key, ratio.value);
	else
		json_writer_null(json, key);
}

/* A level: bytes are whole, ratios are not. */
static void put_level(struct json_writer *json, const char *key, double value, bool is_ratio)
{
	if (isnan(value))
		json_writer_null(json, key);
	else if (is_ratio)
		json_writer_double(json, key, value);
	else
		json_writer_integer(json, key, llround(value));
}

static void put_run(struct json_writer *json, const struct report_facts *facts)
{
	const struct report_run *run = &facts->run;

	json_writer_integer(json, "run_id", run->id);
	json_writer_text(json, "path", run->path);
	json_writer_text(json, "kind", run->kind);
	json_writer_text(json, "uuid", run->uuid);
	json_writer_text(json, "exe", run->exe);
	json_writer_text(json, "host", run->host);
	put_figure(json, "pid", run->pid);
	put_figure(json, "start_unix_ns", run->start_unix_ns);
	put_figure(json, "end_unix_ns", run->end_unix_ns);
	json_writer_bool(json, "complete", facts->quality.complete);
	json_writer_object(json, "snapshot");
	json_writer_integer(json, "id", facts->last.id);
	put_figure(json, "seq", facts->last.seq);
	put_figure(json, "gc_num", facts->last.gc_num);
	put_figure(json, "unix_ns", facts->last.unix_ns);
	json_writer_text(json, "reason", facts->last.reason);
	json_writer_object_end(json);
}

static void put_evidence(struct json_writer *json, const struct finding *finding)
{
	json_writer_object(json, "evidence");
	for (size_t i = 0; i < finding->value_count; i++) {
		const struct finding_value *value = &finding->values[i];

		switch (value->type) {
		case VALUE_NULL:
			json_writer_null(json, value->name);
			break;
		case VALUE_INTEGER:
			json_writer_integer(json, value->name, value->integer);
			break;
		case VALUE_REAL:
			json_writer_double(json, value->name, value->real);
			break;
		case VALUE_TEXT:
			json_writer_text(json, value->name, value->text);
			break;
		}
	}
	json_writer_object_end(json);
}

static void put_findings(struct json_writer *json, const struct report_page *page)
{
	const struct finding_list *findings = &page->facts->findings;

	json_writer_text(json, "severity", page->verdict->severity);
	json_writer_array(json, "verdict");
	for (size_t i = 0; i < page->verdict->count; i++)
		json_writer_text(json, NULL, page->verdict->sentence[i]);
	json_writer_array_end(json);
	json_writer_integer(json, "rules", (int64_t)findings->rules);
	json_writer_array(json, "findings");
	for (size_t i = 0; i < findings->count; i++) {
		const struct finding *finding = &findings->items[i];
		char *sentence = sentence_compose(finding);
		char *query = sentence_next_query(finding, page->facts->run.id);

		json_writer_object(json, NULL);
		json_writer_text(json, "rule", finding->rule);
		json_writer_text(json, "severity", finding_severity_name(finding->severity));
		json_writer_text(json, "sentence", sentence);
		json_writer_double(json, "threshold", finding->threshold);
		json_writer_text(json, "threshold_unit", finding->threshold_unit);
		json_writer_double(json, "floor", finding->floor);
		json_writer_text(json, "floor_unit", finding->floor_unit);
		json_writer_text(json, "covered_by", finding->covered ? finding->covered_by : NULL);
		put_evidence(json, finding);
		json_writer_text(json, "query", query);
		json_writer_object_end(json);
		free(sentence);
		free(query);
	}
	json_writer_array_end(json);
}

static void put_accounts(struct json_writer *json, const struct report_facts *facts)
{
	json_writer_array(json, "accounting");
	for (size_t i = 0; i < facts->account_count; i++) {
		const struct report_account *account = &facts->account[i];

		json_writer_object(json, NULL);
		json_writer_text(json, "key", account->key);
		json_writer_text(json, "label", account->label);
		json_writer_integer(json, "depth", account->depth);
		put_figure(json, "bytes", account->bytes);
		json_writer_bool(json, "resident", !account->not_resident);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
	put_figure(json, "resident_bytes", facts->resident_bytes);
}

static void put_trends(struct json_writer *json, const struct report_facts *facts)
{
	const struct report_trends *trends = &facts->trends;

	json_writer_object(json, "trends");
	for (int i = 0; i < REPORT_LEVELS; i++) {
		const struct report_trend *trend = &trends->level[i];

		json_writer_object(json, trend->key);
		put_level(json, "first", trend->first, trend->is_ratio);
		put_level(json, "last", trend->last, trend->is_ratio);
		put_level(json, "min", trend->least, trend->is_ratio);
		put_level(json, "max", trend->most, trend->is_ratio);
		json_writer_object_end(json);
	}
	json_writer_object_end(json);
}

static void put_snapshots(struct json_writer *json, const struct report_facts *facts)
{
	const struct report_trends *trends = &facts->trends;

	json_writer_array(json, "snapshots");
	for (size_t row = 0; row < trends->count; row++) {
		json_writer_object(json, NULL);
		json_writer_integer(json, "seq", trends->moment[row].seq);
		put_figure(json, "gc_num", trends->moment[row].gc_num);
		put_figure(json, "unix_ns", trends->moment[row].unix_ns);
		for (int i = 0; i < REPORT_LEVELS; i++)
			put_level(json, trends->level[i].key, trends->level[i].value[row],
				  trends->level[i].is_ratio);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
}

static void put_cycles(struct json_writer *json, const struct report_pauses *pauses)
{
	json_writer_array(json, "cycles");
	for (size_t i = 0; i < pauses->count; i++) {
		json_writer_object(json, NULL);
		put_level(json, "gc_num", pauses->gc_num[i], false);
		put_level(json, "pause_ns", pauses->pause_ns[i], false);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
}

static void put_pauses(struct json_writer *json, const struct report_facts *facts,
		       bool with_cycles)
{
	const struct report_pauses *pauses = &facts->pauses;

	json_writer_object(json, "pauses");
	json_writer_integer(json, "n", pauses->n);
	put_figure(json, "min_ns", pauses->min_ns);
	put_figure(json, "mean_ns", pauses->mean_ns);
	put_figure(json, "p50_ns", pauses->p50_ns);
	put_figure(json, "p90_ns", pauses->p90_ns);
	put_figure(json, "p99_ns", pauses->p99_ns);
	put_figure(json, "max_ns", pauses->max_ns);
	put_figure(json, "total_ns", pauses->total_ns);
	put_ratio(json, "slope_ns_per_gc", pauses->slope_ns_per_gc);
	put_ratio(json, "r2", pauses->r2);
	json_writer_object(json, "worst");
	put_figure(json, "gc_num", pauses->worst_gc);
	put_figure(json, "pause_ns", pauses->max_ns);
	put_figure(json, "stop_ns", pauses->worst_stop_ns);
	put_figure(json, "end_unix_ns", pauses->worst_end_unix_ns);
	json_writer_object_end(json);
	json_writer_array(json, "phases");
	for (size_t i = 0; i < pauses->phase_count; i++) {
		json_writer_object(json, NULL);
		json_writer_text(json, "phase", pauses->phase[i].name);
		json_writer_integer(json, "n", pauses->phase[i].n);
		json_writer_integer(json, "total_ns", pauses->phase[i].total_ns);
		json_writer_integer(json, "max_ns", pauses->phase[i].max_ns);
		put_figure(json, "stop_max_ns", pauses->phase[i].stop_max_ns);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
	if (with_cycles)
		put_cycles(json, pauses);
	json_writer_object_end(json);
}

static void put_class(struct json_writer *json, const struct report_class *class)
{
	int64_t slot_bytes = bounded_sum(class->alloc_bytes, class->free_slot_bytes);
	struct ratio occupancy = {.known = slot_bytes > 0};

	if (occupancy.known)
		occupancy.value = (double)class->alloc_bytes / (double)slot_bytes;
	json_writer_object(json, NULL);
	json_writer_integer(json, "class", class->number);
	json_writer_integer(json, "size_bytes", class->size_bytes);
	json_writer_integer(json, "spans", class->spans);
	json_writer_integer(json, "noscan_spans", class->noscan_spans);
	json_writer_integer(json, "span_bytes", class->span_bytes);
	json_writer_integer(json, "noscan_bytes", class->noscan_bytes);
	json_writer_integer(json, "objects", class->objects);
	json_writer_integer(json, "slots", class->slots);
	json_writer_integer(json, "alloc_bytes", class->alloc_bytes);
	json_writer_integer(json, "free_slot_bytes", class->free_slot_bytes);
	json_writer_integer(json, "tail_bytes", class->tail_bytes);
	put_ratio(json, "occupancy_ratio", occupancy);
	json_writer_array(json, "spans_by_tenth");
	for (int i = 0; i < REPORT_TENTHS; i++)
		json_writer_integer(json, NULL, class->tenths[i]);
	json_writer_array_end(json);
	json_writer_integer(json, "half_empty_spans", class->half_empty_spans);
	put_figure(json, "half_empty_age_gc", class->half_empty_age_gc);
	put_figure(json, "half_empty_age_gc_max", class->half_empty_age_gc_max);
	put_figure(json, "age_gc", class->age_gc);
	json_writer_object_end(json);
}

static void put_spans(struct json_writer *json, const struct report_facts *facts)
{
	const struct report_spans *spans = &facts->spans;

	if (!spans->known) {
		json_writer_null(json, "spans");
		json_writer_null(json, "classes");
		return;
	}
	json_writer_object(json, "spans");
	json_writer_integer(json, "idle_ranges", spans->idle_ranges);
	json_writer_integer(json, "inuse", spans->inuse_spans);
	json_writer_integer(json, "stack", spans->stack_spans);
	json_writer_object_end(json);
	json_writer_array(json, "classes");
	for (size_t i = 0; i < spans->class_count; i++)
		put_class(json, &spans->classes[i]);
	json_writer_array_end(json);
}

/* Empty where the spans are known. */
static void put_live(struct json_writer *json, const struct report_live *live)
{
	json_writer_array(json, "live_classes");
	for (size_t i = 0; i < live->count; i++) {
		json_writer_object(json, NULL);
		json_writer_integer(json, "size_bytes", live->class[i].size_bytes);
		json_writer_integer(json, "objects", live->class[i].objects);
		json_writer_integer(json, "bytes", live->class[i].bytes);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
}

/* null: nobody looked for any. */
static void put_leaks(struct json_writer *json, const struct report_leaks *leaks)
{
	if (!leaks->known) {
		json_writer_null(json, "leaks");
		return;
	}
	json_writer_object(json, "leaks");
	put_figure(json, "seq", leaks->seq);
	put_figure(json, "blocks", leaks->blocks);
	put_figure(json, "bytes", leaks->bytes);
	put_figure(json, "search_ns", leaks->search_ns);
	put_figure(json, "threads_unknown", leaks->threads_unknown);
	put_figure(json, "indirect_blocks", leaks->indirect_blocks);
	put_figure(json, "indirect_bytes", leaks->indirect_bytes);
	put_figure(json, "mapped_bytes", leaks->mapped_bytes);
	json_writer_array(json, "classes");
	for (size_t i = 0; i < leaks->count; i++) {
		json_writer_object(json, NULL);
		json_writer_integer(json, "class", leaks->class[i].number);
		put_figure(json, "size_bytes", leaks->class[i].size_bytes);
		put_figure(json, "blocks", leaks->class[i].blocks);
		put_figure(json, "bytes", leaks->class[i].bytes);
		put_figure(json, "indirect_blocks", leaks->class[i].indirect_blocks);
		put_figure(json, "indirect_bytes", leaks->class[i].indirect_bytes);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
	json_writer_object_end(json);
}

static void put_quality(struct json_writer *json, const struct report_facts *facts)
{
	const struct report_quality *quality = &facts->quality;
	const struct origin *origin = origin_of(facts->run.kind);

	json_writer_object(json, "quality");
	json_writer_text(json, "source", origin ? origin->what : NULL);
	json_writer_text(json, "not_in_source", origin ? origin->lacks : NULL);
	json_writer_bool(json, "complete", quality->complete);
	json_writer_bool(json, "damaged", quality->damaged);
	put_figure(json, "clean_exit", facts->run.clean_exit);
	json_writer_integer(json, "snapshots", quality->snapshots);
	json_writer_integer(json, "cycles", quality->cycles);
	put_figure(json, "skipped", quality->skipped_snapshots);
	put_figure(json, "bytes", quality->bytes);
	put_figure(json, "bytes_skipped", quality->bytes_skipped);
	json_writer_text(json, "tracking", facts->run.tracking);
	json_writer_text(json, "tracking_why", facts->run.tracking_why);
	json_writer_text(json, "format_version", facts->run.format_version);
	json_writer_integer(json, "identities", quality->identities);
	json_writer_integer(json, "broken_identities", quality->broken_identities);
	json_writer_integer(json, "issues", quality->issues);
	json_writer_array(json, "first_issues");
	for (size_t i = 0; i < quality->issue_count; i++) {
		json_writer_object(json, NULL);
		json_writer_text(json, "severity", quality->issue[i].severity);
		json_writer_text(json, "code", quality->issue[i].code);
		put_figure(json, "byte_offset", quality->issue[i].byte_offset);
		json_writer_text(json, "message", quality->issue[i].message);
		json_writer_object_end(json);
	}
	json_writer_array_end(json);
	json_writer_object_end(json);
}

void report_print_json(const struct report_page *page, struct json_writer *json)
{
	json_writer_object(json, NULL);
	put_run(json, page->facts);
	put_findings(json, page);
	put_accounts(json, page->facts);
	put_trends(json, page->facts);
	if (!page->pictures)
		put_snapshots(json, page->facts);
	put_pauses(json, page->facts, !page->pictures);
	put_spans(json, page->facts);
	put_live(json, &page->facts->live);
	put_leaks(json, &page->facts->leaks);
	put_quality(json, page->facts);
	json_writer_text(json, "next", page->verdict->next_query);
	if (page->pictures)
		report_print_pictures(page, json);
	json_writer_object_end(json);
}
