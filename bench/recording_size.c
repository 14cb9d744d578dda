/*
 * recording_size - what each kind of row costs in a recording that a program made.
 *
 *	recording_size FILE
 *
 * The recording is decoded and written again in five ways, segment by segment; the difference of
 * two ways is what the rows cost that one of them has and the other lacks:
 *
 *	whole      as it is
 *	countless  a row of which only the count changed has the count before
 *	still      the segment's first table each time
 *	heads      no tables at all
 *	bases      each table as the first of a segment
 *
 * Beside the bytes stands the order-0 entropy of what the rows say, each column for itself and
 * over the whole recording, and of which rows they are.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entropy.h"
#include "snapshot.h"

enum { LEVEL = 1 };

struct table {
	struct snapshot_span *spans;
	uint64_t count, capacity;
};

/* ---- Memory ------------------------------------------------------------ */

static void *plain_alloc(void *opaque, size_t bytes)
{
	(void)opaque;
	return malloc(bytes);
}

static void plain_free(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

static const struct snapshot_memory memory = {plain_alloc, plain_free, NULL};

static void need(bool is_there)
{
	if (!is_there) {
		fputs("recording_size: out of memory\n", stderr);
		exit(1);
	}
}

static void table_add(struct table *table, const struct snapshot_span *spans, uint64_t count)
{
	if (table->count + count > table->capacity) {
		table->capacity = 2 * (table->count + count);
		table->spans = realloc(table->spans, table->capacity * sizeof(*spans));
		need(table->spans != NULL);
	}
	memcpy(table->spans + table->count, spans, count * sizeof(*spans));
	table->count += count;
}

static void table_copy(struct table *to, const struct table *from)
{
	to->count = 0;
	if (from->count > 0)
		table_add(to, from->spans, from->count);
}

/* ---- What rows say ----------------------------------------------------- */

enum { FIELD_SHAPE, FIELD_GAP, FIELD_PAGES, FIELD_FREE, FIELD_BORN, FIELD_RETAINED, FIELDS };

static struct histogram of_bases[FIELDS], of_new[FIELDS], of_counts;

static void fields_add(struct histogram *fields, const struct snapshot_span *span, uint64_t end,
                       uint64_t gc_num)
{
	histogram_add(&fields[FIELD_SHAPE], (uint64_t)span->size_class << 3 |
	                                            (uint64_t)span->noscan << 2 | span->state);
	histogram_add(&fields[FIELD_GAP], (span->base - end) / SNAPSHOT_PAGE_BYTES);
	if (span->size_class == 0)
		histogram_add(&fields[FIELD_PAGES], span->npages);
	else
		histogram_add(&fields[FIELD_FREE], span->nelems - span->alloc_count);
	if (span->state == SNAPSHOT_STATE_IDLE)
		histogram_add(&fields[FIELD_RETAINED],
		              span->npages - span->released_bytes / SNAPSHOT_PAGE_BYTES);
	else
		histogram_add(&fields[FIELD_BORN], gc_num - span->born_gc);
}

static double fields_bytes(const struct histogram *fields)
{
	double bytes = 0;

	for (int i = 0; i < FIELDS; i++)
		bytes += histogram_bytes(&fields[i]);
	return bytes;
}

/* ---- Writing again ----------------------------------------------------- */

struct writer {
	struct snapshot_encoder *encoder;
	struct snapshot_bytes out;
	struct table former;
	uint64_t delta_bytes, base_bytes;
};

static struct writer whole, countless, still, heads, bases;

static void writer_begin(struct writer *writer, const struct snapshot_run *run)
{
	if (!writer->encoder)
		writer->encoder = snapshot_encoder_new(&memory, LEVEL);
	need(writer->encoder != NULL);
	writer->out.size = 0;
	need(snapshot_segment_begin(writer->encoder, run, 0, &writer->out) == SNAPSHOT_OK);
	need(snapshot_flush(writer->encoder, &writer->out) == SNAPSHOT_OK);
}

static void writer_put(struct writer *writer, const struct snapshot_head *head,
                       const struct table *table, bool is_base)
{
	struct snapshot_head own = *head;

	own.has_spans = table != NULL;
	own.span_count = table ? table->count : 0;
	writer->out.size = 0;
	need(snapshot_put(writer->encoder, &own, table ? table->spans : NULL,
	                  writer->former.spans, is_base ? 0 : writer->former.count,
	                  &writer->out) == SNAPSHOT_OK);
	need(snapshot_flush(writer->encoder, &writer->out) == SNAPSHOT_OK);
	*(is_base ? &writer->base_bytes : &writer->delta_bytes) += writer->out.size;
	if (table)
		table_copy(&writer->former, table);
}

/* ---- A snapshot -------------------------------------------------------- */

static struct {
	uint64_t snapshots, deltas, base_rows;
	uint64_t rows, unchanged, counts, fresh; /* of deltas */
	double choices_of_counts, choices_of_fresh;
} seen;

static bool differ_in_count_only(const struct snapshot_span *a, const struct snapshot_span *b)
{
	struct snapshot_span c = *a;

	c.alloc_count = b->alloc_count;
	return memcmp(&c, b, sizeof(c)) == 0;
}

/* The table without counts that changed; notes what all rows say. */
static void compare(const struct table *table, uint64_t gc_num, struct table *without_counts)
{
	uint64_t at = 0, end = 0, counts = 0, fresh = 0;

	without_counts->count = 0;
	for (uint64_t i = 0; i < table->count; i++) {
		const struct snapshot_span *span = &table->spans[i], *former;

		while (at < whole.former.count && whole.former.spans[at].base < span->base)
			at++;
		former = at < whole.former.count ? &whole.former.spans[at] : NULL;
		if (!former || former->base != span->base || !differ_in_count_only(former, span)) {
			fields_add(of_new, span, end, gc_num);
			fresh++;
			table_add(without_counts, span, 1);
		} else {
			struct snapshot_span same = *span;

			same.alloc_count = countless.former.spans[at].alloc_count;
			table_add(without_counts, &same, 1);
			if (former->alloc_count != span->alloc_count) {
				histogram_add(&of_counts,
				              (uint64_t)span->alloc_count - former->alloc_count);
				counts++;
			}
		}
		end = span->base + span->npages * SNAPSHOT_PAGE_BYTES;
	}
	seen.rows += table->count;
	seen.counts += counts;
	seen.fresh += fresh;
	seen.unchanged += table->count - counts - fresh;
	seen.choices_of_counts += choice_bytes(counts, table->count);
	seen.choices_of_fresh += choice_bytes(fresh, table->count);
}

static void snapshot_take(const struct snapshot_run *run, const struct snapshot_head *head,
                          const struct table *table, bool is_first)
{
	static struct table without_counts;
	uint64_t end = 0;

	seen.snapshots++;
	writer_begin(&bases, run);
	writer_put(&bases, head, table, true);
	seen.base_rows += table->count;
	for (uint64_t i = 0; i < table->count; i++) {
		fields_add(of_bases, &table->spans[i], end, head->gc_num);
		end = table->spans[i].base + table->spans[i].npages * SNAPSHOT_PAGE_BYTES;
	}
	if (is_first) {
		struct writer *const all[] = {&whole, &countless, &still, &heads};

		for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
			writer_begin(all[i], run);
			writer_put(all[i], head, all[i] == &heads ? NULL : table, true);
		}
		return;
	}
	seen.deltas++;
	compare(table, head->gc_num, &without_counts);
	writer_put(&whole, head, table, false);
	writer_put(&countless, head, &without_counts, false);
	writer_put(&still, head, &still.former, false);
	writer_put(&heads, head, NULL, false);
}

