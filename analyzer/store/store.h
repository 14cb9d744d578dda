/*
 * store - a SQLite database with the tables of schemas/, and how rows get into it.
 *
 * Values of 2^63 and above are stored as NULL (schemas/tables.sql). All functions that
 * return bool set the database's error on false (sqlite3_errmsg); nothing is retried.
 */
#ifndef STORE_H
#define STORE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"
#include "source.h"
#include "span_rows.h"

enum store_statement {
	STORE_SOURCE, STORE_RUN, STORE_RUN_FIND, STORE_RUN_END, STORE_SNAPSHOT, STORE_MSTATS,
	STORE_BY_SIZE, STORE_SUM, STORE_CYCLE, STORE_PAUSE, STORE_ISSUE, STORE_SPANS,
	STORE_SOURCE_END, STORE_RUN_SKIPPED, STORE_LEAK_SEARCH, STORE_LEAK, STORE_STATEMENTS,
};

/* Durations, and sums over spans, are stored as NULL from here on: see bind_summed. */
#define STORE_SUMMED_END ((uint64_t)1 << 48)

struct store {
	sqlite3 *db;
	bool has_spans;       /* span is a table (its triggers are off here), not a cursor */
	bool fresh;           /* a new database, that has no name until store_publish */
	struct span_batch batch; /* the table span_batch: see span_rows.h */
	sqlite3_stmt *statements[STORE_STATEMENTS];
};

enum store_open_result {
	STORE_OPENED,
	STORE_FOREIGN,        /* a database, or a file, that is not ours */
	STORE_NEWER,          /* made by a newer version */
	STORE_FAILED,         /* sqlite3_errmsg, or no memory when db is NULL */
};

/*
 * An empty database of its own, in memory up to 64 MiB and from there on in a temporary
 * file, so that no recording is too long for it. Its `span` is to be made by the caller, before
 * store_views.
 */
bool store_open_memory(struct store *store);

/* The same with every table and view of a database made by load, and no row. */
bool store_open_model(struct store *store);

/*
 * Makes the `span` of store_open_memory a table, for spans that are in no recording: those of
 * another database (merge.h).
 */
bool store_span_table(struct store *store);

/* The first column of a query's first row. False without a row, too. */
bool store_number(sqlite3 *db, const char *sql, int64_t *value);

/*
 * The name under which SQLite opens a source that is a database, which has to stay; NULL without
 * memory. To be given to sqlite3_free.
 */
char *store_name(const struct source *source);

/* The database at path for reading only, hardened against what it may contain. */
enum store_open_result store_open_read(struct store *store, const char *path);

/*
 * The database at path for adding to it; one that an older version made gets the tables
 * that it lacks and this version's views. One that is missing is made, and stands there only
 * after store_publish: an end before that leaves nothing. STORE_FAILED with db NULL: errno.
 */
enum store_open_result store_open_write(struct store *store, const char *path);

/* A new database that is to replace the file at path, which stays until store_publish. */
enum store_open_result store_open_fresh(struct store *store, const char *path);

/*
 * Puts a fresh database where it belongs and closes it; replace as in fresh_file.h. false:
 * errno, and it is gone.
 */
bool store_publish(struct store *store, bool replace);

bool store_views(struct store *store);
void store_close(struct store *store);

bool store_begin(struct store *store);
bool store_commit(struct store *store);
void store_rollback(struct store *store);

/* Each adds a row; the first three give its id. */
bool store_source(struct store *store, const char *path, const char *kind, uint64_t bytes,
                  int64_t *id);
bool store_source_end(struct store *store, int64_t id, bool complete, uint64_t bytes_skipped);
/* *known: the run was there (by its uuid). */
bool store_run(struct store *store, int64_t source_id, const struct snapshot_run *run,
               const struct snapshot_segment *segment, int64_t *id, bool *known);
/* *known: the snapshot was there (by seq). */
bool store_snapshot(struct store *store, int64_t run_id, const struct snapshot_head *head,
                    int64_t *id, bool *known);
/* What is known of the run's end; *changed: it was not known before. */
bool store_run_end(struct store *store, int64_t run_id, uint64_t end_unix_ns, bool clean,
                   bool complete, bool *changed);
/* Snapshots of the run that were not taken or not written, as far as the source tells. */
bool store_run_skipped(struct store *store, int64_t run_id, uint64_t snapshots);
/* *known: the cycle was there. */
bool store_cycle(struct store *store, int64_t run_id, const struct snapshot_cycle *cycle, bool *known);
bool store_pause(struct store *store, int64_t run_id, uint64_t gc_num, const struct snapshot_pause *pause);
/* What was found at the snapshot; rows that are there already stay. */
bool store_leaks(struct store *store, int64_t snapshot_id, const struct snapshot_leaks *leaks);
bool store_issue(struct store *store, int64_t source_id, uint64_t offset, const char *severity,
                 const char *code, const char *message);
/* The spans of a batch, by one statement. */
bool store_spans(struct store *store, int64_t snapshot_id, const struct snapshot_span *spans,
                 uint32_t count);

/* The spans of one snapshot, added up by state, class and kind. */
struct span_sum {
	uint64_t spans, span_bytes, nelems, alloc_count, slot_bytes, alloc_bytes, released_bytes;
};
struct span_sums {
	struct span_sum of[SNAPSHOT_STATE_COUNT][SNAPSHOT_CLASSES][2];
};
void span_sums_add(struct span_sums *sums, const struct snapshot_span *span);
bool store_sums(struct store *store, int64_t snapshot_id, const struct span_sums *sums);

#endif
