/*
 * merge - what one database made by load has and another lacks.
 *
 * The same rules as for a recording (import.h): runs are known by uuid, snapshots by seq, cycles
 * by number; what is there already stays, and a database that adds nothing leaves no trace. The
 * other database is attached for the time of the import and only read; it is input, so its tables
 * have to be tables and nothing else of it is asked.
 *
 * Left behind is the temporary table merged_run(path, run_id): which runs each database has.
 */
#ifndef MERGE_H
#define MERGE_H

#include "import.h"

/*
 * Adds the database at source->path, one transaction. opened tells what is wrong with it when it
 * is not STORE_OPENED, whatever is returned; else as import_recording.
 */
enum import_status import_database(struct store *store, const struct source *source,
                                   struct import_result *result, enum store_open_result *opened);

#endif
