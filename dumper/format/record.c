#include "record.h"

#include <string.h>

#include "crc32.h"
#include "words.h"

enum { MARK_FIXED_BYTES = 16, MARK_CHECKSUM_AT = 44, RECORD_CHECKSUM_AT = 12 };

/* A zstd skippable frame of 40 bytes that begins with our tag: the same in every version. */
static const uint8_t mark_fixed[MARK_FIXED_BYTES] = {
	0x5d, 0x2a, 0x4d, 0x18, 40, 0, 0, 0, 'm', 'e', 'm', 's', 'p', 'a', 'n', 0x1a,
};

const uint8_t snapshot_closing[3] = {1, 0, 0};

void segment_mark_put(uint8_t out[SEGMENT_MARK_BYTES], const struct segment_mark *mark)
{
	memset(out, 0, SEGMENT_MARK_BYTES);
	memcpy(out, mark_fixed, MARK_FIXED_BYTES);
	put_le16(out + 16, mark->version_major);
	put_le16(out + 18, mark->version_minor);
	put_le32(out + 20, mark->number);
	memcpy(out + 24, mark->run_uuid, sizeof(mark->run_uuid));
	put_le32(out + MARK_CHECKSUM_AT, crc32_of(0, out, MARK_CHECKSUM_AT));
}

bool segment_mark_get(const uint8_t in[SEGMENT_MARK_BYTES], struct segment_mark *mark)
{
	if (memcmp(in, mark_fixed, MARK_FIXED_BYTES) != 0 ||
	    crc32_of(0, in, MARK_CHECKSUM_AT) != get_le32(in + MARK_CHECKSUM_AT))
		return false;
	mark->version_major = get_le16(in + 16);
	mark->version_minor = get_le16(in + 18);
	mark->number = get_le32(in + 20);
	memcpy(mark->run_uuid, in + 24, sizeof(mark->run_uuid));
	return true;
}

size_t segment_mark_search(const uint8_t *data, size_t count)
{
	size_t at = 0;

	while (at < count) {
		const uint8_t *found = memchr(data + at, mark_fixed[0], count - at);
		size_t known;

		if (!found)
			return count;
		at = (size_t)(found - data);
		known = count - at < MARK_FIXED_BYTES ? count - at : MARK_FIXED_BYTES;
		if (memcmp(found, mark_fixed, known) == 0)
			return at;
		at++;
	}
	return count;
}

bool snapshot_is_recording(const void *data, size_t count)
{
	struct segment_mark mark;

	return count >= SEGMENT_MARK_BYTES && segment_mark_get(data, &mark);
}

bool snapshot_was_recording(const void *data, size_t count)
{
	enum { AGREEING_LEAST = 12 };
	const uint8_t *bytes = data;
	size_t known = count < MARK_FIXED_BYTES ? count : MARK_FIXED_BYTES, agreeing = 0;

	for (size_t i = 0; i < known; i++)
		agreeing += bytes[i] == mark_fixed[i];
	return agreeing >= AGREEING_LEAST;
}

static uint32_t record_checksum(const uint8_t *record, size_t payload_bytes)
{
	uint32_t crc = crc32_of(0, record, RECORD_CHECKSUM_AT);

	return crc32_of(crc, record + RECORD_HEAD_BYTES, payload_bytes);
}

void record_seal(uint8_t *record, uint8_t type, uint8_t flags, uint32_t seq, size_t payload_bytes)
{
	record[0] = type;
	record[1] = flags;
	put_le16(record + 2, 0);
	put_le32(record + 4, (uint32_t)payload_bytes);
	put_le32(record + 8, seq);
	put_le32(record + RECORD_CHECKSUM_AT, record_checksum(record, payload_bytes));
}

void record_head_get(const uint8_t *record, struct record_head *head)
{
	head->type = record[0];
	head->flags = record[1];
	head->payload_bytes = get_le32(record + 4);
	head->seq = get_le32(record + 8);
	head->checksum = get_le32(record + RECORD_CHECKSUM_AT);
}

bool record_is_intact(const uint8_t *record, const struct record_head *head)
{
	return record_checksum(record, head->payload_bytes) == head->checksum;
}
