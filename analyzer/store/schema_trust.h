/*
 * schema_trust - what the schema of a database from anywhere is taken at its word for: nothing.
 *
 * A table of ours has to be one that holds rows: a view or a virtual table in its place could
 * take for ever to answer. Where a view of ours has another text, ours shadow all of them, so
 * that questions are asked as this version asks them. What else is in the database is left alone:
 * rules that its owner added, and what SQL of the user's, which has a time limit, asks for.
 */
#ifndef SCHEMA_TRUST_H
#define SCHEMA_TRUST_H

#include <sqlite3.h>
#include <stdbool.h>

/* Of main or an attached database. false: a table is none. */
bool schema_trust_tables(sqlite3 *db, const char *schema);

/* For reading: puts our views over theirs if one is not ours. false: sqlite3_errmsg. */
bool schema_trust_own_views(sqlite3 *db);

#endif
