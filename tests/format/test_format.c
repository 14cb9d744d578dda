#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "record.h"
#include "sample.h"
#include "words.h"

static const struct sample_shape small = {
	.runs = 2, .segments = 2, .snapshots = 3, .cycles = 1, .spans = 40,
};

/* ---- round trips ------------------------------------------------------- */

/* Encodes a sequence of tables and checks each row of each snapshot. */
static void round_trip(uint64_t spans, int snapshots, uint64_t rarity)
{
	struct sample_memory memory;
	struct snapshot_encoder *encoder;
	struct snapshot_decoder *decoder;
	struct snapshot_bytes out = {0};
	struct snapshot_run run = {.pid = 1, .page_bytes = SNAPSHOT_PAGE_BYTES, .exe = "x"};
	struct snapshot_span **tables = calloc((size_t)snapshots + 1, sizeof(*tables));
	uint64_t *counts = calloc((size_t)snapshots + 1, sizeof(*counts)), random = spans;
	size_t at = 0;
	int seen = 0;

	sample_memory_init(&memory);
	encoder = snapshot_encoder_new(&memory.functions, 1);
	cr_assert_eq(snapshot_segment_begin(encoder, &run, 0, &out), SNAPSHOT_OK);
	tables[0] = sample_table(spans, 1);
	counts[0] = spans;
	for (int i = 0; i < snapshots; i++) {
		struct snapshot_head head = {.seq = (uint64_t)i, .gc_num = (uint64_t)i + 1,
		                             .has_spans = 1, .span_count = counts[i]};

		cr_assert_eq(snapshot_put(encoder, &head, tables[i], i ? tables[i - 1] : NULL,
		                          i ? counts[i - 1] : 0, &out), SNAPSHOT_OK);
		counts[i + 1] = counts[i];
		tables[i + 1] = sample_change(tables[i], &counts[i + 1], rarity, head.gc_num + 1,
		                              &random);
	}
	cr_assert_eq(snapshot_segment_end(encoder, &out), SNAPSHOT_OK);

	decoder = snapshot_decoder_new(&memory.functions, 0);
	for (const struct snapshot_event *event = snapshot_decoder_next(decoder);
	     event->type != SNAPSHOT_EVENT_END; event = snapshot_decoder_next(decoder)) {
		cr_assert_neq(event->type, SNAPSHOT_EVENT_ISSUE, "%s", event->issue.message);
		cr_assert_neq(event->type, SNAPSHOT_EVENT_TORN);
		if (event->type == SNAPSHOT_EVENT_INPUT) {
			at += snapshot_decoder_feed(decoder, out.data + at, out.size - at);
			if (at == out.size)
				snapshot_decoder_finish(decoder);
		} else if (event->type == SNAPSHOT_EVENT_SPANS) {
			cr_assert_leq(event->batch.first + event->batch.count, counts[seen]);
			cr_assert_eq(memcmp(event->batch.spans, tables[seen] + event->batch.first,
			                    event->batch.count * sizeof(struct snapshot_span)), 0);
		} else if (event->type == SNAPSHOT_EVENT_SNAPSHOT_END) {
			cr_assert_eq(event->head->span_count, counts[seen]);
			seen++;
		}
	}
	cr_assert_eq(seen, snapshots);
	snapshot_decoder_free(decoder);
	snapshot_encoder_free(encoder);
	snapshot_bytes_free(&memory.functions, &out);
	cr_assert_eq(memory.bytes, 0);
	for (int i = 0; i <= snapshots; i++)
		free(tables[i]);
	free(tables);
	free(counts);
}

Test(format, tables_come_back_as_they_were)
{
	round_trip(1, 5, 2);
	round_trip(100, 60, 3);
	round_trip(5000, 64, 10);
	round_trip(SNAPSHOT_BATCH_MAX, 3, 1);
	round_trip(2 * SNAPSHOT_BATCH_MAX + 1, 10, 100);
}

Test(format, an_empty_table_is_a_table)
{
	round_trip(0, 3, 1);
}

Test(format, a_million_spans_come_back)
{
	round_trip(1000000, 3, 10);
}

