/*
 * shell - SQL at a prompt: lines are edited, remembered and completed (libedit).
 *
 * What is typed is under the same guard as any SQL of the user. Ctrl-C stops a statement or
 * drops what was typed; Ctrl-D or .quit ends. The lines are kept in the file that
 * MEMANALYZE_HISTORY names, else in ~/.memanalyze_history, readable by the user alone; an
 * empty MEMANALYZE_HISTORY keeps none.
 */
#ifndef SHELL_H
#define SHELL_H

#include "guard.h"
#include "render/table.h"

struct shell_options {
	enum render_format format;
	struct render_options look;
	double timeout_s; /* of each statement; 0: none */
};

/* Standard input and output must be a terminal. The guard must be installed. */
int shell_run(sqlite3 *db, struct guard *guard, const struct shell_options *options);

#endif
