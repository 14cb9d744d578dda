#include "sample.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *counted_alloc(void *opaque, size_t bytes)
{
	struct sample_memory *memory = opaque;
	size_t *block;

	if (++memory->allocations >= memory->refuse_from && memory->refuse_from > 0)
		return NULL;
	block = malloc(bytes + 16);
	if (!block)
		return NULL;
	*block = bytes;
	memory->bytes += bytes;
	if (memory->bytes > memory->bytes_max)
		memory->bytes_max = memory->bytes;
	return (char *)block + 16;
}

static void counted_free(void *opaque, void *p)
{
	struct sample_memory *memory = opaque;
	size_t *block;

	if (!p)
		return;
	block = (size_t *)((char *)p - 16);
	memory->bytes -= *block;
	free(block);
}

void sample_memory_init(struct sample_memory *memory)
{
	memset(memory, 0, sizeof(*memory));
	memory->functions.alloc = counted_alloc;
	memory->functions.free = counted_free;
	memory->functions.opaque = memory;
}

uint64_t sample_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* Sizes of some classes, and their pages. */
static const struct {
	uint8_t size_class, npages;
	uint32_t elem_bytes;
} classes[] = {
	{1, 1, 8}, {2, 1, 16}, {5, 1, 64}, {9, 1, 128}, {25, 1, 512}, {34, 2, 1408}, {66, 4, 32768},
};

static struct snapshot_span row(uint64_t base, uint64_t born, uint64_t *random)
{
	struct snapshot_span span = {.base = base, .born_gc = (uint32_t)born};
	uint64_t kind = sample_random(random) % 20;
	size_t class;

	if (kind < 3) {
		span.npages = 1 + sample_random(random) % 50;
		span.born_gc = 0;
		span.released_bytes = kind == 0 ? 0 : span.npages / kind * SNAPSHOT_PAGE_BYTES;
	} else if (kind < 5) {
		span.state = kind == 3 ? SNAPSHOT_STATE_STACK : SNAPSHOT_STATE_INUSE;
		span.npages = 5 + sample_random(random) % 1000;
		span.elem_bytes = span.npages * SNAPSHOT_PAGE_BYTES;
		span.nelems = span.alloc_count = kind == 4;
		span.noscan = kind == 4;
	} else {
		class = sample_random(random) % (sizeof(classes) / sizeof(classes[0]));
		span.state = SNAPSHOT_STATE_INUSE;
		span.size_class = classes[class].size_class;
		span.npages = classes[class].npages;
		span.elem_bytes = classes[class].elem_bytes;
		span.nelems = (uint32_t)(span.npages * SNAPSHOT_PAGE_BYTES / span.elem_bytes);
		span.alloc_count = (uint32_t)(sample_random(random) % (span.nelems + 1));
		span.noscan = sample_random(random) % 2;
	}
	return span;
}

struct snapshot_span *sample_table(uint64_t count, uint64_t seed)
{
	struct snapshot_span *table = calloc(count + 1, sizeof(*table));
	uint64_t base = 0xc000000000;

	assert(table);
	for (uint64_t i = 0; i < count; i++) {
		table[i] = row(base, 1, &seed);
		base += table[i].npages * SNAPSHOT_PAGE_BYTES;
		if (sample_random(&seed) % 100 == 0)
			base += (uint64_t)64 << 20;
	}
	return table;
}

struct snapshot_span *sample_change(const struct snapshot_span *table, uint64_t *count,
                                    uint64_t rarity, uint64_t gc_num, uint64_t *random)
{
	struct snapshot_span *changed = calloc(2 * *count + 1, sizeof(*changed));
	uint64_t rows = 0;

	assert(changed);
	for (uint64_t i = 0; i < *count; i++) {
		struct snapshot_span span = table[i];
		uint64_t end = span.base + span.npages * SNAPSHOT_PAGE_BYTES;

		if (sample_random(random) % rarity != 0) {
			changed[rows++] = span;
			continue;
		}
		switch (sample_random(random) % 6) {
		case 0: /* gone */
			break;
		case 1: /* another one in its place, and one more where there is room */
			do {
				struct snapshot_span other = row(span.base, gc_num, random);

				if (other.base + other.npages * SNAPSHOT_PAGE_BYTES > end)
					break;
				changed[rows++] = other;
				span.base = other.base + other.npages * SNAPSHOT_PAGE_BYTES;
			} while (rows < *count + i);
			break;
		default:
			if (span.nelems > 0)
				span.alloc_count =
					(uint32_t)(sample_random(random) % (span.nelems + 1));
			changed[rows++] = span;
		}
	}
	*count = rows;
	return changed;
}