Test(format, statistics_and_cycles_come_back_word_for_word)
{
	struct sample_memory memory;
	struct snapshot_encoder *encoder;
	struct snapshot_decoder *decoder;
	struct snapshot_bytes out = {0};
	struct snapshot_run run = {.pid = 77, .page_bytes = SNAPSHOT_PAGE_BYTES, .exe = "exe",
	                           .host = "host", .tracking_why = "why", .library = "1.2.3"};
	struct snapshot_head heads[3];
	struct snapshot_cycle cycles[3];
	uint64_t random = 99, word;
	int seen = 0;

	sample_memory_init(&memory);
	encoder = snapshot_encoder_new(&memory.functions, 1);
	cr_assert_eq(snapshot_segment_begin(encoder, &run, 0, &out), SNAPSHOT_OK);
	for (int i = 0; i < 3; i++) {
		for (size_t w = 0; w < WORDS_OF(struct snapshot_head); w++) {
			word = sample_random(&random);
			memcpy((char *)&heads[i] + 8 * w, &word, 8);
		}
		for (size_t w = 0; w < WORDS_OF(struct snapshot_cycle); w++) {
			word = sample_random(&random);
			memcpy((char *)&cycles[i] + 8 * w, &word, 8);
		}
		cycles[i].pause_count = 2;
		heads[i].has_spans = heads[i].span_count = 0;
		cr_assert_eq(snapshot_put_cycle(encoder, &cycles[i], &out), SNAPSHOT_OK);
		cr_assert_eq(snapshot_put(encoder, &heads[i], NULL, NULL, 0, &out), SNAPSHOT_OK);
	}
	cr_assert_eq(snapshot_segment_end(encoder, &out), SNAPSHOT_OK);

	decoder = snapshot_decoder_new(&memory.functions, 0);
	cr_assert_eq(snapshot_decoder_feed(decoder, out.data, out.size), out.size);
	snapshot_decoder_finish(decoder);
	for (const struct snapshot_event *event = snapshot_decoder_next(decoder);
	     event->type != SNAPSHOT_EVENT_END; event = snapshot_decoder_next(decoder)) {
		if (event->type == SNAPSHOT_EVENT_RUN) {
			cr_assert_eq(memcmp(event->run, &run, sizeof(run)), 0);
		} else if (event->type == SNAPSHOT_EVENT_CYCLE) {
			cr_assert_eq(memcmp(event->cycle, &cycles[seen], sizeof(cycles[0])), 0);
		} else if (event->type == SNAPSHOT_EVENT_SNAPSHOT_END) {
			cr_assert_eq(memcmp(event->head, &heads[seen], sizeof(heads[0])), 0);
			seen++;
		}
	}
	cr_assert_eq(seen, 3);
	snapshot_decoder_free(decoder);
	snapshot_encoder_free(encoder);
	snapshot_bytes_free(&memory.functions, &out);
}

Test(format, a_table_that_contradicts_itself_is_refused)
{
	struct sample_memory memory;
	struct snapshot_run run = {.page_bytes = SNAPSHOT_PAGE_BYTES};
	struct snapshot_head head = {.has_spans = 1, .span_count = 2};
	const struct snapshot_span good[2] = {{.base = 8192, .npages = 1}, {.base = 16384, .npages = 1}};

	sample_memory_init(&memory);
	for (int i = 0; i < 5; i++) {
		struct snapshot_encoder *encoder = snapshot_encoder_new(&memory.functions, 1);
		struct snapshot_bytes out = {0};
		struct snapshot_span bad[2] = {good[0], good[1]};

		if (i == 0)
			bad[0].npages = 2;
		else if (i == 1)
			bad[1].base = 0;
		else if (i == 2)
			bad[1].npages = 0;
		else if (i == 3)
			bad[1].released_bytes = 8193;
		else
			bad[1].state = SNAPSHOT_STATE_COUNT;
		cr_assert_eq(snapshot_segment_begin(encoder, &run, 0, &out), SNAPSHOT_OK);
		cr_assert_eq(snapshot_put(encoder, &head, bad, NULL, 0, &out), SNAPSHOT_INVALID);
		snapshot_encoder_free(encoder);
		snapshot_bytes_free(&memory.functions, &out);
	}
}

