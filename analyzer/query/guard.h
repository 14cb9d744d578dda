/*
 * guard - makes a connection read-only for the user's SQL.
 *
 * Allowed: SELECT, EXPLAIN, recursion, functions but load_extension, and the PRAGMAs
 * that describe a schema. Everything else is refused when it is prepared. A statement
 * that runs longer than the timeout is interrupted.
 */
#ifndef GUARD_H
#define GUARD_H

#include <sqlite3.h>
#include <stdint.h>

struct guard {
	uint64_t deadline_ns;  /* CLOCK_MONOTONIC; 0: none */
	char refused[120];     /* what the last refusal was about; empty: nothing was refused */
};

/* From now on; the guard must stay valid while the connection is open. */
void guard_install(struct guard *guard, sqlite3 *db, double timeout_s);

#endif
