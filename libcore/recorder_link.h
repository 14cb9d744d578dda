/*
 * recorder_link.h - the heap's side of recorder.h: what it tells an attached recorder.
 */
#ifndef RECORDER_LINK_H
#define RECORDER_LINK_H

#include "recorder.h"

/* The cycle's last span is swept: reports it and captures a snapshot if one is wanted. */
void recorder_link_cycle_closed(const struct recorder_cycle *cycle);

/* A pace point (pacepoint.h), the count'th: captures a snapshot if one is wanted. */
void recorder_link_pace_point(enum recorder_reason reason, uint32_t count);

/* Memory is asked for: tells the recorder when it is the first time. Outside the heap. */
void recorder_link_heap_used(void);

/* In a forked child, the heap being ready. */
void recorder_link_after_fork(void);

#endif
