/*
 * guard - makes a connection read-only for the user's SQL.
 *
 * Allowed: SELECT, EXPLAIN, recursion, functions but load_extension, and the PRAGMAs
 * that describe a schema. Everything else is refused when it is prepared. A statement
 * that runs longer than the timeout is interrupted, and SQLite takes no more than 256 MiB: a
 * view of a database from anywhere can ask for any amount of both. So is one when a signal
 * handler has set `stopped`, however short before it began: sqlite3_interrupt alone does nothing
 * to a statement that does not run yet.
 */
#ifndef GUARD_H
#define GUARD_H

#include <signal.h>
#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct guard {
	uint64_t deadline_ns;  /* CLOCK_MONOTONIC; 0: none */
	volatile sig_atomic_t stopped; /* by a signal handler; guard_restart forgets it */
	char refused[120];     /* what the last refusal was about; empty: nothing was refused */
};

/* From now on; the guard must stay valid while the connection is open. */
void guard_install(struct guard *guard, sqlite3 *db, double timeout_s);

/* The time begins anew, with another limit; 0: none. */
void guard_restart(struct guard *guard, double timeout_s);

/* Whether the time is over. */
bool guard_is_late(const struct guard *guard);

#endif
