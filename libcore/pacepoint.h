/*
 * pacepoint.h - what stands for a collection in a heap that nobody collects: malloc's.
 *
 * Where the pacer would begin a cycle although every object lives until it is freed, there
 * is a pace point instead: the goal is set anew from what lives, and a snapshot is captured
 * for the recorder. There is one too when the heap has shrunk as much as it may grow. As
 * soon as the program has objects that can be collected (memspan.h) cycles run as ever.
 *
 * Lock: one pace point at a time; another that comes meanwhile is none.
 */
#ifndef PACEPOINT_H
#define PACEPOINT_H

#include <stdbool.h>

/* The process's allocations are malloc's. Before the heap's first use. */
void pacepoint_enable(void);

/* Whether a due cycle has nothing to collect, and a pace point comes instead. */
bool pacepoint_stands_for_cycle(void);

/* The heap has grown to the trigger. Outside the heap. */
void pacepoint_reached(void);

/* The background's part: if the heap has shrunk to its trigger. Outside the heap. */
void pacepoint_look_for_shrink(void);

/*
 * The background's part, after spans came back that held no object: what may be retained follows
 * from what is in use. Outside the heap.
 */
void pacepoint_look_at_use(void);

void pacepoint_after_fork(void);

#endif
