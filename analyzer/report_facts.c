#include "report_facts.h"

#include <stdlib.h>
#include <string.h>

#include "report_query.h"

static int gather_run(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT o.path, o.kind, u.exe, u.host, u.uuid, u.tracking, u.tracking_why, u.pid,"
		" u.start_unix_ns, u.end_unix_ns, u.clean_exit, u.format_version, u.complete,"
		" CASE WHEN o.kind NOT LIKE 'go-%' THEN u.skipped END, o.bytes, o.bytes_skipped,"
		" (SELECT count(*) FROM run AS n WHERE n.source_id = u.source_id AND n.id <= u.id),"
		" (SELECT count(*) FROM run AS n WHERE n.source_id = u.source_id),"
		" (SELECT count(*) FROM snapshot AS s WHERE s.run_id = u.id),"
		" (SELECT count(*) FROM gc_cycle AS c WHERE c.run_id = u.id),"
		" (SELECT count(*) FROM import_issue AS i WHERE i.source_id = u.source_id),"
		" EXISTS (SELECT 1 FROM import_issue AS i WHERE i.source_id = u.source_id"
		"         AND i.severity <> 'warning')"
		" FROM run AS u JOIN source AS o ON o.id = u.source_id WHERE u.id = ?1";
	struct report_run *run = &facts->run;
	struct report_quality *quality = &facts->quality;

	if (report_query_begin(query, sql, run->id) != 0)
		return -1;
	if (report_query_next(query)) {
		run->path = report_query_text(query, 0);
		run->kind = report_query_text(query, 1);
		run->exe = report_query_text(query, 2);
		run->host = report_query_text(query, 3);
		run->uuid = report_query_text(query, 4);
		run->tracking = report_query_text(query, 5);
		run->tracking_why = report_query_text(query, 6);
		run->pid = report_query_figure(query, 7);
		run->start_unix_ns = report_query_figure(query, 8);
		run->end_unix_ns = report_query_figure(query, 9);
		run->clean_exit = report_query_figure(query, 10);
		run->format_version = report_query_text(query, 11);
		quality->complete = report_query_figure(query, 12).value != 0;
		quality->skipped_snapshots = report_query_figure(query, 13);
		quality->bytes = report_query_figure(query, 14);
		quality->bytes_skipped = report_query_figure(query, 15);
		run->source_run = report_query_figure(query, 16).value;
		run->source_runs = report_query_figure(query, 17).value;
		quality->snapshots = report_query_figure(query, 18).value;
		quality->cycles = report_query_figure(query, 19).value;
		quality->issues = report_query_figure(query, 20).value;
		quality->damaged = report_query_figure(query, 21).value != 0;
	}
	return report_query_end(query);
}

static int gather_last(struct report_query *query, struct report_facts *facts)
{
	static const char last[] = "SELECT s.id, s.seq, s.gc_num, s.unix_ns, s.reason"
				   " FROM run_last AS l JOIN snapshot AS s ON s.id = l.snapshot_id"
				   " WHERE l.run_id = ?1";
	static const char chosen[] = "SELECT id, seq, gc_num, unix_ns, reason FROM snapshot"
				     " WHERE id = ?1";

	if (report_query_begin(query, facts->is_chosen ? chosen : last,
			       facts->is_chosen ? facts->last.id : facts->run.id) != 0)
		return -1;
	if (report_query_next(query)) {
		facts->last.id = report_query_figure(query, 0).value;
		facts->last.seq = report_query_figure(query, 1);
		facts->last.gc_num = report_query_figure(query, 2);
		facts->last.unix_ns = report_query_figure(query, 3);
		facts->last.reason = report_query_text(query, 4);
	}
	return report_query_end(query);
}

static int gather_issues(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] =
		"SELECT i.severity, i.code, i.message, i.byte_offset FROM import_issue AS i"
		" JOIN run AS u ON u.source_id = i.source_id WHERE u.id = ?1"
		" ORDER BY i.severity = 'warning', i.byte_offset";
	struct report_quality *quality = &facts->quality;

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	while (quality->issue_count < REPORT_ISSUES_MAX && report_query_next(query)) {
		struct report_issue *issue = &quality->issue[quality->issue_count++];

		issue->severity = report_query_text(query, 0);
		issue->code = report_query_text(query, 1);
		issue->message = report_query_text(query, 2);
		issue->byte_offset = report_query_figure(query, 3);
	}
	return report_query_end(query);
}

static int gather_identities(struct report_query *query, struct report_facts *facts)
{
	static const char sql[] = "SELECT count(*), coalesce(sum(NOT a.holds), 0)"
				  " FROM accounting AS a WHERE a.run_id = ?1";

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	if (report_query_next(query)) {
		facts->quality.identities = report_query_figure(query, 0).value;
		facts->quality.broken_identities = report_query_figure(query, 1).value;
	}
	return report_query_end(query);
}

int report_facts_gather(sqlite3 *db, int64_t run_id, int64_t snapshot_id,
			struct report_facts *facts, char **error)
{
	struct report_query query = {.db = db};

	memset(facts, 0, sizeof(*facts));
	facts->run.id = run_id;
	facts->is_chosen = snapshot_id != 0;
	facts->last.id = snapshot_id;
	*error = NULL;
	if (gather_run(&query, facts) != 0 || gather_last(&query, facts) != 0 ||
	    gather_issues(&query, facts) != 0 || gather_identities(&query, facts) != 0 ||
	    report_gather_trends(&query, facts) != 0 || report_gather_pauses(&query, facts) != 0 ||
	    report_gather_spans(&query, facts) != 0 || report_gather_live(&query, facts) != 0 ||
	    report_gather_leaks(&query, facts) != 0 ||
	    report_gather_accounts(&query, facts) != 0) {
		sqlite3_finalize(query.statement);
		*error = query.error;
		return -1;
	}
	return findings_evaluate(db, run_id, &facts->findings, error);
}

void report_facts_free(struct report_facts *facts)
{
	struct report_run *run = &facts->run;

	free(run->path);
	free(run->kind);
	free(run->exe);
	free(run->host);
	free(run->uuid);
	free(run->tracking);
	free(run->tracking_why);
	free(run->format_version);
	free(facts->last.reason);
	for (size_t i = 0; i < facts->quality.issue_count; i++) {
		free(facts->quality.issue[i].severity);
		free(facts->quality.issue[i].code);
		free(facts->quality.issue[i].message);
	}
	report_trends_free(&facts->trends);
	report_pauses_free(&facts->pauses);
	findings_free(&facts->findings);
}
