/* store.c - see store.h. */
#include "store.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "fresh_file.h"
#include "nameless.h"
#include "schema.h"
#include "schema_trust.h"

enum { BUSY_MS = 10000 };

static const char *const statement_texts[STORE_STATEMENTS] = {
    [STORE_SOURCE] = "INSERT INTO source (path, kind, bytes, complete) VALUES (?1, ?2, ?3, 1)",
    [STORE_SOURCE_END] = "UPDATE source SET complete = ?2, bytes_skipped = ?3 WHERE id = ?1",
    [STORE_RUN_FIND] = "SELECT id FROM run WHERE uuid = ?1",
    [STORE_RUN] = "INSERT INTO run (source_id, uuid, pid, exe, host, start_unix_ns, page_bytes,"
                  " tracking, format_version, tracking_why, library, complete)"
                  " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, 0)",
    [STORE_RUN_END] = "UPDATE run SET end_unix_ns = max(coalesce(end_unix_ns, 0), ?2),"
                      " clean_exit = ?3, complete = ?4 WHERE id = ?1 AND"
                      " (end_unix_ns IS NULL OR end_unix_ns < ?2 OR"
                      "  clean_exit IS NULL OR clean_exit < ?3 OR complete < ?4)",
    [STORE_RUN_SKIPPED] = "UPDATE run SET skipped = ?2 WHERE id = ?1 AND skipped < ?2",
    [STORE_SNAPSHOT] = "INSERT OR IGNORE INTO snapshot (run_id, seq, gc_num, reason, unix_ns,"
                       " mono_ns) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_MSTATS] = "INSERT INTO mstats VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,"
                     " ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,"
                     " ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?39)",
    [STORE_BY_SIZE] = "INSERT INTO by_size VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_SUM] = "INSERT INTO span_sum VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
    [STORE_CYCLE] = "INSERT OR IGNORE INTO gc_cycle VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9,"
                    " ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22)",
    [STORE_PAUSE] = "INSERT OR IGNORE INTO gc_pause VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    [STORE_ISSUE] = "INSERT INTO import_issue VALUES (?1, ?2, ?3, ?4, ?5)",
    [STORE_SPANS] = "INSERT INTO span SELECT * FROM span_batch",
    [STORE_LEAK_SEARCH] = "INSERT OR IGNORE INTO leak_search VALUES (?1, ?2, ?3, ?4, ?5, ?6,"
                          " ?7, ?8, ?9)",
    [STORE_LEAK] = "INSERT OR IGNORE INTO leak VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
};

/* ---- statements -------------------------------------------------------- */

static sqlite3_stmt *statement(struct store *store, enum store_statement which)
{
	sqlite3_stmt **stmt = &store->statements[which];
	if (!*stmt)
		sqlite3_prepare_v3(store->db, statement_texts[which], -1, SQLITE_PREPARE_PERSISTENT, stmt,
		                   NULL);
	return *stmt;
}

static void bind_u64(sqlite3_stmt *stmt, int column, uint64_t value)
{
	if (value >> 63)
		sqlite3_bind_null(stmt, column);
	else
		sqlite3_bind_int64(stmt, column, (sqlite3_int64)value);
}

/*
 * A figure that views add up. What no heap has and no pause lasts (256 TiB, three days in
 * ns) is not known: one of these in a hostile recording, and no sum over it would have an
 * answer.
 */
static void bind_summed(sqlite3_stmt *stmt, int column, uint64_t value)
{
	bind_u64(stmt, column, value < STORE_SUMMED_END ? value : UINT64_MAX);
}

