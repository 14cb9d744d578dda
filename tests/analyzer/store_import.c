/* Recordings to rows: damage anywhere, loading again, memory. */
#define _GNU_SOURCE
#include <criterion/criterion.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "import.h"
#include "recording.h"
#include "schema.h"
#include "span_table.h"

static struct source source_of(const uint8_t *data, size_t bytes)
{
	struct source source = {.path = "made", .kind = SOURCE_RECORDING, .bytes = bytes};
	source.fd = memfd_create("recording", MFD_CLOEXEC);
	cr_assert(source.fd >= 0 && write(source.fd, data, bytes) == (ssize_t)bytes);
	return source;
}

static int64_t number(sqlite3 *db, const char *sql)
{
	sqlite3_stmt *stmt;
	cr_assert(sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) == SQLITE_OK, "%s: %s", sql,
	          sqlite3_errmsg(db));
	cr_assert(sqlite3_step(stmt) == SQLITE_ROW, "%s: %s", sql, sqlite3_errmsg(db));
	int64_t value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return value;
}

/* A store that is empty again for each import. */
static struct store store;

static void open_store(void)
{
	cr_assert(store_open_memory(&store));
	cr_assert(sqlite3_exec(store.db, schema_span, NULL, NULL, NULL) == SQLITE_OK);
	cr_assert(store_views(&store));
	store.has_spans = true;
	sqlite3_db_config(store.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL); /* as store_open_write */
}

static void close_store(void)
{
	store_close(&store);
}

static void empty_store(void)
{
	static const char *const tables[] = {"span", "span_sum", "by_size", "mstats", "gc_pause",
	                                     "gc_cycle", "import_issue", "snapshot", "run", "source"};
	char sql[60];
	for (size_t i = 0; i < sizeof tables / sizeof tables[0]; i++) {
		sqlite3_snprintf(sizeof sql, sql, "DELETE FROM %s", tables[i]);
		cr_assert(sqlite3_exec(store.db, sql, NULL, NULL, NULL) == SQLITE_OK);
	}
}

static struct import_result import_bytes(const uint8_t *data, size_t bytes)
{
	struct import_result result;
	struct source source = source_of(data, bytes);
	cr_assert_eq(import_recording(&store, &source, NULL, &result), IMPORT_OK);
	close(source.fd);
	return result;
}

TestSuite(import, .init = open_store, .fini = close_store, .timeout = 120);

Test(import, what_was_recorded_is_in_the_tables)
{
	struct recording_shape shape = {.runs = 2, .snapshots = 3, .spans = 8};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	struct import_result result = import_bytes(data, bytes);
	cr_expect_eq(result.runs, 2u);
	cr_expect_eq(result.snapshots, 6u);
	cr_expect_eq(result.spans, 48u);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM span"), 48);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM accounting WHERE NOT holds"), 0);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM accounting"), 6 * 19);
	cr_expect_eq(number(store.db, "SELECT sum(complete + clean_exit) FROM run"), 4);
	free(data);
}

Test(import, a_recording_cut_anywhere_is_torn_and_never_damaged)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 4, .spans = 12};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	uint64_t seen = 0;
	for (size_t cut = 0; cut < bytes; cut++) {
		struct import_result result = import_bytes(data, cut);
		cr_assert(!result.damaged && !result.unsupported, "cut at %zu", cut);
		cr_assert(result.seen >= seen, "cut at %zu: a snapshot was lost", cut);
		cr_assert(result.seen == 0 || number(store.db, "SELECT min(holds) FROM accounting") == 1);
		seen = result.seen;
		empty_store();
	}
	cr_expect_eq(seen, 4u);
	free(data);
}

Test(import, a_flipped_byte_is_noticed_and_nothing_wrong_gets_in)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 4, .spans = 12};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	for (size_t at = 0; at < bytes; at++) {
		data[at] ^= 0x55;
		struct import_result result = import_bytes(data, bytes);
		cr_assert(result.seen == 0 || number(store.db, "SELECT min(holds) FROM accounting") == 1,
		          "byte %zu: a damaged snapshot got in", at);
		cr_assert(result.seen == 4 || result.damaged || result.unsupported ||
		              result.unfinished,
		          "byte %zu: snapshots are missing without a word", at);
		data[at] ^= 0x55;
		empty_store();
	}
	free(data);
}

