/*
 * fuzz_segments.c - any bytes through the decoder and through the walk.
 *
 * Held: how the bytes are cut into pieces changes nothing; what is said to be skipped is
 * not more than there is; a run appended where the walk says is read, and costs none of
 * the snapshots before.
 */
#include <string.h>

#include "fuzz.h"
#include "record.h"
#include "sample.h"

enum { PIECE_BYTES = 65536 };

static void pieces_agree(const uint8_t *data, size_t count, const struct sample_found *whole)
{
	struct sample_found pieces = sample_decode(data, count, 1 + data[count - 1] % 97u);

	FUZZ_HOLDS(pieces.digest == whole->digest);
	FUZZ_HOLDS(pieces.snapshots == whole->snapshots);
	FUZZ_HOLDS(pieces.issues == whole->issues && pieces.torn == whole->torn);
	/* Which byte is the first not used depends on how far the decompressor looked ahead. */
	FUZZ_HOLDS(pieces.issue.code == whole->issue.code);
}

static struct snapshot_walk walk_over(const uint8_t *data, size_t count)
{
	struct snapshot_walk walk;
	uint64_t former = 0;

	snapshot_walk_begin(&walk);
	while (!walk.done) {
		size_t there = walk.offset < count ? count - (size_t)walk.offset : 0;
		uint8_t bytes[64] = {0};

		FUZZ_HOLDS(walk.need <= sizeof(bytes) && walk.offset >= former);
		former = walk.offset;
		there = there < walk.need ? there : walk.need;
		memcpy(bytes, data + (there ? walk.offset : 0), there);
		snapshot_walk_step(&walk, bytes, there);
	}
	FUZZ_HOLDS(walk.whole <= count);
	return walk;
}

/* A whole run of one snapshot. */
static const uint8_t *another_run(size_t *bytes)
{
	static const struct sample_shape shape = {1, 1, 1, 1, 3, 0, 1};
	static uint8_t *run;
	static size_t run_bytes;

	if (!run) {
		run = sample_recording(&shape, &run_bytes, NULL);
		FUZZ_HOLDS(sample_decode(run, run_bytes, PIECE_BYTES).snapshots == 1);
	}
	*bytes = run_bytes;
	return run;
}

static void appending_costs_nothing(const uint8_t *data, const struct snapshot_walk *walk)
{
	size_t whole = (size_t)walk->whole, more_bytes, at = whole;
	const uint8_t *more = another_run(&more_bytes);
	uint8_t *joined = malloc(whole + sizeof(snapshot_closing) + more_bytes);
	struct sample_found before, after;

	FUZZ_HOLDS(joined);
	memcpy(joined, data, whole);
	if (walk->is_open) {
		memcpy(joined + at, snapshot_closing, sizeof(snapshot_closing));
		at += sizeof(snapshot_closing);
	}
	memcpy(joined + at, more, more_bytes);
	before = sample_decode(data, whole, PIECE_BYTES);
	after = sample_decode(joined, at + more_bytes, PIECE_BYTES);
	FUZZ_HOLDS(after.snapshots == before.snapshots + 1);
	free(joined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	struct sample_found found = sample_decode(data, count, PIECE_BYTES);
	struct snapshot_walk walk = walk_over(data, count);

	FUZZ_HOLDS(found.bytes_skipped <= count);
	if (count > 0)
		pieces_agree(data, count, &found);
	if (walk.is_recording && !walk.is_damaged)
		appending_costs_nothing(data, &walk);
	return 0;
}