Test(format, pieces_of_any_size_decode_to_the_same)
{
	size_t bytes;
	uint8_t *data = sample_recording(&small, &bytes, NULL);
	struct sample_found whole = sample_decode(data, bytes, bytes);

	cr_assert_eq(whole.runs, 2);
	cr_assert_eq(whole.segments, 4);
	cr_assert_eq(whole.snapshots, 12);
	cr_assert_eq(whole.cycles, 12);
	cr_assert_eq(whole.skipped, 4);
	cr_assert_eq(whole.run_ends, 2);
	cr_assert_eq(whole.issues + whole.torn + whole.lost, 0);
	for (size_t piece = 1; piece < 100; piece++)
		cr_assert_eq(sample_decode(data, bytes, piece).digest, whole.digest);
	free(data);
}

/* Where the segment with this index begins. */
static size_t mark_find(const uint8_t *data, size_t bytes, int index)
{
	size_t at = 0;

	for (int marks = 0;; at++) {
		if (snapshot_is_recording(data + at, bytes - at) && marks++ == index)
			return at;
		cr_assert_lt(at, bytes);
	}
}

Test(format, a_decoder_can_be_started_at_any_segment)
{
	size_t bytes;
	uint8_t *data = sample_recording(&small, &bytes, NULL);

	for (int segment = 0; segment < 4; segment++) {
		size_t at = mark_find(data, bytes, segment);
		struct sample_found found = sample_decode(data + at, bytes - at, 4096);

		cr_assert_eq(found.snapshots, 3 * (4 - (uint32_t)segment));
		cr_assert_eq(found.issues + found.torn, 0);
	}
	free(data);
}

Test(format, no_level_takes_more_memory_than_the_window_can_use)
{
	static const int levels[] = {1, 3, 9, 15, 19};
	struct snapshot_run run = {.page_bytes = SNAPSHOT_PAGE_BYTES};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct sample_memory memory;
		struct snapshot_encoder *encoder;
		struct snapshot_bytes out = {0};

		sample_memory_init(&memory);
		encoder = snapshot_encoder_new(&memory.functions, levels[i]);
		cr_assert_eq(snapshot_segment_begin(encoder, &run, 0, &out), SNAPSHOT_OK);
		cr_assert_lt(memory.bytes_max, 40 << 20, "level %d: %zu", levels[i],
		             memory.bytes_max);
		snapshot_encoder_free(encoder);
		snapshot_bytes_free(&memory.functions, &out);
		cr_assert_eq(memory.bytes, 0);
	}
}

/* ---- cut and damaged files --------------------------------------------- */

Test(format, every_truncation_keeps_all_snapshots_flushed_before_it)
{
	size_t bytes, flushed[12];
	uint8_t *data = sample_recording(&small, &bytes, flushed);

	for (size_t cut = 0; cut <= bytes; cut++) {
		struct sample_found found = sample_decode(data, cut, 4096);
		uint32_t whole = 0;

		while (whole < 12 && flushed[whole] <= cut)
			whole++;
		cr_assert_eq(found.snapshots, whole, "cut at %zu", cut);
		cr_assert(!found.is_damaged || cut < SEGMENT_MARK_BYTES, "cut at %zu: %s", cut,
		          found.issue.message);
		cr_assert_leq(found.torn, 1);
	}
	free(data);
}

Test(format, every_flipped_byte_costs_at_most_its_own_segment)
{
	size_t bytes;
	uint8_t *data = sample_recording(&small, &bytes, NULL);
	uint64_t digest = sample_decode(data, bytes, bytes).digest;

	for (size_t at = 0; at < bytes; at++) {
		const uint8_t flips[2] = {0xff, (uint8_t)(1 << at % 8)};

		for (int i = 0; i < 2; i++) {
			struct sample_found found;

			data[at] ^= flips[i];
			found = sample_decode(data, bytes, 65536);
			data[at] ^= flips[i];
			cr_assert_geq(found.snapshots, 9, "byte %zu ^ %02x", at, flips[i]);
			cr_assert_leq(found.snapshots, 12);
			/* Some bits of zstd's headers mean nothing; all others are noticed. */
			if (found.issues + found.torn == 0)
				cr_assert_eq(found.digest, digest, "byte %zu ^ %02x", at, flips[i]);
		}
	}
	free(data);
}

