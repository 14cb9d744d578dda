/*
 * report - what `memanalyze report` prints: verdict, accounting, trends, pauses, worst
 * size classes, data quality, next command.
 *
 * Reads the views of schemas/ and nothing else, so it works on an imported recording and
 * on a database made by `load` alike.
 */
#ifndef REPORT_H
#define REPORT_H

#include <sqlite3.h>
#include <stdint.h>
#include <stdio.h>

#include "render/table.h"

struct report_options {
	enum render_format format;
	struct render_options render;
	int64_t snapshot_id;      /* report on this snapshot and its run; 0: the last of each run */
	const char *file;         /* as the user named it, for the commands that the report suggests */
};

/*
 * Prints the report. 0, or -1 with *error set (sqlite3_free) when a query failed. Write
 * errors stay with `out`.
 */
int report_run(sqlite3 *db, const struct report_options *options, FILE *out, char **error);

#endif
