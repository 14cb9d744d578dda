/*
 * walk.c - the end of a recording, found by marks and block headers alone.
 *
 * Invariant: whole <= offset; all bytes before `whole` are whole marks, frames and blocks.
 */
#include <string.h>

#include "record.h"
#include "words.h"

enum walk_state {
	WALK_BETWEEN, /* at a mark or a frame: offset is whole */
	WALK_BLOCK,   /* at a block's header: offset is whole */
	WALK_PROBE,   /* at the last byte of a block */
};

enum {
	WALK_LAST = 1,     /* the block probed is its frame's last */
	WALK_CHECKSUM = 2, /* the frame ends with a checksum of 4 bytes */
	MARK_PREFIX_BYTES = 16,
	BLOCK_BYTES_MAX = 128 << 10,
};

void snapshot_walk_begin(struct snapshot_walk *walk)
{
	memset(walk, 0, sizeof(*walk));
	walk->need = SEGMENT_MARK_BYTES;
}

static void walk_end(struct snapshot_walk *walk, bool is_damaged)
{
	walk->is_damaged = is_damaged;
	walk->done = true;
	walk->need = 0;
}

static void walk_to(struct snapshot_walk *walk, enum walk_state state, uint64_t offset,
                    uint32_t need)
{
	walk->state = state;
	walk->offset = offset;
	walk->need = need;
}

/* A block's data is `bytes` long; its end is proved by reading its last byte. */
static void walk_block(struct snapshot_walk *walk, uint64_t offset, const uint8_t *data,
                       size_t count)
{
	uint32_t head, type, bytes;

	walk->whole = offset;
	if (count < 3) {
		walk_end(walk, false);
		return;
	}
	head = get_le16(data) | (uint32_t)data[2] << 16;
	type = head >> 1 & 3;
	bytes = type == 1 ? 1 : head >> 3;
	if (type == 3 || (type != 1 && bytes > BLOCK_BYTES_MAX)) {
		walk_end(walk, true);
		return;
	}
	walk->flags = (walk->flags & WALK_CHECKSUM) | (head & 1 ? WALK_LAST : 0);
	if (head & 1 && walk->flags & WALK_CHECKSUM)
		bytes += 4;
	/* The header itself is read: for an empty block its third byte is the last one. */
	walk_to(walk, WALK_PROBE, offset + 3 + bytes - 1, 1 + 3);
}

static void walk_probe(struct snapshot_walk *walk, const uint8_t *data, size_t count)
{
	uint64_t end = walk->offset + 1;

	if (count == 0) {
		walk_end(walk, false);
	} else if (walk->flags & WALK_LAST) {
		walk->is_open = false;
		walk->whole = end;
		walk_to(walk, WALK_BETWEEN, end, SEGMENT_MARK_BYTES);
	} else {
		walk_block(walk, end, data + 1, count - 1);
	}
}

static uint32_t frame_head_bytes(uint8_t descriptor)
{
	static const uint8_t dictionary_bytes[4] = {0, 1, 2, 4};
	static const uint8_t content_bytes[4] = {0, 2, 4, 8};
	bool single = descriptor & 0x20;
	uint8_t content = content_bytes[descriptor >> 6];

	return 4 + 1 + (single ? 0 : 1) + dictionary_bytes[descriptor & 3] +
	       (single && content == 0 ? 1 : content);
}

static void walk_between(struct snapshot_walk *walk, const uint8_t *data, size_t count)
{
	static const uint8_t frame_magic[4] = {0x28, 0xb5, 0x2f, 0xfd};
	size_t known = count < MARK_PREFIX_BYTES ? count : MARK_PREFIX_BYTES;
	struct segment_mark mark;

	if (count >= SEGMENT_MARK_BYTES && segment_mark_get(data, &mark)) {
		walk->is_recording = true;
		walk->whole = walk->offset + SEGMENT_MARK_BYTES;
		walk_to(walk, WALK_BETWEEN, walk->whole, SEGMENT_MARK_BYTES);
		return;
	}
	if (walk->offset == 0) {
		/* A first write cut within its mark is ours when the mark's fixed part is there. */
		walk->is_recording = count < SEGMENT_MARK_BYTES && known == MARK_PREFIX_BYTES &&
		                     segment_mark_search(data, known) == 0;
		walk_end(walk, false);
		return;
	}
	if (count < SEGMENT_MARK_BYTES && segment_mark_search(data, count) == 0) {
		walk_end(walk, false);
		return;
	}
	known = count < sizeof(frame_magic) ? count : sizeof(frame_magic);
	if (memcmp(data, frame_magic, known) != 0) {
		walk_end(walk, true);
		return;
	}
	if (count <= sizeof(frame_magic) || count < frame_head_bytes(data[4])) {
		walk_end(walk, false);
		return;
	}
	walk->flags = data[4] & 4 ? WALK_CHECKSUM : 0;
	walk->is_open = true;
	walk->whole = walk->offset + frame_head_bytes(data[4]);
	walk_to(walk, WALK_BLOCK, walk->whole, 3);
}

void snapshot_walk_step(struct snapshot_walk *walk, const uint8_t *data, size_t count)
{
	if (walk->done)
		return;
	switch ((enum walk_state)walk->state) {
	case WALK_BETWEEN:
		walk_between(walk, data, count);
		break;
	case WALK_BLOCK:
		walk_block(walk, walk->offset, data, count);
		break;
	case WALK_PROBE:
		walk_probe(walk, data, count);
		break;
	}
}
