/* segment.c - see fuzz_segment in fuzz.h. */
#include <string.h>

#include "fuzz.h"
#include "record.h"
#include "words.h"

enum {
	HEAD_BYTES = 4,          /* of a record in the input */
	BLOCK_BYTES_MAX = 65536,
	BLOCK_HEAD_BYTES = 3,
};

static uint8_t *records_seal(const uint8_t *data, size_t count, size_t *bytes)
{
	/* Each record's head grows by 12 bytes. */
	uint8_t *records = malloc(count * (RECORD_HEAD_BYTES / HEAD_BYTES) + RECORD_HEAD_BYTES);
	uint32_t seq = 0;

	FUZZ_HOLDS(records);
	*bytes = 0;
	while (count >= HEAD_BYTES) {
		size_t payload_bytes = get_le16(data + 2);
		uint8_t *record = records + *bytes;

		if (payload_bytes > count - HEAD_BYTES)
			payload_bytes = count - HEAD_BYTES;
		memcpy(record + RECORD_HEAD_BYTES, data + HEAD_BYTES, payload_bytes);
		record_seal(record, data[0], data[1], seq++, payload_bytes);
		*bytes += RECORD_HEAD_BYTES + payload_bytes;
		data += HEAD_BYTES + payload_bytes;
		count -= HEAD_BYTES + payload_bytes;
	}
	return records;
}

/* The mark of the run that the first record describes. */
static void mark_put(uint8_t *out, const uint8_t *records, size_t bytes)
{
	struct segment_mark mark = {.version_major = SNAPSHOT_VERSION_MAJOR};

	if (bytes >= RECORD_HEAD_BYTES + sizeof(mark.run_uuid))
		memcpy(mark.run_uuid, records + RECORD_HEAD_BYTES, sizeof(mark.run_uuid));
	segment_mark_put(out, &mark);
}

uint8_t *fuzz_segment(const uint8_t *data, size_t count, size_t *bytes)
{
	/* A zstd frame with a window of 1 MiB, no checksum, no length. */
	static const uint8_t frame_head[6] = {0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x50};
	size_t record_bytes, done = 0;
	uint8_t *records = records_seal(data, count, &record_bytes);
	size_t blocks = record_bytes / BLOCK_BYTES_MAX + 1;
	uint8_t *segment = malloc(SEGMENT_MARK_BYTES + sizeof(frame_head) +
	                          blocks * BLOCK_HEAD_BYTES + record_bytes);
	uint8_t *at = segment + SEGMENT_MARK_BYTES;

	FUZZ_HOLDS(segment);
	mark_put(segment, records, record_bytes);
	memcpy(at, frame_head, sizeof(frame_head));
	at += sizeof(frame_head);
	for (size_t i = 0; i < blocks; i++) {
		size_t left = record_bytes - done;
		uint32_t some = left < BLOCK_BYTES_MAX ? (uint32_t)left : BLOCK_BYTES_MAX;
		uint32_t head = some << 3 | (i + 1 == blocks);

		*at++ = (uint8_t)head;
		*at++ = (uint8_t)(head >> 8);
		*at++ = (uint8_t)(head >> 16);
		memcpy(at, records + done, some);
		at += some;
		done += some;
	}
	free(records);
	*bytes = (size_t)(at - segment);
	return segment;
}