static void head_fill(struct snapshot_head *head, uint64_t seq, uint64_t gc_num, uint64_t spans)
{
	memset(head, 0, sizeof(*head));
	head->seq = seq;
	head->reason = SNAPSHOT_REASON_FORCED;
	head->gc_num = gc_num;
	head->unix_ns = 1700000000000000000u + seq * 1000000007;
	head->mono_ns = 5000000000 + seq * 1000000007;
	head->stop = (struct snapshot_pause){SNAPSHOT_PHASE_SNAPSHOT, 51000 + seq, 11000, head->unix_ns};
	head->has_spans = 1;
	head->span_count = spans;
	head->stats.heap_alloc = head->stats.alloc = 1000000 + 17 * seq;
	head->stats.next_gc = UINT64_MAX;
	head->stats.pause_ns[seq % 256] = 100000 + seq;
	head->stats.numgc = gc_num;
	head->stats.gc_cpu_fraction = 0.25 / (double)(seq + 1);
	head->stats.by_size[66].size = 32768;
	head->stats.by_size[66].nmalloc = 3 * seq;
	head->stats.heap_marked = 123456789 - seq;
}

static void cycle_fill(struct snapshot_cycle *cycle, uint64_t gc_num)
{
	memset(cycle, 0, sizeof(*cycle));
	cycle->gc_num = gc_num;
	cycle->reason = SNAPSHOT_REASON_GC;
	cycle->threads = 3;
	cycle->heap_goal = 4 << 20;
	cycle->heap_marked = 1 << 20;
	cycle->start_unix_ns = 1700000000000000000u + gc_num * 1000000;
	cycle->pause_count = 2;
	cycle->pauses[0] = (struct snapshot_pause){SNAPSHOT_PHASE_SWEEP_TERM, 20000, 3000, 7 + gc_num};
	cycle->pauses[1] = (struct snapshot_pause){SNAPSHOT_PHASE_MARK_TERM, 30000, 4000, 8 + gc_num};
}

static void leaks_fill(struct snapshot_leaks *leaks, uint64_t seq)
{
	memset(leaks, 0, sizeof(*leaks));
	leaks->seq = seq;
	leaks->search_ns = 250000;
	leaks->root_bytes = 123456;
	leaks->threads_unknown = 1;
	leaks->by_class[0].blocks = 1;
	leaks->by_class[0].bytes = 1 << 20;
	leaks->by_class[5].blocks = 1000 + seq;
	leaks->by_class[5].bytes = 64 * (1000 + seq);
	leaks->by_class[66].blocks = 2;
	leaks->by_class[66].bytes = 2 * 32768;
	leaks->known = SNAPSHOT_LEAKS_SPLIT | SNAPSHOT_LEAKS_MAPPED;
	leaks->mapped_bytes = 65536;
	leaks->indirect_by_class[5].blocks = leaks->indirect_blocks = 900 + seq;
	leaks->indirect_by_class[5].bytes = leaks->indirect_bytes = 64 * (900 + seq);
	for (int i = 0; i < SNAPSHOT_CLASSES; i++) {
		leaks->blocks += leaks->by_class[i].blocks;
		leaks->bytes += leaks->by_class[i].bytes;
	}
}

static void run_fill(struct snapshot_run *run, uint32_t number)
{
	memset(run, 0, sizeof(*run));
	for (int i = 0; i < 16; i++)
		run->uuid[i] = (uint8_t)(0x10 * i + (int)number);
	run->pid = 1000 + number;
	run->start_unix_ns = 1700000000000000000u;
	run->start_mono_ns = 5000000000;
	run->page_bytes = SNAPSHOT_PAGE_BYTES;
	run->tracking = SNAPSHOT_TRACKING_STOPPED;
	strcpy(run->exe, "sample");
	strcpy(run->host, "a-host");
	strcpy(run->tracking_why, "a test");
	strcpy(run->library, "0.1.0");
}

struct filling {
	struct snapshot_encoder *encoder;
	struct snapshot_bytes out;
	size_t *flushed;
	uint64_t random, seq, gc_num;
};

static void segment_fill(struct filling *fill, const struct sample_shape *shape,
                         const struct snapshot_run *run, uint32_t number, bool is_last,
                         bool stays_open)
{
	struct snapshot_span *table = sample_table(shape->spans, 7 + number), *former = NULL;
	uint64_t count = shape->spans, former_count = 0;
	struct snapshot_head head;
	struct snapshot_cycle cycle;
	struct snapshot_skipped skipped = {2, 1, fill->gc_num};
	struct snapshot_leaks leaks;
	enum snapshot_result result;

	result = snapshot_segment_begin(fill->encoder, run, number, &fill->out);
	for (uint32_t i = 0; i < shape->snapshots; i++) {
		for (uint32_t k = 0; k < shape->cycles; k++) {
			cycle_fill(&cycle, ++fill->gc_num);
			result |= snapshot_put_cycle(fill->encoder, &cycle, &fill->out);
		}
		if (i == 1)
			result |= snapshot_put_skipped(fill->encoder, &skipped, &fill->out);
		head_fill(&head, fill->seq++, fill->gc_num, count);
		result |= snapshot_put(fill->encoder, &head, table, former, former_count, &fill->out);
		if (shape->leaks && is_last && i + 1 == shape->snapshots) {
			leaks_fill(&leaks, head.seq);
			result |= snapshot_put_leaks(fill->encoder, &leaks, &fill->out);
		}
		if (is_last && i + 1 == shape->snapshots && !stays_open) {
			struct snapshot_run_end end = {head.unix_ns, head.mono_ns, 1, fill->seq, 2};

			result |= snapshot_put_run_end(fill->encoder, &end, &fill->out);
		}
		result |= snapshot_flush(fill->encoder, &fill->out);
		if (fill->flushed)
			*fill->flushed++ = fill->out.size;
		free(former);
		former = table;
		former_count = count;
		table = sample_change(former, &count, 10, fill->gc_num, &fill->random);
	}
	if (!stays_open)
		result |= snapshot_segment_end(fill->encoder, &fill->out);
	assert(result == SNAPSHOT_OK);
	(void)result;
	free(former);
	free(table);
}