static void bind_text(sqlite3_stmt *stmt, int column, const char *text)
{
	if (text)
		sqlite3_bind_text(stmt, column, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(stmt, column);
}

/* Runs a statement that returns no row, and makes it ready to be bound again. */
static bool run(sqlite3_stmt *stmt)
{
	sqlite3_step(stmt);
	return sqlite3_reset(stmt) == SQLITE_OK;
}

static bool execute(struct store *store, const char *sql)
{
	return sqlite3_exec(store->db, sql, NULL, NULL, NULL) == SQLITE_OK;
}

/* ---- opening ----------------------------------------------------------- */

bool store_number(sqlite3 *db, const char *sql, int64_t *value)
{
	sqlite3_stmt *stmt;
	if (sqlite3_prepare_v2(db, sql, -1, &stmt, NULL) != SQLITE_OK)
		return false;
	bool ok = sqlite3_step(stmt) == SQLITE_ROW;
	if (ok)
		*value = sqlite3_column_int64(stmt, 0);
	sqlite3_finalize(stmt);
	return ok;
}

static bool make_tables(struct store *store)
{
	char pragmas[120];
	snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d;",
	         SCHEMA_APPLICATION_ID, SCHEMA_VERSION);
	return execute(store, pragmas) && execute(store, schema_tables) &&
	       execute(store, schema_schema_doc);
}

bool store_views(struct store *store)
{
	return execute(store, schema_views) && execute(store, schema_findings);
}

bool store_open_memory(struct store *store)
{
	memset(store, 0, sizeof *store);
	return sqlite3_open("", &store->db) == SQLITE_OK &&
	       span_rows_register(store->db, &store->batch) == SQLITE_OK &&
	       execute(store, "PRAGMA cache_size = -65536; PRAGMA journal_mode = MEMORY;"
	                      "PRAGMA synchronous = OFF") &&
	       make_tables(store);
}

/* A database from anywhere: its schema is not trusted with more than queries. */
static void harden(sqlite3 *db)
{
	sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 64 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
}

bool store_span_table(struct store *store)
{
	harden(store->db);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	store->has_spans = true;
	return execute(store, schema_span);
}

bool store_open_model(struct store *store)
{
	return store_open_memory(store) && execute(store, schema_span) && store_views(store);
}

static enum store_open_result check_version(struct store *store, int64_t *made_by)
{
	int64_t id, version;
	store->has_spans = true;
	if (!store_number(store->db, "PRAGMA application_id", &id) ||
	    !store_number(store->db, "PRAGMA user_version", &version))
		return sqlite3_errcode(store->db) == SQLITE_NOTADB ? STORE_FOREIGN : STORE_FAILED;
	if (id != SCHEMA_APPLICATION_ID || version < 1)
		return STORE_FOREIGN;
	*made_by = version;
	if (version > SCHEMA_VERSION)
		return STORE_NEWER;
	return schema_trust_tables(store->db, "main") ? STORE_OPENED : STORE_FOREIGN;
}

/* What an older version's database lacks, empty: so that the same questions can be asked. */
static bool stand_in(struct store *store, int64_t made_by)
{
	if (made_by < SCHEMA_VERSION_LEAKS)
		return execute(store,
		               "CREATE TEMP TABLE leak_search (snapshot_id, search_ns, root_bytes,"
		               " threads_unknown, leaked_blocks, leaked_bytes, mapped_bytes,"
		               " indirect_blocks, indirect_bytes);"
		               "CREATE TEMP TABLE leak (snapshot_id, class, blocks, bytes,"
		               " indirect_blocks, indirect_bytes);"
		               "CREATE TEMP TABLE leaks (snapshot_id, run_id, seq, unix_ns, class,"
		               " size_bytes, blocks, bytes, indirect_blocks, indirect_bytes)");
	return made_by >= SCHEMA_VERSION_INDIRECT ||
	       execute(store, "CREATE TEMP VIEW leak_search AS SELECT *, NULL AS mapped_bytes,"
	                      " NULL AS indirect_blocks, NULL AS indirect_bytes FROM main.leak_search;"
	                      "CREATE TEMP VIEW leak AS SELECT *, NULL AS indirect_blocks,"
	                      " NULL AS indirect_bytes FROM main.leak");
}

