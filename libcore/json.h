/* json.h - memspan_mem_stats as Go prints it. */
#ifndef JSON_H
#define JSON_H

#include <stddef.h>

#include "memspan.h"

/* See memspan_mem_stats_to_json. */
int json_mem_stats(const memspan_mem_stats *stats, char *buf, size_t cap);

#endif
