/*
 * decoder.c - events from bytes.
 *
 * The bytes fed are searched for segment marks before the decompressor sees them: a whole
 * mark with a right checksum begins a segment wherever it stands, so a segment that was
 * damaged or cut never takes the next one with it, and nothing has to be read twice.
 *
 * Invariant: input[input_at] is the byte at file offset input_offset; events wait in
 * `queue` and what they point to does not change before they are delivered. Bounds:
 * record bytes, shapes, window (record.h), rows for each byte of a segment (ROWS_*).
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <zstd.h>

#include "record.h"
#include "spans.h"
#include "words.h"

enum {
	INPUT_BYTES = 1 << 16,
	QUEUE_EVENTS = 4,
	ROWS_FREE = 65536,
	ROWS_PER_BYTE = 1024,
	BLOCK_HEAD_BYTES = 3,
	FRAME_HEAD_BYTES_LEAST = 5, /* as many as the decompressor asks for at first */
};

enum decoder_state {
	STATE_BETWEEN, /* at a mark or a frame, or the end */
	STATE_MARK,    /* at a whole mark; the segment before is left */
	STATE_FRAME,   /* in a frame of the segment */
	STATE_SEARCH,  /* passing over bytes up to the next mark; `issue` waits for their number */
	STATE_END,
};

struct snapshot_decoder {
	struct snapshot_memory memory;
	ZSTD_DCtx *zstd;
	enum decoder_state state;
	bool finished;        /* no byte will follow */
	bool in_segment;      /* between a mark and the next one, or damage */
	bool has_run;         /* the segment's RUN record was read */
	bool knows_run;       /* run holds the run delivered last */
	bool in_snapshot;     /* its rows are not all there yet */
	bool has_snapshot;    /* head is that of a whole one of this segment, unless in_snapshot */
	bool in_frame;        /* the frame's last block was not read */
	bool at_block;        /* the next byte begins a block */
	bool is_drained;      /* the decompressor gives nothing more without input */
	size_t frame_hint;    /* what it wants next, and a block's head after that */
	uint64_t input_offset;
	uint64_t good_offset; /* after the input of the last whole record */
	uint64_t rows;        /* delivered in this segment */
	uint32_t seq;         /* of the next record */
	size_t record_bytes;  /* of the record under way */
	size_t input_at, input_end;
	unsigned queue_at, queue_end;
	struct snapshot_event queue[QUEUE_EVENTS];
	struct snapshot_issue issue;
	struct snapshot_segment segment;
	struct snapshot_run run;
	struct snapshot_head head;
	struct snapshot_cycle cycle;
	struct snapshot_leaks leaks;
	struct snapshot_skipped skipped;
	struct snapshot_run_end run_end;
	struct span_reader spans;
	uint8_t input[INPUT_BYTES];
	uint8_t record[RECORD_BYTES_MAX];
};

