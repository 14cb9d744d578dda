/*
 * What is live in which size class, by the counters: for snapshots without their spans.
 */
#include "report_query.h"

/* Figures may be anyone's: products stay whole numbers. */
#define MOST "9000000000000000000"

enum { SIZE, OBJECTS, BYTES, ALL_BYTES };

/* Tiny objects share blocks and are not told apart here; large ones are in no class. */
int report_gather_live(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT size, nmalloc - nfree,"
		" CAST(min((nmalloc - nfree) * size, " MOST ") AS INTEGER) AS bytes,"
		" CAST(min(total((nmalloc - nfree) * size) OVER (), " MOST ") AS INTEGER)"
		" FROM by_size WHERE snapshot_id = ?1 AND size > 0 AND nmalloc > nfree"
		" ORDER BY bytes DESC, size LIMIT 8";
	struct report_live *live = &facts->live;

	_Static_assert(REPORT_LIVE_MAX == 8, "the limit of the query");
	if (facts->spans.known)
		return 0;
	if (report_query_begin(query, sql, facts->last.id) != 0)
		return -1;
	while (live->count < REPORT_LIVE_MAX && report_query_next(query)) {
		struct report_live_class *class = &live->class[live->count++];

		class->size_bytes = report_query_figure(query, SIZE).value;
		class->objects = report_query_figure(query, OBJECTS).value;
		class->bytes = report_query_figure(query, BYTES).value;
		live->bytes = report_query_figure(query, ALL_BYTES).value;
	}
	return report_query_end(query);
}
