/*
 * encoder.c - records into a zstd frame.
 *
 * One frame a segment, without a content checksum and without the content's size, so
 * that it stays readable wherever it is cut after a whole block. Invariant: `seq` records
 * were given to the compressor since the segment's mark.
 */
#define ZSTD_STATIC_LINKING_ONLY
#include <string.h>
#include <zstd.h>
#include <zstd_errors.h>

#include "bytes.h"
#include "record.h"
#include "spans.h"
#include "words.h"

enum { COLUMN_BLOCK_BYTES_MIN = 512 };

struct snapshot_encoder {
	struct snapshot_memory memory;
	ZSTD_CCtx *zstd;
	bool has_table;                 /* a snapshot with spans was put in this segment */
	uint32_t seq;                   /* of the next record */
	struct snapshot_head head;      /* former vectors of this segment */
	struct snapshot_cycle cycle;
	struct span_writer spans;
	uint8_t record[RECORD_BYTES_MAX];
};

/*
 * The level's own window and tables, but none larger than the format's window can use:
 * level 19 would take 85 MB otherwise.
 */
static bool zstd_configure(ZSTD_CCtx *zstd, int level)
{
	const ZSTD_compressionParameters fitted =
		ZSTD_getCParams(level, (unsigned long long)1 << WINDOW_LOG_MAX, 0);
	const struct {
		ZSTD_cParameter name;
		int value;
	} parameters[] = {
		{ZSTD_c_compressionLevel, level},
		{ZSTD_c_windowLog, (int)fitted.windowLog},
		{ZSTD_c_hashLog, (int)fitted.hashLog},
		{ZSTD_c_chainLog, (int)fitted.chainLog},
		{ZSTD_c_checksumFlag, 0},
		{ZSTD_c_contentSizeFlag, 0},
	};

	for (size_t i = 0; i < sizeof(parameters) / sizeof(parameters[0]); i++)
		if (ZSTD_isError(ZSTD_CCtx_setParameter(zstd, parameters[i].name,
		                                        parameters[i].value)))
			return false;
	return true;
}

struct snapshot_encoder *snapshot_encoder_new(const struct snapshot_memory *memory, int level)
{
	struct snapshot_encoder *encoder = memory->alloc(memory->opaque, sizeof(*encoder));

	if (!encoder)
		return NULL;
	memset(encoder, 0, offsetof(struct snapshot_encoder, record));
	encoder->memory = *memory;
	encoder->zstd = ZSTD_createCCtx_advanced(
		(ZSTD_customMem){memory->alloc, memory->free, memory->opaque});
	if (!encoder->zstd)
		goto free_encoder;
	if (!zstd_configure(encoder->zstd, level))
		goto free_zstd;
	return encoder;

free_zstd:
	ZSTD_freeCCtx(encoder->zstd);
free_encoder:
	memory->free(memory->opaque, encoder);
	return NULL;
}

void snapshot_encoder_free(struct snapshot_encoder *encoder)
{
	struct snapshot_memory memory;

	if (!encoder)
		return;
	memory = encoder->memory;
	ZSTD_freeCCtx(encoder->zstd);
	memory.free(memory.opaque, encoder);
}

/* Gives count bytes to the compressor; appends what comes out of it. */
static enum snapshot_result compress(struct snapshot_encoder *encoder, const void *data,
                                     size_t count, ZSTD_EndDirective directive,
                                     struct snapshot_bytes *out)
{
	ZSTD_inBuffer input = {data, count, 0};
	size_t left;

	do {
		ZSTD_outBuffer output;

		if (!bytes_reserve(&encoder->memory, out, ZSTD_CStreamOutSize()))
			return SNAPSHOT_NO_MEMORY;
		output = (ZSTD_outBuffer){out->data + out->size, out->capacity - out->size, 0};
		left = ZSTD_compressStream2(encoder->zstd, &output, &input, directive);
		if (ZSTD_isError(left))
			return ZSTD_getErrorCode(left) == ZSTD_error_memory_allocation
			               ? SNAPSHOT_NO_MEMORY
			               : SNAPSHOT_ZSTD;
		out->size += output.pos;
	} while (input.pos < input.size || (directive != ZSTD_e_continue && left != 0));
	return SNAPSHOT_OK;
}

