#include "library.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crew.h"
#include "memory.h"
#include "words.h"

enum { PAGE_BUCKETS = 512, RANK_ROUNDS = 40 };

/* A word of the page being read. */
struct page_word {
	struct page_word *next; /* in the bucket */
	const char *word;
	uint32_t *positions;
	uint32_t count, room;
	uint32_t heading_count;
	uint32_t hash;
};

struct page_words {
	struct page_word *buckets[PAGE_BUCKETS];
	uint32_t count;
};

static const size_t page_pointers[] = {
	offsetof(struct page, file),
	offsetof(struct page, title),
	offsetof(struct page, hrefs),
	offsetof(struct page, links),
};

static const memspan_type page_type = {
	.name = "page",
	.size = sizeof(struct page),
	.pointer_count = sizeof(page_pointers) / sizeof(page_pointers[0]),
	.pointer_offsets = page_pointers,
};

/* ---- Words ------------------------------------------------------------- */

static bool is_heading(const struct node *node)
{
	if (node->name == NULL)
		return false;
	return (node->name[0] == 'h' && node->name[1] >= '1' && node->name[1] <= '6') ||
	       strcmp(node->name, "title") == 0 || strcmp(node->name, "dt") == 0;
}

void library_words(const struct node *document,
                   void (*visit)(const char *word, uint32_t hash, bool heading, void *arg),
                   void *arg)
{
	const struct node *heading_end = NULL; /* the node after it; NULL: none */
	bool heading = false;
	struct words words;

	for (const struct node *node = document; node != NULL;) {
		if (heading && node == heading_end)
			heading = false;
		if (node_is_navigation(node)) {
			node = node_skip(node, document);
			continue;
		}
		if (!heading && is_heading(node)) {
			heading = true;
			heading_end = node_skip(node, document);
		}
		if (node->text != NULL) {
			words_begin(&words, node->text, node->text_bytes);
			while (words_next(&words))
				visit(words.word, words.hash, heading, arg);
		}
		node = node_next(node, document);
	}
}

static void page_word_seen(const char *word, uint32_t hash, bool heading, void *arg)
{
	struct page_words *words = arg;
	struct page_word **bucket = &words->buckets[hash % PAGE_BUCKETS];
	struct page_word *seen = *bucket;

	while (seen != NULL && (seen->hash != hash || strcmp(seen->word, word) != 0))
		seen = seen->next;
	if (seen == NULL) {
		seen = memory_object(sizeof(*seen));
		seen->word = memory_copy(word, strlen(word));
		seen->hash = hash;
		seen->room = 1;
		seen->positions = memory_plain(sizeof(seen->positions[0]));
		seen->next = *bucket;
		*bucket = seen;
	}
	if (seen->count == seen->room) {
		seen->room *= 2;
		seen->positions = memory_resize(seen->positions,
		                                seen->room * sizeof(seen->positions[0]));
	}
	seen->positions[seen->count++] = words->count++;
	seen->heading_count += heading;
}

/* ---- Pages ------------------------------------------------------------- */

char *library_path(const char *folder, const char *file)
{
	size_t bytes = strlen(folder) + 1 + strlen(file) + 1;
	char *path = memory_plain(bytes);

	snprintf(path, bytes, "%s/%s", folder, file);
	return path;
}

struct node *library_document(const struct library *library, size_t page)
{
	return document_read(library_path(library->folder, library->pages[page].file));
}

static bool href_known(const struct page *page, const char *href, size_t bytes)
{
	for (uint32_t i = 0; i < page->href_count; i++)
		if (strlen(page->hrefs[i]) == bytes && memcmp(page->hrefs[i], href, bytes) == 0)
			return true;
	return false;
}

/* Links out of the running text; those of the navigation would only say which page is next. */
static void page_read_links(struct page *page, const struct node *document)
{
	uint32_t room = 4;

	page->hrefs = memory_object(room * sizeof(page->hrefs[0]));
	for (const struct node *node = document; node != NULL;) {
		if (node_is_navigation(node)) {
			node = node_skip(node, document);
			continue;
		}
		const char *href = node_is(node, "a") ? node_attribute(node, "href") : NULL;
		size_t bytes = href == NULL ? 0 : strcspn(href, "#?");
		if (bytes > 0 && !href_known(page, href, bytes)) {
			if (page->href_count == room) {
				room *= 2;
				page->hrefs = memory_resize(page->hrefs,
				                            room * sizeof(page->hrefs[0]));
			}
			page->hrefs[page->href_count++] = memory_copy(href, bytes);
		}
		node = node_next(node, document);
	}
}

