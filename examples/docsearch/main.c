/*
 * docsearch - a search engine for a manual, on the memspan heap.
 *
 *     docsearch [-t THREADS] FOLDER [QUESTION...]
 *
 * Reads the XHTML pages of a folder (the PostgreSQL manual, for instance), ranks
 * them by the links between them, finds the words that belong together, tunes its
 * ranking on one half of the manual's own index and measures it on the other half.
 * Then it retires the half of the pages that the others link to least and measures
 * what that costs. Its answers are on stdout and are the same on any number of
 * threads; a line about the heap is on stderr.
 *
 * No memory is freed by hand anywhere in this program. Its heap grows while the
 * index is filled, spikes while pairs of words are counted, lives on garbage while
 * it answers, and shrinks, with holes, when half of the index goes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "answers.h"
#include "cache.h"
#include "crew.h"
#include "library.h"
#include "memory.h"
#include "pairs.h"
#include "questions.h"
#include "trial.h"

enum { PAGES_SHOWN = 8, PAIRS_SHOWN = 12, CACHE_PAGES = 64, THREADS_DEFAULT = 2 };

/* Page numbers in falling order of their ranks, equal ones rising. */
static uint32_t *pages_by_rank(const struct library *library)
{
	uint32_t *order = memory_plain(library->page_count * sizeof(order[0]));

	for (uint32_t i = 0; i < library->page_count; i++) {
		uint32_t at = i;
		for (; at > 0 && library->pages[order[at - 1]].rank < library->pages[i].rank; at--)
			order[at] = order[at - 1];
		order[at] = i;
	}
	return order;
}

static void print_library(const struct library *library, const uint32_t *order)
{
	printf("%zu pages, %" PRIu64 " words, %zu different ones, %" PRIu64 " links between them\n",
	       library->page_count, library->word_count, index_terms(library->index),
	       library->link_count);
	printf("\nThe pages that others lead to:\n");
	for (size_t i = 0; i < library->page_count && i < PAGES_SHOWN; i++) {
		const struct page *page = &library->pages[order[i]];
		printf("    %4.1f%%  %s (%s)\n", 100 * page->rank, page->title, page->file);
	}
}

static void print_pairs(const struct library *library, unsigned threads)
{
	const struct pair_list *list = pairs_find(library, PAIRS_SHOWN, threads);

	printf("\nWords that belong together, of %zu pairs:\n", list->counted);
	for (size_t i = 0; i < list->count; i++)
		printf("    %s %s (%" PRIu32 ")\n", list->pairs[i]->first->word,
		       list->pairs[i]->second->word, list->pairs[i]->count);
}

static double percent(size_t part, size_t whole)
{
	return whole > 0 ? 100.0 * (double)part / (double)whole : 0;
}

static void print_trial(const struct trial *trial)
{
	printf("    of %zu other questions the right page comes first for %.1f%%, "
	       "among the first ten for %.1f%%\n",
	       trial->questions, percent(trial->first, trial->questions),
	       percent(trial->among, trial->questions));
}

/* Drops the less linked half of the pages from the index. */
static void retire_half(struct library *library, const uint32_t *order, unsigned threads)
{
	bool *retired = memory_plain(library->page_count * sizeof(retired[0]));
	size_t terms = index_terms(library->index);
	size_t postings = index_postings(library->index);

	for (size_t i = (library->page_count + 1) / 2; i < library->page_count; i++)
		retired[order[i]] = true;
	index_retire(library->index, retired, threads);
	printf("\nWith the less linked half of the pages retired, the index keeps %.1f%% of its "
	       "words and %.1f%% of its entries:\n",
	       percent(index_terms(library->index), terms),
	       percent(index_postings(library->index), postings));
}

static size_t count_equal(const char *const *a, const char *const *b, size_t count)
{
	size_t equal = 0;

	for (size_t i = 0; i < count; i++)
		equal += strcmp(a[i], b[i]) == 0;
	return equal;
}

/*
 * The odd questions tune, the even ones measure: neighbours in a book's index are
 * alike, so both halves ask about the same things.
 */
static void work(struct library *library, char *const *asked, unsigned threads)
{
	const struct questions *questions = questions_read(library);
	struct cache *cache = cache_new(library, CACHE_PAGES);
	const uint32_t *order = pages_by_rank(library);
	size_t count;

	print_library(library, order);
	print_pairs(library, threads);

	struct trial trial = trial_tune(library, questions, 1, 2, threads);
	printf("\nTuned on %zu questions from the %s: heading %g, phrase %g, rank %g, length %g\n",
	       trial.questions, questions->from_book_index ? "manual's own index" : "pages' titles",
	       trial.weights.heading, trial.weights.phrase, trial.weights.rank,
	       trial.weights.length);
	trial_run(library, questions, 0, 2, &trial, 1, threads);
	print_trial(&trial);

	for (; *asked != NULL; asked++)
		printf("\n\"%s\"\n%s", *asked,
		       answer_write(library, cache, &trial.weights, *asked));
	const char **answers = answers_write(library, cache, &trial.weights, questions, 0, 2,
	                                     &count, threads);
	uint64_t checksum = answers_checksum(answers, count);

	retire_half(library, order, threads);
	memspan_gc(); /* half of the heap has just become garbage: the moment to say so */
	trial_run(library, questions, 0, 2, &trial, 1, threads);
	print_trial(&trial);
	const char **later = answers_write(library, cache, &trial.weights, questions, 0, 2, &count,
	                                   threads);
	printf("    %.1f%% of the answers stay as they were\n",
	       percent(count_equal(answers, later, count), count));
	printf("\nchecksum %016" PRIx64 " %016" PRIx64 "\n", checksum,
	       answers_checksum(later, count));
}

static void print_heap(void)
{
	memspan_mem_stats stats;

	memspan_read_mem_stats(&stats);
	fprintf(stderr,
	        "docsearch: %" PRIu32 " collections, %.0f MiB allocated in all, "
	        "%.1f MiB in objects now, %.1f MiB from the system\n",
	        stats.num_gc, (double)stats.total_alloc / 1048576,
	        (double)stats.heap_alloc / 1048576, (double)stats.sys / 1048576);
}

static int usage(void)
{
	fputs("usage: docsearch [-t THREADS] FOLDER [QUESTION...]\n", stderr);
	return 2;
}

int main(int argc, char **argv)
{
	long threads = THREADS_DEFAULT;
	int option;

	while ((option = getopt(argc, argv, "+t:")) != -1) {
		char *end = NULL;
		if (option != 't')
			return usage();
		threads = strtol(optarg, &end, 10);
		if (*optarg == '\0' || *end != '\0' || threads < 1 || threads > CREW_THREADS_MAX)
			return usage();
	}
	if (optind == argc)
		return usage();

	struct library *library = library_read(argv[optind], (unsigned)threads);
	if (library == NULL)
		return 1;
	library_rank(library);
	work(library, argv + optind + 1, (unsigned)threads);
	print_heap();
	return fflush(stdout) == 0 ? 0 : 1;
}
