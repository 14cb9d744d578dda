/*
 * convert.h - from the heap's structs to those of the format. They say the same; the
 * heap's have the types of Go, the format's are vectors of words.
 */
#ifndef DUMP_CONVERT_H
#define DUMP_CONVERT_H

#include "recorder.h"
#include "snapshot.h"

void convert_cycle(const struct recorder_cycle *from, struct snapshot_cycle *to);

/* All but seq. Without spans the head says that there are none. */
void convert_head(const struct recorder_snapshot *from, bool has_spans, struct snapshot_head *to);

/* All but seq. */
void convert_leaks(const struct recorder_leaks *from, struct snapshot_leaks *to);

/* The same memory: the two structs of a span are laid out alike. */
const struct snapshot_span *convert_spans(const struct recorder_snapshot *from);

#endif