/* Seals encoder->record, whose payload ends before `end`, and compresses it. */
static enum snapshot_result put_record(struct snapshot_encoder *encoder, enum record_type type,
                                       uint8_t flags, const uint8_t *end,
                                       struct snapshot_bytes *out)
{
	size_t payload_bytes = (size_t)(end - encoder->record) - RECORD_HEAD_BYTES;

	record_seal(encoder->record, (uint8_t)type, flags, encoder->seq++, payload_bytes);
	return compress(encoder, encoder->record, RECORD_HEAD_BYTES + payload_bytes,
	                ZSTD_e_continue, out);
}

static uint8_t *payload_of(struct snapshot_encoder *encoder)
{
	return encoder->record + RECORD_HEAD_BYTES;
}

/*
 * A spans record is compressed a column at a time: each has numbers of its own kind, and a
 * block of its own gives them a code of their own. Short columns would lose more by the code's
 * table than they win. Flushing is all it takes; readers see blocks of another size.
 */
static enum snapshot_result put_spans_record(struct snapshot_encoder *encoder, size_t payload_bytes,
                                             struct snapshot_bytes *out)
{
	const struct span_writer *spans = &encoder->spans;
	const uint8_t *at = encoder->record, *end = payload_of(encoder) + payload_bytes;
	const uint8_t *column = end;

	for (int i = 0; i < COLUMNS; i++)
		column -= span_writer_column_bytes(spans, i);
	record_seal(encoder->record, RECORD_SPANS, 0, encoder->seq++, payload_bytes);
	for (int i = 0; i < COLUMNS; i++) {
		size_t bytes = span_writer_column_bytes(spans, i);
		enum snapshot_result result;

		if (bytes >= COLUMN_BLOCK_BYTES_MIN) {
			result = compress(encoder, at, (size_t)(column - at), ZSTD_e_flush, out);
			if (result == SNAPSHOT_OK)
				result = compress(encoder, column, bytes, ZSTD_e_flush, out);
			if (result != SNAPSHOT_OK)
				return result;
			at = column + bytes;
		}
		column += bytes;
	}
	return compress(encoder, at, (size_t)(end - at), ZSTD_e_continue, out);
}

static uint8_t *put_text(uint8_t *out, const char *text)
{
	const char *end = memchr(text, '\0', SNAPSHOT_TEXT_BYTES_MAX - 1);
	size_t bytes = end ? (size_t)(end - text) : SNAPSHOT_TEXT_BYTES_MAX - 1;

	out = put_varint(out, bytes);
	memcpy(out, text, bytes);
	return out + bytes;
}

static enum snapshot_result put_run(struct snapshot_encoder *encoder,
                                    const struct snapshot_run *run, struct snapshot_bytes *out)
{
	const uint64_t words[RUN_WORDS] = {run->pid, run->start_unix_ns, run->start_mono_ns,
	                                   run->page_bytes, run->tracking};
	uint64_t none[RUN_WORDS] = {0};
	uint8_t *at = payload_of(encoder);

	memcpy(at, run->uuid, sizeof(run->uuid));
	at = put_words(at + sizeof(run->uuid), words, none, RUN_WORDS);
	at = put_varint(at, RUN_TEXTS);
	at = put_text(at, run->exe);
	at = put_text(at, run->host);
	at = put_text(at, run->tracking_why);
	at = put_text(at, run->library);
	return put_record(encoder, RECORD_RUN, 0, at, out);
}

enum snapshot_result snapshot_segment_begin(struct snapshot_encoder *encoder,
                                            const struct snapshot_run *run, uint32_t number,
                                            struct snapshot_bytes *out)
{
	struct segment_mark mark = {
		.version_major = SNAPSHOT_VERSION_MAJOR,
		.version_minor = SNAPSHOT_VERSION_MINOR,
		.number = number,
	};

