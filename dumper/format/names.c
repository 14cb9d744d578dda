#include "snapshot.h"

static const char *name_at(const char *const *names, uint64_t count, uint64_t index)
{
	return index < count ? names[index] : NULL;
}

const char *snapshot_reason_name(uint64_t reason)
{
	static const char *const names[SNAPSHOT_REASON_COUNT] = {
		"gc", "forced", "periodic", "limit", "interval",
		"signal", "dump", "exit", "pacer", "shrink",
	};

	return name_at(names, SNAPSHOT_REASON_COUNT, reason);
}

const char *snapshot_tracking_name(uint64_t tracking)
{
	static const char *const names[SNAPSHOT_TRACKING_COUNT] = {"stopped", "uffd"};

	return name_at(names, SNAPSHOT_TRACKING_COUNT, tracking);
}

const char *snapshot_phase_name(uint64_t phase)
{
	static const char *const names[SNAPSHOT_PHASE_COUNT] = {
		"mark", "sweep_term", "mark_term", "snapshot",
	};

	return name_at(names, SNAPSHOT_PHASE_COUNT, phase);
}

const char *snapshot_state_name(uint64_t state)
{
	static const char *const names[SNAPSHOT_STATE_COUNT] = {"idle", "inuse", "stack"};

	return name_at(names, SNAPSHOT_STATE_COUNT, state);
}

const char *snapshot_result_name(enum snapshot_result result)
{
	static const char *const names[] = {
		[SNAPSHOT_OK] = "ok",
		[SNAPSHOT_NO_MEMORY] = "no memory",
		[SNAPSHOT_INVALID] = "the span table contradicts itself",
		[SNAPSHOT_TOO_MANY] = "more spans than the format carries",
		[SNAPSHOT_ZSTD] = "the compressor failed",
	};

	return name_at(names, sizeof(names) / sizeof(names[0]), (uint64_t)result);
}

const char *snapshot_issue_name(enum snapshot_issue_code code)
{
	static const char *const names[] = {
		[SNAPSHOT_ISSUE_TORN] = "torn",
		[SNAPSHOT_ISSUE_FOREIGN] = "foreign",
		[SNAPSHOT_ISSUE_COMPRESSION] = "compression",
		[SNAPSHOT_ISSUE_CHECKSUM] = "checksum",
		[SNAPSHOT_ISSUE_RECORD] = "record",
		[SNAPSHOT_ISSUE_LIMIT] = "limit",
		[SNAPSHOT_ISSUE_CUT] = "cut",
		[SNAPSHOT_ISSUE_VERSION] = "version",
		[SNAPSHOT_ISSUE_UNKNOWN] = "unknown",
		[SNAPSHOT_ISSUE_MEMORY] = "memory",
	};

	return name_at(names, sizeof(names) / sizeof(names[0]), (uint64_t)code);
}
