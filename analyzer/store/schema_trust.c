/* schema_trust.c - see schema_trust.h. */
#include "schema_trust.h"

#include <string.h>

#include "schema.h"

/* A database with our tables and views, and no rows; NULL without memory. */
static sqlite3 *make_model(void)
{
	static const char *const parts[] = {schema_tables, schema_span, schema_views, schema_findings};
	sqlite3 *model;
	bool ok = sqlite3_open(":memory:", &model) == SQLITE_OK;
	for (size_t i = 0; ok && i < sizeof parts / sizeof parts[0]; i++)
		ok = sqlite3_exec(model, parts[i], NULL, NULL, NULL) == SQLITE_OK;
	if (ok)
		return model;
	sqlite3_close(model);
	return NULL;
}

static const char *text_of(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	return text ? text : "";
}

/*
 * Calls judge for each object of the type in the model that the database has under its name:
 * `there` is the row (type, rootpage, sql) of the database (of its schema, main or attached). false as soon as judge says so.
 */
static bool compare(sqlite3 *db, const char *schema, const char *type,
                    bool (*judge)(sqlite3 *db, const char *sql, sqlite3_stmt *there))
{
	sqlite3 *model = make_model();
	char *ask = sqlite3_mprintf("SELECT type, rootpage, sql FROM \"%w\".sqlite_master WHERE name = ?1"
	                            " COLLATE NOCASE AND type IN ('table', 'view')", schema);
	sqlite3_stmt *ours = NULL, *there = NULL;
	bool ok = model && ask &&
	          sqlite3_prepare_v2(model, "SELECT name, sql FROM sqlite_master WHERE type = ?1", -1,
	                             &ours, NULL) == SQLITE_OK &&
	          sqlite3_prepare_v2(db, ask, -1, &there, NULL) == SQLITE_OK;
	if (ok)
		sqlite3_bind_text(ours, 1, type, -1, SQLITE_STATIC);
	while (ok && sqlite3_step(ours) == SQLITE_ROW) {
		sqlite3_bind_text(there, 1, text_of(ours, 0), -1, SQLITE_TRANSIENT);
		if (sqlite3_step(there) == SQLITE_ROW)
			ok = judge(db, text_of(ours, 1), there);
		sqlite3_reset(there);
	}
	sqlite3_finalize(ours);
	sqlite3_finalize(there);
	sqlite3_free(ask);
	sqlite3_close(model);
	return ok;
}

/* Neither views nor virtual tables have a page. */
static bool holds_rows(sqlite3 *db, const char *sql, sqlite3_stmt *there)
{
	(void)db, (void)sql;
	return strcmp(text_of(there, 0), "table") == 0 && sqlite3_column_int64(there, 1) > 0;
}

bool schema_trust_tables(sqlite3 *db, const char *schema)
{
	return compare(db, schema, "table", holds_rows);
}

static bool is_ours(sqlite3 *db, const char *sql, sqlite3_stmt *there)
{
	(void)db;
	return strcmp(text_of(there, 2), sql) == 0;
}

/* SQLite keeps the text from CREATE VIEW on, whatever stood between those words. */
static bool shadow(sqlite3 *db, const char *sql, sqlite3_stmt *there)
{
	static const char create[] = "CREATE VIEW";
	(void)there;
	if (strncmp(sql, create, sizeof create - 1) != 0)
		return false;
	char *own = sqlite3_mprintf("CREATE TEMP VIEW%s", sql + sizeof create - 1);
	bool ok = own && sqlite3_exec(db, own, NULL, NULL, NULL) == SQLITE_OK;
	sqlite3_free(own);
	return ok;
}

/* All or none: a view of the database sees the other views there, not those that shadow them. */
bool schema_trust_own_views(sqlite3 *db)
{
	return compare(db, "main", "view", is_ours) || compare(db, "main", "view", shadow);
}
