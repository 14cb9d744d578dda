/*
 * thread.h - the threads that the heap knows, and how a thread says that it is inside
 * the heap.
 *
 * A thread is known from its first instruction when it was begun with pthread_create or
 * thrd_create, otherwise from its first allocation or memspan_thread_register, until its
 * last thread-specific destructor. Its record comes from sysmem, is never unmapped and is
 * used again for a later thread, so a stale pointer to one always leads to a record.
 *
 * Inside the heap: between thread_enter and thread_leave a thread is not parked by the
 * stop signal (world.h); it parks itself when it leaves. So a stopped world finds no
 * operation half done. Both are plain stores. A thread takes the heap's locks only
 * inside, never waits inside for another thread to be stopped or started, and never
 * enters twice.
 *
 * The runtime's own threads (thread_start_runtime) block all signals. They count as
 * parked whenever they are outside the heap, also while they run: out there they must
 * not touch anything that a stopped world relies on, nor hold the only pointer to an
 * object, for their stacks are no roots of their own. For them thread_enter waits until
 * the world runs. They may be the ones who stop it. The finalizer thread runs the
 * program's code: it is an ordinary thread with the stop signal open.
 *
 * Lock: the list of threads is guarded by one lock, which whoever stops the world holds
 * until it starts again (world.c). Fields are written by the thread itself, or while the
 * list is locked, as said beside them.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "mcache.h"

enum thread_state {
	THREAD_FREE,     /* on the free list */
	THREAD_PREPARED, /* its creator filled it in; the thread does not run yet */
	THREAD_RUNNING,
	THREAD_ENDED,    /* ended and not joined: `result` is a root */
};

/* Where a stopped thread was; written by the thread as it parks. */
struct thread_stop_place {
	uintptr_t frame;        /* lowest address in use, on the stack of the handler */
	uintptr_t sp;           /* interrupted stack pointer; `frame` without a signal */
	uintptr_t alternate_lo; /* the alternate stack, 0 to 0 for none */
	uintptr_t alternate_hi;
};

struct thread {
	volatile uint32_t in_heap;      /* written by the thread */
	volatile uint32_t stop_pending; /* written by the stopper */
	volatile uint32_t gate;         /* entering takes the slow path: see thread_enter */
	_Atomic uint32_t parked;        /* the stop it is parked for (world.c) */
	struct mcache mcache;

	/* List locked. */
	struct thread *next, *former;
	enum thread_state state;
	bool runtime;           /* one of the runtime's own */
	bool joinable;
	uint32_t incarnation;   /* counts the threads that this record stood for */
	pthread_t id;
	pid_t tid;

	/* The creator's, then the thread's. */
	void *argument;         /* of a start routine that has not been called yet */
	void *result;           /* of an ended one that nobody has joined */
	unsigned exit_rounds;   /* thread-specific destructors seen so far */

	uintptr_t stack_lo;     /* of the ordinary stack; below it nothing belongs to it */
	uintptr_t stack_hi;
	uintptr_t tls;          /* thread pointer */
	uint64_t stack_used_bytes_max; /* deepest extent seen at a stop, page-rounded */
	struct thread_stop_place place;
};

/* What the heap does for a thread. Set once, before the first thread is known. */
struct thread_hooks {
	/* Makes t->mcache ready. False when memory is refused. Called by the thread itself. */
	bool (*init)(struct thread *t);
	/* Takes back all that t holds. Inside the heap of the caller, who may be another. */
	void (*exit)(struct thread *t);
	/* In a forked child, after its other threads' records were given to `exit`. */
	void (*fork_child)(void);
};

void thread_set_hooks(const struct thread_hooks *hooks);

extern _Thread_local struct thread *thread_current __attribute__((tls_model("initial-exec")));

/* Makes the calling thread known. NULL when memory is refused; errno is kept. */
struct thread *thread_self_slow(void);

/* The calling thread's record; makes the thread known. NULL when memory is refused. */
static inline struct thread *thread_self(void)
{
	struct thread *t = thread_current;
	return __builtin_expect(t != NULL, 1) ? t : thread_self_slow();
}

/* Waits until the heap may be entered. */
void thread_enter_slow(struct thread *t);

/* Parks until the world starts. Outside the heap. */
void thread_park_pending(struct thread *t);

static inline void thread_enter(struct thread *t)
{
	t->in_heap = 1;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	/* Closed to the runtime's own threads always, to others while a fork is due. */
	if (__builtin_expect(t->gate != 0, 0))
		thread_enter_slow(t);
}

static inline void thread_leave(struct thread *t)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->in_heap = 0;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__builtin_expect(t->stop_pending != 0, 0))
		thread_park_pending(t);
}

/*
 * Starts one of the runtime's own threads on the given stack: it blocks all signals, is
 * known with a record of its own and never ends. 0, or an error number. Outside the heap.
 */
int thread_start_runtime(void (*run)(void *), void *arg, void *stack, size_t stack_bytes);

/* Sum of stack_used_bytes_max over the known threads, the runtime's own left out. */
uint64_t thread_stack_bytes(void);

/* Known threads, the runtime's own included. */
unsigned thread_count(void);

/*
 * For interpose.c: a thread about to be begun, between prepare and begin or abandon.
 * prepare gives NULL when memory is refused.
 */
struct thread *thread_prepare(void *argument, bool joinable);
void thread_abandon(struct thread *t);
/* The creator tells the id of the thread, which may have ended already. */
void thread_created(struct thread *t, uint32_t incarnation, pthread_t id);
/* The thread itself, first of all: makes it known and gives it its argument. */
void *thread_begin(struct thread *t);
/* The thread's result is a root from now on. */
void thread_set_result(void *result);
/* The record of a thread that may be joined or detached, NULL for none. */
struct thread *thread_find(pthread_t id);
/* It was joined: its result is in the caller's hands. */
void thread_joined(struct thread *t);
void thread_detached(pthread_t id);

#endif
