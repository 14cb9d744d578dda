/*
 * A helper that is woken late asks whether it may still join, when marking is long over, and the
 * program forks at that moment: the child's next collection needs the lock that the helper held.
 */
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "mark.h"
#include "memspan.h"
#include "thread.h"

enum { FORKS = 40, STACK_BYTES = 64 << 10, CHILD_SECONDS = 20 };

static _Atomic unsigned came;

static void come_late(void *arg)
{
	for (;;) {
		mark_help(MARK_WORKERS_MAX / 2); /* no real helper's hands */
		atomic_fetch_add(&came, 1);
	}
	(void)arg;
}

static void child_collects(void)
{
	alarm(CHILD_SECONDS);
	for (int i = 0; i < 1000; i++)
		check(memspan_alloc(64));
	memspan_gc();
	_exit(0);
}

int main(void)
{
	memspan_gc();
	void *stack = memspan_stack_alloc(STACK_BYTES);
	check(stack && thread_start_runtime(come_late, NULL, stack, STACK_BYTES) == 0);
	while (atomic_load(&came) == 0)
		usleep(100);
	for (int i = 0; i < FORKS; i++) {
		int status;
		pid_t child = fork();
		check(child >= 0);
		if (child == 0)
			child_collects();
		check(waitpid(child, &status, 0) == child && status == 0);
	}
	return 0;
}
