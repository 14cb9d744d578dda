#include "questions.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

static const size_t question_pointers[] = {
	offsetof(struct question, text),
	offsetof(struct question, pages),
};

static const memspan_type question_type = {
	.name = "question",
	.size = sizeof(struct question),
	.pointer_count = sizeof(question_pointers) / sizeof(question_pointers[0]),
	.pointer_offsets = question_pointers,
};

static struct question *questions_append(struct questions *questions)
{
	if (questions->count == questions->room) {
		questions->room *= 2;
		questions->questions =
			memory_resize(questions->questions,
		                      questions->room * sizeof(questions->questions[0]));
	}
	return &questions->questions[questions->count++];
}

static void question_add_page(struct question *question, uint32_t page)
{
	for (uint32_t i = 0; i < question->page_count; i++)
		if (question->pages[i] == page)
			return;
	question->pages = memory_resize(question->pages,
	                                (question->page_count + 1) * sizeof(question->pages[0]));
	question->pages[question->page_count++] = page;
}

/* The words of an entry, after those of the entry that it stands under. */
static char *entry_text(const struct node *entry, const char *above)
{
	size_t room = strlen(above) + 2, bytes = strlen(above);
	const struct node *node = entry;

	for (; node != NULL && !node_is(node, "a"); node = node_next(node, entry))
		room += node->text_bytes;
	char *text = memory_plain(room);
	memcpy(text, above, bytes);
	if (bytes > 0)
		text[bytes++] = ' ';
	for (node = entry; node != NULL && !node_is(node, "a"); node = node_next(node, entry)) {
		for (size_t i = 0; i < node->text_bytes; i++)
			text[bytes++] = node->text[i] == '\n' ? ' ' : node->text[i];
	}
	while (bytes > 0 && (text[bytes - 1] == ' ' || text[bytes - 1] == ','))
		text[--bytes] = '\0';
	return text;
}

static void read_entry(struct questions *questions, const struct library *library,
                       const struct node *entry, const char *text)
{
	struct question *question = NULL;

	for (const struct node *node = entry; node != NULL; node = node_next(node, entry)) {
		const char *href = node_is(node, "a") ? node_attribute(node, "href") : NULL;
		size_t page = href != NULL ? library_find(library, href) : library->page_count;
		if (page == library->page_count)
			continue;
		if (question == NULL) {
			question = questions_append(questions);
			question->text = text;
			question->pages = memory_plain(sizeof(question->pages[0]));
		}
		question_add_page(question, (uint32_t)page);
	}
}

/* A list of entries (dt), each maybe with a list of its own below it (dd dl). */
static void read_list(struct questions *questions, const struct library *library,
                      const struct node *list, const char *above)
{
	const char *text = above;

	for (const struct node *item = list->first_child; item != NULL; item = item->next) {
		if (node_is(item, "dt")) {
			text = entry_text(item, above);
			read_entry(questions, library, item, text);
		} else if (node_is(item, "dd")) {
			for (const struct node *inner = item->first_child; inner != NULL;
			     inner = inner->next)
				if (node_is(inner, "dl"))
					read_list(questions, library, inner, text);
		}
	}
}

static void read_book_index(struct questions *questions, const struct library *library,
                            const struct node *document)
{
	const struct node *node = document;

	while (node != NULL) {
		if (node_is(node, "dl")) {
			read_list(questions, library, node, "");
			node = node_skip(node, document);
		} else {
			node = node_next(node, document);
		}
	}
}

struct questions *questions_read(const struct library *library)
{
	struct questions *questions = memory_object(sizeof(*questions));
	const char *path = library_path(library->folder, LIBRARY_BOOK_INDEX);

	questions->room = 16;
	questions->questions = memory_typed(&question_type, questions->room);
	if (access(path, R_OK) == 0) {
		const struct node *document = document_read(path);
		if (document != NULL)
			read_book_index(questions, library, document);
	}
	questions->from_book_index = questions->count > 0;
	for (size_t i = 0; !questions->from_book_index && i < library->page_count; i++) {
		struct question *question = questions_append(questions);
		question->text = library->pages[i].title;
		question->pages = memory_plain(sizeof(question->pages[0]));
		question_add_page(question, (uint32_t)i);
	}
	return questions;
}

size_t question_place(const struct question *question, const struct hits *hits)
{
	for (size_t i = 0; i < hits->count; i++)
		for (uint32_t k = 0; k < question->page_count; k++)
			if (hits->hits[i].page == question->pages[k])
				return i + 1;
	return 0;
}
