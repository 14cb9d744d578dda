/* plain.c - see plain.h. */
#include "plain.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include <zstd.h>

enum { IN_BYTES = 1 << 16, OUT_BYTES = 1 << 17, WINDOW_LOG_MAX = 27, GZIP = 16 };

enum packing { PACKED_NOT, PACKED_GZIP, PACKED_ZSTD };

struct plain {
	const struct source *source;
	uint64_t offset; /* of the next byte to read */
	enum packing packing;
	bool input_ended;
	bool in_frame;	   /* a frame or member has begun and not ended */
	bool is_full;	   /* out was filled: the unpacker may hold more without further input */
	size_t have, used; /* of in */
	z_stream gzip;
	ZSTD_DStream *zstd;
	uint8_t in[IN_BYTES];
	char out[OUT_BYTES];
};

static enum packing packing_of(const uint8_t *head, size_t bytes)
{
	if (bytes >= 2 && head[0] == 0x1f && head[1] == 0x8b)
		return PACKED_GZIP;
	if (bytes >= 4 && memcmp(head, "\x28\xb5\x2f\xfd", 4) == 0)
		return PACKED_ZSTD;
	if (bytes >= 4 && head[0] >> 4 == 5 && memcmp(head + 1, "\x2a\x4d\x18", 3) == 0)
		return PACKED_ZSTD; /* a frame to be skipped, as pzstd begins */
	return PACKED_NOT;
}

bool plain_is_packed(const void *head, size_t bytes)
{
	return packing_of(head, bytes) != PACKED_NOT;
}

static bool open_unpacker(struct plain *plain)
{
	if (plain->packing == PACKED_GZIP)
		return inflateInit2(&plain->gzip, MAX_WBITS + GZIP) == Z_OK;
	if (plain->packing != PACKED_ZSTD)
		return true;
	plain->zstd = ZSTD_createDStream();
	return plain->zstd && !ZSTD_isError(ZSTD_DCtx_setParameter(plain->zstd, ZSTD_d_windowLogMax,
								   WINDOW_LOG_MAX));
}

struct plain *plain_open(const struct source *source)
{
	uint8_t head[4];
	struct plain *plain = malloc(sizeof *plain);
	if (!plain)
		return NULL;
	memset(plain, 0, offsetof(struct plain, in));
	plain->source = source;
	long n = source_read(source, 0, head, sizeof head);
	plain->packing = n > 0 ? packing_of(head, (size_t)n) : PACKED_NOT;
	if (open_unpacker(plain))
		return plain;
	plain_close(plain);
	return NULL;
}

void plain_close(struct plain *plain)
{
	if (!plain)
		return;
	if (plain->packing == PACKED_GZIP)
		inflateEnd(&plain->gzip);
	ZSTD_freeDStream(plain->zstd);
	free(plain);
}

uint64_t plain_offset(const struct plain *plain)
{
	return plain->offset - (plain->have - plain->used);
}

/* Makes sure that there is input, or that there is none any more. */
static bool refill(struct plain *plain)
{
	if (plain->used < plain->have || plain->input_ended || plain->is_full)
		return true;
	uint64_t left =
		plain->source->bytes > plain->offset ? plain->source->bytes - plain->offset : 0;
	size_t want = left < IN_BYTES ? (size_t)left : IN_BYTES;
	long n = want ? source_read(plain->source, plain->offset, plain->in, want) : 0;
	if (n < 0)
		return false;
	plain->input_ended = n == 0;
	plain->have = (size_t)n;
	plain->used = 0;
	plain->offset += (uint64_t)n;
	return true;
}

static enum plain_status unpack_gzip(struct plain *plain, size_t *bytes)
{
	z_stream *z = &plain->gzip;
	z->next_in = plain->in + plain->used;
	z->avail_in = (uInt)(plain->have - plain->used);
	z->next_out = (Bytef *)plain->out;
	z->avail_out = OUT_BYTES;
	if (!plain->in_frame && z->avail_in && *z->next_in == 0) { /* padding, as tapes had it */
		plain->used++;
		return PLAIN_MORE;
	}
	plain->in_frame = true;
	int status = inflate(z, Z_NO_FLUSH);
	plain->used = plain->have - z->avail_in;
	*bytes = OUT_BYTES - z->avail_out;
	if (status == Z_STREAM_END) {
		plain->in_frame = false;
		inflateReset(z);
		return PLAIN_MORE;
	}
	if (status == Z_MEM_ERROR)
		return PLAIN_NO_MEMORY;
	return status == Z_OK || status == Z_BUF_ERROR ? PLAIN_MORE : PLAIN_DAMAGED;
}

static enum plain_status unpack_zstd(struct plain *plain, size_t *bytes)
{
	ZSTD_inBuffer in = {plain->in, plain->have, plain->used};
	ZSTD_outBuffer out = {plain->out, OUT_BYTES, 0};
	size_t left = ZSTD_decompressStream(plain->zstd, &out, &in);
	plain->used = in.pos;
	*bytes = out.pos;
	if (ZSTD_isError(left))
		return PLAIN_DAMAGED;
	plain->in_frame = left != 0;
	return PLAIN_MORE;
}

enum plain_status plain_next(struct plain *plain, const char **data, size_t *bytes)
{
	*data = plain->out;
	*bytes = 0;
	while (*bytes == 0) {
		if (!refill(plain))
			return PLAIN_READ_ERROR;
		if (plain->used == plain->have && !plain->is_full)
			return plain->in_frame ? PLAIN_TORN : PLAIN_END;
		if (plain->packing == PACKED_NOT) {
			*data = (const char *)plain->in;
			*bytes = plain->have;
			plain->used = plain->have;
			return PLAIN_MORE;
		}
		enum plain_status status = plain->packing == PACKED_GZIP
						   ? unpack_gzip(plain, bytes)
						   : unpack_zstd(plain, bytes);
		plain->is_full = *bytes == OUT_BYTES;
		if (status != PLAIN_MORE)
			return status;
	}
	return PLAIN_MORE;
}
