/*
 * bytes.h - growing byte strings in the caller's memory.
 */
#ifndef BYTES_H
#define BYTES_H

#include "snapshot.h"

/* Makes room for `more` bytes after those there are; false when memory was refused. */
bool bytes_reserve(const struct snapshot_memory *memory, struct snapshot_bytes *bytes, size_t more);

#endif
