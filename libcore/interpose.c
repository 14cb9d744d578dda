/*
 * interpose.c - functions of the C library that this library takes the place of: those
 * that begin, join and end threads. Those about signals are in interpose_signal.c, those
 * that wait in interpose_wait.c, the loader's in interpose_loader.c.
 *
 * Each does what the C library's own does, found behind this library at first use. Names of
 * the C library are the only ones here that do not start with memspan_ and are exported.
 */
#define _GNU_SOURCE
#include "interpose.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <threads.h>

#include "interpose_fatal.h"
#include "os.h"
#include "thread.h"

void *libc_function(_Atomic(void *) *found, const char *name)
{
	int saved = errno;
	void *function = dlsym(RTLD_NEXT, name);
	if (!function)
		os_fatal("the C library has no %s", name);
	atomic_store_explicit(found, function, memory_order_release);
	errno = saved;
	return function;
}

static __typeof__(&pthread_create) create_behind(void)
{
	return BEHIND(pthread_create);
}

static __typeof__(&pthread_detach) detach_behind(void)
{
	return BEHIND(pthread_detach);
}

void interpose_setup(void)
{
	create_behind();
	detach_behind();
	interpose_loader_setup();
	libc_pthread_sigmask(SIG_BLOCK, NULL, NULL);
}

int libc_pthread_create(pthread_t *id, const pthread_attr_t *attr, void *(*start)(void *),
                        void *arg)
{
	return create_behind()(id, attr, start, arg);
}

/* ---- beginning threads ------------------------------------------------- */

static void *run_posix(void *record)
{
	struct thread *t = record;
	void *(*start)(void *) = t->start.posix;
	void *argument = thread_begin(t, (uintptr_t)__builtin_frame_address(0));
	fatal_thread_begins();
	void *result = start(argument);
	thread_set_result(result);
	return result;
}

static int run_c11(void *record)
{
	struct thread *t = record;
	int (*start)(void *) = t->start.c11;
	void *argument = thread_begin(t, (uintptr_t)__builtin_frame_address(0));
	fatal_thread_begins();
	return start(argument);
}

static bool wants_join(const pthread_attr_t *attr)
{
	int state = PTHREAD_CREATE_JOINABLE;
	if (attr)
		pthread_attr_getdetachstate(attr, &state);
	return state == PTHREAD_CREATE_JOINABLE;
}

static size_t stack_bytes(const pthread_attr_t *attr)
{
	pthread_attr_t usual;
	size_t bytes = 0;
	if (attr) {
		pthread_attr_getstacksize(attr, &bytes);
	} else if (pthread_getattr_default_np(&usual) == 0) {
		pthread_attr_getstacksize(&usual, &bytes);
		pthread_attr_destroy(&usual);
	}
	return bytes;
}

WRAPPED int pthread_create(pthread_t *restrict id, const pthread_attr_t *restrict attr,
                           void *(*start)(void *), void *restrict arg)
{
	bool refused;
	struct thread_ref ref = thread_prepare(arg, wants_join(attr), stack_bytes(attr), &refused);
	if (refused)
		return EAGAIN;
	if (!ref.thread)
		return libc_pthread_create(id, attr, start, arg);
	ref.thread->start.posix = start;
	int error = libc_pthread_create(id, attr, run_posix, ref.thread);
	if (error)
		thread_abandon(ref);
	else
		thread_created(ref, *id);
	return error;
}

WRAPPED int thrd_create(thrd_t *id, thrd_start_t start, void *arg)
{
	bool refused;
	struct thread_ref ref = thread_prepare(arg, true, stack_bytes(NULL), &refused);
	if (refused)
		return thrd_nomem;
	if (!ref.thread)
		return BEHIND(thrd_create)(id, start, arg);
	ref.thread->start.c11 = start;
	int error = BEHIND(thrd_create)(id, run_c11, ref.thread);
	if (error != thrd_success)
		thread_abandon(ref);
	else
		thread_created(ref, *id);
	return error;
}

/* ---- ending and joining them -------------------------------------------- */

WRAPPED _Noreturn void pthread_exit(void *result)
{
	thread_set_result(result);
	BEHIND(pthread_exit)(result);
	__builtin_unreachable();
}

/* Found before the join: afterwards the id may be a new thread's. */
static int joined_if(int error, struct thread_ref ref)
{
	if (error == 0)
		thread_joined(ref);
	return error;
}

WRAPPED int pthread_join(pthread_t id, void **result)
{
	struct thread_ref ref = thread_find_joinable(id);
	return joined_if(BEHIND(pthread_join)(id, result), ref);
}

WRAPPED int pthread_tryjoin_np(pthread_t id, void **result)
{
	struct thread_ref ref = thread_find_joinable(id);
	return joined_if(BEHIND(pthread_tryjoin_np)(id, result), ref);
}

WRAPPED int pthread_timedjoin_np(pthread_t id, void **result, const struct timespec *deadline)
{
	struct thread_ref ref = thread_find_joinable(id);
	return joined_if(BEHIND(pthread_timedjoin_np)(id, result, deadline), ref);
}

WRAPPED int pthread_clockjoin_np(pthread_t id, void **result, clockid_t clock,
                                 const struct timespec *deadline)
{
	struct thread_ref ref = thread_find_joinable(id);
	return joined_if(BEHIND(pthread_clockjoin_np)(id, result, clock, deadline), ref);
}

WRAPPED int thrd_join(thrd_t id, int *result)
{
	struct thread_ref ref = thread_find_joinable(id);
	int error = BEHIND(thrd_join)(id, result);
	if (error == thrd_success)
		thread_joined(ref);
	return error;
}

WRAPPED int pthread_detach(pthread_t id)
{
	struct thread_ref ref = thread_find_joinable(id);
	int error = detach_behind()(id);
	if (error == 0)
		thread_detached(ref);
	return error;
}

WRAPPED int thrd_detach(thrd_t id)
{
	struct thread_ref ref = thread_find_joinable(id);
	int error = BEHIND(thrd_detach)(id);
	if (error == thrd_success)
		thread_detached(ref);
	return error;
}
