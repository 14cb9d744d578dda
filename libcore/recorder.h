/*
 * recorder.h - what the heap offers to whoever records it; besides memspan.h the
 * only header of libcore that the dumper sees.
 *
 * The heap knows no recorder: one attaches itself. The heap reports each finished
 * cycle and, when the last span of a cycle is swept, captures the statistics and
 * the span table of that moment and hands them over. The table is only cut then; who
 * wants its spans reads them, while the program runs on (recorder_read_spans). Nothing
 * here allocates from the heap: captures live in memory of their own from mmap, counted
 * in other_sys.
 */
#ifndef MEMSPAN_RECORDER_H
#define MEMSPAN_RECORDER_H

#include <stdbool.h>

#include "memspan.h"

/* Why a cycle ran or a snapshot was taken; the values are those of the file format. */
enum recorder_reason {
	RECORDER_GC = 0,       /* heap_live reached gc_trigger */
	RECORDER_FORCED = 1,   /* memspan_gc, memspan_free_os_memory */
	RECORDER_PERIODIC = 2, /* two minutes without a cycle */
	RECORDER_LIMIT = 3,    /* the memory limit */
	RECORDER_INTERVAL = 4, /* from here on: snapshots without a cycle */
	RECORDER_SIGNAL = 5,
	RECORDER_DUMP = 6,
	RECORDER_EXIT = 7,
	RECORDER_PACER = 8,    /* a malloc program at a point where Go would have collected */
	RECORDER_SHRINK = 9,   /* a malloc program whose heap shrank as much */
};

/* How the collector learns of writes during marking. */
enum recorder_tracking { RECORDER_STOPPED = 0, RECORDER_UFFD = 1 };

enum recorder_phase {
	RECORDER_PHASE_MARK = 0,        /* whole marking; beside the program: pages fetched in a stop */
	RECORDER_PHASE_SWEEP_TERM = 1,  /* first pause of a concurrent cycle */
	RECORDER_PHASE_MARK_TERM = 2,   /* last pause of a concurrent cycle */
	RECORDER_PHASE_SNAPSHOT = 3,    /* the heap is closed to cut a snapshot; not in PauseNs */
};

struct recorder_pause {
	uint32_t phase;        /* enum recorder_phase */
	uint64_t duration_ns;  /* from the request to stop until the threads run again */
	uint64_t stop_ns;      /* the part until the last thread stood */
	uint64_t end_unix_ns;
};

enum { RECORDER_PAUSES_MAX = 8 };

/* One finished cycle. Byte figures are those of mark termination. */
struct recorder_cycle {
	uint32_t gc_num;             /* counted from 1 */
	uint32_t reason;             /* enum recorder_reason, 0 to 3 */
	uint32_t tracking;           /* enum recorder_tracking */
	uint32_t threads;            /* known threads stopped */
	uint32_t threads_unknown;    /* seen in the process, neither stopped nor scanned */
	uint32_t pause_count;
	struct recorder_pause pauses[RECORDER_PAUSES_MAX];
	uint64_t start_unix_ns, start_mono_ns;
	uint64_t mark_ns;            /* wall time of marking, concurrent part included */
	uint64_t sweep_ns;           /* wall time from mark termination to the last span swept */
	uint64_t cpu_assist_ns, cpu_background_ns, cpu_idle_ns;
	uint64_t heap_live_start;    /* heap_live when the cycle began */
	uint64_t heap_live_end;      /* when marking ended */
	uint64_t heap_marked;        /* what the cycle kept */
	uint64_t heap_goal;          /* the goal this cycle ran under */
	uint64_t gc_trigger;         /* the trigger this cycle ran under */
	uint64_t next_goal, next_trigger;
	uint64_t stack_bytes, global_bytes; /* roots scanned */
};

enum { RECORDER_CLASSES = 67 };

/* Blocks that live until they are freed, and to which no pointer led at that instant. */
struct recorder_leaks {
	bool searched;               /* else all is 0 */
	uint64_t search_ns;          /* for which the threads stood */
	uint64_t root_bytes;         /* looked through, the blocks that they lead to not counted */
	uint64_t threads_unknown;    /* whose stacks were not looked through */
	uint64_t blocks, bytes;
	struct recorder_lost {
		uint64_t blocks, bytes;
	} by_class[RECORDER_CLASSES];  /* 0: large blocks */
	bool mapped_searched;        /* memory that the program mapped itself, too (all of it) */
	uint64_t mapped_bytes;       /* the part of root_bytes that is such memory */
	bool split;                  /* else the rest is 0: there was no memory to find it out */
	uint64_t indirect_blocks, indirect_bytes; /* to which another lost block leads */
	struct recorder_lost indirect_by_class[RECORDER_CLASSES];
};

