/*
 * trace.h - MEMSPAN_TRACE: Go's trace lines on stderr, in the form of Go 1.19.
 */
#ifndef TRACE_H
#define TRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "recorder.h"

extern bool trace_gc, trace_scavenge;

void trace_cycle(const struct recorder_cycle *cycle, unsigned cpus, double cpu_fraction,
                 uint64_t begun_ns);
/* Bytes just released, in the background and on demand. */
void trace_scavenged(size_t background_bytes, size_t demand_bytes);
void trace_given_up(const char *why);

#endif
