#include "answers.h"

#include <stdio.h>
#include <string.h>

#include "crew.h"
#include "memory.h"

const char *answer_write(const struct library *library, struct cache *cache,
                         const struct weights *weights, const char *question)
{
	const struct query *query = query_parse(library, question);
	const struct hits *hits = search(library, query, weights);
	size_t bytes = 0;
	char *text = memory_plain(1);

	for (size_t i = 0; i < hits->count && i < ANSWER_PAGES; i++) {
		static const char line[] = "    %zu. %s (%s)\n       %s\n";
		const struct page *page = &library->pages[hits->hits[i].page];
		const struct node *document = cache_document(cache, hits->hits[i].page);
		const char *excerpt = document != NULL ? search_excerpt(query, document) : "";
		int more = snprintf(NULL, 0, line, i + 1, page->title, page->file, excerpt);
		if (more < 0)
			continue;
		text = memory_resize(text, bytes + (size_t)more + 1);
		bytes += (size_t)snprintf(text + bytes, (size_t)more + 1, line, i + 1, page->title,
		                          page->file, excerpt);
	}
	return text;
}

struct answer_work {
	const struct library *library;
	struct cache *cache;
	const struct weights *weights;
	const struct questions *questions;
	const char **answers;
	size_t start, step;
};

static void answer_item(size_t item, void *arg)
{
	const struct answer_work *work = arg;
	const struct question *question =
		&work->questions->questions[work->start + item * work->step];

	work->answers[item] =
		answer_write(work->library, work->cache, work->weights, question->text);
}

const char **answers_write(const struct library *library, struct cache *cache,
                           const struct weights *weights, const struct questions *questions,
                           size_t start, size_t step, size_t *count, unsigned threads)
{
	*count = questions->count > start ? (questions->count - start + step - 1) / step : 0;
	struct answer_work work = {
		.library = library,
		.cache = cache,
		.weights = weights,
		.questions = questions,
		.answers = memory_object(*count * sizeof(work.answers[0])),
		.start = start,
		.step = step,
	};

	crew_run(threads, *count, answer_item, &work);
	return work.answers;
}

uint64_t answers_checksum(const char *const *answers, size_t count)
{
	uint64_t sum = 14695981039346656037u; /* FNV-1a, the NULs included */

	for (size_t i = 0; i < count; i++) {
		const char *c = answers[i];
		do
			sum = (sum ^ (unsigned char)*c) * 1099511628211u;
		while (*c++ != '\0');
	}
	return sum;
}