/* The heap at one instant. */
struct recorder_snapshot {
	uint32_t reason;                /* enum recorder_reason */
	uint32_t gc_num;                /* cycles finished */
	uint64_t unix_ns, mono_ns;
	struct recorder_pause stop;     /* the stop that the capture itself took */
	memspan_mstats stats;
	struct recorder_leaks leaks;    /* with MEMSPAN_LEAKS=1, of RECORDER_SIGNAL, DUMP and EXIT */
	memspan_span *spans;            /* once read: address order, idle ranges included */
	uint64_t span_count;            /* 0 until they are read */
	uint64_t mapping_bytes;         /* of the mapping that holds this struct and the spans */
};

struct recorder {
	/*
	 * Whether a snapshot for this reason is wanted now; gc_num is the number of the cycle
	 * or, for RECORDER_PACER and RECORDER_SHRINK, of the point. Called before the threads
	 * are stopped, from any thread; must not block.
	 */
	bool (*wanted)(uint32_t reason, uint32_t gc_num);
	/* A cycle is finished, its last span swept. Called before captured(); must not block. */
	void (*cycle)(const struct recorder_cycle *cycle);
	/* The first thread uses the heap: from here on a thread may be started. May be NULL. */
	void (*heap_used)(void);
	/*
	 * A snapshot was captured; NULL: it was wanted, and memory for it was refused. Owned by
	 * the recorder, returned with recorder_release. Must not block.
	 */
	void (*captured)(struct recorder_snapshot *snapshot);
};

/* Attaches the one recorder of the process; NULL detaches. The struct must stay valid. */
void recorder_attach(const struct recorder *recorder);

/*
 * Captures the heap as it is now. NULL when memory for the copy was refused. To be
 * returned with recorder_release. Not from a signal handler; any other thread. One
 * that was captured before and whose spans are not read is read first.
 */
struct recorder_snapshot *recorder_capture(uint32_t reason);

/*
 * Fills in the spans of a snapshot: what they were when it was captured, whatever the program
 * does meanwhile. Until then who changes a span first keeps its former state, which makes
 * frees slower: to be called soon, or recorder_release. Nothing happens the second time.
 * Any thread but in a signal handler; the program is not stopped.
 */
void recorder_read_spans(struct recorder_snapshot *snapshot);

/* MEMSPAN_LEAKS is on: whoever exits without a recorder may want to capture, too. */
bool recorder_seeks_leaks(void);

void recorder_release(struct recorder_snapshot *snapshot);

/*
 * Starts a thread for the recorder that the collector knows: all signals blocked,
 * its stack a stack span. Returns 0 or an errno value. `detached` always.
 */
int recorder_thread_start(void (*run)(void *arg), void *arg);

/* How the collector tracks writes now, and why not better, for the run record. */
uint32_t recorder_tracking_mode(const char **why);

/*
 * Memory from mmap for the recorder's own use, counted in other_sys; zeroed,
 * page-rounded. NULL when refused. Both keep errno.
 */
void *recorder_map(size_t bytes);
void recorder_unmap(void *p, size_t bytes);

/*
 * Registers child to be called in the child after a fork, on the heap's terms
 * (the heap is usable, no other thread exists). One handler.
 */
void recorder_on_fork(void (*child)(void));

/*
 * Calls `before`, which must be async-signal-safe, ahead of what SIGSEGV, SIGBUS, SIGABRT,
 * SIGFPE or SIGILL does to the program: its own handler (of each signal only the first
 * time) or the system's default. What that is, and what the program sees of it, does not
 * change. One handler, set once.
 */
void recorder_on_fatal_signal(void (*before)(void));

/*
 * Calls `before` when the program ends by _exit or _Exit, in the process itself, not inside the
 * heap; maybe from a signal's handler: it must take no lock for ever. One handler, set once.
 */
void recorder_on_quick_end(void (*before)(void));

/*
 * Calls `before` when the process is about to confine itself with seccomp: no call of the
 * recorder's may follow it, in this process or in those that it forks. One handler, set once.
 */
void recorder_on_confine(void (*before)(void));

/*
 * Whether recorder_capture would go through, also in a signal's handler: false when within this
 * time what it needs is not free.
 */
bool recorder_may_capture(int64_t timeout_ns);

/* What recorder_warn says comes out even where the program closes stderr as it exits. */
void recorder_warn_to_the_end(void);

/* One line on stderr for a bad setting or a failed recording: "memspan: " and the text. */
void recorder_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
