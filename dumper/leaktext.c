#include "leaktext.h"

#include <stdbool.h>

/* The class with the most bytes of those not said yet; RECORDER_CLASSES when all are. */
static unsigned class_next(const struct recorder_leaks *leaks, const bool *said)
{
	unsigned most = RECORDER_CLASSES;

	for (unsigned i = 0; i < RECORDER_CLASSES; i++)
		if (!said[i] && leaks->by_class[i].blocks > 0 &&
		    (most == RECORDER_CLASSES ||
		     leaks->by_class[i].bytes > leaks->by_class[most].bytes))
			most = i;
	return most;
}

void leaks_print(const struct recorder_snapshot *snapshot)
{
	const struct recorder_leaks *leaks = &snapshot->leaks;
	bool said[RECORDER_CLASSES] = {false};
	unsigned class;

	recorder_warn("leaks: %llu block%s of %llu bytes that no pointer leads to%s%s",
	              (unsigned long long)leaks->blocks, leaks->blocks == 1 ? "" : "s",
	              (unsigned long long)leaks->bytes,
	              leaks->threads_unknown ? "; not all threads were looked through" : "",
	              leaks->mapped_searched || !leaks->blocks
	                  ? ""
	                  : "; memory that the program mapped itself was not looked through");
	if (leaks->indirect_blocks > 0)
		recorder_warn("leaks: %llu of them, %llu bytes, are led to by others of them",
		              (unsigned long long)leaks->indirect_blocks,
		              (unsigned long long)leaks->indirect_bytes);
	while ((class = class_next(leaks, said)) < RECORDER_CLASSES) {
		said[class] = true;
		if (class == 0)
			recorder_warn("leaks: %llu of %llu bytes, large blocks",
			              (unsigned long long)leaks->by_class[0].blocks,
			              (unsigned long long)leaks->by_class[0].bytes);
		else
			recorder_warn("leaks: %llu of %llu bytes, blocks of %llu",
			              (unsigned long long)leaks->by_class[class].blocks,
			              (unsigned long long)leaks->by_class[class].bytes,
			              (unsigned long long)snapshot->stats.by_size[class].size);
	}
}
