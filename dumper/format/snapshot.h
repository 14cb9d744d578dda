/*
 * snapshot.h - the recording format of memspan, encoded and decoded.
 *
 * schemas/snapshot.md is the definition, byte by byte; this library is one
 * implementation of it. Pure functions over bytes: no I/O, no globals, no heap. All
 * memory comes from the functions in struct snapshot_memory, all time is bounded by
 * the length of the input. Nothing here aborts on input; a broken promise of the
 * caller is an assertion, a broken file is an event.
 *
 * A recording is a sequence of segments; a run of a program is one or more of them
 * with the same uuid. A segment is readable without the others: it opens with a mark
 * that can be found again, repeats the run's description, and its first snapshot
 * holds the whole span table; later ones hold what changed.
 *
 * Threads: an encoder or decoder is used by one thread at a time.
 */
#ifndef SNAPSHOT_H
#define SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SNAPSHOT_VERSION_MAJOR = 1,
	SNAPSHOT_VERSION_MINOR = 2,
	SNAPSHOT_PAGE_BYTES = 8192,
	SNAPSHOT_CLASSES = 67,         /* entries of by_size, class 0 included */
	SNAPSHOT_PAUSES_MAX = 8,       /* pauses of one cycle */
	SNAPSHOT_TEXT_BYTES_MAX = 256, /* of a text in struct snapshot_run, its NUL included */
	SNAPSHOT_BATCH_MAX = 2048,     /* spans in one record, and in one event */
	SNAPSHOT_SEGMENT_SNAPSHOTS = 64, /* then an encoder's user begins a new segment */
};

/* ---- What is recorded -------------------------------------------------- */

enum snapshot_reason {
	SNAPSHOT_REASON_GC = 0,       /* heap_live reached gc_trigger */
	SNAPSHOT_REASON_FORCED = 1,   /* asked for by the program */
	SNAPSHOT_REASON_PERIODIC = 2, /* two minutes without a cycle */
	SNAPSHOT_REASON_LIMIT = 3,    /* the memory limit */
	SNAPSHOT_REASON_INTERVAL = 4, /* from here on: snapshots without a cycle */
	SNAPSHOT_REASON_SIGNAL = 5,
	SNAPSHOT_REASON_DUMP = 6,     /* memspan_dump */
	SNAPSHOT_REASON_EXIT = 7,
	SNAPSHOT_REASON_PACER = 8,
	SNAPSHOT_REASON_SHRINK = 9,
	SNAPSHOT_REASON_COUNT,
};

enum snapshot_tracking {
	SNAPSHOT_TRACKING_STOPPED = 0,
	SNAPSHOT_TRACKING_UFFD = 1,
	SNAPSHOT_TRACKING_COUNT,
};

enum snapshot_phase {
	SNAPSHOT_PHASE_MARK = 0,
	SNAPSHOT_PHASE_SWEEP_TERM = 1,
	SNAPSHOT_PHASE_MARK_TERM = 2,
	SNAPSHOT_PHASE_SNAPSHOT = 3, /* the stop in which a snapshot is cut */
	SNAPSHOT_PHASE_COUNT,
};

enum snapshot_state {
	SNAPSHOT_STATE_IDLE = 0,
	SNAPSHOT_STATE_INUSE = 1,
	SNAPSHOT_STATE_STACK = 2,
	SNAPSHOT_STATE_COUNT,
};

/* The contract's words: "gc" ... "exit", "stopped", "mark" ..., "idle" ...; NULL when unknown. */
const char *snapshot_reason_name(uint64_t reason);
const char *snapshot_tracking_name(uint64_t tracking);
const char *snapshot_phase_name(uint64_t phase);
const char *snapshot_state_name(uint64_t state);

/*
 * Except for texts and spans, every field of what is recorded is one 8-byte word:
 * the structs are their own vectors, and the order of their fields is the file's.
 */

