/* verb_verify.c - memanalyze verify. */
#include <stdlib.h>

#include "exit.h"
#include "output.h"
#include "session.h"
#include "verbs.h"

/* A row a kind of check: how often it was made, how often it held, where it failed first. */
static const char checks[] =
    "SELECT 'identity' AS kind, a.identity AS name, count(*) AS checked, sum(a.holds) AS held,"
    "       count(*) - sum(a.holds) AS failed,"
    "       min(CASE WHEN NOT a.holds THEN 'snapshot ' || s.seq || ' of run ' || r.uuid || ': '"
    "           || a.left_value || ' and ' || a.right_value END) AS first_failure"
    " FROM accounting AS a JOIN snapshot AS s ON s.id = a.snapshot_id JOIN run AS r ON r.id = s.run_id"
    " GROUP BY a.identity "
    "UNION ALL "
    "SELECT 'records', form, sum(held) + sum(failed), sum(held), sum(failed), max(first)"
    " FROM (SELECT CASE WHEN o.kind LIKE 'go-%' THEN 'whole samples' ELSE 'checksums' END AS form,"
    "        (SELECT count(*) FROM run AS r JOIN snapshot AS s ON s.run_id = r.id"
    "         WHERE r.source_id = o.id) AS held,"
    "        (SELECT count(*) FROM import_issue AS i"
    "         WHERE i.source_id = o.id AND i.severity <> 'warning') AS failed,"
    "        (SELECT 'byte ' || i.byte_offset || ': ' || i.message FROM import_issue AS i"
    "         WHERE i.source_id = o.id AND i.severity <> 'warning' ORDER BY i.rowid LIMIT 1) AS first"
    "       FROM source AS o)"
    " GROUP BY form "
    "ORDER BY 5 DESC, 1, 2";

static bool all_hold(sqlite3 *db)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(db, "SELECT count(*) FROM accounting WHERE NOT holds", -1, &stmt, NULL) !=
	    SQLITE_OK)
		return false;
	bool good = sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int64(stmt, 0) == 0;
	sqlite3_finalize(stmt);
	return good;
}

static int print(struct session *session, const struct options *options)
{
	sqlite3_stmt *stmt;
	FILE *out = output_open(options);
	if (!out)
		return EXIT_USAGE;
	struct render_options look = output_look(options, out);
	int status = session_status(session, options->strict);
	if (sqlite3_prepare_v2(session->store.db, checks, -1, &stmt, NULL) != SQLITE_OK ||
	    render_statement(stmt, options->format, &look, out) != SQLITE_DONE)
		status = complain(EXIT_INPUT, "verify: %s", sqlite3_errmsg(session->store.db));
	else if (!all_hold(session->store.db))
		status = complain(EXIT_DAMAGE, "an accounting identity does not hold: see the table");
	sqlite3_finalize(stmt);
	return output_close(out, options, status);
}

int verb_verify(const struct options *options)
{
	struct session session;
	if (options->word_count == 0)
		return complain(EXIT_USAGE, "verify needs a FILE; see 'memanalyze verify --help'");
	int status = session_open(&session, options->words, options->word_count);
	if (status == EXIT_FINE)
		status = print(&session, options);
	session_close(&session);
	return status;
}