Test(format, garbage_between_segments_is_passed_over_and_measured)
{
	size_t bytes, flushed[12];
	uint8_t *data = sample_recording(&small, &bytes, flushed), *longer = malloc(bytes + 1000);
	struct sample_found found;
	size_t at;

	at = mark_find(data, bytes, 2);
	memcpy(longer, data, at);
	memset(longer + at, 0x5d, 1000);
	memcpy(longer + at + 1000, data + at, bytes - at);
	found = sample_decode(longer, bytes + 1000, 333);
	cr_assert_eq(found.snapshots, 12);
	cr_assert_eq(found.issues, 1);
	cr_assert_eq(found.issue.code, SNAPSHOT_ISSUE_FOREIGN);
	cr_assert_eq(found.issue.offset, at);
	cr_assert_eq(found.bytes_skipped, 1000);
	cr_assert(found.is_damaged);
	free(longer);
	free(data);
}

/* What a writer does with a torn end: the length up to which the file is whole, closed. */
static size_t close_torn(uint8_t *data, size_t bytes)
{
	struct snapshot_walk walk;

	snapshot_walk_begin(&walk);
	while (!walk.done) {
		size_t got = walk.offset < bytes ? bytes - walk.offset : 0;

		snapshot_walk_step(&walk, data + (got ? walk.offset : 0),
		                   got < walk.need ? got : walk.need);
	}
	cr_assert(walk.is_recording && !walk.is_damaged);
	if (!walk.is_open)
		return walk.whole;
	memcpy(data + walk.whole, snapshot_closing, sizeof(snapshot_closing));
	return walk.whole + sizeof(snapshot_closing);
}

Test(format, a_torn_run_followed_by_another_is_torn_and_not_damaged)
{
	const struct sample_shape open = {1, 1, 3, 1, 40, 1, 0};
	size_t bytes, other_bytes, other_at;
	uint8_t *data = sample_recording(&open, &bytes, NULL);
	uint8_t *other = sample_recording(&small, &other_bytes, NULL);

	other_at = mark_find(other, other_bytes, 2);
	other_bytes -= other_at;
	for (size_t cut = SEGMENT_MARK_BYTES; cut <= bytes; cut++) {
		uint8_t *both = malloc(cut + 3 + other_bytes);
		uint32_t whole = sample_decode(data, cut, 4096).snapshots;
		struct sample_found found;
		size_t size;

		memcpy(both, data, cut);
		size = close_torn(both, cut);
		/* What was closed is plain zstd again. */
		if (size > SEGMENT_MARK_BYTES)
			cr_assert_eq(ZSTD_findFrameCompressedSize(both + SEGMENT_MARK_BYTES,
			                                          size - SEGMENT_MARK_BYTES),
			             size - SEGMENT_MARK_BYTES);
		memcpy(both + size, other + other_at, other_bytes);
		found = sample_decode(both, size + other_bytes, 4096);
		cr_assert(!found.is_damaged, "cut %zu: %s", cut, found.issue.message);
		cr_assert_eq(found.snapshots, whole + 6);
		cr_assert_eq(found.run_ends, 1);
		free(both);
	}
	free(other);
	free(data);
}

Test(format, files_put_together_without_closing_the_first_are_read)
{
	const struct sample_shape open = {1, 1, 3, 1, 40, 1, 0};
	size_t bytes, other_bytes, other_at;
	uint8_t *data = sample_recording(&open, &bytes, NULL);
	uint8_t *other = sample_recording(&small, &other_bytes, NULL);

	other_at = mark_find(other, other_bytes, 2);
	other_bytes -= other_at;
	for (size_t cut = 0; cut <= bytes; cut++) {
		uint8_t *both = malloc(cut + other_bytes);
		uint32_t whole = sample_decode(data, cut, 4096).snapshots;

		memcpy(both, data, cut);
		memcpy(both + cut, other + other_at, other_bytes);
		cr_assert_eq(sample_decode(both, cut + other_bytes, 4096).snapshots, whole + 6);
		free(both);
	}
	free(other);
	free(data);
}

Test(format, the_walk_finds_the_end_of_a_whole_recording)
{
	size_t bytes;
	uint8_t *data = sample_recording(&small, &bytes, NULL);
	struct snapshot_walk walk;

	snapshot_walk_begin(&walk);
	while (!walk.done) {
		size_t got = walk.offset < bytes ? bytes - walk.offset : 0;

		cr_assert_leq(walk.need, 64);
		snapshot_walk_step(&walk, data + (got ? walk.offset : 0),
		                   got < walk.need ? got : walk.need);
	}
	cr_assert(walk.is_recording && !walk.is_damaged && !walk.is_open);
	cr_assert_eq(walk.whole, bytes);
	free(data);
}