/* Reads one page into the index; its tree and its table of words are garbage afterwards. */
static void page_read(size_t item, void *arg)
{
	struct library *library = arg;
	struct page *page = &library->pages[item];
	const struct node *document = library_document(library, item);

	if (document == NULL) {
		page->title = page->file;
		return;
	}
	const struct node *title = node_find(document, "title");
	page->title = title != NULL ? node_text(title) : page->file;
	page_read_links(page, document);

	struct page_words *words = memory_object(sizeof(*words));
	library_words(document, page_word_seen, words);
	page->word_count = words->count;
	for (size_t i = 0; i < PAGE_BUCKETS; i++) {
		for (struct page_word *seen = words->buckets[i]; seen != NULL; seen = seen->next) {
			struct posting posting = {
				.page = (uint32_t)item,
				.count = seen->count,
				.heading_count = seen->heading_count,
				.positions = seen->positions,
			};
			index_add(library->index, seen->word, seen->hash, &posting);
		}
	}
}

static int is_page_file(const struct dirent *entry)
{
	const char *end = strrchr(entry->d_name, '.');

	return end != NULL && end != entry->d_name && strcmp(end, ".html") == 0 &&
	       strcmp(entry->d_name, LIBRARY_BOOK_INDEX) != 0;
}

static int by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* The names are libc's, in malloc's memory, and are copied. */
static bool library_list(struct library *library)
{
	struct dirent **entries;
	int count = scandir(library->folder, &entries, is_page_file, by_bytes);

	if (count <= 0) {
		fprintf(stderr, "docsearch: %s: %s\n", library->folder,
		        count < 0 ? strerror(errno) : "no .html files");
		if (count == 0)
			free(entries);
		return false;
	}
	library->page_count = (size_t)count;
	library->pages = memory_typed(&page_type, library->page_count);
	for (int i = 0; i < count; i++) {
		const char *file = entries[i]->d_name;
		library->pages[i].file = memory_copy(file, strlen(file));
		free(entries[i]);
	}
	free(entries);
	return true;
}

size_t library_find(const struct library *library, const char *href)
{
	size_t bytes = strcspn(href, "#?");
	size_t low = 0, high = library->page_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const char *file = library->pages[middle].file;
		int order = strncmp(file, href, bytes);
		if (order == 0 && file[bytes] == '\0')
			return middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return library->page_count;
}

/* ---- Links ------------------------------------------------------------- */

static int by_number(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void page_resolve_links(struct library *library, size_t number)
{
	struct page *page = &library->pages[number];

	page->links = memory_plain(page->href_count * sizeof(page->links[0]));
	for (uint32_t i = 0; i < page->href_count; i++) {
		size_t target = library_find(library, page->hrefs[i]);
		if (target != library->page_count && target != number)
			page->links[page->link_count++] = (uint32_t)target;
	}
	qsort(page->links, page->link_count, sizeof(page->links[0]), by_number);
	page->hrefs = NULL;
	page->href_count = 0;
}

/* One round of PageRank; pages without links share theirs among all. */
static double *rank_round(const struct library *library, const double *rank)
{
	double *next = memory_plain(library->page_count * sizeof(next[0]));
	double spread = 0, count = (double)library->page_count;

	for (size_t i = 0; i < library->page_count; i++) {
		const struct page *page = &library->pages[i];
		if (page->link_count == 0)
			spread += rank[i];
		for (uint32_t k = 0; k < page->link_count; k++)
			next[page->links[k]] += 0.85 * rank[i] / page->link_count;
	}
	for (size_t i = 0; i < library->page_count; i++)
		next[i] += (0.15 + 0.85 * spread) / count;
	return next;
}

void library_rank(struct library *library)
{
	double *rank = memory_plain(library->page_count * sizeof(rank[0]));

	for (size_t i = 0; i < library->page_count; i++)
		rank[i] = 1.0 / (double)library->page_count;
	for (int i = 0; i < RANK_ROUNDS; i++)
		rank = rank_round(library, rank);
	for (size_t i = 0; i < library->page_count; i++)
		library->pages[i].rank = rank[i];
}

struct library *library_read(const char *folder, unsigned threads)
{
	struct library *library = memory_object(sizeof(*library));

	library->folder = folder;
	library->index = index_new();
	if (!library_list(library))
		return NULL;
	crew_run(threads, library->page_count, page_read, library);
	index_seal(library->index, threads);
	for (size_t i = 0; i < library->page_count; i++) {
		page_resolve_links(library, i);
		library->word_count += library->pages[i].word_count;
		library->link_count += library->pages[i].link_count;
	}
	return library;
}
