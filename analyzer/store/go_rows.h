/*
 * go_rows - rows that only an import of Go's own figures writes (import/go_import.h).
 *
 * As the functions of store: false sets the database's error. Its statements belong to one
 * import and end with it.
 */
#ifndef GO_ROWS_H
#define GO_ROWS_H

#include "store.h"

enum go_statement {
	GO_ROWS_COPY,
	GO_ROWS_PAUSE_CLEAR,
	GO_ROWS_PAUSE,
	GO_ROWS_PAUSES,
	GO_ROWS_RUN_END,
	GO_ROWS_KIND,
	GO_ROWS_ACCOUNTING,
	GO_ROWS_STATEMENTS,
};

struct go_rows {
	struct store *store;
	sqlite3_stmt *statements[GO_ROWS_STATEMENTS];
};

/* Within the import's transaction. */
bool go_rows_open(struct go_rows *rows, struct store *store);
void go_rows_close(struct go_rows *rows);

/* How many runs with this mark this import has met, the present one included. */
bool go_rows_copies(struct go_rows *rows, uint64_t mark, uint64_t *copies);

/*
 * The pause of a cycle, all its stops together, as PauseNs has it: exact, so it replaces what
 * a trace's line told of that cycle. *added: it was not there.
 */
bool go_rows_pause(struct go_rows *rows, int64_t run_id, uint64_t gc_num, uint64_t duration_ns,
		   uint64_t end_unix_ns, bool *added);

/* In how many cycles from first to last a pause is known. */
bool go_rows_pauses(struct go_rows *rows, int64_t run_id, uint64_t first, uint64_t last,
		    uint64_t *cycles);

/* What the text shows of the run's end: its last time; nothing tells how the program ended. */
bool go_rows_run_end(struct go_rows *rows, int64_t run_id, uint64_t end_unix_ns, bool complete);

bool go_rows_source_kind(struct go_rows *rows, int64_t source_id, const char *kind);

/* Makes issues of at most `limit` identities that do not hold, from that snapshot on. */
bool go_rows_accounting(struct go_rows *rows, int64_t source_id, int64_t first_snapshot_id,
			unsigned limit);

#endif
