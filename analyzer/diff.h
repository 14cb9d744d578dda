/*
 * diff - what grew between two snapshots of one database.
 *
 * A comparison from A to B: change = B - A, signed, in bytes or objects; ratio = change / A,
 * NULL where A is zero or unknown. Largest change first within each kind: the figures of
 * mstats, span states, size classes. Rows that did not change are left out.
 */
#ifndef DIFF_H
#define DIFF_H

#include <sqlite3.h>
#include <stdint.h>

/*
 * The rows (kind, name, unit, a, b, change, ratio), to be stepped (render_statement) and
 * finalized by the caller. NULL with *error set (sqlite3_free) when the query failed or
 * one of the snapshots is not there.
 */
sqlite3_stmt *diff_prepare(sqlite3 *db, int64_t snapshot_a, int64_t snapshot_b, char **error);

#endif
