/*
 * insert_rows.c - what the SQLite library itself reaches with the spans of a recording.
 *
 * insert_rows RECORDING DATABASE: the rows of all snapshots go into a plain table without
 * types, keys, indices or constraints, one prepared statement, one transaction, SQLite's own
 * settings. Only binding, stepping and the commit count; decoding happens outside the clock.
 * Prints rows, seconds and seconds of CPU: the measure for `memanalyze load`.
 */
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "snapshot.h"

enum { BUFFER_BYTES = 1 << 17 };

struct clocks {
	double wall_s, cpu_s;
};

static void *plain_alloc(void *opaque, size_t bytes)
{
	(void)opaque;
	return malloc(bytes);
}

static void plain_free(void *opaque, void *p)
{
	(void)opaque;
	free(p);
}

static const struct snapshot_memory memory = {plain_alloc, plain_free, NULL};

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void start(struct clocks *clocks)
{
	clocks->wall_s -= seconds(CLOCK_MONOTONIC);
	clocks->cpu_s -= seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void stop(struct clocks *clocks)
{
	clocks->wall_s += seconds(CLOCK_MONOTONIC);
	clocks->cpu_s += seconds(CLOCK_PROCESS_CPUTIME_ID);
}

static void fail(sqlite3 *db, const char *what)
{
	fprintf(stderr, "insert_rows: %s: %s\n", what, db ? sqlite3_errmsg(db) : "failed");
	exit(1);
}

static void execute(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		fail(db, sql);
}

static void insert(sqlite3_stmt *stmt, sqlite3_int64 snapshot, const struct snapshot_span *s)
{
	sqlite3_bind_int64(stmt, 1, snapshot);
	sqlite3_bind_int64(stmt, 2, (sqlite3_int64)s->base);
	sqlite3_bind_int64(stmt, 3, (sqlite3_int64)s->npages);
	sqlite3_bind_text(stmt, 4, snapshot_state_name(s->state), -1, SQLITE_STATIC);
	sqlite3_bind_int(stmt, 5, s->size_class);
	sqlite3_bind_int(stmt, 6, s->noscan);
	sqlite3_bind_int64(stmt, 7, (sqlite3_int64)s->elem_bytes);
	sqlite3_bind_int64(stmt, 8, s->nelems);
	sqlite3_bind_int64(stmt, 9, s->alloc_count);
	sqlite3_bind_int64(stmt, 10, (sqlite3_int64)s->released_bytes);
	sqlite3_bind_int64(stmt, 11, s->born_gc);
	sqlite3_step(stmt);
	if (sqlite3_reset(stmt) != SQLITE_OK)
		fail(sqlite3_db_handle(stmt), "insert");
}

int main(int argc, char **argv)
{
	static unsigned char buffer[BUFFER_BYTES];
	const struct snapshot_event *event;
	struct clocks clocks = {0, 0};
	struct snapshot_decoder *decoder = snapshot_decoder_new(&memory, 0);
	unsigned long long rows = 0;
	size_t have = 0, used = 0;
	sqlite3_int64 snapshot = 0;
	sqlite3_stmt *stmt;
	sqlite3 *db = NULL;
	FILE *in = argc == 3 ? fopen(argv[1], "rb") : NULL;

	if (!in || !decoder || sqlite3_open(argv[2], &db) != SQLITE_OK)
		fail(db, "usage: insert_rows RECORDING DATABASE");
	execute(db, "CREATE TABLE span (snapshot_id, base, npages, state, class, noscan, elem_bytes,"
		    " nelems, alloc_count, released_bytes, born_gc)");
	if (sqlite3_prepare_v2(db, "INSERT INTO span VALUES (?,?,?,?,?,?,?,?,?,?,?)", -1, &stmt,
			       NULL) != SQLITE_OK)
		fail(db, "prepare");
	execute(db, "BEGIN");
	while ((event = snapshot_decoder_next(decoder))->type != SNAPSHOT_EVENT_END) {
		if (event->type == SNAPSHOT_EVENT_INPUT && used == have) {
			have = fread(buffer, 1, sizeof buffer, in);
			used = 0;
		}
		if (event->type == SNAPSHOT_EVENT_INPUT && have == 0)
			snapshot_decoder_finish(decoder);
		else if (event->type == SNAPSHOT_EVENT_INPUT)
			used += snapshot_decoder_feed(decoder, buffer + used, have - used);
		else if (event->type == SNAPSHOT_EVENT_SNAPSHOT)
			snapshot++;
		if (event->type != SNAPSHOT_EVENT_SPANS)
			continue;
		start(&clocks);
		for (uint32_t i = 0; i < event->batch.count; i++)
			insert(stmt, snapshot, &event->batch.spans[i]);
		stop(&clocks);
		rows += event->batch.count;
	}
	start(&clocks);
	execute(db, "COMMIT");
	stop(&clocks);
	printf("%llu %.3f %.3f\n", rows, clocks.wall_s, clocks.cpu_s);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
	snapshot_decoder_free(decoder);
	fclose(in);
	return rows > 0 ? 0 : 1;
}
