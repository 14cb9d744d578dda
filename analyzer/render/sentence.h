/*
 * sentence - what a finding says: its rule's sentence with the figures filled in.
 *
 * {column} and {column:format} stand for a value of the finding, format one of bytes,
 * duration (of nanoseconds), percent (of a ratio), count, number, text; without one,
 * numbers are shown as they are. A part in [square brackets] falls away whole when a column
 * in it is NULL or missing; elsewhere such a column reads "unknown". Brackets do not nest.
 */
#ifndef RENDER_SENTENCE_H
#define RENDER_SENTENCE_H

#include <stdint.h>

#include "../findings.h"

/* The finding's sentence; free() it. NULL only when memory was refused. */
char *sentence_compose(const struct finding *finding);

/* The finding's next query for that run; free() it. NULL when the rule has none. */
char *sentence_next_query(const struct finding *finding, int64_t run_id);

#endif
