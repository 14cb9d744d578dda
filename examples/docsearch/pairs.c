#include "pairs.h"

#include <math.h>
#include <pthread.h>
#include <string.h>

#include "crew.h"
#include "memory.h"

enum { SHARDS = 64, BUCKETS_FIRST = 256, WINDOW_WORDS = 3, COUNT_MIN = 3 };

struct pair_shard {
	pthread_mutex_t lock; /* guards the table and the counts of its pairs */
	struct pair **buckets;
	size_t bucket_count;  /* a power of two */
	size_t pair_count;
};

struct pair_table {
	const struct library *library;
	struct pair_shard shards[SHARDS];
	struct pair_list *best;
	size_t most;
	pthread_mutex_t best_lock; /* guards best; taken with no other held */
};

static const size_t pair_pointers[] = {
	offsetof(struct pair, next),
	offsetof(struct pair, first),
	offsetof(struct pair, second),
};

static const memspan_type pair_type = {
	.name = "pair",
	.size = sizeof(struct pair),
	.pointer_count = sizeof(pair_pointers) / sizeof(pair_pointers[0]),
	.pointer_offsets = pair_pointers,
};

static void shard_grow(struct pair_shard *shard)
{
	struct pair **old = shard->buckets;
	size_t old_count = shard->bucket_count;

	shard->bucket_count *= 2;
	shard->buckets = memory_object(shard->bucket_count * sizeof(shard->buckets[0]));
	for (size_t i = 0; i < old_count; i++) {
		for (struct pair *pair = old[i], *next; pair != NULL; pair = next) {
			size_t bucket = pair->hash / SHARDS & (shard->bucket_count - 1);
			next = pair->next;
			pair->next = shard->buckets[bucket];
			shard->buckets[bucket] = pair;
		}
	}
}

static void count_pair(struct pair_table *table, const struct term *first,
                       const struct term *second)
{
	uint32_t hash = (first->hash * 31 + second->hash) * 2654435769u;
	hash ^= hash >> 15;
	struct pair_shard *shard = &table->shards[hash % SHARDS];

	pthread_mutex_lock(&shard->lock);
	struct pair *pair = shard->buckets[hash / SHARDS & (shard->bucket_count - 1)];
	while (pair != NULL && (pair->first != first || pair->second != second))
		pair = pair->next;
	if (pair == NULL) {
		if (shard->pair_count == shard->bucket_count)
			shard_grow(shard);
		struct pair **bucket =
			&shard->buckets[hash / SHARDS & (shard->bucket_count - 1)];
		pair = memory_typed(&pair_type, 1);
		pair->first = first;
		pair->second = second;
		pair->hash = hash;
		pair->next = *bucket;
		*bucket = pair;
		shard->pair_count++;
	}
	pair->count++;
	pthread_mutex_unlock(&shard->lock);
}

/* The last words of the page, the newest at [seen % WINDOW_WORDS]. */
struct window {
	struct pair_table *table;
	const struct term *words[WINDOW_WORDS];
	size_t seen;
};

/* Single letters, signs and the words of every fourth page say nothing about their neighbours. */
static bool is_telling(const struct library *library, const struct term *term)
{
	return term->word[0] >= 'a' && term->word[0] <= 'z' && term->word[1] != '\0' &&
	       term->posting_count <= (library->page_count + 3) / 4;
}

static void count_word(const char *word, uint32_t hash, bool heading, void *arg)
{
	struct window *window = arg;
	const struct library *library = window->table->library;
	const struct term *term = index_find(library->index, word, hash);

	(void)heading;
	if (term != NULL && !is_telling(library, term))
		term = NULL;
	for (size_t i = 0; term != NULL && i < WINDOW_WORDS; i++)
		if (window->words[i] != NULL && window->words[i] != term)
			count_pair(window->table, window->words[i], term);
	window->words[window->seen++ % WINDOW_WORDS] = term;
}

