/*
 * survey.h - what a recording on disk still tells: for tests that look at what faults and
 * kills have left.
 */
#ifndef SURVEY_H
#define SURVEY_H

#include <stdbool.h>
#include <stdint.h>

struct survey {
	bool is_there;
	uint64_t runs, snapshots, torn;
	uint64_t run_ends, skipped;     /* skipped: as the run ends count them */
	uint64_t run_end_snapshots;     /* what the run ends say was written */
	uint64_t last_seq;              /* of the last run; UINT64_MAX: it has no snapshot */
	uint64_t last_run_snapshots;
	uint64_t repeated;              /* snapshots whose number is not above the one before */
	uint64_t contradictions;        /* snapshots whose spans and statistics do not agree */
	bool is_damaged;
	char message[160];              /* of the damage */
};

/* Of the file at path; nothing is there when there is none, or an empty one. */
struct survey survey_file(const char *path);

#endif
