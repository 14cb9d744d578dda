#include "trial.h"

#include <stdint.h>

#include "crew.h"
#include "memory.h"

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

struct trial_work {
	const struct library *library;
	const struct questions *questions;
	const struct trial *trials;
	size_t start, step, trial_count;
	uint8_t *places; /* of the right page, by question asked and trial */
};

static void ask(size_t item, void *arg)
{
	const struct trial_work *work = arg;
	const struct question *question =
		&work->questions->questions[work->start + item * work->step];

	for (size_t i = 0; i < work->trial_count; i++) {
		const struct query *query = query_parse(work->library, question->text);
		const struct hits *hits = search(work->library, query, &work->trials[i].weights);
		work->places[item * work->trial_count + i] =
			(uint8_t)question_place(question, hits);
	}
}

void trial_run(const struct library *library, const struct questions *questions, size_t start,
               size_t step, struct trial *trials, size_t trial_count, unsigned threads)
{
	size_t asked = questions->count > start ? (questions->count - start + step - 1) / step : 0;
	struct trial_work work = {
		.library = library,
		.questions = questions,
		.trials = trials,
		.start = start,
		.step = step,
		.trial_count = trial_count,
		.places = memory_plain(asked * trial_count),
	};

	crew_run(threads, asked, ask, &work);
	for (size_t i = 0; i < trial_count; i++) {
		struct trial *trial = &trials[i];
		*trial = (struct trial){.weights = trial->weights, .questions = asked};
		for (size_t item = 0; item < asked; item++) {
			uint8_t place = work.places[item * trial_count + i];
			trial->first += place == 1;
			trial->among += place > 0;
			trial->reciprocal += place > 0 ? 1.0 / place : 0;
		}
		if (asked > 0)
			trial->reciprocal /= (double)asked;
	}
}

struct trial trial_tune(const struct library *library, const struct questions *questions,
                        size_t start, size_t step, unsigned threads)
{
	static const double headings[] = {0, 2, 5, 10};
	static const double phrases[] = {0, 1, 2};
	static const double ranks[] = {0, 0.5, 1};
	static const double lengths[] = {0.3, 0.6, 0.9};
	enum {
		TRIALS = COUNT_OF(headings) * COUNT_OF(phrases) * COUNT_OF(ranks) *
		         COUNT_OF(lengths)
	};
	struct trial *trials = memory_plain(TRIALS * sizeof(trials[0]));
	size_t best = 0;

	for (size_t i = 0; i < TRIALS; i++) {
		size_t rest = i;
		trials[i].weights.heading = headings[rest % COUNT_OF(headings)];
		rest /= COUNT_OF(headings);
		trials[i].weights.phrase = phrases[rest % COUNT_OF(phrases)];
		rest /= COUNT_OF(phrases);
		trials[i].weights.rank = ranks[rest % COUNT_OF(ranks)];
		rest /= COUNT_OF(ranks);
		trials[i].weights.length = lengths[rest];
	}
	trial_run(library, questions, start, step, trials, TRIALS, threads);
	for (size_t i = 1; i < TRIALS; i++)
		if (trials[i].reciprocal > trials[best].reciprocal)
			best = i;
	return trials[best];
}