struct snapshot_decoder *snapshot_decoder_new(const struct snapshot_memory *memory,
                                              uint64_t offset)
{
	struct snapshot_decoder *decoder = memory->alloc(memory->opaque, sizeof(*decoder));

	if (!decoder)
		return NULL;
	memset(decoder, 0, offsetof(struct snapshot_decoder, input));
	decoder->memory = *memory;
	decoder->input_offset = offset;
	decoder->good_offset = offset;
	span_reader_init(&decoder->spans, &decoder->memory);
	decoder->zstd = ZSTD_createDCtx_advanced(
		(ZSTD_customMem){memory->alloc, memory->free, memory->opaque});
	if (!decoder->zstd) {
		memory->free(memory->opaque, decoder);
		return NULL;
	}
	ZSTD_DCtx_setParameter(decoder->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
	return decoder;
}

void snapshot_decoder_free(struct snapshot_decoder *decoder)
{
	struct snapshot_memory memory;

	if (!decoder)
		return;
	memory = decoder->memory;
	span_reader_reset(&decoder->spans);
	ZSTD_freeDCtx(decoder->zstd);
	memory.free(memory.opaque, decoder);
}

size_t snapshot_decoder_feed(struct snapshot_decoder *decoder, const void *data, size_t count)
{
	size_t room;

	if (decoder->input_at > 0) {
		memmove(decoder->input, decoder->input + decoder->input_at,
		        decoder->input_end - decoder->input_at);
		decoder->input_end -= decoder->input_at;
		decoder->input_at = 0;
	}
	room = INPUT_BYTES - decoder->input_end;
	if (count > room)
		count = room;
	memcpy(decoder->input + decoder->input_end, data, count);
	decoder->input_end += count;
	return count;
}

void snapshot_decoder_finish(struct snapshot_decoder *decoder)
{
	decoder->finished = true;
}

/* ---- Events ------------------------------------------------------------ */

/* The segment's own run; between segments the one before. NULL when it was not read. */
static const struct snapshot_run *run_now(const struct snapshot_decoder *decoder)
{
	if (!decoder->knows_run || (decoder->in_segment && !decoder->has_run))
		return NULL;
	return &decoder->run;
}

static struct snapshot_event *event_add(struct snapshot_decoder *decoder,
                                        enum snapshot_event_type type)
{
	struct snapshot_event *event = &decoder->queue[decoder->queue_end++];

	memset(event, 0, sizeof(*event));
	event->type = type;
	event->offset = decoder->segment.offset;
	event->segment = decoder->segment;
	event->run = run_now(decoder);
	return event;
}

__attribute__((format(printf, 4, 5)))
static void issue_fill(struct snapshot_issue *issue, enum snapshot_severity severity,
                       enum snapshot_issue_code code, const char *format, ...)
{
	va_list arguments;

	memset(issue, 0, sizeof(*issue));
	issue->severity = severity;
	issue->code = code;
	va_start(arguments, format);
	vsnprintf(issue->message, sizeof(issue->message), format, arguments);
	va_end(arguments);
}

static void snapshot_lose(struct snapshot_decoder *decoder)
{
	if (!decoder->in_snapshot)
		return;
	decoder->in_snapshot = false;
	event_add(decoder, SNAPSHOT_EVENT_SNAPSHOT_LOST)->head = &decoder->head;
}

/* What is wrong is in decoder->issue: passes over everything up to the next mark. */
static void segment_drop(struct snapshot_decoder *decoder)
{
	snapshot_lose(decoder);
	decoder->issue.offset = decoder->good_offset;
	decoder->in_frame = false;
	decoder->state = STATE_SEARCH;
	decoder->record_bytes = 0;
	span_reader_reset(&decoder->spans);
}

/* The segment ends, before a mark or with the input, and not in a whole record. */
static void segment_cut(struct snapshot_decoder *decoder, bool run_goes_on)
{
	struct snapshot_event *event;
	bool closed = !decoder->in_frame;

	snapshot_lose(decoder);
	if (run_goes_on) {
		event = event_add(decoder, SNAPSHOT_EVENT_ISSUE);
		issue_fill(&event->issue, closed ? SNAPSHOT_WARNING : SNAPSHOT_DAMAGE,
		           SNAPSHOT_ISSUE_CUT,
		           "segment %u ends within a record, its run goes on in another segment",
		           decoder->segment.number);
	} else {
		event = event_add(decoder, SNAPSHOT_EVENT_TORN);
		issue_fill(&event->issue, SNAPSHOT_WARNING, SNAPSHOT_ISSUE_TORN,
		           "the last write of the run is not whole");
	}
	event->issue.offset = decoder->good_offset;
	event->issue.bytes_skipped = decoder->input_offset - decoder->good_offset;
}

/* Whether what was read of the segment ends with a whole record and a whole snapshot. */
static bool segment_is_whole(const struct snapshot_decoder *decoder)
{
	return decoder->has_run && !decoder->in_snapshot && decoder->record_bytes == 0 &&
	       (!decoder->in_frame || decoder->at_block);
}

static void segment_leave(struct snapshot_decoder *decoder, const struct segment_mark *next)
{
	bool same = next && decoder->in_segment &&
	            memcmp(next->run_uuid, decoder->segment.run_uuid, 16) == 0;

	if (decoder->in_segment && !segment_is_whole(decoder))
		segment_cut(decoder, same);
	decoder->in_frame = false;
	decoder->in_segment = false;
}

static void memory_refused(struct snapshot_decoder *decoder)
{
	struct snapshot_event *event;

	snapshot_lose(decoder);
	event = event_add(decoder, SNAPSHOT_EVENT_ISSUE);
	issue_fill(&event->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_MEMORY,
	           "no memory to read on");
	event->issue.offset = decoder->good_offset;
	decoder->state = STATE_END;
}

/* ---- Records ----------------------------------------------------------- */

static bool get_text(struct reader *in, char text[SNAPSHOT_TEXT_BYTES_MAX])
{
	uint64_t bytes = get_varint(in);
	const uint8_t *from = bytes < SNAPSHOT_TEXT_BYTES_MAX ? get_bytes(in, bytes) : NULL;

	memset(text, 0, SNAPSHOT_TEXT_BYTES_MAX);
	if (!from)
		return false;
	memcpy(text, from, strnlen((const char *)from, bytes));
	return true;
}

static bool run_read(struct snapshot_decoder *decoder, struct reader *in)
{
	uint64_t words[RUN_WORDS] = {0};
	const uint8_t *uuid = get_bytes(in, 16);
	struct snapshot_run *run = &decoder->run;
	struct snapshot_event *event;
	bool is_new;

	if (!uuid || memcmp(uuid, decoder->segment.run_uuid, 16) != 0)
		return false;
	is_new = !decoder->knows_run || memcmp(uuid, run->uuid, 16) != 0;
	memcpy(run->uuid, uuid, 16);
	get_words(in, words, RUN_WORDS);
	run->pid = words[0];
	run->start_unix_ns = words[1];
	run->start_mono_ns = words[2];
	run->page_bytes = words[3];
	run->tracking = words[4];
	if (in->failed || get_varint(in) < RUN_TEXTS || !get_text(in, run->exe) ||
	    !get_text(in, run->host) || !get_text(in, run->tracking_why) ||
	    !get_text(in, run->library) || run->page_bytes != SNAPSHOT_PAGE_BYTES) {
		decoder->knows_run = false;
		return false;
	}
	decoder->knows_run = true;
	decoder->has_run = true;
	if (is_new) {
		event = event_add(decoder, SNAPSHOT_EVENT_RUN);
		event->run = run;
	}
	event_add(decoder, SNAPSHOT_EVENT_SEGMENT);
	return true;
}

static bool cycle_read(struct snapshot_decoder *decoder, struct reader *in)
{
	get_words(in, &decoder->cycle, WORDS_OF(struct snapshot_cycle));
	if (in->failed || decoder->cycle.pause_count > SNAPSHOT_PAUSES_MAX)
		return false;
	event_add(decoder, SNAPSHOT_EVENT_CYCLE)->cycle = &decoder->cycle;
	return true;
}

static void snapshot_finish(struct snapshot_decoder *decoder)
{
	if (decoder->spans.done < decoder->head.span_count)
		return;
	decoder->in_snapshot = false;
	decoder->has_snapshot = true;
	event_add(decoder, SNAPSHOT_EVENT_SNAPSHOT_END)->head = &decoder->head;
}

static bool snapshot_read(struct snapshot_decoder *decoder, struct reader *in)
{
	struct snapshot_head *head = &decoder->head;

	if (decoder->in_snapshot)
		return false;
	get_words(in, head, WORDS_OF(struct snapshot_head));
	if (in->failed || head->has_spans > 1 || head->span_count > SPAN_COUNT_MAX ||
	    (!head->has_spans && head->span_count > 0))
		return false;
	span_reader_begin(&decoder->spans, head);
	decoder->in_snapshot = true;
	event_add(decoder, SNAPSHOT_EVENT_SNAPSHOT)->head = head;
	snapshot_finish(decoder);
	return true;
}

static bool spans_read(struct snapshot_decoder *decoder, struct reader *in)
{
	struct snapshot_event *event;
	struct span_batch *batch;
	uint64_t fed = decoder->input_offset - decoder->segment.offset;

	if (!decoder->in_snapshot)
		return false;
	switch (span_reader_next(&decoder->spans, in->at, (size_t)(in->end - in->at))) {
	case SNAPSHOT_OK:
		break;
	case SNAPSHOT_NO_MEMORY:
		memory_refused(decoder);
		return true;
	default:
		return false;
	}
	batch = decoder->spans.table.last;
	decoder->rows += batch->count;
	if (decoder->rows > ROWS_FREE + fed * ROWS_PER_BYTE) {
		issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_LIMIT,
		           "segment %u holds more spans than its length can justify",
		           decoder->segment.number);
		segment_drop(decoder);
		return true;
	}
	event = event_add(decoder, SNAPSHOT_EVENT_SPANS);
	event->head = &decoder->head;
	event->batch = (struct snapshot_batch){
		.spans = batch->spans,
		.count = batch->count,
		.first = decoder->spans.done - batch->count,
	};
	snapshot_finish(decoder);
	return true;
}

