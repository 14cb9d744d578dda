/*
 * record.h - the bytes around the contents: segment marks and record heads, as
 * schemas/snapshot.md draws them.
 */
#ifndef RECORD_H
#define RECORD_H

#include "snapshot.h"

enum {
	SEGMENT_MARK_BYTES = 48,    /* the skippable frame, its 8 bytes of head included */
	RECORD_HEAD_BYTES = 16,
	RECORD_BYTES_MAX = 1 << 18, /* head and payload */
	RECORD_OPTIONAL = 1,        /* flag: a reader that does not know the type passes over it */
	WINDOW_LOG_MAX = 20,        /* of the zstd frames: a reader needs 1 MiB of window */
	ZSTD_FRAME_HEAD_BYTES_MAX = 18,
};

enum record_type {
	RECORD_RUN = 1,
	RECORD_CYCLE = 2,
	RECORD_SNAPSHOT = 3,
	RECORD_SPANS = 4,
	RECORD_SKIPPED = 5,
	RECORD_RUN_END = 6,
	RECORD_LEAKS = 7, /* optional */
};

#define WORDS_OF(type) (sizeof(type) / sizeof(uint64_t))

/* The words of struct snapshot_run that the RUN record holds: pid to tracking. */
enum { RUN_WORDS = 5, RUN_TEXTS = 4 };

struct segment_mark {
	uint16_t version_major, version_minor;
	uint32_t number;
	uint8_t run_uuid[16];
};

void segment_mark_put(uint8_t out[SEGMENT_MARK_BYTES], const struct segment_mark *mark);

/* Whether in holds a mark whose checksum is right; fills *mark then. */
bool segment_mark_get(const uint8_t in[SEGMENT_MARK_BYTES], struct segment_mark *mark);

/*
 * Where in data a mark may begin: the index of the first place whose bytes, as far as
 * there are any, are those that every mark begins with; count when there is none.
 */
size_t segment_mark_search(const uint8_t *data, size_t count);

struct record_head {
	uint8_t type, flags;
	uint32_t payload_bytes;
	uint32_t seq;
	uint32_t checksum;
};

/* record holds RECORD_HEAD_BYTES of room and then the payload; writes the head. */
void record_seal(uint8_t *record, uint8_t type, uint8_t flags, uint32_t seq, size_t payload_bytes);

void record_head_get(const uint8_t *record, struct record_head *head);

/* Whether the checksum of a whole record, head and payload, is right. */
bool record_is_intact(const uint8_t *record, const struct record_head *head);

#endif