Test(import, importing_again_changes_nothing)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 3, .spans = 8, .torn = true};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	import_bytes(data, bytes);
	int64_t changes = number(store.db, "SELECT total_changes()");
	int64_t rows = number(store.db, "SELECT count(*) FROM gc_pause");
	struct import_result result = import_bytes(data, bytes);
	cr_expect_eq(result.seen, 3u);
	cr_expect_eq(result.snapshots + result.runs + result.spans, 0u);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM source"), 1);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM gc_pause"), rows);
	cr_expect(changes > 0);
	free(data);
}

Test(import, a_longer_recording_of_the_same_run_adds_what_is_new)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 3, .spans = 8, .torn = true};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	import_bytes(data, bytes);
	free(data);
	shape.snapshots = 5;
	shape.torn = false;
	data = recording_make(&shape, &bytes);
	struct import_result result = import_bytes(data, bytes);
	cr_expect_eq(result.runs, 0u);
	cr_expect_eq(result.snapshots, 2u);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM run WHERE complete AND clean_exit"), 1);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM gc_pause"), 15);
	free(data);
}

Test(import, a_contradiction_is_an_issue_and_what_is_off_the_scale_is_unknown)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 1, .spans = 8, .contradicts = true};
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	import_bytes(data, bytes);
	cr_expect_eq(number(store.db, "SELECT count(*) FROM import_issue WHERE code = 'accounting'"), 1);
	cr_expect_eq(number(store.db, "SELECT next_gc IS NULL FROM mstats"), 1);
	cr_expect_eq(number(store.db, "SELECT retained_bytes FROM idle_memory"), -1);
	free(data);
}

/* The span table that is read through the file equals the one that is stored. */
Test(import, spans_read_through_a_cursor_are_those_that_load_stores)
{
	static const char digest[] = "SELECT sum(snapshot_id * 31 + base * 7 + npages * alloc_count +"
	                             " elem_bytes + nelems * class + noscan + released_bytes + born_gc)"
	                             " + count(*) FROM span";
	static const char joined[] = "SELECT count(*) FROM snapshot AS s JOIN span ON snapshot_id = s.id";
	static const char backwards[] =
	    "SELECT count(*) FROM (SELECT id FROM snapshot ORDER BY id DESC LIMIT 999) AS s"
	    " CROSS JOIN span WHERE snapshot_id = s.id AND state = 'idle'";
	struct recording_shape shape = {.runs = 2, .snapshots = 150, .spans = 40};
	struct snapshot_places places = {0};
	struct import_result result;
	struct store streamed;
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	struct source source = source_of(data, bytes);
	cr_assert(store_open_memory(&streamed));
	cr_assert_eq(span_table_create(streamed.db, &places), SQLITE_OK);
	cr_assert(store_views(&streamed));
	cr_assert_eq(import_recording(&streamed, &source, &places, &result), IMPORT_OK);
	import_bytes(data, bytes);
	cr_expect_eq(number(streamed.db, digest), number(store.db, digest));
	cr_expect_eq(number(streamed.db, joined), 2 * 150 * 40);
	cr_expect_eq(number(streamed.db, backwards), 2 * 150 * 10);
	cr_expect_eq(number(streamed.db, "SELECT count(*) FROM span WHERE snapshot_id = 299"), 40);
	cr_expect_eq(number(streamed.db, "SELECT count(*) FROM span WHERE snapshot_id = 301"), 0);
	cr_expect_eq(number(streamed.db, "SELECT count(*) FROM accounting WHERE NOT holds"), 0);
	store_close(&streamed);
	close(source.fd);
	free(places.places);
	free(data);
}

Test(import, the_length_of_a_recording_costs_no_memory)
{
	struct recording_shape shape = {.runs = 1, .snapshots = 2000, .spans = 1000};
	struct snapshot_places places = {0};
	struct import_result result;
	struct store streamed;
	size_t bytes;
	uint8_t *data = recording_make(&shape, &bytes);
	struct source source = source_of(data, bytes);
	free(data);
	malloc_trim(0);
	cr_assert(store_open_memory(&streamed));
	cr_assert_eq(span_table_create(streamed.db, &places), SQLITE_OK);
	cr_assert_eq(import_recording(&streamed, &source, &places, &result), IMPORT_OK);
	cr_expect_eq(number(streamed.db, "SELECT count(*) FROM span"), 2000000);
	cr_expect_lt(sqlite3_memory_highwater(0), 100 << 20);
	store_close(&streamed);
	close(source.fd);
	free(places.places);
}
