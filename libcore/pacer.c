/* pacer.c - see pacer.h. */
#include "pacer.h"

static const uint64_t HEAP_MIN_BYTES = 4 << 20;
static const uint64_t GROWTH_MIN_BYTES = 64 << 10; /* with percent 0 a cycle still has something to do */
static const uint64_t LIMIT_HEADROOM_MIN_BYTES = 1 << 20;

static const uint64_t GROWTH_MAX_BYTES = 1ull << 62; /* a goal is below 2^63, or PACER_OFF */

static uint64_t percent_of(uint64_t bytes, int percent)
{
	double part = (double)bytes * percent / 100;
	return part < (double)GROWTH_MAX_BYTES ? (uint64_t)part : GROWTH_MAX_BYTES;
}

static uint64_t goal_by_percent(const struct pacer_input *in)
{
	if (in->percent < 0)
		return PACER_OFF;
	uint64_t scanned = in->marked_bytes + in->stack_bytes + in->global_bytes;
	uint64_t goal = in->marked_bytes + percent_of(scanned, in->percent);
	uint64_t least = percent_of(HEAP_MIN_BYTES, in->percent);
	if (goal < in->marked_bytes + GROWTH_MIN_BYTES)
		goal = in->marked_bytes + GROWTH_MIN_BYTES;
	return goal < least ? least : goal;
}

/* What the limit leaves for objects; never less than what lives already. */
static uint64_t goal_by_limit(const struct pacer_input *in)
{
	if (in->limit_bytes == INT64_MAX)
		return PACER_OFF;
	uint64_t limit = (uint64_t)in->limit_bytes;
	uint64_t headroom = limit / 32 > LIMIT_HEADROOM_MIN_BYTES ? limit / 32 : LIMIT_HEADROOM_MIN_BYTES;
	uint64_t taken = in->overhead_bytes + headroom;
	uint64_t left = limit > taken ? limit - taken : 0;
	return left > in->marked_bytes ? left : in->marked_bytes;
}

static uint64_t trigger_for(const struct pacer_input *in, uint64_t goal)
{
	uint64_t way = goal - in->marked_bytes;
	uint64_t earliest = goal - way + way / 64 * 45, latest = goal - way + way / 64 * 61;
	uint64_t ahead = in->marking_alloc_bytes + in->marking_alloc_bytes / 4;
	uint64_t trigger = ahead < way ? goal - ahead : earliest;
	return trigger < earliest ? earliest : trigger > latest ? latest : trigger;
}

struct pacer_output pacer_next(const struct pacer_input *in)
{
	struct pacer_output out = {.goal = goal_by_percent(in), .trigger = PACER_OFF};
	uint64_t limited = goal_by_limit(in);
	if (limited < out.goal) {
		out.goal = limited;
		out.by_limit = true;
	}
	if (out.goal == PACER_OFF)
		return out;
	out.trigger = trigger_for(in, out.goal);
	if (in->marked_bytes)
		out.trigger_ratio = (double)(out.trigger - in->marked_bytes) / (double)in->marked_bytes;
	double most = in->percent < 0 ? 0 : in->percent / 100.0;
	if (in->percent >= 0 && (out.trigger_ratio > most || !in->marked_bytes))
		out.trigger_ratio = most;
	return out;
}
