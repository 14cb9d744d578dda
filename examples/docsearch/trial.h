/*
 * trial.h - how well the search answers questions whose answers are known.
 */
#ifndef DOCSEARCH_TRIAL_H
#define DOCSEARCH_TRIAL_H

#include <stddef.h>

#include "library.h"
#include "questions.h"
#include "search.h"

struct trial {
	struct weights weights;
	size_t questions;
	size_t first;      /* questions whose first hit is right */
	size_t among;      /* questions with a right page among the hits */
	double reciprocal; /* mean of 1 / place of the first right page */
};

/*
 * Asks every `step`th question from `start` on, with the weights of each trial,
 * and fills in the rest of each.
 */
void trial_run(const struct library *library, const struct questions *questions, size_t start,
               size_t step, struct trial *trials, size_t trial_count, unsigned threads);

/* Finds the weights that answer every `step`th question from `start` on best. */
struct trial trial_tune(const struct library *library, const struct questions *questions,
                        size_t start, size_t step, unsigned threads);

#endif
