/*
 * pair - two snapshots to compare: of one FILE or of two, each a recording, a database or
 * anything else that a session opens.
 *
 * Two FILEs are two sessions, so that a database can stand beside a recording and two copies
 * of one run beside each other; the same FILE twice is one.
 */
#ifndef PAIR_H
#define PAIR_H

#include "session.h"

enum { PAIR_SIDES = 2 };

struct pair {
	char *path[PAIR_SIDES];
	const char *selector[PAIR_SIDES]; /* NULL: the last of the last run */
	struct session session[PAIR_SIDES];
	bool is_same;                     /* both snapshots are session[0]'s */
	sqlite3 *db[PAIR_SIDES];
	int64_t snapshot_id[PAIR_SIDES];
};

/*
 * Opens what one word or two name; the pair of one word is the same snapshot twice, unless
 * `from_first`: then it is the first and the last. EXIT_FINE, or a status after a complaint; to
 * be closed in any case.
 */
int pair_open(struct pair *pair, char **words, size_t count, bool from_first);
void pair_close(struct pair *pair);

/* What the command exits with when all else went well. */
int pair_status(const struct pair *pair, bool strict);

#endif