struct snapshot_pause {
	uint64_t phase; /* enum snapshot_phase */
	uint64_t duration_ns, stop_ns, end_unix_ns;
};

/* One run of one program. Repeated at the head of each of its segments. */
struct snapshot_run {
	uint8_t uuid[16];
	uint64_t pid, start_unix_ns, start_mono_ns, page_bytes;
	uint64_t tracking;                       /* enum snapshot_tracking */
	char exe[SNAPSHOT_TEXT_BYTES_MAX];       /* the program's name without a folder */
	char host[SNAPSHOT_TEXT_BYTES_MAX];
	char tracking_why[SNAPSHOT_TEXT_BYTES_MAX]; /* why tracking is not better; may be empty */
	char library[SNAPSHOT_TEXT_BYTES_MAX];   /* version of libmemspan */
};

/* One finished collection cycle; byte figures are those of mark termination. */
struct snapshot_cycle {
	uint64_t gc_num, reason, tracking, threads, threads_unknown;
	uint64_t start_unix_ns, start_mono_ns, mark_ns, sweep_ns;
	uint64_t cpu_assist_ns, cpu_background_ns, cpu_idle_ns;
	uint64_t heap_live_start, heap_live_end, heap_marked, heap_goal, gc_trigger;
	uint64_t next_goal, next_trigger, stack_bytes, global_bytes;
	uint64_t pause_count;
	struct snapshot_pause pauses[SNAPSHOT_PAUSES_MAX];
};

/* Go's runtime.mstats; meanings in memspan.h. */
struct snapshot_mstats {
	uint64_t alloc, total_alloc, sys, nlookup, nmalloc, nfree;
	uint64_t heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects;
	uint64_t stacks_inuse, stacks_sys;
	uint64_t mspan_inuse, mspan_sys, mcache_inuse, mcache_sys;
	uint64_t buckhash_sys, gc_sys, other_sys;
	uint64_t next_gc, last_gc_unix, pause_total_ns;
	uint64_t pause_ns[256], pause_end[256];
	uint64_t numgc, numforcedgc;
	double gc_cpu_fraction;
	uint64_t enablegc, debuggc; /* 0 or 1 */
	struct {
		uint64_t size, nmalloc, nfree;
	} by_size[SNAPSHOT_CLASSES];
	uint64_t last_gc_nanotime, tinyallocs, last_next_gc, last_heap_inuse;
	double trigger_ratio;
	uint64_t gc_trigger, heap_live, heap_scan, heap_marked;
};

/* One snapshot without its spans. */
struct snapshot_head {
	uint64_t seq;        /* counted from 0 in the run; a gap: segments were thinned or lost */
	uint64_t reason;     /* enum snapshot_reason */
	uint64_t gc_num;     /* cycles finished */
	uint64_t unix_ns, mono_ns;
	struct snapshot_pause stop; /* the stop that the capture itself took */
	uint64_t has_spans;  /* 0: recorded with MEMSPAN_DUMP_SPANS=summary */
	uint64_t span_count; /* 0 without spans */
	struct snapshot_mstats stats;
};

/*
 * One span or range of idle pages. Laid out as memspan_span, so that a recorder can
 * hand over its table as it is.
 */
#if defined(__GNUC__)
#define SNAPSHOT_MAY_ALIAS __attribute__((may_alias))
#else
#define SNAPSHOT_MAY_ALIAS
#endif
struct SNAPSHOT_MAY_ALIAS snapshot_span {
	uint64_t base;           /* a multiple of SNAPSHOT_PAGE_BYTES */
	uint64_t npages;
	uint64_t elem_bytes;
	uint64_t released_bytes; /* idle: at most npages pages; otherwise 0 */
	uint32_t nelems;
	uint32_t alloc_count;
	uint32_t born_gc;
	uint8_t state;           /* enum snapshot_state */
	uint8_t size_class;
	uint8_t noscan;          /* 0 or 1 */
	uint8_t reserved;        /* 0 */
};

