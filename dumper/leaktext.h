/*
 * leaktext.h - lost blocks as lines on stderr, for a program that is not recorded.
 */
#ifndef DUMP_LEAKTEXT_H
#define DUMP_LEAKTEXT_H

#include "recorder.h"

/* One line for all of them and one for each size class that has any, most bytes first. */
void leaks_print(const struct recorder_snapshot *snapshot);

#endif
