/*
 * progress - how far a long import has come, and whether it is to stop.
 *
 * On a terminal one line of stderr says share, rate and time left, from half a second on;
 * elsewhere nothing is said. It looks from within SQLite's steps, so it costs the import
 * nothing to speak of. After progress_catch_signals a signal that ends programs stops the
 * import instead, with SQLITE_INTERRUPT.
 */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>

#include "import.h"

struct progress {
	sqlite3 *db;
	const struct source *source;
	const struct import_result *result;
	double begun_s, drawn_s;
	bool is_terminal, is_drawn;
};

/* Until progress_end; both structs and what they point to must stay. */
void progress_begin(struct progress *progress, sqlite3 *db, const struct source *source,
                    const struct import_result *result);
void progress_end(struct progress *progress);

/* For work outside of SQLite: draws the line if it is time; true: stop. progress is a struct progress. */
bool progress_look(void *progress);

/* SIGINT, SIGTERM and SIGHUP stop what runs, in good order. */
void progress_catch_signals(void);

/* Whether one of them came. */
bool progress_is_stopped(void);

/* Ends the program by the signal that came; returns if none did. */
void progress_die(void);

#endif
