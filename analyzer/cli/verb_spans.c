/*
 * verb_spans.c - memanalyze spans: a map of the heap's addresses.
 *
 * The addresses between the first and the last span are cut into cells of one size, a
 * multiple of a page; a span that lies in several counts in each by the bytes that it has
 * there. For people a cell is a character, for machines a row.
 */
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "output.h"
#include "session.h"
#include "verbs.h"

enum { ROWS = 32, COLUMNS = 64, ADDRESS_COLUMNS = 16 };

/* ?1 the snapshot, ?2 the cells wanted; columns in the order of enum column. */
static const char cells_query[] =
    "WITH RECURSIVE"
    " range AS MATERIALIZED (SELECT base, npages * 8192 AS bytes, state,"
    "   CASE state WHEN 'inuse' THEN alloc_count * elem_bytes ELSE 0 END AS alloc_bytes,"
    "   coalesce(released_bytes, 0) AS released_bytes FROM span WHERE snapshot_id = ?1),"
    " bound AS (SELECT min(base) AS lo, max(base + bytes) AS hi FROM range),"
    " grid AS MATERIALIZED (SELECT lo,"
    "   max(8192, ((hi - lo) / ?2 + 8191) / 8192 * 8192) AS cell FROM bound),"
    " piece (base, bytes, state, alloc_bytes, released_bytes, n) AS ("
    "   SELECT base, bytes, state, alloc_bytes, released_bytes, (base - lo) / cell FROM range, grid"
    "   UNION ALL"
    "   SELECT base, bytes, state, alloc_bytes, released_bytes, n + 1 FROM piece, grid"
    "    WHERE base + bytes > lo + (n + 1) * cell),"
    " part AS (SELECT n, state, 1.0 * alloc_bytes / bytes AS used, 1.0 * released_bytes / bytes AS gone,"
    "   min(base + bytes, lo + (n + 1) * cell) - max(base, lo + n * cell) AS here FROM piece, grid)"
    "SELECT grid.lo + n * cell AS base, cell AS bytes,"
    " coalesce(sum(here) FILTER (WHERE state = 'inuse'), 0) AS inuse_bytes,"
    " CAST(round(coalesce(sum(here * used) FILTER (WHERE state = 'inuse'), 0)) AS INTEGER)"
    "   AS alloc_bytes,"
    " coalesce(sum(here) FILTER (WHERE state = 'stack'), 0) AS stack_bytes,"
    " coalesce(sum(here) FILTER (WHERE state = 'idle'), 0) AS idle_bytes,"
    " CAST(round(sum(here * gone)) AS INTEGER) AS released_bytes,"
    " CASE WHEN sum(here) FILTER (WHERE state = 'inuse') > 0 THEN"
    "   sum(here * used) FILTER (WHERE state = 'inuse') / sum(here) FILTER (WHERE state = 'inuse')"
    "   END AS occupancy_ratio"
    " FROM part, grid GROUP BY n ORDER BY n";

enum column { BASE, BYTES, INUSE, ALLOC, STACK, IDLE, RELEASED, OCCUPANCY };

/* What fills most of the cell; of spans in use how much of them is allocated, in eighths. */
static const char *cell_mark(sqlite3_stmt *cell, bool unicode)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
	int64_t inuse = sqlite3_column_int64(cell, INUSE), stack = sqlite3_column_int64(cell, STACK);
	int64_t idle = sqlite3_column_int64(cell, IDLE);
	if (stack > inuse && stack >= idle)
		return unicode ? "▒" : "S";
	if (inuse > 0) {
		int level = (int)(sqlite3_column_double(cell, OCCUPANCY) * 8 - 1e-9);
		return (unicode ? levels : plain)[level < 0 ? 0 : level > 7 ? 7 : level];
	}
	return 2 * sqlite3_column_int64(cell, RELEASED) > idle ? (unicode ? "·" : ".")
	                                                       : (unicode ? "○" : "o");
}

static void print_legend(FILE *out, int64_t cell_bytes, bool unicode)
{
	fprintf(out, "\nA character is %lld KiB: ", (long long)cell_bytes / 1024);
	fputs(unicode ? "▁ to █ spans in use, by the part of them that is allocated;\n"
	                "▒ stacks; ○ idle and kept; · idle and released.\n"
	              : "1 to 8 spans in use, by the eighths of them that are allocated;\n"
	                "S stacks; o idle and kept; . idle and released.\n",
	      out);
}

static int print_map(sqlite3_stmt *cells, unsigned columns, bool unicode, FILE *out)
{
	int64_t cell_bytes = 0;
	unsigned at = 0;
	int result;
	while ((result = sqlite3_step(cells)) == SQLITE_ROW) {
		if (at % columns == 0)
			fprintf(out, "%s0x%012llx  ", at ? "\n" : "",
			        (unsigned long long)sqlite3_column_int64(cells, BASE));
		fputs(cell_mark(cells, unicode), out);
		cell_bytes = sqlite3_column_int64(cells, BYTES);
		at++;
	}
	if (at > 0) {
		fputc('\n', out);
		print_legend(out, cell_bytes, unicode);
	}
	return result;
}

static int64_t last_snapshot(sqlite3 *db)
{
	int64_t id = 0;
	sqlite3_stmt *last;
	if (sqlite3_prepare_v2(db, "SELECT id FROM snapshot ORDER BY run_id DESC, seq DESC LIMIT 1", -1,
	                       &last, NULL) == SQLITE_OK &&
	    sqlite3_step(last) == SQLITE_ROW)
		id = sqlite3_column_int64(last, 0);
	sqlite3_finalize(last);
	return id;
}

static int print(const struct session *session, const struct options *options, FILE *out)
{
	sqlite3 *db = session->store.db;
	sqlite3_stmt *cells;
	struct render_options look = output_look(options, out);
	unsigned columns = look.width > ADDRESS_COLUMNS + 8 && look.width < ADDRESS_COLUMNS + COLUMNS
	                       ? look.width - ADDRESS_COLUMNS
	                       : COLUMNS;
	if (sqlite3_prepare_v2(db, cells_query, -1, &cells, NULL) != SQLITE_OK)
		return complain(EXIT_INPUT, "spans: %s", sqlite3_errmsg(db));
	sqlite3_bind_int64(cells, 1, session->snapshot_id ? session->snapshot_id : last_snapshot(db));
	sqlite3_bind_int64(cells, 2, (int64_t)columns * ROWS);
	int result = options->format == RENDER_TABLE
	                 ? print_map(cells, columns, look.unicode, out)
	                 : render_statement(cells, options->format, &look, out);
	int status = session_status(session, options->strict);
	if (result != SQLITE_DONE)
		status = complain(EXIT_INPUT, "spans: %s", sqlite3_errmsg(db));
	sqlite3_finalize(cells);
	return status;
}

int verb_spans(const struct options *options)
{
	struct session session;
	if (options->word_count != 1)
		return complain(EXIT_USAGE, "spans needs one FILE; see 'memanalyze spans --help'");
	int status = session_open(&session, options->words, 1);
	FILE *out = status == EXIT_FINE ? output_open(options) : NULL;
	if (status == EXIT_FINE && !out)
		status = EXIT_USAGE;
	if (out)
		status = output_close(out, options, print(&session, options, out));
	session_close(&session);
	return status;
}