/* The columns that are not there, in a table that is. */
static bool add_columns(struct store *store, int64_t made_by)
{
	return made_by < SCHEMA_VERSION_LEAKS || made_by >= SCHEMA_VERSION_INDIRECT ||
	       execute(store, "ALTER TABLE leak_search ADD COLUMN mapped_bytes INTEGER;"
	                      "ALTER TABLE leak_search ADD COLUMN indirect_blocks INTEGER;"
	                      "ALTER TABLE leak_search ADD COLUMN indirect_bytes INTEGER;"
	                      "ALTER TABLE leak ADD COLUMN indirect_blocks INTEGER;"
	                      "ALTER TABLE leak ADD COLUMN indirect_bytes INTEGER");
}

/* The tables that are not there, all views anew; rows and thresholds of the user's stay. */
static bool migrate(struct store *store, int64_t made_by)
{
	if (execute(store, "BEGIN IMMEDIATE") && add_columns(store, made_by) && make_tables(store) &&
	    store_views(store) &&
	    execute(store, "COMMIT"))
		return true;
	execute(store, "ROLLBACK");
	return false;
}

/* A load that was killed while it added leaves a journal, which only a writer may undo. */
static void undo_killed_load(const char *path)
{
	sqlite3 *db;
	int64_t version;
	if (sqlite3_open_v2(path, &db, SQLITE_OPEN_READWRITE, NULL) == SQLITE_OK) {
		harden(db);
		store_number(db, "PRAGMA user_version", &version);
	}
	sqlite3_close(db);
}