static bool leaks_read(struct snapshot_decoder *decoder, struct reader *in)
{
	memset(&decoder->leaks, 0, sizeof(decoder->leaks));
	get_words(in, &decoder->leaks, WORDS_OF(struct snapshot_leaks));
	if (in->failed || decoder->in_snapshot || !decoder->has_snapshot ||
	    decoder->leaks.seq != decoder->head.seq)
		return false;
	event_add(decoder, SNAPSHOT_EVENT_LEAKS)->leaks = &decoder->leaks;
	return true;
}

static bool skipped_read(struct snapshot_decoder *decoder, struct reader *in)
{
	memset(&decoder->skipped, 0, sizeof(decoder->skipped));
	get_words(in, &decoder->skipped, WORDS_OF(struct snapshot_skipped));
	if (in->failed)
		return false;
	event_add(decoder, SNAPSHOT_EVENT_SKIPPED)->skipped = &decoder->skipped;
	return true;
}

static bool run_end_read(struct snapshot_decoder *decoder, struct reader *in)
{
	memset(&decoder->run_end, 0, sizeof(decoder->run_end));
	get_words(in, &decoder->run_end, WORDS_OF(struct snapshot_run_end));
	if (in->failed || decoder->in_snapshot)
		return false;
	event_add(decoder, SNAPSHOT_EVENT_RUN_END)->run_end = &decoder->run_end;
	return true;
}

