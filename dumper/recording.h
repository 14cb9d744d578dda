/*
 * recording.h - one run being recorded: what the heap reported becomes segments of a file.
 *
 * Invariant: what stands in the file up to file.size is whole records; a snapshot is in
 * the file or counted in `lost`. former is the snapshot written last in the open segment,
 * kept because the next one is written as the difference to it.
 * Lock: none of its own; one thread at a time, see dumper.c.
 */
#ifndef DUMP_RECORDING_H
#define DUMP_RECORDING_H

#include "file.h"
#include "recorder.h"
#include "settings.h"
#include "snapshot.h"

/* A segment of this run in the file. */
struct extent {
	uint32_t number;
	uint64_t offset, bytes;
};

struct recording {
	const struct dump_settings *settings;
	bool is_off;               /* given up, or ended */
	bool was_warned;           /* of a write that failed */
	bool is_open;              /* the encoder has a segment, and the file ends in it */
	bool frame_is_open;        /* the file ends in an open frame of ours */
	struct snapshot_encoder *encoder; /* made at the first write */
	struct snapshot_bytes out;
	struct snapshot_run run;
	struct dump_file file;
	struct recorder_snapshot *former;
	uint64_t seq;              /* of the next snapshot */
	uint64_t seq_void;         /* numbers given to snapshots that may not be in the file */
	uint32_t segment_number;   /* of the next segment */
	uint32_t segment_snapshots;
	uint64_t run_offset;       /* where this run begins in the file */
	uint64_t run_bytes;
	uint32_t room_wait;        /* writes to pass over before making room is tried again */
	uint32_t room_wait_next;   /* after one more failure */
	uint64_t skipped_total;
	struct snapshot_skipped lost; /* since the last record of it */
	struct extent *extents;    /* the segments in the file, the open one last */
	size_t extent_count, extent_capacity;
};

/* What one write takes up; all of it may be empty. */
struct recording_batch {
	const struct recorder_cycle *cycles;
	size_t cycle_count;
	uint64_t cycles_lost, snapshots_skipped; /* since the batch before */
	struct recorder_snapshot *snapshot;      /* becomes the recording's */
	bool is_end;                             /* the program exits */
};

/*
 * Describes the run; touches no file. With is_child the file's name carries the pid
 * also where the pattern does not ask for it; so it does in a process that is not the
 * owner of the settings.
 */
void recording_begin(struct recording *recording, const struct dump_settings *settings,
                     bool is_child);

/* Writes a batch, or counts it as lost. Never fails the caller. SIGXFSZ is blocked. */
void recording_write(struct recording *recording, const struct recording_batch *batch);

/* Gives all memory back; the file stays as it is. */
void recording_free(struct recording *recording);

/* A whole recording of one snapshot, in a new file; on the disk if asked for. 0 or an errno value. */
int recording_dump(const char *path, struct recorder_snapshot *snapshot, bool syncs);

#endif
