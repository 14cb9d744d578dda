/*
 * verdict - the one to three sentences that a report opens with.
 *
 * The findings in their order, those that another covers left out; where none of them is a
 * warning or worse, the first sentence says that nothing is wrong, with the run's figures.
 */
#ifndef RENDER_VERDICT_H
#define RENDER_VERDICT_H

#include "../report_facts.h"

enum { VERDICT_SENTENCES_MAX = 3 };

struct verdict {
	const char *severity; /* of the worst: "ok", "info", "warning", "critical" */
	char *sentence[VERDICT_SENTENCES_MAX];
	const char *sentence_severity[VERDICT_SENTENCES_MAX];
	size_t count;
	bool is_told[FINDINGS_MAX]; /* by finding: a sentence speaks of it */
	char *next_query;           /* the query to run next */
};

/* 0, or -1 when memory was refused; to be given back in both cases. */
int verdict_compose(const struct report_facts *facts, struct verdict *verdict);
void verdict_free(struct verdict *verdict);

#endif
