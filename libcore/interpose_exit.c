/* interpose_exit.c - see interpose_exit.h. */
#define _GNU_SOURCE
#include "interpose_exit.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interpose.h"
#include "lock.h"
#include "thread.h"

static struct {
	void (*before)(void);
	pid_t pid;
} ending;

void exit_attach(void (*before)(void))
{
	ending.pid = getpid();
	ending.before = before;
}

void exit_after_fork(void)
{
	ending.pid = getpid();
}

bool exit_may_stop_world(int64_t timeout_ns)
{
	if (!lock_acquire_within(&thread_list.lock, timeout_ns))
		return false;
	lock_release(&thread_list.lock);
	return true;
}

static _Noreturn void end_process(int status)
{
	const struct thread *t = thread_current;
	if (ending.before && getpid() == ending.pid && !(t && t->in_heap))
		ending.before();
	for (;;)
		syscall(SYS_exit_group, status);
}

WRAPPED void _exit(int status)
{
	end_process(status);
}

WRAPPED void _Exit(int status)
{
	end_process(status);
}
