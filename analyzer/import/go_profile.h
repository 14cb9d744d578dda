/*
 * go_profile - the MemStats block at the end of a heap profile as text, what
 * /debug/pprof/heap?debug=1 answers.
 *
 *	# runtime.MemStats
 *	# Alloc = 2341072
 *	# Stack = 458752 / 458752          in use / obtained; MSpan and MCache too
 *	# PauseNs = [31847 28113 ... 0]
 *	# DebugGC = false                  the last line in every version; since 1.16 one more
 *
 * A block without its last line is not whole: the digits before the cut may be cut as well.
 */
#ifndef GO_PROFILE_H
#define GO_PROFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "go_sample.h"

struct go_profile {
	bool is_open;  /* in a block */
	bool is_whole; /* its last line was seen: sample is finished */
	struct go_sample sample;
};

enum go_profile_line {
	GO_PROFILE_OTHER, /* a line of no block; one that was open has ended before it */
	GO_PROFILE_BEGIN, /* the head of one */
	GO_PROFILE_INSIDE,
	GO_PROFILE_WHOLE, /* the sample is whole with this line */
};

enum go_profile_line go_profile_take(struct go_profile *profile, const char *line, size_t bytes);

#endif
