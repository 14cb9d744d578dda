/*
 * scavenge.h - giving idle pages back to the operating system.
 *
 * Go's rule: keep 10 % above (next goal / last goal) x heap in use at the last mark
 * termination, return the rest in the background at about 1 % of one CPU; above the
 * memory limit return what is idle at once.
 */
#ifndef SCAVENGE_H
#define SCAVENGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* At mark termination: what the background may retain from now on. */
void scavenge_set_goal(uint64_t heap_inuse, uint64_t last_goal, uint64_t next_goal);

/*
 * Releases towards the goal for at most busy_ns of this thread's time. Returns the
 * bytes released; *more tells whether the goal is still exceeded. Inside the heap.
 */
size_t scavenge_step(uint64_t busy_ns, bool *more);

/* Bytes of idle pages that the OS has not got back. Inside the heap. */
size_t scavenge_retained(void);

/* Releases all idle pages, or `bytes` of them. Takes the lock a chunk at a time. Inside the heap. */
size_t scavenge_release(size_t bytes);

#endif
