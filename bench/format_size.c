/*
 * format_size.c - bytes of recording for each span: unchanged, with another count, newly
 * taken into use, and in a base snapshot; and the order-0 entropy of what they say, each
 * column for itself, as the measure of what is possible.
 *
 * Tables are made up: twelve classes, spans a third full to full, a tenth idle; one row in
 * ten changes from snapshot to snapshot. format_size [SPANS [LEVEL]].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entropy.h"
#include "snapshot.h"

enum { DELTAS = 63 };

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

static uint64_t random_next(void)
{
	static uint64_t state = 1;
	uint64_t z = state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* ---- Entropy ----------------------------------------------------------- */

enum { FIELD_SHAPE, FIELD_PAGES, FIELD_COUNT, FIELD_BORN, FIELDS };

static struct histogram fields[FIELDS];

static void entropy_begin(void)
{
	memset(fields, 0, sizeof(fields));
}

static void entropy_add(const struct snapshot_span *span, uint64_t gc_num)
{
	histogram_add(&fields[FIELD_SHAPE],
	              (uint64_t)span->size_class << 3 | (uint64_t)span->noscan << 2 | span->state);
	if (span->size_class == 0)
		histogram_add(&fields[FIELD_PAGES], span->npages);
	else
		histogram_add(&fields[FIELD_COUNT], span->nelems - span->alloc_count);
	if (span->state != SNAPSHOT_STATE_IDLE)
		histogram_add(&fields[FIELD_BORN], gc_num - span->born_gc);
}

static double entropy_bytes(void)
{
	double bytes = 0;

	for (int i = 0; i < FIELDS; i++)
		bytes += histogram_bytes(&fields[i]);
	return bytes;
}

/* ---- Tables ------------------------------------------------------------ */

static void span_take(struct snapshot_span *span, uint64_t gc_num)
{
	static const uint32_t elem_bytes[] = {8, 16, 32, 48, 64, 96, 128, 256, 512, 1024, 2048, 4096};
	uint64_t base = span->base;
	/* Small classes are the more frequent ones. */
	uint32_t class = (uint32_t)(random_next() % 12 * (random_next() % 12) / 12);

	*span = (struct snapshot_span){.base = base, .npages = 1, .born_gc = (uint32_t)gc_num};
	if (random_next() % 10 == 0) {
		span->born_gc = 0;
		return;
	}
	span->state = SNAPSHOT_STATE_INUSE;
	span->size_class = (uint8_t)(class + 1);
	span->noscan = random_next() % 3 == 0;
	span->elem_bytes = elem_bytes[class];
	span->nelems = SNAPSHOT_PAGE_BYTES / elem_bytes[class];
	span->alloc_count = span->nelems;
	if (random_next() % 2)
		span->alloc_count -= (uint32_t)(random_next() % (span->nelems * 2 / 3 + 1));
}

static void table_make(struct snapshot_span *table, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		table[i].base = 0xc000000000 + i * SNAPSHOT_PAGE_BYTES;
		span_take(&table[i], 1 + random_next() % 50);
	}
}

enum change { CHANGE_NONE, CHANGE_COUNT, CHANGE_NEW };

/* Changes one row in ten; returns how many, and adds what they say to the entropy. */
static uint64_t table_change(struct snapshot_span *table, uint64_t count, enum change change,
                             uint64_t gc_num)
{
	uint64_t changed = 0;

	for (uint64_t i = 0; i < count; i++) {
		struct snapshot_span *span = &table[i];
		uint32_t former = span->alloc_count;

		if (change == CHANGE_NONE || random_next() % 10 != 0)
			continue;
		if (change == CHANGE_NEW) {
			span_take(span, gc_num);
			entropy_add(span, gc_num);
		} else {
			if (span->state != SNAPSHOT_STATE_INUSE)
				continue;
			span->alloc_count = (uint32_t)(random_next() % (span->nelems + 1));
			histogram_add(&fields[FIELD_COUNT], (uint16_t)(span->alloc_count - former));
		}
		changed++;
	}
	return changed;
}

static size_t put(struct snapshot_encoder *encoder, uint64_t seq, const struct snapshot_span *table,
                  const struct snapshot_span *former, uint64_t count, struct snapshot_bytes *out)
{
	struct snapshot_head head = {
		.seq = seq, .gc_num = 50 + seq, .has_spans = 1, .span_count = count,
	};
	size_t before = out->size;

	if (snapshot_put(encoder, &head, table, former, count, out) != SNAPSHOT_OK ||
	    snapshot_flush(encoder, out) != SNAPSHOT_OK)
		exit(1);
	return out->size - before;
}

static void measure(uint64_t count, int level, enum change change)
{
	static const char *const names[] = {"unchanged", "count changed", "new"};
	struct snapshot_encoder *encoder = snapshot_encoder_new(&memory, level);
	struct snapshot_run run = {.page_bytes = SNAPSHOT_PAGE_BYTES};
	struct snapshot_span *table = calloc(count, sizeof(*table));
	struct snapshot_span *former = calloc(count, sizeof(*former));
	struct snapshot_bytes out = {0};
	uint64_t changed = 0, bytes = 0;
	double entropy = 0;

	if (!encoder || !table || !former ||
	    snapshot_segment_begin(encoder, &run, 0, &out) != SNAPSHOT_OK)
		exit(1);
	entropy_begin();
	table_make(table, count);
	for (uint64_t i = 0; i < count; i++)
		entropy_add(&table[i], 50);
	bytes = put(encoder, 0, table, NULL, count, &out);
	if (change == CHANGE_NONE)
		printf("%-14s %8.3f bytes a span, entropy %.3f, ratio %.2f\n", "base",
		       (double)bytes / (double)count, entropy_bytes() / (double)count,
		       (double)bytes / entropy_bytes());
	bytes = 0;
	for (uint64_t seq = 1; seq <= DELTAS; seq++) {
		uint64_t now;

		memcpy(former, table, count * sizeof(*table));
		entropy_begin();
		now = table_change(table, count, change, 50 + seq);
		changed += now;
		entropy += entropy_bytes() + choice_bytes(now, count);
		bytes += put(encoder, seq, table, former, count, &out);
		out.size = 0;
	}
	if (change == CHANGE_NONE)
		printf("%-14s %8.3f bytes a span\n", names[change],
		       (double)bytes / (double)(count * DELTAS));
	else
		printf("%-14s %8.3f bytes a span, entropy %.3f, ratio %.2f\n", names[change],
		       (double)bytes / (double)changed, entropy / (double)changed,
		       (double)bytes / entropy);
	snapshot_bytes_free(&memory, &out);
	snapshot_encoder_free(encoder);
	free(table);
	free(former);
}

int main(int count, char **arguments)
{
	uint64_t spans = count > 1 ? strtoull(arguments[1], NULL, 10) : 100000;
	int level = count > 2 ? atoi(arguments[2]) : 1;

	for (int change = CHANGE_NONE; change <= CHANGE_NEW; change++)
		measure(spans, level, (enum change)change);
	return 0;
}
