/* guard.c - see guard.h. */
#include "guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum {
	STEPS_BETWEEN_LOOKS = 10000,
	HEAP_BYTES_MAX = 256 << 20,
	VALUE_BYTES_MAX = 64 << 20,
	PATTERN_BYTES_MAX = 1000, /* matching one can take the square of its length */
	TIMEOUT_S_END = 1000000000, /* 30 years: from there on there is none */
};

static uint64_t now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static int refuse(struct guard *guard, const char *what, const char *name)
{
	snprintf(guard->refused, sizeof guard->refused, "%s%s%.60s", what, name ? " " : "",
	         name ? name : "");
	return SQLITE_DENY;
}

/* PRAGMAs that describe: those of one table or index, and those without an argument. */
static const char *const with_argument[] = {"table_info", "table_xinfo", "index_list",
                                            "index_info", "index_xinfo", "foreign_key_list"};
static const char *const alone[] = {"table_list", "database_list", "function_list",
                                    "user_version", "application_id", "compile_options",
                                    "module_list", "pragma_list", "collation_list"};

static int is_describing(const char *pragma, const char *argument)
{
	for (size_t i = 0; i < sizeof with_argument / sizeof with_argument[0]; i++)
		if (strcasecmp(pragma, with_argument[i]) == 0)
			return 1;
	for (size_t i = 0; i < sizeof alone / sizeof alone[0]; i++)
		if (strcasecmp(pragma, alone[i]) == 0)
			return argument == NULL;
	return 0;
}

static int authorize(void *opaque, int action, const char *a, const char *b, const char *database,
                     const char *view)
{
	struct guard *guard = opaque;
	(void)database, (void)view;
	switch (action) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return b && strcasecmp(b, "load_extension") == 0 ? refuse(guard, "the function", b)
		                                                 : SQLITE_OK;
	case SQLITE_PRAGMA:
		return is_describing(a, b) ? SQLITE_OK : refuse(guard, "PRAGMA", a);
	case SQLITE_ATTACH:
	case SQLITE_DETACH:
		return refuse(guard, "ATTACH and DETACH", NULL);
	case SQLITE_TRANSACTION:
	case SQLITE_SAVEPOINT:
		return refuse(guard, "a transaction", NULL);
	default:
		return refuse(guard, "anything that changes data; refused at", a);
	}
}

/*
 * A PRAGMA as a table, pragma_table_info and the like, is made at its first use, by what the
 * authorizer sees as a change of the schema. So the first use is before there is one.
 */
static void make_pragma_tables(sqlite3 *db)
{
	for (size_t i = 0; i < sizeof with_argument / sizeof with_argument[0]; i++) {
		sqlite3_stmt *stmt = NULL;
		char *sql = sqlite3_mprintf("SELECT * FROM pragma_%s", with_argument[i]);
		if (sql)
			sqlite3_prepare_v2(db, sql, -1, &stmt, NULL);
		sqlite3_finalize(stmt);
		sqlite3_free(sql);
	}
}

bool guard_is_late(const struct guard *guard)
{
	return guard->deadline_ns && now_ns() > guard->deadline_ns;
}

static int look_around(void *opaque)
{
	const struct guard *guard = opaque;
	return guard->stopped || guard_is_late(guard);
}

void guard_restart(struct guard *guard, double timeout_s)
{
	guard->refused[0] = '\0';
	guard->stopped = 0;
	guard->deadline_ns = timeout_s > 0 && timeout_s < TIMEOUT_S_END
	                         ? now_ns() + (uint64_t)(timeout_s * 1e9)
	                         : 0;
}

void guard_install(struct guard *guard, sqlite3 *db, double timeout_s)
{
	memset(guard, 0, sizeof *guard);
	guard_restart(guard, timeout_s);
	make_pragma_tables(db);
	sqlite3_hard_heap_limit64(HEAP_BYTES_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_limit(db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, PATTERN_BYTES_MAX);
	sqlite3_set_authorizer(db, authorize, guard);
	sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look_around, guard);
}
