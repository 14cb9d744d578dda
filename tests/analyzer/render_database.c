#include "render_database.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "schema.h"

char *render_file(const char *path)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t size = 0, got;

	cr_assert(file, "%s cannot be read", path);
	do {
		text = realloc(text, size + 65536 + 1);
		cr_assert(text);
		got = fread(text + size, 1, 65536, file);
		size += got;
	} while (got > 0);
	fclose(file);
	text[size] = '\0';
	return text;
}

void render_database_change(sqlite3 *db, const char *sql)
{
	char *error = NULL;

	sqlite3_exec(db, sql, NULL, NULL, &error);
	cr_assert_null(error, "%s: %s", sql, error);
}

sqlite3 *render_database(void)
{
	sqlite3 *db;
	char *fixture = render_file(RENDER_FOLDER "/render_fixture.sql");

	cr_assert_eq(sqlite3_open(":memory:", &db), SQLITE_OK);
	render_database_change(db, schema_tables);
	render_database_change(db, schema_span);
	render_database_change(db, schema_views);
	render_database_change(db, schema_findings);
	render_database_change(db, fixture);
	free(fixture);
	return db;
}
