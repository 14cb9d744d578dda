/* guard.c - see guard.h. */
#include "guard.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { STEPS_BETWEEN_LOOKS = 10000 };

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

static int is_describing(const char *pragma, const char *argument)
{
	static const char *const with_argument[] = {"table_info", "table_xinfo", "index_list",
	                                            "index_info", "index_xinfo", "foreign_key_list"};
	static const char *const alone[] = {"table_list", "database_list", "function_list",
	                                    "user_version", "application_id", "compile_options",
	                                    "module_list", "pragma_list", "collation_list"};
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

static int look_at_clock(void *opaque)
{
	const struct guard *guard = opaque;
	return guard->deadline_ns && now_ns() > guard->deadline_ns;
}

void guard_install(struct guard *guard, sqlite3 *db, double timeout_s)
{
	memset(guard, 0, sizeof *guard);
	if (timeout_s > 0)
		guard->deadline_ns = now_ns() + (uint64_t)(timeout_s * 1e9);
	sqlite3_set_authorizer(db, authorize, guard);
	sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look_at_clock, guard);
}