static void record_dispatch(struct snapshot_decoder *decoder, const struct record_head *head)
{
	struct reader in = {
		decoder->record + RECORD_HEAD_BYTES,
		decoder->record + RECORD_HEAD_BYTES + head->payload_bytes,
		false,
	};
	bool ok = decoder->has_run || head->type == RECORD_RUN;

	if (ok) {
		switch (head->type) {
		case RECORD_RUN:
			ok = !decoder->has_run && run_read(decoder, &in);
			break;
		case RECORD_CYCLE:
			ok = cycle_read(decoder, &in);
			break;
		case RECORD_SNAPSHOT:
			ok = snapshot_read(decoder, &in);
			break;
		case RECORD_SPANS:
			ok = spans_read(decoder, &in);
			break;
		case RECORD_LEAKS:
			ok = leaks_read(decoder, &in);
			break;
		case RECORD_SKIPPED:
			ok = skipped_read(decoder, &in);
			break;
		case RECORD_RUN_END:
			ok = run_end_read(decoder, &in);
			break;
		default:
			if (head->flags & RECORD_OPTIONAL)
				return;
			issue_fill(&decoder->issue, SNAPSHOT_UNSUPPORTED, SNAPSHOT_ISSUE_UNKNOWN,
			           "record %u of segment %u is of unknown type %u",
			           head->seq, decoder->segment.number, head->type);
			segment_drop(decoder);
			return;
		}
	}
	if (!ok) {
		issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_RECORD,
		           "record %u (type %u) of segment %u contradicts itself", head->seq,
		           head->type, decoder->segment.number);
		segment_drop(decoder);
	}
}

/* A head or a whole record has been gathered. */
static void record_check(struct snapshot_decoder *decoder)
{
	struct record_head head;

	record_head_get(decoder->record, &head);
	if (head.payload_bytes > RECORD_BYTES_MAX - RECORD_HEAD_BYTES) {
		issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_LIMIT,
		           "record %u of segment %u claims %u bytes", decoder->seq,
		           decoder->segment.number, head.payload_bytes);
		segment_drop(decoder);
		return;
	}
	if (decoder->record_bytes < RECORD_HEAD_BYTES + head.payload_bytes)
		return;
	if (head.seq != decoder->seq || !record_is_intact(decoder->record, &head)) {
		issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_CHECKSUM,
		           "record %u of segment %u: %s", decoder->seq, decoder->segment.number,
		           head.seq != decoder->seq ? "wrong sequence number" : "wrong checksum");
		segment_drop(decoder);
		return;
	}
	decoder->seq++;
	decoder->record_bytes = 0;
	record_dispatch(decoder, &head);
	if (decoder->state != STATE_SEARCH)
		decoder->good_offset = decoder->input_offset;
}

/* ---- States: each returns false when it needs input ------------------- */

static size_t input_bytes(const struct snapshot_decoder *decoder)
{
	return decoder->input_end - decoder->input_at;
}

static const uint8_t *input_data(const struct snapshot_decoder *decoder)
{
	return decoder->input + decoder->input_at;
}