Test(format, a_recording_is_known_by_a_damaged_mark)
{
	size_t bytes;
	uint8_t *data = sample_recording(&small, &bytes, NULL);

	for (size_t at = 0; at < SEGMENT_MARK_BYTES; at++) {
		data[at] ^= 0xff;
		cr_assert(snapshot_was_recording(data, bytes));
		cr_assert(!snapshot_is_recording(data, bytes));
		data[at] ^= 0xff;
	}
	cr_assert(snapshot_was_recording(data, 16));
	cr_assert(!snapshot_was_recording(data, 8));
	cr_assert(!snapshot_was_recording("{\"Alloc\": 123456789}", 20));
	free(data);
}

Test(format, the_walk_refuses_what_is_no_recording)
{
	static const uint8_t text[64] = "this is a text file and no recording at all";
	struct snapshot_walk walk;

	snapshot_walk_begin(&walk);
	snapshot_walk_step(&walk, text, 48);
	cr_assert(walk.done && !walk.is_recording);
	cr_assert(!snapshot_is_recording(text, sizeof(text)));
	cr_assert(!snapshot_is_recording(text, 0));
}

/* ---- crafted files ----------------------------------------------------- */

struct craft {
	uint8_t bytes[1 << 20];
	size_t size;
	uint8_t content[1 << 20];
	size_t content_size;
	uint32_t seq;
};

static struct craft *craft_new(uint16_t major, uint16_t minor)
{
	struct craft *craft = calloc(1, sizeof(*craft));
	struct segment_mark mark = {.version_major = major, .version_minor = minor};

	segment_mark_put(craft->bytes, &mark);
	craft->size = SEGMENT_MARK_BYTES;
	return craft;
}

static uint8_t *craft_payload(struct craft *craft)
{
	return craft->content + craft->content_size + RECORD_HEAD_BYTES;
}

static void craft_record(struct craft *craft, uint8_t type, uint8_t flags, const uint8_t *end)
{
	size_t payload_bytes = (size_t)(end - craft_payload(craft));

	record_seal(craft->content + craft->content_size, type, flags, craft->seq++, payload_bytes);
	craft->content_size += RECORD_HEAD_BYTES + payload_bytes;
}

/* A run record as a later minor version may write it: more words, one more text. */
static void craft_run(struct craft *craft, bool newer)
{
	uint64_t words[7] = {1, 2, 3, SNAPSHOT_PAGE_BYTES, 0, 55, 66}, none[7] = {0};
	uint8_t *at = craft_payload(craft);

	memset(at, 0, 16);
	at = put_words(at + 16, words, none, newer ? 7 : 5);
	at = put_varint(at, newer ? 5 : 4);
	for (int i = 0; i < (newer ? 5 : 4); i++) {
		*at++ = 1;
		*at++ = (uint8_t)('a' + i);
	}
	craft_record(craft, RECORD_RUN, 0, at);
}

static void craft_snapshot(struct craft *craft, uint64_t span_count)
{
	struct snapshot_head head = {.has_spans = 1, .span_count = span_count}, none = {0};

	craft_record(craft, RECORD_SNAPSHOT, 0,
	             put_words(craft_payload(craft), &head, &none, WORDS_OF(struct snapshot_head)));
}

static void craft_close(struct craft *craft)
{
	craft->size += ZSTD_compress(craft->bytes + craft->size, sizeof(craft->bytes) - craft->size,
	                             craft->content, craft->content_size, 19);
}

Test(format, a_newer_minor_version_is_read_and_its_news_are_passed_over)
{
	struct craft *craft = craft_new(1, 7);
	struct sample_found found;

	craft_run(craft, true);
	craft_record(craft, 200, RECORD_OPTIONAL, craft_payload(craft) + 500);
	craft_snapshot(craft, 0);
	craft_close(craft);
	found = sample_decode(craft->bytes, craft->size, 1000);
	cr_assert_eq(found.runs, 1);
	cr_assert_eq(found.snapshots, 1);
	cr_assert_eq(found.issues + found.torn, 0, "%s", found.issue.message);
	free(craft);
}

