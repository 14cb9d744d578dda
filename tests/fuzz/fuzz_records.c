/*
 * fuzz_records.c - any records behind right checksums: fuzz_segment says how the input is
 * read. What the decoder accepts is written again by the encoder, and must come back the
 * same: so nothing is accepted that the format cannot say, and every column is read as it
 * is written.
 */
#include <string.h>

#include "fuzz.h"
#include "sample.h"

enum { PIECE_BYTES = 65536, ROWS_MAX = 20000 };

static struct snapshot_span tables[2][ROWS_MAX];

struct copy {
	struct snapshot_encoder *encoder;
	struct snapshot_bytes out;
	struct snapshot_head head;
	struct snapshot_span *table, *former;
	uint64_t count, former_count, rows;
	bool has_former, too_long;
};

static void copy_snapshot(struct copy *copy)
{
	struct snapshot_span *table = copy->table;

	FUZZ_HOLDS(copy->count == copy->head.span_count);
	FUZZ_HOLDS(snapshot_put(copy->encoder, &copy->head, table,
	                        copy->has_former ? copy->former : NULL, copy->former_count,
	                        &copy->out) == SNAPSHOT_OK);
	copy->table = copy->former;
	copy->former = table;
	copy->former_count = copy->count;
	copy->has_former = true;
}

static void copy_event(struct copy *copy, const struct snapshot_event *event)
{
	enum snapshot_result result = SNAPSHOT_OK;

	switch (event->type) {
	case SNAPSHOT_EVENT_SEGMENT:
		result = snapshot_segment_begin(copy->encoder, event->run, event->segment.number,
		                                &copy->out);
		break;
	case SNAPSHOT_EVENT_CYCLE:
		result = snapshot_put_cycle(copy->encoder, event->cycle, &copy->out);
		break;
	case SNAPSHOT_EVENT_SKIPPED:
		result = snapshot_put_skipped(copy->encoder, event->skipped, &copy->out);
		break;
	case SNAPSHOT_EVENT_RUN_END:
		result = snapshot_put_run_end(copy->encoder, event->run_end, &copy->out);
		break;
	case SNAPSHOT_EVENT_SNAPSHOT:
		copy->head = *event->head;
		copy->count = 0;
		break;
	case SNAPSHOT_EVENT_SPANS:
		FUZZ_HOLDS(event->batch.first == copy->count);
		copy->rows += event->batch.count;
		copy->too_long |= copy->rows > ROWS_MAX;
		if (!copy->too_long)
			memcpy(copy->table + copy->count, event->batch.spans,
			       event->batch.count * sizeof(*event->batch.spans));
		copy->count += event->batch.count;
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		copy_snapshot(copy);
		break;
	default:
		break;
	}
	FUZZ_HOLDS(result == SNAPSHOT_OK);
}

/* Decodes the segment and encodes what comes out. False: too long to be worth it. */
static bool copy_segment(struct copy *copy, const struct snapshot_memory *memory,
                         const uint8_t *data, size_t count)
{
	struct snapshot_decoder *decoder = snapshot_decoder_new(memory, 0);
	const struct snapshot_event *event;
	size_t at = 0;

	FUZZ_HOLDS(decoder);
	while (!copy->too_long &&
	       (event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		if (event->type != SNAPSHOT_EVENT_INPUT) {
			copy_event(copy, event);
			continue;
		}
		at += snapshot_decoder_feed(decoder, data + at, count - at);
		if (at == count)
			snapshot_decoder_finish(decoder);
	}
	snapshot_decoder_free(decoder);
	if (copy->too_long || copy->out.size == 0)
		return false;
	FUZZ_HOLDS(snapshot_segment_end(copy->encoder, &copy->out) == SNAPSHOT_OK);
	return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	struct sample_memory memory;
	struct copy copy = {0};
	size_t bytes;
	uint8_t *segment = fuzz_segment(data, count, &bytes);
	struct sample_found found = sample_decode(segment, bytes, PIECE_BYTES), again;

	sample_memory_init(&memory);
	copy.encoder = snapshot_encoder_new(&memory.functions, 1);
	copy.table = tables[0];
	copy.former = tables[1];
	FUZZ_HOLDS(copy.encoder);
	if (copy_segment(&copy, &memory.functions, segment, bytes)) {
		again = sample_decode(copy.out.data, copy.out.size, PIECE_BYTES);
		FUZZ_HOLDS(again.issues + again.torn + again.lost == 0);
		FUZZ_HOLDS(again.snapshots == found.snapshots && again.cycles == found.cycles);
		FUZZ_HOLDS(again.skipped == found.skipped && again.run_ends == found.run_ends);
		FUZZ_HOLDS(again.digest == found.digest);
	}
	snapshot_bytes_free(&memory.functions, &copy.out);
	snapshot_encoder_free(copy.encoder);
	FUZZ_HOLDS(memory.bytes == 0);
	free(segment);
	return 0;
}