	memcpy(mark.run_uuid, run->uuid, sizeof(mark.run_uuid));
	if (!bytes_reserve(&encoder->memory, out, SEGMENT_MARK_BYTES))
		return SNAPSHOT_NO_MEMORY;
	segment_mark_put(out->data + out->size, &mark);
	out->size += SEGMENT_MARK_BYTES;

	ZSTD_CCtx_reset(encoder->zstd, ZSTD_reset_session_only);
	encoder->has_table = false;
	encoder->seq = 0;
	memset(&encoder->head, 0, sizeof(encoder->head));
	memset(&encoder->cycle, 0, sizeof(encoder->cycle));
	span_writer_reset(&encoder->spans);
	return put_run(encoder, run, out);
}

enum snapshot_result snapshot_put_cycle(struct snapshot_encoder *encoder,
                                        const struct snapshot_cycle *cycle,
                                        struct snapshot_bytes *out)
{
	uint8_t *end = put_words(payload_of(encoder), cycle, &encoder->cycle,
	                         WORDS_OF(struct snapshot_cycle));

	return put_record(encoder, RECORD_CYCLE, 0, end, out);
}

enum snapshot_result snapshot_put_skipped(struct snapshot_encoder *encoder,
                                          const struct snapshot_skipped *skipped,
                                          struct snapshot_bytes *out)
{
	struct snapshot_skipped none = {0};
	uint8_t *end = put_words(payload_of(encoder), skipped, &none,
	                         WORDS_OF(struct snapshot_skipped));

	return put_record(encoder, RECORD_SKIPPED, 0, end, out);
}

enum snapshot_result snapshot_put(struct snapshot_encoder *encoder,
                                  const struct snapshot_head *head,
                                  const struct snapshot_span *spans,
                                  const struct snapshot_span *former, uint64_t former_count,
                                  struct snapshot_bytes *out)
{
	enum snapshot_result result;
	uint8_t *end;
	size_t bytes;

	if (head->span_count > SPAN_COUNT_MAX)
		return SNAPSHOT_TOO_MANY;
	end = put_words(payload_of(encoder), head, &encoder->head, WORDS_OF(struct snapshot_head));
	result = put_record(encoder, RECORD_SNAPSHOT, 0, end, out);
	if (result != SNAPSHOT_OK)
		return result;
	if (!encoder->has_table)
		former_count = 0;
	encoder->has_table = true;
	span_writer_begin(&encoder->spans, head, spans, former, former_count);
	for (;;) {
		result = span_writer_next(&encoder->spans, payload_of(encoder), &bytes);
		if (result != SNAPSHOT_OK || bytes == 0)
			return result;
		result = put_spans_record(encoder, bytes, out);
		if (result != SNAPSHOT_OK)
			return result;
	}
}

enum snapshot_result snapshot_put_leaks(struct snapshot_encoder *encoder,
                                        const struct snapshot_leaks *leaks,
                                        struct snapshot_bytes *out)
{
	struct snapshot_leaks none = {0};
	uint8_t *end = put_words(payload_of(encoder), leaks, &none,
	                         WORDS_OF(struct snapshot_leaks));

	return put_record(encoder, RECORD_LEAKS, RECORD_OPTIONAL, end, out);
}

enum snapshot_result snapshot_put_run_end(struct snapshot_encoder *encoder,
                                          const struct snapshot_run_end *run_end,
                                          struct snapshot_bytes *out)
{
	struct snapshot_run_end none = {0};
	uint8_t *end = put_words(payload_of(encoder), run_end, &none,
	                         WORDS_OF(struct snapshot_run_end));

	return put_record(encoder, RECORD_RUN_END, 0, end, out);
}

enum snapshot_result snapshot_flush(struct snapshot_encoder *encoder, struct snapshot_bytes *out)
{
	return compress(encoder, NULL, 0, ZSTD_e_flush, out);
}

enum snapshot_result snapshot_segment_end(struct snapshot_encoder *encoder,
                                          struct snapshot_bytes *out)
{
	return compress(encoder, NULL, 0, ZSTD_e_end, out);
}