uint8_t *sample_recording(const struct sample_shape *shape, size_t *bytes, size_t *flushed)
{
	struct sample_memory memory;
	struct filling fill = {.flushed = flushed, .random = 3};
	uint8_t *copy;

	sample_memory_init(&memory);
	fill.encoder = snapshot_encoder_new(&memory.functions, 3);
	assert(fill.encoder);
	for (uint32_t r = 0; r < shape->runs; r++) {
		struct snapshot_run run;

		run_fill(&run, r);
		fill.seq = fill.gc_num = 0;
		for (uint32_t s = 0; s < shape->segments; s++) {
			bool is_last = s + 1 == shape->segments;
			bool stays_open = is_last && r + 1 == shape->runs && shape->open_end;

			segment_fill(&fill, shape, &run, s, is_last, stays_open);
			if (flushed)
				fill.flushed = flushed + (r * shape->segments + s + 1) * shape->snapshots;
		}
	}
	copy = malloc(fill.out.size + 1);
	assert(copy);
	memcpy(copy, fill.out.data, fill.out.size);
	*bytes = fill.out.size;
	snapshot_bytes_free(&memory.functions, &fill.out);
	snapshot_encoder_free(fill.encoder);
	assert(memory.bytes == 0);
	return copy;
}

static uint64_t digest_of(uint64_t digest, const void *data, size_t count)
{
	const uint8_t *bytes = data;

	for (size_t i = 0; i < count; i++)
		digest = (digest ^ bytes[i]) * 0x100000001b3u;
	return digest;
}

/* The digest of a snapshot counts only once it is whole. */
static void found_add(struct sample_found *found, const struct snapshot_event *event,
                      uint64_t *pending)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_RUN:
		found->runs++;
		found->digest = digest_of(found->digest, event->run, sizeof(*event->run));
		break;
	case SNAPSHOT_EVENT_SEGMENT:
		found->segments++;
		break;
	case SNAPSHOT_EVENT_CYCLE:
		found->cycles++;
		found->digest = digest_of(found->digest, event->cycle, sizeof(*event->cycle));
		break;
	case SNAPSHOT_EVENT_SNAPSHOT:
		*pending = digest_of(1, event->head, sizeof(*event->head));
		break;
	case SNAPSHOT_EVENT_SPANS:
		found->rows += event->batch.count;
		*pending = digest_of(*pending, event->batch.spans,
		                     event->batch.count * sizeof(*event->batch.spans));
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		found->snapshots++;
		found->digest = digest_of(found->digest, pending, sizeof(*pending));
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_LOST:
		found->lost++;
		break;
	case SNAPSHOT_EVENT_LEAKS:
		found->leaks++;
		found->digest = digest_of(found->digest, event->leaks, sizeof(*event->leaks));
		break;
	case SNAPSHOT_EVENT_SKIPPED:
		found->skipped++;
		break;
	case SNAPSHOT_EVENT_RUN_END:
		found->run_ends++;
		break;
	case SNAPSHOT_EVENT_ISSUE:
	case SNAPSHOT_EVENT_TORN:
		found->issues += event->type == SNAPSHOT_EVENT_ISSUE;
		found->torn += event->type == SNAPSHOT_EVENT_TORN;
		found->issue = event->issue;
		found->bytes_skipped += event->issue.bytes_skipped;
		found->is_damaged |= event->issue.severity > SNAPSHOT_WARNING;
		break;
	default:
		break;
	}
}

struct sample_found sample_decode(const uint8_t *data, size_t count, size_t piece)
{
	struct sample_found found = {.digest = 0xcbf29ce484222325u};
	struct sample_memory memory;
	struct snapshot_decoder *decoder;
	const struct snapshot_event *event;
	uint64_t pending = 0;
	size_t at = 0;

	sample_memory_init(&memory);
	decoder = snapshot_decoder_new(&memory.functions, 0);
	assert(decoder);
	while ((event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		size_t some = count - at < piece ? count - at : piece;

		if (event->type != SNAPSHOT_EVENT_INPUT) {
			found_add(&found, event, &pending);
			continue;
		}
		at += snapshot_decoder_feed(decoder, data + at, some);
		if (at == count)
			snapshot_decoder_finish(decoder);
	}
	snapshot_decoder_free(decoder);
	assert(memory.bytes == 0);
	return found;
}
