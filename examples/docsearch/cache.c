#include "cache.h"

#include <pthread.h>
#include <stdint.h>

#include "memory.h"

struct cache_entry {
	const struct node *document; /* NULL: empty */
	size_t page;
	uint64_t asked; /* when last, on the cache's clock */
};

struct cache {
	pthread_mutex_t lock;
	const struct library *library;
	uint64_t clock;
	size_t room;
	struct cache_entry entries[];
};

struct cache *cache_new(const struct library *library, size_t room)
{
	struct cache *cache = memory_object(sizeof(*cache) + room * sizeof(cache->entries[0]));

	pthread_mutex_init(&cache->lock, NULL);
	cache->library = library;
	cache->room = room;
	return cache;
}

/* The page's entry, else the one to be used for it. */
static struct cache_entry *cache_entry(struct cache *cache, size_t page)
{
	struct cache_entry *oldest = &cache->entries[0];

	for (size_t i = 0; i < cache->room; i++) {
		struct cache_entry *entry = &cache->entries[i];
		if (entry->document != NULL && entry->page == page)
			return entry;
		if (entry->asked < oldest->asked)
			oldest = entry;
	}
	return oldest;
}

const struct node *cache_document(struct cache *cache, size_t page)
{
	const struct node *document = NULL;

	pthread_mutex_lock(&cache->lock);
	struct cache_entry *entry = cache_entry(cache, page);
	if (entry->document != NULL && entry->page == page) {
		entry->asked = ++cache->clock;
		document = entry->document;
	}
	pthread_mutex_unlock(&cache->lock);
	if (document != NULL)
		return document;

	document = library_document(cache->library, page);
	if (document == NULL)
		return NULL;
	pthread_mutex_lock(&cache->lock);
	entry = cache_entry(cache, page);
	*entry = (struct cache_entry){
		.document = document, .page = page, .asked = ++cache->clock};
	pthread_mutex_unlock(&cache->lock);
	return document;
}
