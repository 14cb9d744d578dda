#include "index.h"

#include <pthread.h>
#include <string.h>

#include "crew.h"
#include "memory.h"

enum { BUCKETS_FIRST = 64, POSTINGS_FIRST = 2 };

struct shard {
	pthread_mutex_t lock;
	struct term **buckets;
	size_t bucket_count; /* a power of two */
	size_t term_count;
};

struct index {
	struct shard shards[INDEX_SHARDS];
};

static const size_t posting_pointers[] = {offsetof(struct posting, positions)};

static const memspan_type posting_type = {
	.name = "posting",
	.size = sizeof(struct posting),
	.pointer_count = 1,
	.pointer_offsets = posting_pointers,
};

struct index *index_new(void)
{
	struct index *index = memory_object(sizeof(*index));

	for (size_t i = 0; i < INDEX_SHARDS; i++) {
		struct shard *shard = &index->shards[i];
		pthread_mutex_init(&shard->lock, NULL);
		shard->bucket_count = BUCKETS_FIRST;
		shard->buckets = memory_object(BUCKETS_FIRST * sizeof(shard->buckets[0]));
	}
	return index;
}

/* The low bits choose the shard, those above them the bucket. */
static struct term **bucket_of(const struct shard *shard, uint32_t hash)
{
	return &shard->buckets[hash / INDEX_SHARDS & (shard->bucket_count - 1)];
}

static struct term *shard_find(const struct shard *shard, const char *word, uint32_t hash)
{
	struct term *term = *bucket_of(shard, hash);

	while (term != NULL && (term->hash != hash || strcmp(term->word, word) != 0))
		term = term->next;
	return term;
}

static void shard_grow(struct shard *shard)
{
	struct term **old = shard->buckets;
	size_t old_count = shard->bucket_count;

	shard->bucket_count *= 2;
	shard->buckets = memory_object(shard->bucket_count * sizeof(shard->buckets[0]));
	for (size_t i = 0; i < old_count; i++) {
		for (struct term *term = old[i], *next; term != NULL; term = next) {
			struct term **bucket = bucket_of(shard, term->hash);
			next = term->next;
			term->next = *bucket;
			*bucket = term;
		}
	}
}

static struct term *shard_insert(struct shard *shard, const char *word, uint32_t hash)
{
	struct term *term = memory_object(sizeof(*term));

	term->word = memory_copy(word, strlen(word));
	term->hash = hash;
	term->posting_room = POSTINGS_FIRST;
	term->postings = memory_typed(&posting_type, POSTINGS_FIRST);
	if (shard->term_count == shard->bucket_count)
		shard_grow(shard);
	struct term **bucket = bucket_of(shard, hash);
	term->next = *bucket;
	*bucket = term;
	shard->term_count++;
	return term;
}

void index_add(struct index *index, const char *word, uint32_t hash, const struct posting *posting)
{
	struct shard *shard = &index->shards[hash % INDEX_SHARDS];

	pthread_mutex_lock(&shard->lock);
	struct term *term = shard_find(shard, word, hash);
	if (term == NULL)
		term = shard_insert(shard, word, hash);
	if (term->posting_count == term->posting_room) {
		term->posting_room *= 2;
		term->postings = memory_resize(term->postings,
		                               term->posting_room * sizeof(term->postings[0]));
	}
	term->postings[term->posting_count++] = *posting;
	pthread_mutex_unlock(&shard->lock);
}

/*
 * By insertion: several threads add pages in nearly rising order. (Not by qsort,
 * which may keep elements in malloc's memory for a while, where the collector
 * does not look.)
 */
static void term_sort(struct term *term)
{
	for (uint32_t i = 1; i < term->posting_count; i++) {
		struct posting posting = term->postings[i];
		uint32_t at = i;
		for (; at > 0 && term->postings[at - 1].page > posting.page; at--)
			term->postings[at] = term->postings[at - 1];
		term->postings[at] = posting;
	}
}

static void shard_seal(size_t item, void *arg)
{
	struct shard *shard = &((struct index *)arg)->shards[item];

	for (size_t i = 0; i < shard->bucket_count; i++)
		for (struct term *term = shard->buckets[i]; term != NULL; term = term->next)
			term_sort(term);
}

void index_seal(struct index *index, unsigned threads)
{
	crew_run(threads, INDEX_SHARDS, shard_seal, index);
}

const struct term *index_find(const struct index *index, const char *word, uint32_t hash)
{
	return shard_find(&index->shards[hash % INDEX_SHARDS], word, hash);
}

/* A term's postings move to an array of the right size when less than half of theirs is used. */
static void term_retire(struct term *term, const bool *retired)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < term->posting_count; i++)
		if (!retired[term->postings[i].page])
			term->postings[kept++] = term->postings[i];
	memset(&term->postings[kept], 0,
	       (term->posting_count - kept) * sizeof(term->postings[0]));
	term->posting_count = kept;
	if (kept > 0 && kept < term->posting_room / 2) {
		struct posting *smaller = memory_typed(&posting_type, kept);
		memcpy(smaller, term->postings, kept * sizeof(smaller[0]));
		term->postings = smaller;
		term->posting_room = kept;
	}
}

struct retirement {
	struct index *index;
	const bool *retired;
};

static void shard_retire(size_t item, void *arg)
{
	const struct retirement *retirement = arg;
	struct shard *shard = &retirement->index->shards[item];

	for (size_t i = 0; i < shard->bucket_count; i++) {
		struct term **link = &shard->buckets[i];
		while (*link != NULL) {
			term_retire(*link, retirement->retired);
			if ((*link)->posting_count > 0) {
				link = &(*link)->next;
			} else {
				*link = (*link)->next;
				shard->term_count--;
			}
		}
	}
}

void index_retire(struct index *index, const bool *retired, unsigned threads)
{
	struct retirement retirement = {.index = index, .retired = retired};

	crew_run(threads, INDEX_SHARDS, shard_retire, &retirement);
}

size_t index_terms(const struct index *index)
{
	size_t count = 0;

	for (size_t i = 0; i < INDEX_SHARDS; i++)
		count += index->shards[i].term_count;
	return count;
}

size_t index_postings(const struct index *index)
{
	size_t count = 0;

	for (size_t i = 0; i < INDEX_SHARDS; i++)
		for (size_t bucket = 0; bucket < index->shards[i].bucket_count; bucket++)
			for (const struct term *term = index->shards[i].buckets[bucket];
			     term != NULL; term = term->next)
				count += term->posting_count;
	return count;
}
