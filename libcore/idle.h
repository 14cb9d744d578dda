/*
 * idle.h - what threads that do nothing with the heap hold comes back.
 *
 * A thread keeps spans with free slots, and up to half a MiB of empty ones, for what it will
 * allocate next; and what others free of its spans waits for it. Of a thread whose cache
 * did not change for some seconds the background takes all that: the spans go to the central
 * lists, the empty ones back to the page heap, and what was freed by others is folded in. The
 * thread is kept out of the heap meanwhile, which it does not notice, and finds an empty cache.
 *
 * Only in a heap that nobody collects (pacepoint.h): elsewhere each collection does as much.
 *
 * Lock: none of its own; the background thread alone, outside the heap.
 */
#ifndef IDLE_H
#define IDLE_H

#include <stdbool.h>
#include <stdint.h>

/* At most once in IDLE_LOOK_NS; true when something was given back. */
bool idle_look(uint64_t now_ns);

#define IDLE_LOOK_NS 1000000000ull

#endif
