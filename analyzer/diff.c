#include "diff.h"

#include <stddef.h>

/* A figure of mstats as rows of the query below. */
#define BYTES(name, expression)                                                        \
	" UNION ALL SELECT snapshot_id, 'mstats', 1, '" name "', 'bytes', " expression \
	" FROM mstats WHERE snapshot_id IN (?1, ?2)"
#define COLUMN(name) BYTES(name, name)

/*
 * Each kind gives (snapshot, kind, name, unit, value); the two snapshots meet on kind and
 * name. A state or class without a span in one of them has 0 there; but where a snapshot
 * has no spans at all they are unknown.
 */
// clang-format off
static const char diff_sql[] =
	"WITH figure (snapshot_id, kind, place, name, unit, value) AS ("
	" SELECT snapshot_id, 'mstats', 1, 'heap_objects', 'objects', heap_objects FROM mstats"
	" WHERE snapshot_id IN (?1, ?2)"
	BYTES("fragmentation", "heap_inuse - heap_alloc")
	BYTES("retained", "heap_idle - heap_released")
	COLUMN("sys") COLUMN("heap_alloc") COLUMN("heap_sys") COLUMN("heap_inuse")
	COLUMN("heap_idle") COLUMN("heap_released") COLUMN("stacks_inuse") COLUMN("stacks_sys")
	COLUMN("mspan_sys") COLUMN("mcache_sys") COLUMN("gc_sys") COLUMN("buckhash_sys")
	COLUMN("other_sys") COLUMN("next_gc")
	" UNION ALL"
	" SELECT snapshot_id, 'state', 2, state, 'bytes', sum(span_bytes) FROM span_sum"
	" WHERE snapshot_id IN (?1, ?2) GROUP BY snapshot_id, state"
	" UNION ALL"
	" SELECT c.snapshot_id, 'class', 3, CASE c.class WHEN 0 THEN 'large' ELSE c.class || ' ('"
	"  || coalesce(c.size_bytes, '?') || ' bytes)' END, 'bytes', c.span_bytes"
	" FROM class_fragmentation AS c WHERE c.snapshot_id IN (?1, ?2)"
	"), name AS (SELECT DISTINCT kind, place, name, unit FROM figure"
	"), known AS ("
	" SELECT s.id, EXISTS (SELECT 1 FROM span_sum AS t WHERE t.snapshot_id = s.id) AS spans"
	" FROM snapshot AS s WHERE s.id IN (?1, ?2)"
	"), pair AS ("
	" SELECT n.kind, n.place, n.name, n.unit,"
	"  CASE WHEN n.place = 1 OR NOT ka.spans THEN a.value ELSE coalesce(a.value, 0) END AS a,"
	"  CASE WHEN n.place = 1 OR NOT kb.spans THEN b.value ELSE coalesce(b.value, 0) END AS b"
	" FROM name AS n JOIN known AS ka ON ka.id = ?1 JOIN known AS kb ON kb.id = ?2"
	" LEFT JOIN figure AS a ON a.snapshot_id = ?1 AND a.kind = n.kind AND a.name = n.name"
	" LEFT JOIN figure AS b ON b.snapshot_id = ?2 AND b.kind = n.kind AND b.name = n.name"
	") SELECT kind, name, unit, a, b, b - a AS change,"
	" CAST(b - a AS REAL) / nullif(a, 0) AS ratio"
	" FROM pair WHERE a IS NOT b ORDER BY place, abs(b - a) DESC, name";
// clang-format on

static int exists(sqlite3 *db, int64_t snapshot_id)
{
	sqlite3_stmt *statement;
	int found = 0;

	if (sqlite3_prepare_v2(db, "SELECT 1 FROM snapshot WHERE id = ?1", -1, &statement, NULL) !=
	    SQLITE_OK)
		return 0;
	sqlite3_bind_int64(statement, 1, snapshot_id);
	found = sqlite3_step(statement) == SQLITE_ROW;
	sqlite3_finalize(statement);
	return found;
}

sqlite3_stmt *diff_prepare(sqlite3 *db, int64_t snapshot_a, int64_t snapshot_b, char **error)
{
	sqlite3_stmt *statement = NULL;

	*error = NULL;
	if (!exists(db, snapshot_a) || !exists(db, snapshot_b)) {
		*error = sqlite3_mprintf("there is no snapshot %lld",
					 exists(db, snapshot_a) ? snapshot_b : snapshot_a);
		return NULL;
	}
	if (sqlite3_prepare_v2(db, diff_sql, -1, &statement, NULL) != SQLITE_OK) {
		*error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
		return NULL;
	}
	sqlite3_bind_int64(statement, 1, snapshot_a);
	sqlite3_bind_int64(statement, 2, snapshot_b);
	return statement;
}
