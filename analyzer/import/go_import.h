/*
 * go_import - Go's own figures to rows, one transaction a source.
 *
 * A sample becomes a snapshot with its mstats and by_size; a line of gctrace a cycle, its
 * pauses and a snapshot with the little that the line says; a scavenger's line a snapshot.
 * A counter that goes backwards begins a new run. PauseNs and PauseEnd are rings of the last
 * 256 cycles: what a sample tells of cycles that are known already is not counted again,
 * and where more than 256 went by between two samples the gap is an issue.
 *
 * A run has no uuid of its own; it gets one from its first sample or line. So loading a log
 * again changes nothing, and loading it when it has grown adds what is new.
 */
#ifndef GO_IMPORT_H
#define GO_IMPORT_H

#include "import.h"

/*
 * As import_recording; result->seen is 0 when there was no figure of Go's in the source.
 * look (may be NULL) is called with arg between two pieces of the text, which may be long and
 * have no row for the database: true stops the import, as IMPORT_DATABASE.
 */
enum import_status import_go(struct store *store, const struct source *source,
			     struct import_result *result, bool (*look)(void *arg), void *arg);

#endif
