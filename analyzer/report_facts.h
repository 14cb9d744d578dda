/*
 * report_facts - everything that one run's report says, as plain figures.
 *
 * Gathered by SQL from the contract's tables and views, printed by render/report_*.c: the
 * two meet only in this struct. A figure that the source lacks is unknown, never zero.
 *
 * The spans of the run's last snapshot are read once, in one pass, and only there.
 */
#ifndef REPORT_FACTS_H
#define REPORT_FACTS_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "findings.h"

struct figure {
	bool known;
	int64_t value;
};

struct ratio {
	bool known;
	double value;
};

/* ---- The run and its last snapshot -------------------------------------- */

struct report_run {
	int64_t id;
	char *path, *kind; /* of the source */
	char *exe, *host, *uuid;
	char *tracking, *tracking_why;
	char *format_version;
	struct figure pid, start_unix_ns, end_unix_ns, clean_exit;
	int64_t source_run, source_runs; /* this is number source_run of source_runs */
};

struct report_snapshot {
	int64_t id;
	struct figure seq, gc_num, unix_ns;
	char *reason;
};

/* ---- Where every byte is ------------------------------------------------ */

enum { REPORT_ACCOUNT_MAX = 32 };

/*
 * A row of the tree, depth-first. The rows below a row add up to it exactly: what the
 * figures leave over stands in a row of its own, key "unaccounted".
 */
struct report_account {
	const char *key; /* stable, unique but for "unaccounted" */
	const char *label;
	unsigned depth; /* 0: Sys */
	struct figure bytes;
	bool not_resident; /* the operating system has these pages */
};

/* ---- Over the run ------------------------------------------------------- */

enum report_level {
	REPORT_HEAP_ALLOC,
	REPORT_HEAP_INUSE,
	REPORT_FRAGMENTATION,
	REPORT_FRAGMENTATION_RATIO,
	REPORT_RETAINED,
	REPORT_RETAINED_RATIO,
	REPORT_RESIDENT,
	REPORT_MARKED, /* what the last cycle kept: all that a trace knows of the heap */
	REPORT_LEVELS,
};

struct report_trend {
	const char *key, *label;
	bool is_ratio;
	double *value;                   /* one a snapshot, NaN where unknown */
	double first, last, least, most; /* NaN where unknown */
};

/* Which snapshot a level belongs to. */
struct report_moment {
	int64_t seq;
	struct figure gc_num, unix_ns;
	struct figure mono_ns; /* of the source's monotonic clock */
};

struct report_trends {
	size_t count; /* snapshots */
	struct report_moment *moment;
	size_t origin;            /* the first that has a time */
	double *at;               /* seconds since that; where unknown, as the one before */
	struct figure elapsed_ns; /* first to last snapshot of those that have a time */
	struct report_trend level[REPORT_LEVELS];
};

struct report_phase {
	char *name;
	int64_t n, total_ns, max_ns;
	struct figure stop_max_ns; /* unknown where only the whole stop is */
};

enum { REPORT_PHASES_MAX = 8 };

struct report_pauses {
	int64_t n; /* 0: nothing else is set but phases */
	struct figure min_ns, mean_ns, p50_ns, p90_ns, p99_ns, max_ns, total_ns;
	struct ratio slope_ns_per_gc, r2;
	struct figure worst_gc, worst_stop_ns, worst_end_unix_ns;
	size_t count; /* cycles in the arrays */
	double *gc_num, *pause_ns;
	struct report_phase phase[REPORT_PHASES_MAX];
	size_t phase_count;
};

/* ---- Size classes ------------------------------------------------------- */

/* Class numbers are one byte in every recording. */
enum { REPORT_CLASSES = 256, REPORT_TENTHS = 10 };

/* In-use spans of one size class, with and without pointers. Class 0: large objects. */
struct report_class {
	unsigned number;
	int64_t size_bytes; /* of an object; class 0: of the largest */
	int64_t spans, noscan_spans;
	int64_t span_bytes, noscan_bytes, alloc_bytes, objects, slots;
	int64_t free_slot_bytes, tail_bytes;
	int64_t tenths[REPORT_TENTHS]; /* spans by occupancy, full ones in the last */
	int64_t half_empty_spans;      /* less than half of the slots taken */
	struct figure half_empty_age_gc, half_empty_age_gc_max; /* median, oldest */
	struct figure age_gc;                                   /* median of all its spans */
};

struct report_spans {
	bool known; /* the snapshot has its span table */
	int64_t idle_ranges, inuse_spans, stack_spans;
	size_t class_count; /* worst first: by free slots and tail; class 0 last */
	struct report_class classes[REPORT_CLASSES];
};

/* Objects of one class that are allocated, reachable or not yet swept. */
struct report_live_class {
	int64_t size_bytes, objects, bytes;
};

enum { REPORT_LIVE_MAX = 8 };

/* By the counters: only where the spans, which tell more, are not known. */
struct report_live {
	size_t count; /* most bytes first */
	struct report_live_class class[REPORT_LIVE_MAX];
	int64_t bytes; /* in all classes, those not listed included */
};

/* ---- Blocks that nothing points to ----------------------------------------- */

struct report_leak {
	unsigned number;          /* of the size class; 0: large blocks */
	struct figure size_bytes; /* unknown for large blocks */
	struct figure blocks, bytes;
	struct figure indirect_blocks, indirect_bytes; /* the part that another lost block leads to */
};

/* As the last snapshot that was looked through tells, or the one chosen and before. */
struct report_leaks {
	bool known;
	struct figure seq, blocks, bytes, search_ns, threads_unknown;
	struct figure indirect_blocks, indirect_bytes; /* unknown: nobody found out */
	struct figure mapped_bytes;                    /* unknown: not looked through */
	size_t count; /* most bytes first */
	struct report_leak class[REPORT_CLASSES];
};

/* ---- How far to trust it ------------------------------------------------ */

struct report_issue {
	char *severity, *code, *message;
	struct figure byte_offset;
};

enum { REPORT_ISSUES_MAX = 5 };

struct report_quality {
	bool complete; /* the run ended in an orderly way and all of it was read */
	bool damaged;  /* bytes in its source had to be passed over */
	int64_t snapshots, cycles;
	struct figure skipped_snapshots, bytes, bytes_skipped;
	int64_t issues;                               /* of the source */
	struct report_issue issue[REPORT_ISSUES_MAX]; /* the first of them */
	size_t issue_count;
	int64_t identities, broken_identities; /* accounting rows of the run */
};

struct report_facts {
	struct report_run run;
	bool is_chosen; /* last is a snapshot that was asked for */
	struct report_snapshot last;
	struct report_account account[REPORT_ACCOUNT_MAX];
	size_t account_count;
	struct figure resident_bytes; /* Sys - HeapReleased */
	struct report_trends trends;
	struct report_pauses pauses;
	struct report_spans spans;
	struct report_live live;
	struct report_leaks leaks;
	struct report_quality quality;
	struct finding_list findings;
};

/*
 * Fills *facts for the run, with the levels of that snapshot of it (0: its last; the
 * findings always judge the last). 0, or -1 with *error (sqlite3_free). In both cases to be
 * given back with report_facts_free.
 */
int report_facts_gather(sqlite3 *db, int64_t run_id, int64_t snapshot_id,
			struct report_facts *facts, char **error);
void report_facts_free(struct report_facts *facts);

#endif
