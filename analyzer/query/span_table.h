/*
 * span_table - the table `span` of an imported recording: a cursor over the file.
 *
 * A virtual table with the columns of schemas/span.sql. Nothing is stored: a scan decodes
 * the segments again, one snapshot's where the query names snapshot_id, all of them in
 * one pass where it does not. Memory is that of one decoder a scan.
 */
#ifndef SPAN_TABLE_H
#define SPAN_TABLE_H

#include <sqlite3.h>

#include "import.h"

/* Creates `span` in the database; places must stay valid while it is open. */
int span_table_create(sqlite3 *db, const struct snapshot_places *places);

#endif
