/*
 * plain - the text of a source, whether it is stored plain, as gzip or as zstd.
 *
 * Told by the first bytes. Members and frames that follow each other are one text. Memory
 * does not depend on the length: two buffers, and a zstd window of 128 MiB at most.
 */
#ifndef PLAIN_H
#define PLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "source.h"

enum plain_status {
	PLAIN_MORE,
	PLAIN_END,
	PLAIN_TORN,	  /* the compressed data ends before its end */
	PLAIN_DAMAGED,	  /* no more can be unpacked */
	PLAIN_READ_ERROR, /* errno */
	PLAIN_NO_MEMORY,
};

struct plain;

/* Whether what begins so (4 bytes tell) is gzip or zstd. */
bool plain_is_packed(const void *head, size_t bytes);

/* NULL: memory was refused. */
struct plain *plain_open(const struct source *source);
void plain_close(struct plain *plain);

/* The next bytes of the text, at most PLAIN_MORE says; valid until the next call. */
enum plain_status plain_next(struct plain *plain, const char **data, size_t *bytes);

/* How far the source was read, for messages. */
uint64_t plain_offset(const struct plain *plain);

#endif