static void input_use(struct snapshot_decoder *decoder, size_t bytes)
{
	decoder->input_at += bytes;
	decoder->input_offset += bytes;
}

/*
 * How many bytes of the input certainly belong to no mark. 0: a whole mark stands here,
 * and *mark is set, or (*more) it takes more input to know.
 */
static size_t input_before_mark(struct snapshot_decoder *decoder, struct segment_mark *mark,
                                bool *more)
{
	size_t count = input_bytes(decoder);
	size_t before = segment_mark_search(input_data(decoder), count);

	*more = false;
	if (before > 0 || count == 0)
		return before;
	if (count >= SEGMENT_MARK_BYTES)
		return segment_mark_get(input_data(decoder), mark) ? 0 : 1;
	if (decoder->finished)
		return count;
	*more = true;
	return 0;
}

static void search_begin(struct snapshot_decoder *decoder)
{
	decoder->good_offset = decoder->input_offset;
	segment_drop(decoder);
}

static bool state_between(struct snapshot_decoder *decoder)
{
	static const uint8_t frame_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
	size_t count = input_bytes(decoder);
	struct segment_mark mark;
	bool more;

	if (count == 0) {
		if (!decoder->finished)
			return false;
		segment_leave(decoder, NULL);
		decoder->state = STATE_END;
		return true;
	}
	if (input_before_mark(decoder, &mark, &more) == 0) {
		if (more)
			return false;
		segment_leave(decoder, &mark);
		decoder->state = STATE_MARK;
		return true;
	}
	if (count < SEGMENT_MARK_BYTES && decoder->finished &&
	    segment_mark_search(input_data(decoder), count) == 0) {
		/* The first write of a run, cut within its mark. */
		segment_leave(decoder, NULL);
		decoder->good_offset = decoder->input_offset;
		input_use(decoder, count);
		segment_cut(decoder, false);
		decoder->state = STATE_END;
		return true;
	}
	if (count < sizeof(frame_magic) && !decoder->finished)
		return false;
	if (decoder->in_segment && decoder->record_bytes == 0 && count >= sizeof(frame_magic) &&
	    memcmp(input_data(decoder), frame_magic, sizeof(frame_magic)) == 0) {
		ZSTD_DCtx_reset(decoder->zstd, ZSTD_reset_session_only);
		decoder->in_frame = true;
		decoder->at_block = false;
		decoder->is_drained = true;
		decoder->frame_hint = FRAME_HEAD_BYTES_LEAST + BLOCK_HEAD_BYTES;
		decoder->state = STATE_FRAME;
		return true;
	}
	if (decoder->in_segment && count < sizeof(frame_magic) &&
	    memcmp(input_data(decoder), frame_magic, count) == 0) {
		/* Cut within the first bytes of a frame. */
		input_use(decoder, count);
		decoder->in_frame = true;
		decoder->at_block = false;
		return true;
	}
	issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_FOREIGN,
	           "bytes that belong to no recording");
	search_begin(decoder);
	return true;
}

static bool state_mark(struct snapshot_decoder *decoder)
{
	struct segment_mark mark;

	segment_mark_get(input_data(decoder), &mark);
	decoder->segment = (struct snapshot_segment){
		.offset = decoder->input_offset,
		.number = mark.number,
		.version_major = mark.version_major,
		.version_minor = mark.version_minor,
	};
	memcpy(decoder->segment.run_uuid, mark.run_uuid, sizeof(mark.run_uuid));
	decoder->in_segment = true;
	decoder->has_run = false;
	decoder->has_snapshot = false;
	decoder->seq = 0;
	decoder->rows = 0;
	decoder->record_bytes = 0;
	decoder->good_offset = decoder->input_offset;
	memset(&decoder->head, 0, sizeof(decoder->head));
	memset(&decoder->cycle, 0, sizeof(decoder->cycle));
	span_reader_reset(&decoder->spans);
	decoder->state = STATE_BETWEEN;
	input_use(decoder, SEGMENT_MARK_BYTES);
	if (mark.version_major != SNAPSHOT_VERSION_MAJOR) {
		issue_fill(&decoder->issue, SNAPSHOT_UNSUPPORTED, SNAPSHOT_ISSUE_VERSION,
		           "the recording has format version %u.%u, this reader knows %d.%d",
		           mark.version_major, mark.version_minor, SNAPSHOT_VERSION_MAJOR,
		           SNAPSHOT_VERSION_MINOR);
		segment_drop(decoder);
	}
	return true;
}