Test(format, an_unknown_record_that_is_not_optional_ends_its_segment)
{
	struct craft *craft = craft_new(1, 0);
	struct sample_found found;

	craft_run(craft, false);
	craft_snapshot(craft, 0);
	craft_record(craft, 200, 0, craft_payload(craft) + 5);
	craft_snapshot(craft, 0);
	craft_close(craft);
	found = sample_decode(craft->bytes, craft->size, 1000);
	cr_assert_eq(found.snapshots, 1);
	cr_assert_eq(found.issue.code, SNAPSHOT_ISSUE_UNKNOWN);
	cr_assert_eq(found.issue.severity, SNAPSHOT_UNSUPPORTED);
	free(craft);
}

Test(format, a_newer_major_version_is_refused_naming_both)
{
	struct craft *craft = craft_new(2, 3);
	struct sample_found found;

	craft_run(craft, false);
	craft_close(craft);
	found = sample_decode(craft->bytes, craft->size, 1000);
	cr_assert_eq(found.runs, 0);
	cr_assert_eq(found.issue.code, SNAPSHOT_ISSUE_VERSION);
	cr_assert_not_null(strstr(found.issue.message, "2.3"));
	cr_assert_not_null(strstr(found.issue.message, "1.2"));
	free(craft);
}

static void craft_leaks(struct craft *craft, uint64_t seq)
{
	struct snapshot_leaks leaks = {.seq = seq, .blocks = 3}, none = {0};

	craft_record(craft, RECORD_LEAKS, RECORD_OPTIONAL,
	             put_words(craft_payload(craft), &leaks, &none, WORDS_OF(struct snapshot_leaks)));
}

Test(format, lost_blocks_come_back_word_for_word)
{
	struct sample_memory memory;
	struct snapshot_encoder *encoder;
	struct snapshot_decoder *decoder;
	struct snapshot_bytes out = {0};
	struct snapshot_run run = {.page_bytes = SNAPSHOT_PAGE_BYTES};
	struct snapshot_head head = {.seq = 17};
	struct snapshot_leaks leaks;
	uint64_t random = 5, word;
	int seen = 0;

	for (size_t w = 0; w < WORDS_OF(struct snapshot_leaks); w++) {
		word = sample_random(&random);
		memcpy((char *)&leaks + 8 * w, &word, 8);
	}
	leaks.seq = head.seq;
	sample_memory_init(&memory);
	encoder = snapshot_encoder_new(&memory.functions, 1);
	cr_assert_eq(snapshot_segment_begin(encoder, &run, 0, &out), SNAPSHOT_OK);
	cr_assert_eq(snapshot_put(encoder, &head, NULL, NULL, 0, &out), SNAPSHOT_OK);
	cr_assert_eq(snapshot_put_leaks(encoder, &leaks, &out), SNAPSHOT_OK);
	cr_assert_eq(snapshot_segment_end(encoder, &out), SNAPSHOT_OK);

	decoder = snapshot_decoder_new(&memory.functions, 0);
	cr_assert_eq(snapshot_decoder_feed(decoder, out.data, out.size), out.size);
	snapshot_decoder_finish(decoder);
	for (const struct snapshot_event *event = snapshot_decoder_next(decoder);
	     event->type != SNAPSHOT_EVENT_END; event = snapshot_decoder_next(decoder)) {
		cr_assert_neq(event->type, SNAPSHOT_EVENT_ISSUE, "%s", event->issue.message);
		if (event->type != SNAPSHOT_EVENT_LEAKS)
			continue;
		cr_assert_eq(memcmp(event->leaks, &leaks, sizeof(leaks)), 0);
		seen++;
	}
	cr_assert_eq(seen, 1);
	snapshot_decoder_free(decoder);
	snapshot_encoder_free(encoder);
	snapshot_bytes_free(&memory.functions, &out);
	cr_assert_eq(memory.bytes, 0);
}

