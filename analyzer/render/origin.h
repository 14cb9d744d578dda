/*
 * origin - what a source is, in words: a memspan recording, or one of the forms in which Go
 * prints its own figures, and what those do not tell.
 */
#ifndef ORIGIN_H
#define ORIGIN_H

#include <stdbool.h>

struct origin {
	const char *what;  /* "samples of runtime.MemStats as JSON" */
	const char *lacks; /* "the span table, ..." */
};

/* NULL for a recording: what it lacks it says itself. */
const struct origin *origin_of(const char *kind);

#endif