/* What could not be recorded since the record before. */
struct snapshot_skipped {
	uint64_t snapshots; /* captured or wanted while another was in flight, or not written */
	uint64_t cycles;
	uint64_t gc_num;    /* cycles finished when this was noticed */
};

/* The recording of the run is finished; a run without it was killed, or goes on. */
struct snapshot_run_end {
	uint64_t unix_ns, mono_ns;
	uint64_t clean_exit; /* 1: the program exited; 0: only its recording ended, see memspan_dump */
	uint64_t snapshots;  /* written in this run */
	uint64_t skipped;    /* not written in this run */
};

/* Blocks to which no pointer led at the instant of the snapshot before. Since 1.1. */
struct snapshot_leaks {
	uint64_t seq;             /* of that snapshot */
	uint64_t search_ns;       /* for which the threads stood */
	uint64_t root_bytes;      /* looked through */
	uint64_t threads_unknown; /* whose stacks were not looked through */
	uint64_t blocks, bytes;
	struct snapshot_lost {
		uint64_t blocks, bytes;
	} by_class[SNAPSHOT_CLASSES]; /* 0: large blocks */
	/* Since 1.2; all 0 before. */
	uint64_t known;           /* SNAPSHOT_LEAKS_* */
	uint64_t mapped_bytes;    /* the part of root_bytes that the program mapped itself */
	uint64_t indirect_blocks, indirect_bytes; /* to which another lost block leads */
	struct snapshot_lost indirect_by_class[SNAPSHOT_CLASSES];
};

enum {
	SNAPSHOT_LEAKS_SPLIT = 1,  /* which are lost indirectly */
	SNAPSHOT_LEAKS_MAPPED = 2, /* what lies in memory that the program mapped itself */
};

/* ---- Memory ------------------------------------------------------------ */

/* alloc returns NULL when refused; free accepts what alloc returned. */
struct snapshot_memory {
	void *(*alloc)(void *opaque, size_t bytes);
	void (*free)(void *opaque, void *p);
	void *opaque;
};

/* A growing string of bytes; starts zeroed, given back with snapshot_bytes_free. */
struct snapshot_bytes {
	uint8_t *data;
	size_t size, capacity;
};

void snapshot_bytes_free(const struct snapshot_memory *memory, struct snapshot_bytes *bytes);

/* ---- Encoding ---------------------------------------------------------- */

enum snapshot_result {
	SNAPSHOT_OK = 0,
	SNAPSHOT_NO_MEMORY,
	SNAPSHOT_INVALID, /* spans out of order, overlapping, or out of their range */
	SNAPSHOT_TOO_MANY, /* more spans or shapes of spans than the format carries */
	SNAPSHOT_ZSTD,    /* the compressor refused; its reason is not ours to know */
};

const char *snapshot_result_name(enum snapshot_result result);

struct snapshot_encoder;

/* zstd level 1 to 19. NULL when memory was refused. */
struct snapshot_encoder *snapshot_encoder_new(const struct snapshot_memory *memory, int level);
void snapshot_encoder_free(struct snapshot_encoder *encoder);

/*
 * Each function below appends to *out. After anything but SNAPSHOT_OK the segment is
 * unfinished and out holds a part of no use: take back what was appended, and begin a
 * new segment.
 *
 * A segment is begun, filled, and ended; what was appended up to a snapshot_flush can
 * be read by others. Beginning a new one forgets one that was not ended.
 */
enum snapshot_result snapshot_segment_begin(struct snapshot_encoder *encoder,
                                            const struct snapshot_run *run, uint32_t number,
                                            struct snapshot_bytes *out);
enum snapshot_result snapshot_put_cycle(struct snapshot_encoder *encoder,
                                        const struct snapshot_cycle *cycle,
                                        struct snapshot_bytes *out);
