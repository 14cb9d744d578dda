/*
 * fuzz_go.c - a hostile text that may hold Go's own figures, through the scan and the import
 * into a database, plain or as what it begins like: gzip or zstd.
 *
 * Held: no text makes the import fail; a text without figures leaves nothing; reading it
 * again adds nothing; what the views make of it is an answer.
 */
#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "go_import.h"
#include "schema.h"

static struct store store;

static void execute(const char *sql)
{
	FUZZ_HOLDS(sqlite3_exec(store.db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

static int64_t number(const char *sql)
{
	sqlite3_stmt *statement;
	int64_t value;

	FUZZ_HOLDS(sqlite3_prepare_v2(store.db, sql, -1, &statement, NULL) == SQLITE_OK);
	FUZZ_HOLDS(sqlite3_step(statement) == SQLITE_ROW);
	value = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return value;
}

static void store_open(void)
{
	FUZZ_HOLDS(store_open_memory(&store));
	execute(schema_span);
	FUZZ_HOLDS(store_views(&store));
	store.has_spans = true;
}

static struct import_result import(const struct source *source)
{
	struct import_result result;

	FUZZ_HOLDS(import_go(&store, source, &result, NULL, NULL) == IMPORT_OK);
	FUZZ_HOLDS(sqlite3_get_autocommit(store.db));
	FUZZ_HOLDS(result.seen >= result.snapshots && !result.unsupported);
	return result;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	struct source source = {.path = "input", .kind = SOURCE_TEXT, .bytes = count};
	struct import_result first, again;

	if (!store.db)
		store_open();
	source.fd = memfd_create("input", MFD_CLOEXEC);
	FUZZ_HOLDS(source.fd >= 0 && write(source.fd, data, count) == (ssize_t)count);
	first = import(&source);
	FUZZ_HOLDS((first.snapshots > 0) == (number("SELECT count(*) FROM source") > 0));
	FUZZ_HOLDS((int64_t)first.snapshots == number("SELECT count(*) FROM snapshot"));
	FUZZ_HOLDS((int64_t)first.runs == number("SELECT count(*) FROM run"));
	FUZZ_HOLDS(number("SELECT count(*) FROM (SELECT run_id, gc_num, phase FROM gc_pause"
			  " GROUP BY 1, 2, 3 HAVING count(*) > 1)") == 0);
	again = import(&source);
	FUZZ_HOLDS(again.runs == 0 && again.snapshots == 0 && again.seen == first.seen);
	if (first.snapshots > 0)
		number("SELECT count(*) FROM accounting");
	execute("DELETE FROM by_size; DELETE FROM mstats; DELETE FROM gc_pause; DELETE FROM "
		"gc_cycle;"
		"DELETE FROM import_issue; DELETE FROM snapshot; DELETE FROM run; DELETE FROM "
		"source");
	close(source.fd);
	return 0;
}
