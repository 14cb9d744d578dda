/* interpose_fatal.c - see interpose_fatal.h. */
#define _GNU_SOURCE
#include "interpose_fatal.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interpose.h"
#include "sysmem.h"
#include "world.h"

enum { STACK_BYTES = 64 << 10 }; /* of which a page or two are touched */

static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};

static void (*_Atomic before_hook)(void);
static pthread_key_t stack_key; /* a thread's alternate stack that is ours; set up with the hook */
static atomic_bool was_handled[NSIG]; /* a handler of the program's was called for it */

static bool is_fatal(int signal)
{
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (signals[i] == signal)
			return true;
	return false;
}

/* Nothing will fail again when the handler returns: it was sent, or is about other memory. */
static bool was_sent(int signal, const siginfo_t *info)
{
	return info->si_code <= 0 || signal == SIGABRT ||
	       (signal == SIGBUS && info->si_code == BUS_MCEERR_AO);
}

/*
 * In place of the system's default, which is set again: what failed fails once more as the
 * handler returns, with the registers it had; what was sent is sent once more.
 */
static void run_default(int signal, siginfo_t *info, void *context)
{
	struct sigaction plain = {.sa_handler = SIG_DFL};
	void (*before)(void) = atomic_load(&before_hook);
	int saved = errno;
	(void)context;
	if (before)
		before();
	BEHIND(sigaction)(signal, &plain, NULL);
	if (was_sent(signal, info))
		syscall(SYS_rt_tgsigqueueinfo, getpid(), syscall(SYS_gettid), signal, info);
	errno = saved;
}

static const sighandler_t ours = (sighandler_t)(void (*)(void))run_default;

bool fatal_is_ours(void (*handler)(int))
{
	return handler == ours;
}

bool fatal_default(int signal, struct sigaction *told)
{
	if (!atomic_load_explicit(&before_hook, memory_order_relaxed) || !is_fatal(signal))
		return false;
	*told = (struct sigaction){.sa_flags = SA_SIGINFO | SA_ONSTACK};
	told->sa_handler = ours;
	sigfillset(&told->sa_mask);
	sigdelset(&told->sa_mask, WORLD_SIGNAL);
	return true;
}

void fatal_hide(struct sigaction *former)
{
	if (former && former->sa_handler == ours)
		*former = (struct sigaction){.sa_handler = SIG_DFL};
}

void fatal_before_handler(int signal)
{
	void (*before)(void) = atomic_load(&before_hook);
	int saved = errno;
	if (before && is_fatal(signal) && !atomic_exchange(&was_handled[signal], true))
		before();
	errno = saved;
}

/* At the thread's end. Another of the program's may be in its place by now. */
static void take_alternate_stack(void *ours_or_not)
{
	stack_t stack;
	if (sigaltstack(NULL, &stack) == 0 && stack.ss_sp == ours_or_not)
		sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
	sysmem_unmap(ours_or_not, STACK_BYTES, &sysmem_stats.other_sys);
}

static void give_alternate_stack(void)
{
	stack_t stack;
	if (sigaltstack(NULL, &stack) != 0 || !(stack.ss_flags & SS_DISABLE))
		return;
	stack = (stack_t){.ss_sp = sysmem_map(STACK_BYTES, &sysmem_stats.other_sys),
	                  .ss_size = STACK_BYTES};
	if (!stack.ss_sp)
		return;
	if (sigaltstack(&stack, NULL) != 0 || pthread_setspecific(stack_key, stack.ss_sp) != 0)
		take_alternate_stack(stack.ss_sp);
}

void fatal_thread_begins(void)
{
	int saved = errno;
	if (atomic_load_explicit(&before_hook, memory_order_acquire))
		give_alternate_stack();
	errno = saved;
}

void fatal_attach(void (*before)(void))
{
	if (pthread_key_create(&stack_key, take_alternate_stack) != 0)
		return;
	atomic_store(&before_hook, before);
	give_alternate_stack();
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		struct sigaction told, now;
		if (fatal_default(signals[i], &told) &&
		    BEHIND(sigaction)(signals[i], NULL, &now) == 0 && now.sa_handler == SIG_DFL)
			BEHIND(sigaction)(signals[i], &told, NULL);
	}
}
