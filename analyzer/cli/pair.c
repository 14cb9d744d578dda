/* pair.c - see pair.h. */
#include "pair.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

static int find_both(struct pair *pair)
{
	int status = EXIT_FINE;
	for (int i = 0; i < PAIR_SIDES && status == EXIT_FINE; i++) {
		struct session *session = &pair->session[pair->is_same ? 0 : i];
		pair->db[i] = session->store.db;
		status = session_find_snapshot(session, pair->path[i],
		                               pair->selector[i] ? pair->selector[i] : "last",
		                               &pair->snapshot_id[i]);
	}
	return status;
}

int pair_open(struct pair *pair, char **words, size_t count, bool from_first)
{
	memset(pair, 0, sizeof *pair);
	for (size_t i = 0; i < PAIR_SIDES; i++) {
		pair->path[i] = session_split_name(words[i < count ? i : 0], &pair->selector[i]);
		if (!pair->path[i])
			return complain(EXIT_INPUT, "out of memory");
	}
	if (count == 1 && from_first && pair->selector[0])
		return complain(EXIT_USAGE, "diff of one snapshot: name another to compare it with");
	if (count == 1 && from_first)
		pair->selector[0] = "first";
	pair->is_same = strcmp(pair->path[0], pair->path[1]) == 0;
	int status = session_open(&pair->session[0], &pair->path[0], 1);
	if (status == EXIT_FINE && !pair->is_same)
		status = session_open(&pair->session[1], &pair->path[1], 1);
	return status == EXIT_FINE ? find_both(pair) : status;
}

void pair_close(struct pair *pair)
{
	for (int i = 0; i < PAIR_SIDES; i++) {
		session_close(&pair->session[i]);
		free(pair->path[i]);
	}
}

int pair_status(const struct pair *pair, bool strict)
{
	int status = session_status(&pair->session[0], strict);
	return status == EXIT_FINE ? session_status(&pair->session[1], strict) : status;
}
