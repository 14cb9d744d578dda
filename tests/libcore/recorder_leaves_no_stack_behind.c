/*
 * The stack of the recorder's thread is given back in a forked child, where that thread is not:
 * children of children would otherwise hold one more each.
 */
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "recorder.h"

static void wait_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static uint64_t stack_bytes(void)
{
	static memspan_mem_stats stats;
	memspan_read_mem_stats(&stats);
	return stats.stack_inuse;
}

int main(void)
{
	enum { GENERATIONS = 3 };
	alarm(60);
	uint64_t former = stack_bytes();
	for (int i = 0; i < GENERATIONS; i++) {
		int status;
		check(recorder_thread_start(wait_for_ever, NULL) == 0);
		check(stack_bytes() > former);
		pid_t child = fork();
		check(child >= 0);
		if (child != 0) {
			check(waitpid(child, &status, 0) == child && WIFEXITED(status));
			return WEXITSTATUS(status);
		}
		check(stack_bytes() == former);
	}
	return 0;
}
