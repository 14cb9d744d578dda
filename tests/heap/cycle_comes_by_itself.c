/*
 * A heap that was not collected for two minutes is collected by the background, unless the
 * collector is switched off. The two minutes are shortened here.
 */
#include <stdatomic.h>
#include <time.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "recorder.h"

static _Atomic unsigned periodic;

static bool wants_none(uint32_t reason, uint32_t gc_num)
{
	(void)reason, (void)gc_num;
	return false;
}

static void note_cycle(const struct recorder_cycle *cycle)
{
	periodic += cycle->reason == RECORDER_PERIODIC;
}

static const struct recorder recorder = {.wanted = wants_none, .cycle = note_cycle};

static uint32_t cycles(void)
{
	static memspan_mstats stats;
	memspan_read_mstats(&stats);
	return stats.numgc;
}

int main(void)
{
	enum { WAIT_MS = 60 * 1000 };
	recorder_attach(&recorder);
	memspan_gc();
	uint32_t before = cycles();
	check(cycle_run(RECORDER_PERIODIC) && cycles() == before); /* not yet */

	memspan_set_gc_percent(-1);
	cycle_period_ns = 1;
	check(cycle_run(RECORDER_PERIODIC) && cycles() == before); /* switched off */

	memspan_set_gc_percent(100);
	for (int ms = 0; periodic == 0 && ms < WAIT_MS; ms++)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	check(periodic > 0 && cycles() > before);

	static memspan_mstats stats;
	memspan_read_mstats(&stats);
	check(stats.numforcedgc == 1);
	recorder_attach(NULL);
	return 0;
}
