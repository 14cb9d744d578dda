/* interpose_confine.c - see interpose_confine.h. */
#define _GNU_SOURCE
#include "interpose_confine.h"

#include <linux/seccomp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "interpose.h"
#include "thread.h"

static struct {
	void (*before)(void);
	pid_t pid;
	_Atomic bool done;
} confine;

void confine_attach(void (*before)(void))
{
	confine.pid = getpid();
	confine.before = before;
}

void confine_after_fork(void)
{
	confine.pid = getpid();
}

bool confine_is_done(void)
{
	return atomic_load_explicit(&confine.done, memory_order_relaxed);
}

/* The child of a vfork has its parent's memory: what it does to itself is no affair of ours. */
static void about_to_confine(void)
{
	const struct thread *t = thread_current;
	if (confine.pid && confine.pid != getpid())
		return;
	if (confine.before && !confine_is_done() && !(t && t->in_heap))
		confine.before();
	atomic_store(&confine.done, true);
}

/* Without a filter it only asks what the system can do. */
WRAPPED int prctl(int option, ...)
{
	unsigned long given[4];
	va_list arguments;
	va_start(arguments, option);
	for (int i = 0; i < 4; i++)
		given[i] = va_arg(arguments, unsigned long);
	va_end(arguments);
	if (option == PR_SET_SECCOMP &&
	    (given[0] == SECCOMP_MODE_STRICT || (given[0] == SECCOMP_MODE_FILTER && given[1])))
		about_to_confine();
	return BEHIND(prctl)(option, given[0], given[1], given[2], given[3]);
}