enum snapshot_result snapshot_put_skipped(struct snapshot_encoder *encoder,
                                          const struct snapshot_skipped *skipped,
                                          struct snapshot_bytes *out);
/*
 * spans holds head->span_count rows in address order. former is the table of the
 * snapshot put before in the same segment (its rows must be the same still), ignored
 * for a segment's first.
 */
enum snapshot_result snapshot_put(struct snapshot_encoder *encoder,
                                  const struct snapshot_head *head,
                                  const struct snapshot_span *spans,
                                  const struct snapshot_span *former, uint64_t former_count,
                                  struct snapshot_bytes *out);
/* After the snapshot whose seq it bears, before the next. */
enum snapshot_result snapshot_put_leaks(struct snapshot_encoder *encoder,
                                        const struct snapshot_leaks *leaks,
                                        struct snapshot_bytes *out);
enum snapshot_result snapshot_put_run_end(struct snapshot_encoder *encoder,
                                          const struct snapshot_run_end *end,
                                          struct snapshot_bytes *out);
enum snapshot_result snapshot_flush(struct snapshot_encoder *encoder, struct snapshot_bytes *out);
enum snapshot_result snapshot_segment_end(struct snapshot_encoder *encoder,
                                          struct snapshot_bytes *out);

/* ---- Decoding ---------------------------------------------------------- */

enum snapshot_event_type {
	SNAPSHOT_EVENT_INPUT = 0, /* nothing more from what was fed: feed, or say the input ended */
	SNAPSHOT_EVENT_RUN,       /* run: another run than that of the segment before */
	SNAPSHOT_EVENT_SEGMENT,   /* segment: follows RUN where there is one */
	SNAPSHOT_EVENT_CYCLE,     /* cycle */
	SNAPSHOT_EVENT_SNAPSHOT,  /* head; then SPANS ..., and SNAPSHOT_END or SNAPSHOT_LOST */
	SNAPSHOT_EVENT_SPANS,     /* batch: 1 to SNAPSHOT_BATCH_MAX rows in address order */
	SNAPSHOT_EVENT_SNAPSHOT_END,  /* head: all rows were delivered, the snapshot is whole */
	SNAPSHOT_EVENT_SNAPSHOT_LOST, /* head: forget it; an ISSUE or TORN follows that says why */
	SNAPSHOT_EVENT_LEAKS,     /* leaks: follows the SNAPSHOT_END of its snapshot */
	SNAPSHOT_EVENT_SKIPPED,   /* skipped */
	SNAPSHOT_EVENT_RUN_END,   /* run_end */
	SNAPSHOT_EVENT_ISSUE,     /* issue */
	SNAPSHOT_EVENT_TORN,      /* issue: the run's last write is not whole, as a killed program's */
	SNAPSHOT_EVENT_END,       /* the input has ended and all of it was delivered; stays */
};

enum snapshot_severity { SNAPSHOT_WARNING = 1, SNAPSHOT_DAMAGE = 2, SNAPSHOT_UNSUPPORTED = 3 };

enum snapshot_issue_code {
	SNAPSHOT_ISSUE_TORN = 1,     /* a run's end is not whole */
	SNAPSHOT_ISSUE_FOREIGN,      /* bytes that are no segment */
	SNAPSHOT_ISSUE_COMPRESSION,  /* zstd cannot read on in this segment */
	SNAPSHOT_ISSUE_CHECKSUM,     /* a record's checksum or sequence number is wrong */
	SNAPSHOT_ISSUE_RECORD,       /* a record's checksum is right, what it says is not */
	SNAPSHOT_ISSUE_LIMIT,        /* more spans or longer records than the format allows */
	SNAPSHOT_ISSUE_CUT,          /* a segment ends within a record, its run goes on */
	SNAPSHOT_ISSUE_VERSION,      /* a newer major version */
	SNAPSHOT_ISSUE_UNKNOWN,      /* a record of unknown type that may not be passed over */
	SNAPSHOT_ISSUE_MEMORY,       /* memory was refused; the decoder has stopped */
};

