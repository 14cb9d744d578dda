#include "search.h"

#include <math.h>
#include <string.h>

#include "memory.h"
#include "words.h"

enum { EXCERPT_BYTES = 160 };

static const double saturation = 1.2; /* BM25's k1 */

const struct query *query_parse(const struct library *library, const char *question)
{
	struct query *query = memory_object(sizeof(*query));
	struct words words;

	words_begin(&words, question, strlen(question));
	while (query->count < QUERY_WORDS_MAX && words_next(&words)) {
		const struct term *term = index_find(library->index, words.word, words.hash);
		bool known = term == NULL;
		for (size_t i = 0; i < query->count; i++)
			known |= query->terms[i] == term;
		if (!known)
			query->terms[query->count++] = term;
	}
	return query;
}

static double rarity(const struct library *library, const struct term *term)
{
	double with = term->posting_count, all = (double)library->page_count;

	return log(1 + (all - with + 0.5) / (with + 0.5));
}

static void score_term(const struct library *library, const struct term *term,
                       const struct weights *weights, double *scores)
{
	double worth = rarity(library, term);
	double mean = (double)library->word_count / (double)library->page_count;

	for (uint32_t i = 0; i < term->posting_count; i++) {
		const struct posting *posting = &term->postings[i];
		double length = library->pages[posting->page].word_count / mean;
		double count = posting->count + weights->heading * posting->heading_count;
		double norm = saturation * (1 - weights->length + weights->length * length);
		scores[posting->page] += worth * count * (saturation + 1) / (count + norm);
	}
}

/* How often the second word comes right after the first. */
static uint32_t side_by_side(const struct posting *first, const struct posting *second)
{
	uint32_t found = 0, i = 0, k = 0;

	while (i < first->count && k < second->count) {
		if (first->positions[i] + 1 == second->positions[k]) {
			found++;
			i++;
			k++;
		} else if (first->positions[i] + 1 < second->positions[k]) {
			i++;
		} else {
			k++;
		}
	}
	return found;
}

static void score_phrase(const struct library *library, const struct term *first,
                         const struct term *second, const struct weights *weights, double *scores)
{
	double worth = weights->phrase *
	               fmax(rarity(library, first), rarity(library, second));
	uint32_t i = 0, k = 0;

	while (i < first->posting_count && k < second->posting_count) {
		const struct posting *a = &first->postings[i], *b = &second->postings[k];
		if (a->page == b->page) {
			double found = side_by_side(a, b);
			scores[a->page] += worth * found / (found + 1);
		}
		i += a->page <= b->page;
		k += b->page <= a->page;
	}
}

static void keep_if_good(struct hits *hits, uint32_t page, double score)
{
	size_t at;

	if (hits->count < HITS_MAX)
		at = hits->count++;
	else if (score > hits->hits[HITS_MAX - 1].score)
		at = HITS_MAX - 1;
	else
		return;
	for (; at > 0 && score > hits->hits[at - 1].score; at--)
		hits->hits[at] = hits->hits[at - 1];
	hits->hits[at] = (struct hit){.score = score, .page = page};
}

const struct hits *search(const struct library *library, const struct query *query,
                          const struct weights *weights)
{
	struct hits *hits = memory_plain(sizeof(*hits));
	double *scores = memory_plain(library->page_count * sizeof(scores[0]));

	for (size_t i = 0; i < query->count; i++)
		score_term(library, query->terms[i], weights, scores);
	for (size_t i = 1; weights->phrase > 0 && i < query->count; i++)
		score_phrase(library, query->terms[i - 1], query->terms[i], weights, scores);
	for (uint32_t page = 0; page < library->page_count; page++) {
		if (scores[page] == 0)
			continue;
		double rank = library->pages[page].rank * (double)library->page_count;
		keep_if_good(hits, page, scores[page] + weights->rank * log1p(rank));
	}
	return hits;
}

/* ---- Excerpts ---------------------------------------------------------- */

static bool is_block(const struct node *node)
{
	return node_is(node, "p") || node_is(node, "td") || node_is(node, "pre") ||
	       node_is(node, "dt");
}

static size_t query_place(const struct query *query, const struct words *words)
{
	size_t i = 0;

	while (i < query->count && (query->terms[i]->hash != words->hash ||
	                            strcmp(query->terms[i]->word, words->word) != 0))
		i++;
	return i;
}

/* How many of the question's words the text has; *start: where the first of them stands. */
static size_t text_matches(const struct query *query, const char *text, size_t *start)
{
	bool seen[QUERY_WORDS_MAX] = {false};
	struct words words;
	size_t matches = 0;

	words_begin(&words, text, strlen(text));
	while (words_next(&words)) {
		size_t place = query_place(query, &words);
		if (place == query->count || seen[place])
			continue;
		if (matches++ == 0)
			*start = (size_t)(words.start - text);
		seen[place] = true;
	}
	return matches;
}

/* About EXCERPT_BYTES of the text around `middle`, cut between words, marked where cut. */
static const char *text_around(const char *text, size_t middle)
{
	size_t bytes = strlen(text), start = 0, end = bytes;
	const char *head = "", *tail = "";

	if (bytes > EXCERPT_BYTES) {
		start = middle > EXCERPT_BYTES / 3 ? middle - EXCERPT_BYTES / 3 : 0;
		end = start + EXCERPT_BYTES < bytes ? start + EXCERPT_BYTES : bytes;
		while (start > 0 && start < middle && text[start - 1] != ' ')
			start++;
		while (end < bytes && end > middle && text[end] != ' ')
			end--;
		head = start > 0 ? "... " : "";
		tail = end < bytes ? " ..." : "";
	}
	size_t room = strlen(head) + (end - start) + strlen(tail) + 1;
	char *line = memory_plain(room);
	memcpy(line, head, strlen(head));
	memcpy(line + strlen(head), text + start, end - start);
	memcpy(line + strlen(head) + (end - start), tail, strlen(tail));
	return line;
}

const char *search_excerpt(const struct query *query, const struct node *document)
{
	const char *best = "";
	size_t best_matches = 0, best_start = 0;

	for (const struct node *node = document; node != NULL;) {
		if (node_is_navigation(node)) {
			node = node_skip(node, document);
			continue;
		}
		if (is_block(node)) {
			const char *text = node_text(node);
			size_t start = 0, matches = text_matches(query, text, &start);
			if (matches > best_matches) {
				best = text;
				best_matches = matches;
				best_start = start;
			}
		}
		node = node_next(node, document);
	}
	return text_around(best, best_start);
}