/* ---- The recording ----------------------------------------------------- */

static uint64_t segments, file_bytes;

static void event_take(const struct snapshot_event *event)
{
	static struct table table;
	static bool is_first;

	switch (event->type) {
	case SNAPSHOT_EVENT_SEGMENT:
		segments++;
		is_first = true;
		break;
	case SNAPSHOT_EVENT_SNAPSHOT:
		table.count = 0;
		break;
	case SNAPSHOT_EVENT_SPANS:
		table_add(&table, event->batch.spans, event->batch.count);
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		if (event->head->has_spans)
			snapshot_take(event->run, event->head, &table, is_first);
		is_first = is_first && !event->head->has_spans;
		break;
	case SNAPSHOT_EVENT_ISSUE:
		fprintf(stderr, "recording_size: %s\n", event->issue.message);
		exit(1);
	default:
		break;
	}
}

static void recording_read(const char *path)
{
	struct snapshot_decoder *decoder = snapshot_decoder_new(&memory, 0);
	FILE *file = fopen(path, "rb");
	const struct snapshot_event *event;

	need(decoder != NULL);
	if (!file) {
		perror(path);
		exit(1);
	}
	while ((event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		char bytes[4096];
		size_t got;

		if (event->type != SNAPSHOT_EVENT_INPUT) {
			event_take(event);
			continue;
		}
		got = fread(bytes, 1, sizeof(bytes), file);
		file_bytes += got;
		if (got == 0)
			snapshot_decoder_finish(decoder);
		else
			snapshot_decoder_feed(decoder, bytes, got);
	}
	snapshot_decoder_free(decoder);
	fclose(file);
}

static void line(const char *what, uint64_t rows, double bytes, double entropy, double bar)
{
	if (rows == 0) {
		printf("| %s | 0 | - | - | - | %.2f |\n", what, bar);
		return;
	}
	printf("| %s | %llu | %.3f | ", what, (unsigned long long)rows, bytes / (double)rows);
	if (entropy > 0)
		printf("%.3f | %.2f | %.2f |\n", entropy / (double)rows, bytes / entropy, bar);
	else
		printf("- | - | %.2f |\n", bar);
}

static double more(const struct writer *a, const struct writer *b)
{
	return (double)a->delta_bytes - (double)b->delta_bytes;
}

int main(int count, char **arguments)
{
	if (count != 2) {
		fputs("usage: recording_size FILE\n", stderr);
		return 2;
	}
	recording_read(arguments[1]);
	printf("%llu snapshots in %llu segments, %llu bytes; %.0f rows a snapshot\n\n",
	       (unsigned long long)seen.snapshots, (unsigned long long)segments,
	       (unsigned long long)file_bytes,
	       seen.snapshots ? (double)seen.base_rows / (double)seen.snapshots : 0);
	printf("| rows | number | bytes each | entropy | ratio | bar, bytes |\n|---|---|---|---|---|---|\n");
	line("of a base snapshot", seen.base_rows,
	     (double)bases.base_bytes - (double)seen.snapshots * (double)heads.base_bytes /
	                                        (double)(segments ? segments : 1),
	     fields_bytes(of_bases), 6);
	line("unchanged", seen.unchanged, more(&still, &heads), 0, 0.05);
	line("another count", seen.counts, more(&whole, &countless),
	     histogram_bytes(&of_counts) + seen.choices_of_counts, 3);
	line("newly taken into use", seen.fresh, more(&countless, &still),
	     fields_bytes(of_new) + seen.choices_of_fresh, 6);
	return 0;
}
