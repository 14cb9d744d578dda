/*
 * Blocks that nothing points to, as the last snapshot that was looked through tells.
 */
#include "report_query.h"

static int gather_search(struct report_query *query, struct report_facts *facts, int64_t *snapshot_id)
{
	static const char sql[] =
		"SELECT s.id, s.seq, f.leaked_blocks, f.leaked_bytes, f.search_ns, f.threads_unknown,"
		" f.indirect_blocks, f.indirect_bytes, f.mapped_bytes"
		" FROM snapshot AS t JOIN snapshot AS s ON s.run_id = t.run_id AND s.seq <= t.seq"
		" JOIN leak_search AS f ON f.snapshot_id = s.id WHERE t.id = ?1"
		" ORDER BY s.seq DESC LIMIT 1";
	struct report_leaks *leaks = &facts->leaks;

	if (report_query_begin(query, sql, facts->last.id) != 0)
		return -1;
	if (report_query_next(query)) {
		leaks->known = true;
		*snapshot_id = report_query_figure(query, 0).value;
		leaks->seq = report_query_figure(query, 1);
		leaks->blocks = report_query_figure(query, 2);
		leaks->bytes = report_query_figure(query, 3);
		leaks->search_ns = report_query_figure(query, 4);
		leaks->threads_unknown = report_query_figure(query, 5);
		leaks->indirect_blocks = report_query_figure(query, 6);
		leaks->indirect_bytes = report_query_figure(query, 7);
		leaks->mapped_bytes = report_query_figure(query, 8);
	}
	return report_query_end(query);
}

int report_gather_leaks(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] = "SELECT class, size_bytes, blocks, bytes,"
				  " indirect_blocks, indirect_bytes FROM leaks"
				  " WHERE snapshot_id = ?1 ORDER BY bytes DESC, class";
	struct report_leaks *leaks = &facts->leaks;
	int64_t snapshot_id = 0;

	if (gather_search(query, facts, &snapshot_id) != 0)
		return -1;
	if (!leaks->known)
		return 0;
	if (report_query_begin(query, sql, snapshot_id) != 0)
		return -1;
	while (leaks->count < REPORT_CLASSES && report_query_next(query)) {
		struct report_leak *class = &leaks->class[leaks->count++];

		class->number = (unsigned)report_query_figure(query, 0).value;
		class->size_bytes = report_query_figure(query, 1);
		class->blocks = report_query_figure(query, 2);
		class->bytes = report_query_figure(query, 3);
		class->indirect_blocks = report_query_figure(query, 4);
		class->indirect_bytes = report_query_figure(query, 5);
	}
	return report_query_end(query);
}
