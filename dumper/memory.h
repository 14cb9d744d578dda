/*
 * memory.h - memory for the format library and zstd, from recorder_map only: nothing of
 * the heap that is recorded, and nothing from malloc, which may be that heap.
 */
#ifndef DUMP_MEMORY_H
#define DUMP_MEMORY_H

#include "snapshot.h"

extern const struct snapshot_memory dump_memory;

#endif
