/*
 * interpose_signal.c - functions of the C library about signals that this library takes
 * the place of, for two reasons.
 *
 * The stop signal stays open: a set of signals that would block it loses it, and a program
 * that sets an action for it gets that called for signals that are not ours (world.c).
 *
 * A handler of the program's runs only while the world does: run_handler is set in its
 * place, for a thread may be waiting, and count as stopped, when the signal comes. The
 * program sees its own handlers only. One that is set past these wrappers, by a system
 * call or sigset, runs as it came: where it interrupts a wait, a collection does not wait
 * for its end.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>

#include "interpose.h"
#include "interpose_fatal.h"
#include "world.h"

static _Atomic(sighandler_t) handlers[NSIG]; /* the program's; kept when it sets none */

int libc_pthread_sigmask(int how, const sigset_t *set, sigset_t *former)
{
	return BEHIND(pthread_sigmask)(how, set, former);
}

/* ---- handlers ----------------------------------------------------------- */

/* As the system calls it; what a handler that takes one argument gets beside is not seen. */
typedef void full_handler(int, siginfo_t *, void *);

static void run_handler(int signal, siginfo_t *info, void *context)
{
	struct world_handler_call call;
	sighandler_t handler = atomic_load_explicit(&handlers[signal], memory_order_acquire);
	fatal_before_handler(signal);
	world_handler_begin(&call);
	((full_handler *)(void (*)(void))handler)(signal, info, context);
	world_handler_end(&call);
}

static const sighandler_t ours = (sighandler_t)(void (*)(void))run_handler;

static bool is_handler(sighandler_t handler)
{
	return handler != SIG_DFL && handler != SIG_IGN && handler != SIG_ERR &&
	       handler != SIG_HOLD && handler != ours;
}

/*
 * Sets the program's handler, and gives what the system is to be told. A signal that comes
 * before it is told finds either of two handlers, each of which the program set.
 */
static sighandler_t handler_set(int signal, sighandler_t handler)
{
	if (signal <= 0 || signal >= NSIG || !is_handler(handler))
		return handler;
	atomic_store_explicit(&handlers[signal], handler, memory_order_release);
	return ours;
}

static sighandler_t handler_now(int signal)
{
	return signal > 0 && signal < NSIG ? atomic_load(&handlers[signal]) : NULL;
}

WRAPPED int sigaction(int signal, const struct sigaction *restrict act,
                      struct sigaction *restrict former)
{
	struct sigaction told;
	sighandler_t handler = handler_now(signal);
	if (signal == WORLD_SIGNAL) {
		world_user_action(act, former);
		return 0;
	}
	if (act) {
		told = *act;
		sigdelset(&told.sa_mask, WORLD_SIGNAL);
		told.sa_handler = handler_set(signal, act->sa_handler);
		if (told.sa_handler == SIG_DFL)
			fatal_default(signal, &told);
		act = &told;
	}
	int result = BEHIND(sigaction)(signal, act, former);
	if (result == 0 && former && former->sa_handler == ours)
		former->sa_handler = handler;
	if (result == 0)
		fatal_hide(former);
	return result;
}

/* The functions of older times: `set` is the C library's own of that name. */
static sighandler_t set_simply(sighandler_t (*set)(int, sighandler_t), int signal,
                               sighandler_t wish)
{
	struct sigaction act = {.sa_handler = wish, .sa_flags = SA_RESTART}, user;
	sighandler_t handler = handler_now(signal);
	if (signal == WORLD_SIGNAL) {
		world_user_action(&act, &user);
		return user.sa_handler;
	}
	if (wish == SIG_DFL && fatal_default(signal, &act))
		return sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, &user) == 0
		           ? user.sa_handler
		           : SIG_ERR;
	sighandler_t former = set(signal, handler_set(signal, wish));
	if (fatal_is_ours(former))
		return SIG_DFL;
	return former == ours ? handler : former;
}

WRAPPED sighandler_t signal(int number, sighandler_t handler)
{
	return set_simply(BEHIND(signal), number, handler);
}

/* What signal is for a program that asks for the standard's alone. */
WRAPPED sighandler_t __sysv_signal(int number, sighandler_t handler)
{
	return set_simply(BEHIND(__sysv_signal), number, handler);
}

WRAPPED sighandler_t sysv_signal(int number, sighandler_t handler)
{
	return set_simply(BEHIND(sysv_signal), number, handler);
}

/* ---- masks -------------------------------------------------------------- */

const sigset_t *without_stop_signal(const sigset_t *set, sigset_t *copy)
{
	if (!set)
		return NULL;
	*copy = *set;
	sigdelset(copy, WORLD_SIGNAL);
	return copy;
}

WRAPPED int pthread_sigmask(int how, const sigset_t *set, sigset_t *former)
{
	sigset_t open;
	if (how != SIG_UNBLOCK)
		set = without_stop_signal(set, &open);
	return libc_pthread_sigmask(how, set, former);
}

WRAPPED int sigprocmask(int how, const sigset_t *restrict set, sigset_t *restrict former)
{
	sigset_t open;
	if (how != SIG_UNBLOCK)
		set = without_stop_signal(set, &open);
	return BEHIND(sigprocmask)(how, set, former);
}
