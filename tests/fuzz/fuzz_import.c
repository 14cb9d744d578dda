/*
 * fuzz_import.c - a hostile file the whole way: told by its content, read through a
 * cursor, loaded into a database, asked for with every view. An input that is no
 * recording is taken as records behind right checksums (fuzz_segment).
 *
 * Held: nothing is stored unless it counts; the spans that load stores and those that
 * the cursor over the file shows are the same; views answer or say why not. An input asks
 * for one view in VIEWS_STEP, its size says which: preparing them is most of the work.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "import.h"
#include "schema.h"
#include "snapshot.h"
#include "span_table.h"

enum { VIEWS_STEP = 8 };

/* One store with a table of spans, one with a cursor; emptied after each input. */
static struct store stored, shown;
static struct snapshot_places places;
static char *queries[128];

static void execute(struct store *store, const char *sql)
{
	FUZZ_HOLDS(sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK);
}

/* The columns of its views are asked for by name: SELECT * does no less. */
static void queries_collect(void)
{
	static const char all_views[] = "SELECT 'SELECT * FROM ' || name FROM sqlite_schema "
	                                "WHERE type = 'view' ORDER BY name";
	sqlite3_stmt *statement;
	size_t count = 0;

	FUZZ_HOLDS(sqlite3_prepare_v2(stored.db, all_views, -1, &statement, NULL) == SQLITE_OK);
	while (sqlite3_step(statement) == SQLITE_ROW) {
		FUZZ_HOLDS(count + 1 < sizeof(queries) / sizeof(queries[0]));
		queries[count++] = strdup((const char *)sqlite3_column_text(statement, 0));
	}
	sqlite3_finalize(statement);
	FUZZ_HOLDS(count > 5);
}

static void stores_open(void)
{
	FUZZ_HOLDS(store_open_memory(&stored) && store_open_memory(&shown));
	execute(&stored, schema_span);
	FUZZ_HOLDS(span_table_create(shown.db, &places) == SQLITE_OK);
	FUZZ_HOLDS(store_views(&stored) && store_views(&shown));
	sqlite3_db_config(stored.db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL); /* as load does */
	stored.has_spans = true;
	queries_collect();
}

static void store_empty(struct store *store)
{
	static const char *const tables[] = {
		"span_sum", "by_size", "mstats", "gc_pause", "gc_cycle", "import_issue",
		"snapshot", "run", "source",
	};
	char sql[64];

	if (store->has_spans)
		execute(store, "DELETE FROM span");
	for (size_t i = 0; i < sizeof(tables) / sizeof(tables[0]); i++) {
		snprintf(sql, sizeof(sql), "DELETE FROM %s", tables[i]);
		execute(store, sql);
	}
}

static struct import_result import(struct store *store, const struct source *source,
                                   struct snapshot_places *noted)
{
	struct import_result result;

	FUZZ_HOLDS(import_recording(store, source, noted, &result) == IMPORT_OK);
	FUZZ_HOLDS(sqlite3_get_autocommit(store->db));
	return result;
}

/* Figures whose sum leaves 64 bits are an error that SQLite names; nothing else is. */
static void ask(struct store *store, const char *sql)
{
	sqlite3_stmt *statement;
	int step;

	FUZZ_HOLDS(sqlite3_prepare_v2(store->db, sql, -1, &statement, NULL) == SQLITE_OK);
	do
		step = sqlite3_step(statement);
	while (step == SQLITE_ROW);
	FUZZ_HOLDS(step == SQLITE_DONE ||
	           strcmp(sqlite3_errmsg(store->db), "integer overflow") == 0);
	sqlite3_finalize(statement);
}

/* The number of spans, and a sum that tells if they are others. */
static void spans_count(struct store *store, int64_t *rows, int64_t *sum)
{
	static const char all[] = "SELECT count(*), total(base % 1000003 + npages % 1009 + "
	                          "nelems + 7 * alloc_count + 11 * born_gc) FROM span";
	sqlite3_stmt *statement;

	FUZZ_HOLDS(sqlite3_prepare_v2(store->db, all, -1, &statement, NULL) == SQLITE_OK);
	FUZZ_HOLDS(sqlite3_step(statement) == SQLITE_ROW);
	*rows = sqlite3_column_int64(statement, 0);
	*sum = sqlite3_column_int64(statement, 1);
	sqlite3_finalize(statement);
}

static void import_and_ask(const struct source *source)
{
	struct import_result first = import(&stored, source, NULL), again;
	int64_t rows[2], sums[2];

	import(&shown, source, &places);
	spans_count(&stored, &rows[0], &sums[0]);
	spans_count(&shown, &rows[1], &sums[1]);
	FUZZ_HOLDS(rows[0] == rows[1] && sums[0] == sums[1]);
	FUZZ_HOLDS(first.seen >= first.snapshots);
	again = import(&stored, source, NULL);
	FUZZ_HOLDS(again.snapshots == 0 && again.spans == 0);
	for (size_t i = 0; queries[i]; i++)
		if ((i + source->bytes) % VIEWS_STEP == 0)
			ask(&stored, queries[i]);
	store_empty(&stored);
	store_empty(&shown);
	places.count = 0;
}

static void import_bytes(const uint8_t *data, size_t count)
{
	int fd = memfd_create("input", MFD_CLOEXEC);
	struct source_list list = {0};
	char path[64], *error;

	FUZZ_HOLDS(fd >= 0 && write(fd, data, count) == (ssize_t)count);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (source_add(&list, path, &error)) {
		if (list.recordings == 1)
			import_and_ask(list.first);
	} else {
		FUZZ_HOLDS(error && strstr(error, path));
		free(error);
	}
	source_list_free(&list);
	close(fd);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t count)
{
	size_t bytes;
	uint8_t *segment;

	if (!stored.db)
		stores_open();
	if (snapshot_was_recording(data, count)) {
		import_bytes(data, count);
		return 0;
	}
	segment = fuzz_segment(data, count, &bytes);
	import_bytes(segment, bytes);
	free(segment);
	return 0;
}
