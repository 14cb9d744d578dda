/*
 * sample.h - made-up recordings, the same ones each time, and what they decode to.
 */
#ifndef SAMPLE_H
#define SAMPLE_H

#include "snapshot.h"

/* Memory from malloc that counts: bytes held now and at most. */
struct sample_memory {
	struct snapshot_memory functions;
	size_t bytes, bytes_max;
	size_t refuse_from; /* allocation number from which on all are refused; 0: none */
	size_t allocations;
};

void sample_memory_init(struct sample_memory *memory);

/* A number that follows from *state; the same on every machine. */
uint64_t sample_random(uint64_t *state);

/* A table of count rows with all kinds of spans; to be freed. */
struct snapshot_span *sample_table(uint64_t count, uint64_t seed);

/* Changes about one row in `rarity`: counts, and spans that go, come, split and merge. */
struct snapshot_span *sample_change(const struct snapshot_span *table, uint64_t *count,
                                    uint64_t rarity, uint64_t gc_num, uint64_t *random);

struct sample_shape {
	uint32_t runs, segments, snapshots, cycles; /* of each of the one before */
	uint64_t spans;
	uint32_t open_end; /* 1: the last segment is flushed, not ended, without a run end */
	uint32_t leaks;    /* 1: a run's last snapshot was searched for lost blocks */
};

/* A recording; to be freed with free(). flushed gets the lengths after each snapshot. */
uint8_t *sample_recording(const struct sample_shape *shape, size_t *bytes, size_t *flushed);

/* What decoding found. */
struct sample_found {
	uint32_t runs, segments, snapshots, lost, cycles, leaks, skipped, run_ends, issues, torn;
	uint64_t rows;
	uint64_t digest;   /* of all that was delivered in whole snapshots and records */
	uint64_t bytes_skipped;
	struct snapshot_issue issue; /* the last */
	bool is_damaged;   /* an issue above a warning */
};

/* Decodes data, fed in pieces of `piece` bytes. */
struct sample_found sample_decode(const uint8_t *data, size_t count, size_t piece);

#endif