Test(format, lost_blocks_belong_to_the_snapshot_before)
{
	const struct {
		bool snapshot;
		uint64_t span_count, seq;
		uint32_t leaks;
	} cases[] = {{true, 0, 0, 1}, {true, 0, 1, 0}, {true, 5, 0, 0}, {false, 0, 0, 0}};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct craft *craft = craft_new(1, 1);
		struct sample_found found;

		craft_run(craft, false);
		if (cases[i].snapshot)
			craft_snapshot(craft, cases[i].span_count);
		craft_leaks(craft, cases[i].seq);
		craft_close(craft);
		found = sample_decode(craft->bytes, craft->size, 1000);
		cr_assert_eq(found.leaks, cases[i].leaks, "case %zu", i);
		cr_assert_eq(found.is_damaged, cases[i].leaks == 0, "case %zu", i);
		free(craft);
	}
}

/* Decodes and holds time and memory to what a hostile file of 1 KB may cost. */
static void decode_cheaply(const struct craft *craft)
{
	struct sample_memory memory;
	struct snapshot_decoder *decoder;
	struct timespec begin, end;
	size_t at = 0;

	sample_memory_init(&memory);
	clock_gettime(CLOCK_MONOTONIC, &begin);
	decoder = snapshot_decoder_new(&memory.functions, 0);
	for (const struct snapshot_event *event = snapshot_decoder_next(decoder);
	     event->type != SNAPSHOT_EVENT_END; event = snapshot_decoder_next(decoder)) {
		if (event->type != SNAPSHOT_EVENT_INPUT)
			continue;
		at += snapshot_decoder_feed(decoder, craft->bytes + at, craft->size - at);
		if (at == craft->size)
			snapshot_decoder_finish(decoder);
	}
	snapshot_decoder_free(decoder);
	clock_gettime(CLOCK_MONOTONIC, &end);
	cr_assert_lt(memory.bytes_max, 100000000, "%zu bytes", memory.bytes_max);
	cr_assert_lt(end.tv_sec - begin.tv_sec, 2);
	cr_assert_eq(memory.bytes, 0);
}

/* A batch of new rows whose columns are all zeros but for pages: the cheapest table there is. */
static void craft_batch(struct craft *craft, uint64_t first, bool same)
{
	uint8_t *at = craft_payload(craft);
	uint8_t operation[4], *operation_end;

	operation_end = put_varint(operation,
	                           (uint64_t)(SNAPSHOT_BATCH_MAX - 1) << 2 | (same ? 0 : 3));
	at = put_varint(at, first);
	at = put_varint(at, SNAPSHOT_BATCH_MAX);
	*at++ = first == 0 && !same; /* one shape: large, of one page */
	if (first == 0 && !same) {
		memcpy(at, (uint8_t[]){1, 5, 1, 0, 0}, 5);
		at += 5;
	}
	at = put_varint(at, 8);
	at = put_varint(at, (uint64_t)(operation_end - operation));
	for (int i = 1; i < 8; i++)
		at = put_varint(at, same || i == 3 || i == 6 || i == 7 ? 0 : SNAPSHOT_BATCH_MAX);
	memcpy(at, operation, (size_t)(operation_end - operation));
	at += operation_end - operation;
	if (!same) {
		memset(at, 0, 4 * SNAPSHOT_BATCH_MAX);
		at += 4 * SNAPSHOT_BATCH_MAX;
	}
	craft_record(craft, RECORD_SPANS, 0, at);
}

Test(format, a_hostile_kilobyte_of_spans_takes_neither_memory_nor_time)
{
	struct craft *craft = craft_new(1, 0);

	craft_run(craft, false);
	craft_snapshot(craft, (uint64_t)1 << 32);
	for (uint64_t i = 0; i < 100; i++)
		craft_batch(craft, i * SNAPSHOT_BATCH_MAX, false);
	craft_close(craft);
	cr_assert_lt(craft->size, 3000);
	decode_cheaply(craft);
	free(craft);
}

Test(format, a_bomb_of_zeros_takes_neither_memory_nor_time)
{
	struct craft *craft = craft_new(1, 0);
	static const uint8_t frame_head[6] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50};

	/* 250 blocks of 128 KiB of one byte each, in a frame with a window of 1 MiB. */
	memcpy(craft->bytes + craft->size, frame_head, 6);
	craft->size += 6;
	for (int i = 0; i < 250; i++) {
		memcpy(craft->bytes + craft->size, (uint8_t[]){0x02, 0x00, 0x10, 0x00}, 4);
		craft->size += 4;
	}
	decode_cheaply(craft);
	free(craft);
}