static void count_page(size_t page, void *arg)
{
	struct pair_table *table = arg;
	if (table->library->pages[page].word_count == 0)
		return; /* no words, or not well-formed and said so already */
	struct window *window = memory_object(sizeof(*window));
	const struct node *document = library_document(table->library, page);

	window->table = table;
	if (document != NULL)
		library_words(document, count_word, window);
}

static double occurrences(const struct term *term)
{
	double count = 0;

	for (uint32_t i = 0; i < term->posting_count; i++)
		count += term->postings[i].count;
	return count;
}

static double part(double seen, double expected)
{
	return seen > 0 ? 2 * seen * log(seen / expected) : 0;
}

/* Dunning's log-likelihood ratio; 0 for pairs that are rarer than by chance. */
static double surprise(const struct pair *pair, double words)
{
	double both = pair->count;
	double first = occurrences(pair->first) * WINDOW_WORDS;
	double second = occurrences(pair->second);
	double only_first = first > both ? first - both : 0;
	double only_second = second > both ? second - both : 0;
	double all = words * WINDOW_WORDS;
	double neither = all - both - only_first - only_second;

	if (both * all <= first * second)
		return 0;
	return part(both, first * second / all) +
	       part(only_first, first * (all - second) / all) +
	       part(only_second, (all - first) * second / all) +
	       part(neither, (all - first) * (all - second) / all);
}

static bool is_before(const struct pair *a, const struct pair *b)
{
	if (a->surprise != b->surprise)
		return a->surprise > b->surprise;
	int order = strcmp(a->first->word, b->first->word);
	return order != 0 ? order < 0 : strcmp(a->second->word, b->second->word) < 0;
}

static void keep_if_good(struct pair_table *table, struct pair *pair)
{
	struct pair_list *best = table->best;
	size_t at;

	pthread_mutex_lock(&table->best_lock);
	if (best->count < table->most)
		at = best->count++;
	else if (is_before(pair, best->pairs[best->count - 1]))
		at = best->count - 1;
	else
		at = best->count;
	if (at < best->count) {
		for (; at > 0 && is_before(pair, best->pairs[at - 1]); at--)
			best->pairs[at] = best->pairs[at - 1];
		best->pairs[at] = pair;
	}
	pthread_mutex_unlock(&table->best_lock);
}

static void judge_shard(size_t item, void *arg)
{
	struct pair_table *table = arg;
	struct pair_shard *shard = &table->shards[item];

	for (size_t i = 0; i < shard->bucket_count; i++) {
		for (struct pair *pair = shard->buckets[i]; pair != NULL; pair = pair->next) {
			if (pair->count < COUNT_MIN)
				continue;
			pair->surprise = surprise(pair, (double)table->library->word_count);
			if (pair->surprise > 0)
				keep_if_good(table, pair);
		}
	}
}

struct pair_list *pairs_find(const struct library *library, size_t most, unsigned threads)
{
	struct pair_table *table = memory_object(sizeof(*table));
	struct pair_list *best = memory_object(sizeof(*best) + most * sizeof(best->pairs[0]));

	table->library = library;
	table->best = best;
	table->most = most;
	pthread_mutex_init(&table->best_lock, NULL);
	for (size_t i = 0; i < SHARDS; i++) {
		struct pair_shard *shard = &table->shards[i];
		pthread_mutex_init(&shard->lock, NULL);
		shard->bucket_count = BUCKETS_FIRST;
		shard->buckets = memory_object(BUCKETS_FIRST * sizeof(shard->buckets[0]));
	}
	crew_run(threads, library->page_count, count_page, table);
	crew_run(threads, SHARDS, judge_shard, table);
	for (size_t i = 0; i < SHARDS; i++)
		best->counted += table->shards[i].pair_count;
	for (size_t i = 0; i < best->count; i++)
		best->pairs[i]->next = NULL; /* or its neighbours in the bucket would live on */
	return best;
}