/* How many bytes of the record under way are still to come. */
static size_t record_wanted(const struct snapshot_decoder *decoder)
{
	struct record_head head;

	if (decoder->record_bytes < RECORD_HEAD_BYTES)
		return RECORD_HEAD_BYTES - decoder->record_bytes;
	record_head_get(decoder->record, &head);
	return RECORD_HEAD_BYTES + head.payload_bytes - decoder->record_bytes;
}

/* A mark within the frame, or the end of the input, or too little of it to know. */
static bool frame_stop(struct snapshot_decoder *decoder, const struct segment_mark *mark, bool more)
{
	bool at_end = input_bytes(decoder) == 0;

	if (more || (at_end && !decoder->finished))
		return false;
	segment_leave(decoder, at_end ? NULL : mark);
	decoder->state = at_end ? STATE_END : STATE_MARK;
	return true;
}

/*
 * What the decompressor may have of the input: at most the rest of one block, and nothing
 * while it holds what it has not given out. For when it fails it keeps silent about what
 * it wrote in the same call: a whole record would be lost with the damaged block after it.
 */
static size_t frame_share(const struct snapshot_decoder *decoder, size_t there)
{
	size_t hint = decoder->frame_hint;

	if (!decoder->is_drained)
		return 0;
	if (hint > BLOCK_HEAD_BYTES)
		hint -= BLOCK_HEAD_BYTES;
	return there < hint ? there : hint;
}

static bool state_frame(struct snapshot_decoder *decoder)
{
	size_t wanted = record_wanted(decoder), left;
	ZSTD_outBuffer output = {decoder->record + decoder->record_bytes, wanted, 0};
	ZSTD_inBuffer input = {input_data(decoder), 0, 0};
	struct segment_mark mark;
	bool more;

	input.size = input_before_mark(decoder, &mark, &more);
	if (input.size == 0 && decoder->is_drained)
		return frame_stop(decoder, &mark, more);
	input.size = frame_share(decoder, input.size);
	left = ZSTD_decompressStream(decoder->zstd, &output, &input);
	input_use(decoder, input.pos);
	if (ZSTD_isError(left)) {
		issue_fill(&decoder->issue, SNAPSHOT_DAMAGE, SNAPSHOT_ISSUE_COMPRESSION,
		           "segment %u, after record %u: %s", decoder->segment.number,
		           decoder->seq, ZSTD_getErrorName(left));
		segment_drop(decoder);
		return true;
	}
	decoder->frame_hint = left;
	decoder->record_bytes += output.pos;
	decoder->at_block = left == BLOCK_HEAD_BYTES;
	decoder->is_drained = output.pos < wanted;
	if (left == 0) {
		decoder->in_frame = false;
		decoder->state = STATE_BETWEEN;
	}
	if (!decoder->is_drained)
		record_check(decoder);
	return true;
}

static bool state_search(struct snapshot_decoder *decoder)
{
	struct segment_mark mark;
	struct snapshot_event *event;
	bool more;
	size_t before = input_before_mark(decoder, &mark, &more);

	if (before > 0) {
		input_use(decoder, before);
		return true;
	}
	if (more || (input_bytes(decoder) == 0 && !decoder->finished))
		return false;
	event = event_add(decoder, SNAPSHOT_EVENT_ISSUE);
	event->issue = decoder->issue;
	event->issue.bytes_skipped = decoder->input_offset - decoder->issue.offset;
	decoder->in_segment = false;
	decoder->state = input_bytes(decoder) > 0 ? STATE_MARK : STATE_END;
	return true;
}

const struct snapshot_event *snapshot_decoder_next(struct snapshot_decoder *decoder)
{
	static const struct snapshot_event input_event = {.type = SNAPSHOT_EVENT_INPUT};
	static const struct snapshot_event end_event = {.type = SNAPSHOT_EVENT_END};
	bool progress = true;

	while (progress) {
		if (decoder->queue_at < decoder->queue_end)
			return &decoder->queue[decoder->queue_at++];
		decoder->queue_at = decoder->queue_end = 0;
		switch (decoder->state) {
		case STATE_BETWEEN:
			progress = state_between(decoder);
			break;
		case STATE_MARK:
			progress = state_mark(decoder);
			break;
		case STATE_FRAME:
			progress = state_frame(decoder);
			break;
		case STATE_SEARCH:
			progress = state_search(decoder);
			break;
		case STATE_END:
			return &end_event;
		}
	}
	return &input_event;
}
