/*
 * diff - what grew between two snapshots, of one database or of two.
 *
 * A comparison from A to B: change = B - A, signed, in bytes or objects; ratio = change / A,
 * NULL where A is zero or unknown. Largest change first within each kind: the figures of
 * mstats, span states, size classes. Rows that did not change are left out.
 */
#ifndef DIFF_H
#define DIFF_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

/* A snapshot in a database of recordings. */
struct diff_side {
	sqlite3 *db;
	int64_t snapshot_id;
};

struct diff {
	sqlite3 *db;        /* of its own, in memory: the figures of both */
	sqlite3_stmt *rows; /* kind, name, unit, a, b, change, ratio: to be stepped (render_statement) */
};

/*
 * Compares; both sides may have the same database. false with *error set (sqlite3_free) when
 * a query failed or a snapshot is not there. diff_end in both cases.
 */
bool diff_begin(struct diff *diff, const struct diff_side *from, const struct diff_side *to,
                char **error);
void diff_end(struct diff *diff);

#endif
