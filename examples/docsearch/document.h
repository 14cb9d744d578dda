/*
 * document.h - an XHTML file as a tree, read by libexpat.
 *
 * The tree, its strings and all of expat's own memory are on the memspan heap,
 * and nobody frees any of it: parser and tree go when the last pointer into them
 * has gone. A node leads to its parent, so one node keeps its whole document.
 * A tree does not change once it is read; any number of threads may read it.
 */
#ifndef DOCSEARCH_DOCUMENT_H
#define DOCSEARCH_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>

struct node {
	struct node *parent, *first_child, *last_child, *next;
	const char *name;        /* of an element; NULL: this is text */
	const char **attributes; /* of an element: name, value, name, ..., NULL; may be NULL */
	char *text;              /* of text: UTF-8, ended by a NUL */
	size_t text_bytes;
};

/* Reads a file. NULL after one line on stderr when it cannot be read or is not well-formed. */
struct node *document_read(const char *path);

/* The value of an attribute, or NULL. */
const char *node_attribute(const struct node *node, const char *name);

/* Whether this is the element of that name. */
bool node_is(const struct node *node, const char *name);

/* Whether this is one of a page's links to its neighbours, which say nothing about the page. */
bool node_is_navigation(const struct node *node);

/* The node after this one in document order, below `top`; NULL at the end. */
const struct node *node_next(const struct node *node, const struct node *top);

/* The same, without going into this node. */
const struct node *node_skip(const struct node *node, const struct node *top);

/* The first element of that name in document order, or NULL. */
const struct node *node_find(const struct node *top, const char *name);

/* All text below a node, runs of white space made one space, none at the ends. */
char *node_text(const struct node *top);

#endif
