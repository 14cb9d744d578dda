/*
 * follow - the events of a recording that still grows.
 *
 * The file is known by its path: when the recorder puts a thinned file in its place, reading
 * goes on in that one, and snapshots that were delivered are not delivered again. Invariant:
 * within a run the seq of delivered snapshots rises.
 */
#ifndef FOLLOW_H
#define FOLLOW_H

#include <stdbool.h>
#include <stdint.h>

#include "snapshot.h"

enum follow_result {
	FOLLOW_EVENT,   /* *event is the next; spans of snapshots delivered before are left out.
	                   SNAPSHOT_EVENT_INPUT: another piece was read */
	FOLLOW_WAIT,    /* all was delivered so far, and somebody records: ask again later */
	FOLLOW_END,     /* all was delivered, and nobody records */
	FOLLOW_FAILED,  /* errno */
};

struct follow {
	char *path;
	int fd;
	uint64_t offset;                  /* of the next byte to read */
	struct snapshot_decoder *decoder;
	uint8_t *buffer;
	size_t have, used;                /* of the buffer */
	bool is_repeated;                 /* the present snapshot was delivered before */
	bool has_seen;
	uint8_t run_uuid[16];             /* of the last snapshot delivered */
	uint64_t seq;                     /* its number */
};

/* false: errno, ESPIPE of what is no regular file. It need not be a recording: see its issues. */
bool follow_open(struct follow *follow, const char *path);
void follow_close(struct follow *follow);

/* The event stays valid until the next call. Never waits. */
enum follow_result follow_next(struct follow *follow, const struct snapshot_event **event);

#endif