Test(format, a_window_beyond_the_limit_is_refused)
{
	struct craft *craft = craft_new(1, 0);
	struct sample_found found;

	memcpy(craft->bytes + craft->size, (uint8_t[]){0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa0, 1, 0, 0}, 9);
	craft->size += 9;
	found = sample_decode(craft->bytes, craft->size, 1000);
	cr_assert_eq(found.issue.code, SNAPSHOT_ISSUE_COMPRESSION);
	decode_cheaply(craft);
	free(craft);
}

Test(format, random_damage_never_crashes)
{
	const struct sample_shape shape = {1, 2, 4, 1, 300, 0, 0};
	uint64_t random = 5;
	size_t bytes;
	uint8_t *data = sample_recording(&shape, &bytes, NULL), *damaged = malloc(bytes);

	for (int round = 0; round < 3000; round++) {
		memcpy(damaged, data, bytes);
		for (uint64_t i = 1 + sample_random(&random) % 20; i > 0; i--)
			damaged[sample_random(&random) % bytes] = (uint8_t)sample_random(&random);
		sample_decode(damaged, bytes - sample_random(&random) % 50, 1 + sample_random(&random) % 5000);
	}
	free(damaged);
	free(data);
}

/* As random damage, but behind right checksums: what the record decoders are made of. */
Test(format, damage_with_right_checksums_never_crashes)
{
	struct craft *craft = craft_new(1, 0);
	struct craft *copy = calloc(1, sizeof(*copy));
	uint64_t random = 11;
	size_t starts[8];

	craft_run(craft, false);
	starts[0] = 0;
	starts[1] = craft->content_size;
	craft_snapshot(craft, 2 * SNAPSHOT_BATCH_MAX);
	starts[2] = craft->content_size;
	craft_batch(craft, 0, false);
	starts[3] = craft->content_size;
	craft_batch(craft, SNAPSHOT_BATCH_MAX, false);
	starts[4] = craft->content_size;
	craft_snapshot(craft, SNAPSHOT_BATCH_MAX);
	starts[5] = craft->content_size;
	craft_batch(craft, 0, true);
	starts[6] = craft->content_size;
	for (int round = 0; round < 3000; round++) {
		memcpy(copy, craft, sizeof(*copy));
		for (uint32_t r = 0; r < 6; r++) {
			uint8_t *record = copy->content + starts[r];
			size_t bytes = starts[r + 1] - starts[r] - RECORD_HEAD_BYTES;
			uint64_t span = bytes < 60 ? bytes : 60;

			if (sample_random(&random) % 3 == 0)
				record[RECORD_HEAD_BYTES + sample_random(&random) % span] =
					(uint8_t)sample_random(&random);
			record_seal(record, record[0], 0, r, bytes);
		}
		copy->size = SEGMENT_MARK_BYTES;
		copy->size += ZSTD_compress(copy->bytes + copy->size, sizeof(copy->bytes) - copy->size,
		                            copy->content, copy->content_size, 1);
		sample_decode(copy->bytes, copy->size, 65536);
	}
	free(copy);
	free(craft);
}

Test(format, memory_that_is_refused_is_said_and_nothing_leaks)
{
	const struct sample_shape shape = {1, 1, 2, 1, 5000, 0, 0};
	size_t bytes;
	uint8_t *data = sample_recording(&shape, &bytes, NULL);

	for (size_t refuse = 1; refuse < 12; refuse++) {
		struct sample_memory memory;
		struct snapshot_decoder *decoder;
		size_t at = 0;

		sample_memory_init(&memory);
		memory.refuse_from = refuse;
		decoder = snapshot_decoder_new(&memory.functions, 0);
		while (decoder) {
			const struct snapshot_event *event = snapshot_decoder_next(decoder);

			if (event->type == SNAPSHOT_EVENT_END)
				break;
			if (event->type == SNAPSHOT_EVENT_INPUT) {
				at += snapshot_decoder_feed(decoder, data + at, bytes - at);
				if (at == bytes)
					snapshot_decoder_finish(decoder);
			}
		}
		snapshot_decoder_free(decoder);
		cr_assert_eq(memory.bytes, 0);
	}
	free(data);
}