enum store_open_result store_open_read(struct store *store, const char *path)
{
	enum store_open_result result = STORE_FAILED;
	int64_t made_by = SCHEMA_VERSION;
	memset(store, 0, sizeof *store);
	for (int attempt = 0; attempt < 2 && result == STORE_FAILED; attempt++) {
		sqlite3_close(store->db);
		if (sqlite3_open_v2(path, &store->db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK)
			return STORE_FAILED;
		harden(store->db);
		result = check_version(store, &made_by);
		if (result == STORE_FAILED && sqlite3_errcode(store->db) == SQLITE_READONLY)
			undo_killed_load(path);
	}
	if (result == STORE_OPENED &&
	    (!schema_trust_own_views(store->db) || !stand_in(store, made_by)))
		return STORE_FAILED;
	return result;
}

static bool prepare_write(struct store *store)
{
	harden(store->db);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	execute(store, "PRAGMA cache_size = -32768"); /* fails where this is no database: see check_version */
	return span_rows_register(store->db, &store->batch) == SQLITE_OK;
}

/* A path that begins as a URI does not mean one. */
char *store_name(const struct source *source)
{
	char name[NAMELESS_NAME_BYTES];
	if (!source->is_nameless)
		return sqlite3_mprintf("%s%s", source->path[0] == '/' ? "" : "./", source->path);
	return nameless_name(source->fd, name) ? sqlite3_mprintf("%s", name) : NULL;
}

/* Nobody sees the file yet, and it is dropped when anything fails: no journal on the disk. */
enum store_open_result store_open_fresh(struct store *store, const char *path)
{
	char name[NAMELESS_NAME_BYTES];
	memset(store, 0, sizeof *store);
	if (!fresh_file_open(path))
		return STORE_FAILED;
	store->fresh = store->has_spans = true;
	bool ok = nameless_name(fresh_file_descriptor(), name) &&
	          sqlite3_open(name, &store->db) == SQLITE_OK && prepare_write(store) &&
	          execute(store, "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF; BEGIN") &&
	          make_tables(store) && execute(store, schema_span) && store_views(store) &&
	          execute(store, "COMMIT");
	return ok ? STORE_OPENED : STORE_FAILED;
}

enum store_open_result store_open_write(struct store *store, const char *path)
{
	struct stat st;
	if (stat(path, &st) != 0)
		return store_open_fresh(store, path);
	memset(store, 0, sizeof *store);
	if (st.st_size == 0)
		return STORE_FOREIGN;
	if (sqlite3_open(path, &store->db) != SQLITE_OK || !prepare_write(store))
		return STORE_FAILED;
	int64_t made_by;
	enum store_open_result result = check_version(store, &made_by);
	if (result == STORE_OPENED && made_by < SCHEMA_VERSION && !migrate(store, made_by))
		return STORE_FAILED;
	return result;
}

static void close_database(struct store *store)
{
	for (int i = 0; i < STORE_STATEMENTS; i++)
		sqlite3_finalize(store->statements[i]);
	sqlite3_close(store->db);
	memset(store, 0, sizeof *store);
}

bool store_publish(struct store *store, bool replace)
{
	close_database(store);
	return fresh_file_publish(replace);
}

void store_close(struct store *store)
{
	if (store->fresh)
		fresh_file_discard();
	close_database(store);
}

bool store_begin(struct store *store)
{
	return execute(store, "BEGIN IMMEDIATE");
}

bool store_commit(struct store *store)
{
	return execute(store, "COMMIT");
}

void store_rollback(struct store *store)
{
	execute(store, "ROLLBACK");
}

/* ---- rows -------------------------------------------------------------- */

bool store_source(struct store *store, const char *path, const char *kind, uint64_t bytes,
                  int64_t *id)
{
	sqlite3_stmt *stmt = statement(store, STORE_SOURCE);
	bind_text(stmt, 1, path);
	bind_text(stmt, 2, kind);
	bind_u64(stmt, 3, bytes);
	bool ok = stmt && run(stmt);
	*id = sqlite3_last_insert_rowid(store->db);
	return ok;
}

bool store_source_end(struct store *store, int64_t id, bool complete, uint64_t bytes_skipped)
{
	sqlite3_stmt *stmt = statement(store, STORE_SOURCE_END);
	sqlite3_bind_int64(stmt, 1, id);
	sqlite3_bind_int(stmt, 2, complete);
	bind_u64(stmt, 3, bytes_skipped);
	return stmt && run(stmt);
}

static void uuid_text(const uint8_t uuid[16], char text[37])
{
	static const char digits[] = "0123456789abcdef";
	char *p = text;
	for (int i = 0; i < 16; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*p++ = '-';
		*p++ = digits[uuid[i] >> 4];
		*p++ = digits[uuid[i] & 15];
	}
	*p = '\0';
}

bool store_run(struct store *store, int64_t source_id, const struct snapshot_run *r,
               const struct snapshot_segment *segment, int64_t *id, bool *known)
{
	char uuid[37], version[24];
	uuid_text(r->uuid, uuid);
	sqlite3_stmt *find = statement(store, STORE_RUN_FIND);
	bind_text(find, 1, uuid);
	*known = sqlite3_step(find) == SQLITE_ROW;
	if (*known)
		*id = sqlite3_column_int64(find, 0);
	if (sqlite3_reset(find) != SQLITE_OK)
		return false;
	if (*known)
		return true;
	snprintf(version, sizeof version, "%u.%u", segment->version_major, segment->version_minor);
	bool is_recorded = segment->version_major > 0; /* no text of Go's has such a version */
	sqlite3_stmt *stmt = statement(store, STORE_RUN);
	sqlite3_bind_int64(stmt, 1, source_id);
	bind_text(stmt, 2, uuid);
	bind_u64(stmt, 3, r->pid);
	bind_text(stmt, 4, r->exe[0] ? r->exe : NULL);
	bind_text(stmt, 5, r->host[0] ? r->host : NULL);
	bind_u64(stmt, 6, r->start_unix_ns);
	bind_u64(stmt, 7, r->page_bytes);
	bind_text(stmt, 8, snapshot_tracking_name(r->tracking));
	bind_text(stmt, 9, is_recorded ? version : NULL);
	bind_text(stmt, 10, r->tracking_why[0] ? r->tracking_why : NULL);
	bind_text(stmt, 11, r->library[0] ? r->library : NULL);
	bool ok = stmt && run(stmt);
	*id = sqlite3_last_insert_rowid(store->db);
	return ok;
}

bool store_run_end(struct store *store, int64_t run_id, uint64_t end_unix_ns, bool clean,
                   bool complete, bool *changed)
{
	sqlite3_stmt *stmt = statement(store, STORE_RUN_END);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind_u64(stmt, 2, end_unix_ns);
	sqlite3_bind_int(stmt, 3, clean);
	sqlite3_bind_int(stmt, 4, complete);
	bool ok = stmt && run(stmt);
	*changed = ok && sqlite3_changes(store->db) > 0;
	return ok;
}

bool store_run_skipped(struct store *store, int64_t run_id, uint64_t snapshots)
{
	sqlite3_stmt *stmt = statement(store, STORE_RUN_SKIPPED);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind_u64(stmt, 2, snapshots);
	return stmt && run(stmt);
}

static bool store_mstats(struct store *store, int64_t id, const struct snapshot_mstats *m)
{
	const uint64_t first[] = {
	    m->alloc, m->total_alloc, m->sys, m->nlookup, m->nmalloc, m->nfree, m->heap_alloc,
	    m->heap_sys, m->heap_idle, m->heap_inuse, m->heap_released, m->heap_objects,
	    m->stacks_inuse, m->stacks_sys, m->mspan_inuse, m->mspan_sys, m->mcache_inuse,
	    m->mcache_sys, m->buckhash_sys, m->gc_sys, m->other_sys, m->next_gc, m->last_gc_unix,
	    m->pause_total_ns, m->numgc, m->numforcedgc};
	const uint64_t last[] = {m->gc_trigger, m->heap_live, m->heap_scan, m->heap_marked};
	sqlite3_stmt *stmt = statement(store, STORE_MSTATS);
	int column = 1;
	sqlite3_bind_int64(stmt, column++, id);
	for (size_t i = 0; i < sizeof first / sizeof first[0]; i++)
		bind_u64(stmt, column++, first[i]);
	sqlite3_bind_double(stmt, column++, m->gc_cpu_fraction);
	bind_u64(stmt, column++, m->enablegc);
	bind_u64(stmt, column++, m->debuggc);
	bind_u64(stmt, column++, m->last_gc_nanotime);
	bind_u64(stmt, column++, m->tinyallocs);
	bind_u64(stmt, column++, m->last_next_gc);
	bind_u64(stmt, column++, m->last_heap_inuse);
	sqlite3_bind_double(stmt, column++, m->trigger_ratio);
	for (size_t i = 0; i < sizeof last / sizeof last[0]; i++)
		bind_u64(stmt, column++, last[i]);
	return stmt && run(stmt);
}

static bool store_by_size(struct store *store, int64_t id, const struct snapshot_mstats *m)
{
	sqlite3_stmt *stmt = statement(store, STORE_BY_SIZE);
	bool ok = stmt != NULL;
	for (int class = 0; class < SNAPSHOT_CLASSES && ok; class++) {
		if (m->by_size[class].size >> 63) /* the source does not tell of it */
			continue;
		sqlite3_bind_int64(stmt, 1, id);
		sqlite3_bind_int(stmt, 2, class);
		bind_u64(stmt, 3, m->by_size[class].size);
		bind_u64(stmt, 4, m->by_size[class].nmalloc);
		bind_u64(stmt, 5, m->by_size[class].nfree);
		ok = run(stmt);
	}
	return ok;
}

bool store_snapshot(struct store *store, int64_t run_id, const struct snapshot_head *head,
                    int64_t *id, bool *known)
{
	sqlite3_stmt *stmt = statement(store, STORE_SNAPSHOT);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind_u64(stmt, 2, head->seq);
	bind_u64(stmt, 3, head->gc_num);
	bind_text(stmt, 4, snapshot_reason_name(head->reason));
	bind_u64(stmt, 5, head->unix_ns);
	bind_u64(stmt, 6, head->mono_ns);
	if (!stmt || !run(stmt))
		return false;
	*known = sqlite3_changes(store->db) == 0;
	*id = sqlite3_last_insert_rowid(store->db);
	return *known || (store_mstats(store, *id, &head->stats) &&
	                  store_by_size(store, *id, &head->stats) &&
	                  (head->stop.duration_ns >> 63 ||
	                   store_pause(store, run_id, head->gc_num, &head->stop)));
}

bool store_cycle(struct store *store, int64_t run_id, const struct snapshot_cycle *c, bool *known)
{
	const uint64_t figures[] = {
	    c->threads, c->threads_unknown, c->start_unix_ns, c->start_mono_ns, c->mark_ns,
	    c->sweep_ns, c->cpu_assist_ns, c->cpu_background_ns, c->cpu_idle_ns, c->heap_live_start,
	    c->heap_live_end, c->heap_marked, c->heap_goal, c->gc_trigger, c->next_goal,
	    c->next_trigger, c->stack_bytes, c->global_bytes};
	sqlite3_stmt *stmt = statement(store, STORE_CYCLE);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind_u64(stmt, 2, c->gc_num);
	bind_text(stmt, 3, snapshot_reason_name(c->reason));
	bind_text(stmt, 4, snapshot_tracking_name(c->tracking));
	for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
		bind_u64(stmt, 5 + (int)i, figures[i]);
	if (!stmt || !run(stmt))
		return false;
	*known = sqlite3_changes(store->db) == 0;
	bool ok = true;
	for (uint64_t i = 0; i < c->pause_count && i < SNAPSHOT_PAUSES_MAX && ok && !*known; i++)
		ok = store_pause(store, run_id, c->gc_num, &c->pauses[i]);
	return ok;
}

bool store_pause(struct store *store, int64_t run_id, uint64_t gc_num, const struct snapshot_pause *p)
{
	sqlite3_stmt *stmt = statement(store, STORE_PAUSE);
	const char *phase = snapshot_phase_name(p->phase);
	sqlite3_bind_int64(stmt, 1, run_id);
	bind_u64(stmt, 2, gc_num);
	bind_text(stmt, 3, phase ? phase : "unknown");
	bind_summed(stmt, 4, p->duration_ns);
	bind_summed(stmt, 5, p->stop_ns);
	bind_u64(stmt, 6, p->end_unix_ns);
	return stmt && run(stmt);
}

bool store_issue(struct store *store, int64_t source_id, uint64_t offset, const char *severity,
                 const char *code, const char *message)
{
	sqlite3_stmt *stmt = statement(store, STORE_ISSUE);
	sqlite3_bind_int64(stmt, 1, source_id);
	bind_u64(stmt, 2, offset);
	bind_text(stmt, 3, severity);
	bind_text(stmt, 4, code);
	bind_text(stmt, 5, message);
	return stmt && run(stmt);
}

/* ---- leaks ------------------------------------------------------------- */

static bool store_leak(struct store *store, int64_t snapshot_id, unsigned class,
                       const struct snapshot_lost *lost, const struct snapshot_lost *indirect)
{
	sqlite3_stmt *stmt = statement(store, STORE_LEAK);
	sqlite3_bind_int64(stmt, 1, snapshot_id);
	sqlite3_bind_int(stmt, 2, (int)class);
	bind_summed(stmt, 3, lost->blocks);
	bind_summed(stmt, 4, lost->bytes);
	bind_summed(stmt, 5, indirect ? indirect->blocks : UINT64_MAX);
	bind_summed(stmt, 6, indirect ? indirect->bytes : UINT64_MAX);
	return stmt && run(stmt);
}

/* What nobody looked for is NULL. */
bool store_leaks(struct store *store, int64_t snapshot_id, const struct snapshot_leaks *leaks)
{
	sqlite3_stmt *stmt = statement(store, STORE_LEAK_SEARCH);
	bool split = leaks->known & SNAPSHOT_LEAKS_SPLIT;
	sqlite3_bind_int64(stmt, 1, snapshot_id);
	bind_summed(stmt, 2, leaks->search_ns);
	bind_summed(stmt, 3, leaks->root_bytes);
	bind_summed(stmt, 4, leaks->threads_unknown);
	bind_summed(stmt, 5, leaks->blocks);
	bind_summed(stmt, 6, leaks->bytes);
	bind_summed(stmt, 7, leaks->known & SNAPSHOT_LEAKS_MAPPED ? leaks->mapped_bytes : UINT64_MAX);
	bind_summed(stmt, 8, split ? leaks->indirect_blocks : UINT64_MAX);
	bind_summed(stmt, 9, split ? leaks->indirect_bytes : UINT64_MAX);
	if (!stmt || !run(stmt))
		return false;
	for (unsigned i = 0; i < SNAPSHOT_CLASSES; i++)
		if (leaks->by_class[i].blocks > 0 &&
		    !store_leak(store, snapshot_id, i, &leaks->by_class[i],
		                split ? &leaks->indirect_by_class[i] : NULL))
			return false;
	return true;
}

/* ---- spans ------------------------------------------------------------- */

bool store_spans(struct store *store, int64_t snapshot_id, const struct snapshot_span *spans,
                 uint32_t count)
{
	store->batch = (struct span_batch){snapshot_id, spans, count};
	sqlite3_stmt *stmt = statement(store, STORE_SPANS);
	bool ok = stmt && run(stmt);
	store->batch.count = 0;
	return ok;
}

/* Adds count times bytes; what does not fit stays at the largest value, stored as NULL. */
static void add_bytes(uint64_t *sum, uint64_t count, uint64_t bytes)
{
	uint64_t product;
	if (__builtin_mul_overflow(count, bytes, &product) ||
	    __builtin_add_overflow(*sum, product, sum))
		*sum = UINT64_MAX;
}

void span_sums_add(struct span_sums *sums, const struct snapshot_span *s)
{
	if (s->state >= SNAPSHOT_STATE_COUNT || s->size_class >= SNAPSHOT_CLASSES)
		return;
	struct span_sum *sum = &sums->of[s->state][s->size_class][s->noscan & 1];
	sum->spans++;
	add_bytes(&sum->span_bytes, s->npages, SNAPSHOT_PAGE_BYTES);
	sum->nelems += s->nelems;
	sum->alloc_count += s->alloc_count;
	add_bytes(&sum->slot_bytes, s->nelems, span_elem_bytes(s));
	add_bytes(&sum->alloc_bytes, s->alloc_count, span_elem_bytes(s));
	add_bytes(&sum->released_bytes, 1, s->released_bytes);
}

bool store_sums(struct store *store, int64_t snapshot_id, const struct span_sums *sums)
{
	sqlite3_stmt *stmt = statement(store, STORE_SUM);
	bool ok = stmt != NULL;
	for (int state = 0; state < SNAPSHOT_STATE_COUNT; state++) {
		for (int class = 0; class < SNAPSHOT_CLASSES; class++) {
			for (int noscan = 0; noscan < 2 && ok; noscan++) {
				const struct span_sum *sum = &sums->of[state][class][noscan];
				const uint64_t figures[] = {sum->spans, sum->span_bytes, sum->nelems,
				                            sum->alloc_count, sum->slot_bytes,
				                            sum->alloc_bytes, sum->released_bytes};
				if (!sum->spans)
					continue;
				sqlite3_bind_int64(stmt, 1, snapshot_id);
				bind_text(stmt, 2, snapshot_state_name((uint64_t)state));
				sqlite3_bind_int(stmt, 3, class);
				sqlite3_bind_int(stmt, 4, noscan);
				for (int i = 0; i < 7; i++)
					bind_summed(stmt, 5 + i, figures[i]);
				ok = run(stmt);
			}
		}
	}
	return ok;
}