/* "torn", "foreign", "compression", ...: for import_issue.code. */
const char *snapshot_issue_name(enum snapshot_issue_code code);

struct snapshot_issue {
	enum snapshot_severity severity;
	enum snapshot_issue_code code;
	uint64_t offset;        /* in the file: first byte that is not used */
	uint64_t bytes_skipped; /* from there on; known once reading goes on, so: of the issue delivered */
	char message[160];      /* one line, plain text */
};

struct snapshot_segment {
	uint64_t offset;  /* in the file; a decoder may be started there */
	uint32_t number;  /* within the run, from 0 */
	uint16_t version_major, version_minor;
	uint8_t run_uuid[16];
};

struct snapshot_batch {
	const struct snapshot_span *spans;
	uint32_t count;
	uint64_t first; /* index of spans[0] in the table */
};

/* Valid until the next call for the same decoder. */
struct snapshot_event {
	enum snapshot_event_type type;
	uint64_t offset; /* in the file: of the segment that holds it */
	const struct snapshot_run *run;           /* also set for every event within a run */
	const struct snapshot_head *head;         /* also set for SPANS */
	const struct snapshot_cycle *cycle;
	const struct snapshot_leaks *leaks;
	const struct snapshot_skipped *skipped;
	const struct snapshot_run_end *run_end;
	struct snapshot_segment segment;          /* also set for every event within a segment */
	struct snapshot_batch batch;
	struct snapshot_issue issue;
};

struct snapshot_decoder;

/*
 * offset is the place in the file of the first byte that will be fed: 0, or that of a
 * segment. NULL when memory was refused.
 *
 * Memory: some 2 MiB, and 48 bytes for each span of the snapshot before, whose number
 * is limited to 1024 for each byte of the segment fed so far, and 65536 more.
 */
struct snapshot_decoder *snapshot_decoder_new(const struct snapshot_memory *memory,
                                              uint64_t offset);
void snapshot_decoder_free(struct snapshot_decoder *decoder);

/* Takes up to count bytes and returns how many; less than count: pull events first. */
size_t snapshot_decoder_feed(struct snapshot_decoder *decoder, const void *data, size_t count);

/* No byte will follow. */
void snapshot_decoder_finish(struct snapshot_decoder *decoder);

/* The next event; never NULL. */
const struct snapshot_event *snapshot_decoder_next(struct snapshot_decoder *decoder);

/* Whether data begins with a segment's whole mark. 48 bytes suffice. */
bool snapshot_is_recording(const void *data, size_t count);

/*
 * Whether a file that begins with these bytes was a recording, also when its first mark is
 * cut or damaged in a byte or two: for readers, who tell kinds of files by content.
 */
bool snapshot_was_recording(const void *data, size_t count);

/* ---- The end of a recording -------------------------------------------- */

/*
 * Finds where a recording that nobody writes any more may be appended to, by its block
 * headers alone: ask for (walk.offset, walk.need), read as many of these bytes as the
 * file has, step, until walk.done.
 */
struct snapshot_walk {
	uint64_t offset;     /* where to read next */
	uint32_t need;       /* bytes to read there, at most 64 */
	bool done;
	bool is_recording;   /* the file begins with a segment */
	bool is_damaged;     /* no walkable structure from `whole` on: append at the file's end */
	bool is_open;        /* a frame is open at `whole`: snapshot_closing closes it */
	uint64_t whole;      /* length of the file up to its last whole block or frame */
	uint32_t state;
	uint32_t flags;
};

extern const uint8_t snapshot_closing[3]; /* an empty last block */

void snapshot_walk_begin(struct snapshot_walk *walk);
void snapshot_walk_step(struct snapshot_walk *walk, const uint8_t *data, size_t count);

#endif
