/*
 * diff - what grew between two snapshots, of one database or of two.
 *
 * A comparison from A to B: change = B - A, signed, in bytes or objects; ratio = change / A,
 * NULL where A is zero or unknown. Largest change first within each kind: the figures of
 * mstats, span states, size classes. Rows that did not change are left out.
 *
 * A subtraction of A from B is another question: what the program did between two snapshots of
 * one run. Counters alone have an answer: amount = B - A, and how much that is a second.
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
	/* Of a comparison kind, name, unit, a, b, change, ratio, of a subtraction kind, name, unit,
	 * amount, per_second: to be stepped (render_statement). */
	sqlite3_stmt *rows;
};

enum diff_question { DIFF_COMPARE, DIFF_SUBTRACT };

/* Whether the second is of the same run as the first, and no earlier: else there is no between. */
bool diff_is_forward(const struct diff_side *from, const struct diff_side *to);

/*
 * Compares, or subtracts where diff_is_forward; both sides may have the same database. For people
 * the figures are text, 1,024 and +1,024, and percent stands for ratio. false with *error set
 * (sqlite3_free) when a query failed or a snapshot is not there. diff_end in both cases.
 */
bool diff_begin(struct diff *diff, enum diff_question question, bool for_people,
                const struct diff_side *from, const struct diff_side *to, char **error);
void diff_end(struct diff *diff);

#endif
