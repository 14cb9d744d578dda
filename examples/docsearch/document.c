#include "document.h"

#include <errno.h>
#include <expat.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "memory.h"

enum { READ_BYTES = 16 * 1024 };

static const size_t node_pointers[] = {
	offsetof(struct node, parent),     offsetof(struct node, first_child),
	offsetof(struct node, last_child), offsetof(struct node, next),
	offsetof(struct node, name),       offsetof(struct node, attributes),
	offsetof(struct node, text),
};

static const memspan_type node_type = {
	.name = "node",
	.size = sizeof(struct node),
	.pointer_count = sizeof(node_pointers) / sizeof(node_pointers[0]),
	.pointer_offsets = node_pointers,
};

/*
 * Expat keeps pointers to its memory in its memory only, the parser itself
 * included, and the parser's address is on the reading thread's stack: the
 * collector sees all of it, so what expat gives back can be left to it.
 */
static void parser_free(void *p)
{
	(void)p;
}

static const XML_Memory_Handling_Suite parser_memory = {
	.malloc_fcn = memory_object,
	.realloc_fcn = memspan_realloc,
	.free_fcn = parser_free,
};

static struct node *node_append(struct node *parent)
{
	struct node *node = memory_typed(&node_type, 1);

	node->parent = parent;
	if (parent->last_child != NULL)
		parent->last_child->next = node;
	else
		parent->first_child = node;
	parent->last_child = node;
	return node;
}

static const char **attributes_copy(const XML_Char **attributes)
{
	size_t count = 0;

	while (attributes[count] != NULL)
		count++;
	if (count == 0)
		return NULL;
	const char **copy = memory_object((count + 1) * sizeof(copy[0]));
	for (size_t i = 0; i < count; i++)
		copy[i] = memory_copy(attributes[i], strlen(attributes[i]));
	return copy;
}

/* The three handlers get a pointer to the pointer to the open element. */
static void element_begin(void *data, const XML_Char *name, const XML_Char **attributes)
{
	struct node **open = data;
	struct node *node = node_append(*open);

	node->name = memory_copy(name, strlen(name));
	node->attributes = attributes_copy(attributes);
	*open = node;
}

static void element_end(void *data, const XML_Char *name)
{
	struct node **open = data;

	(void)name;
	*open = (*open)->parent;
}

/* Expat hands out text in pieces (by line, by entity): neighbours become one node. */
static void text_piece(void *data, const XML_Char *text, int length)
{
	struct node **open = data;
	struct node *node = (*open)->last_child;
	size_t bytes = (size_t)length;

	if (node == NULL || node->name != NULL) {
		node = node_append(*open);
		node->text = memory_copy(text, bytes);
	} else {
		node->text = memory_resize(node->text, node->text_bytes + bytes + 1);
		memcpy(node->text + node->text_bytes, text, bytes);
		node->text[node->text_bytes + bytes] = '\0';
	}
	node->text_bytes += bytes;
}

static const char *parse(XML_Parser parser, int file)
{
	ssize_t bytes;

	do {
		void *buffer = XML_GetBuffer(parser, READ_BYTES);
		if (buffer == NULL)
			return "out of memory";
		do
			bytes = read(file, buffer, READ_BYTES);
		while (bytes < 0 && errno == EINTR);
		if (bytes < 0)
			return strerror(errno);
		if (XML_ParseBuffer(parser, (int)bytes, bytes == 0) != XML_STATUS_OK)
			return XML_ErrorString(XML_GetErrorCode(parser));
	} while (bytes > 0);
	return NULL;
}

struct node *document_read(const char *path)
{
	struct node *root = memory_typed(&node_type, 1);
	struct node *current = root;
	const char *problem;
	int file = open(path, O_RDONLY | O_CLOEXEC);

	if (file < 0) {
		fprintf(stderr, "docsearch: %s: %s\n", path, strerror(errno));
		return NULL;
	}
	XML_Parser parser = XML_ParserCreate_MM(NULL, &parser_memory, NULL);
	if (parser == NULL) {
		problem = "out of memory";
	} else {
		XML_SetUserData(parser, &current);
		XML_SetElementHandler(parser, element_begin, element_end);
		XML_SetCharacterDataHandler(parser, text_piece);
		problem = parse(parser, file);
	}
	close(file);
	if (problem != NULL) {
		fprintf(stderr, "docsearch: %s: %s\n", path, problem);
		return NULL;
	}
	root->name = "";
	return root;
}

const char *node_attribute(const struct node *node, const char *name)
{
	if (node->attributes == NULL)
		return NULL;
	for (const char **a = node->attributes; a[0] != NULL; a += 2)
		if (strcmp(a[0], name) == 0)
			return a[1];
	return NULL;
}

bool node_is(const struct node *node, const char *name)
{
	return node->name != NULL && strcmp(node->name, name) == 0;
}

bool node_is_navigation(const struct node *node)
{
	if (!node_is(node, "div"))
		return false;
	const char *class = node_attribute(node, "class");
	return class != NULL && strncmp(class, "nav", 3) == 0;
}

const struct node *node_skip(const struct node *node, const struct node *top)
{
	while (node != top && node->next == NULL)
		node = node->parent;
	return node == top ? NULL : node->next;
}

const struct node *node_next(const struct node *node, const struct node *top)
{
	return node->first_child != NULL ? node->first_child : node_skip(node, top);
}

const struct node *node_find(const struct node *top, const char *name)
{
	const struct node *node = top;

	while (node != NULL && !node_is(node, name))
		node = node_next(node, top);
	return node;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

char *node_text(const struct node *top)
{
	size_t room = 64, bytes = 0;
	char *text = memory_plain(room);
	bool gap = false;

	for (const struct node *node = top; node != NULL; node = node_next(node, top)) {
		for (size_t i = 0; i < node->text_bytes; i++) {
			if (is_space(node->text[i])) {
				gap = bytes > 0;
				continue;
			}
			if (bytes + 3 > room) {
				room *= 2;
				text = memory_resize(text, room);
			}
			if (gap)
				text[bytes++] = ' ';
			gap = false;
			text[bytes++] = node->text[i];
		}
	}
	text[bytes] = '\0';
	return text;
}
