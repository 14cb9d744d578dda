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
 * Lock: the list of threads is guarded by one lock, taken outside the heap, which whoever
 * stops the world holds until it starts again (world.c). Fields are written by the thread
 * itself, or while the list is locked, as said beside them.
 */
#ifndef THREAD_H
#define THREAD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "lock.h"
#include "mcache.h"

enum thread_state {
	THREAD_FREE,     /* on the free list */
	THREAD_PREPARED, /* its creator filled it in; the thread does not run yet */
	THREAD_RUNNING,
	THREAD_ENDED,    /* ended and not joined: `result` is a root */
	THREAD_DEAD,     /* gone without its destructors; not yet taken back */
};

enum thread_gate {
	THREAD_GATE_RUNTIME = 1, /* one of the runtime's own: must look before it enters */
	THREAD_GATE_WATCHED = 4, /* malloc's fast paths are closed (fill.h) */
	THREAD_GATE_CLOSED = 2,  /* while a fork is under way, or the heap is read */
};

enum thread_waiting {
	THREAD_WAITS_NOT,
	THREAD_WAIT_CHANGES, /* its place is being written or left: the stop signal changes nothing */
	THREAD_WAITS,        /* in a call of the C library, where it counts as parked */
};

/* Where a stopped thread was; written by the thread as it parks. */
struct thread_stop_place {
	uintptr_t frame;        /* lowest address in use, on the stack of the handler */
	uintptr_t sp;           /* interrupted stack pointer; `frame` without a signal */
	uintptr_t alternate_lo; /* the alternate signal stack, 0 to 0 for none */
	uintptr_t alternate_hi;
};

struct thread {
	volatile uint32_t in_heap;      /* written by the thread */
	volatile uint32_t stop_pending; /* written by the stopper */
	volatile uint32_t gate;         /* enum thread_gate: entering takes the slow path */
	/*
	 * What malloc's fast paths use, which so need not ask for the gate: &mcache, or that of
	 * thread_nobody where `gate` is not 0, or before the thread is in the list. See thread_set_gate.
	 */
	struct mcache *volatile open_mcache;
	volatile uint32_t waiting;      /* enum thread_waiting; written by the thread */
	volatile uint32_t signal_sent;  /* set by the stopper, cleared by the thread (world.c) */
	_Atomic uint32_t parked;        /* the stop it is parked for (world.c) */
	struct mcache mcache;

	/* List locked. */
	struct thread *next, *former;
	enum thread_state state;
	bool open;              /* mcache is in use: from hooks.init to hooks.exit */
	bool joinable;
	uint32_t incarnation;   /* counts the threads that this record stood for */
	pthread_t id;
	pid_t tid;

	/* The creator's, then the thread's. */
	union {
		void *(*posix)(void *);
		int (*c11)(void *);
		void (*runtime)(void *);
	} start;
	void *argument;         /* of a start routine that has not been called yet */
	void *result;           /* of an ended one that nobody has joined */
	unsigned exit_rounds;   /* of thread-specific destructors, seen so far */

	uintptr_t stack_lo;     /* of the ordinary stack, as far as is known */
	uintptr_t stack_hi;
	uintptr_t tls;          /* thread pointer */
	uint64_t activity;      /* of the cache at the last look (idle.c) */
	unsigned idle_looks;    /* in a row at which it had not changed */
	uint64_t stack_used_bytes_max; /* deepest extent seen, page-rounded */
	struct thread_stop_place place;
	/*
	 * While the thread itself runs a cycle or waits for one: below this address there are
	 * frames of the runtime only, in which every address that it works with would look like a root.
	 */
	uintptr_t program_frames;
};

/* What the heap does for a thread. No thread is known before they are set. */
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

/*
 * Stands for whoever is not known, in no list: the cache has nothing and owns nothing, and
 * in_heap, which all of them write, is asked by nobody.
 */
extern struct thread thread_nobody __attribute__((visibility("hidden")));

/* As thread_current, but &thread_nobody and not NULL: malloc's fast paths have nothing to ask. */
extern _Thread_local struct thread *thread_or_nobody __attribute__((tls_model("initial-exec")));

/* The thread is past its last destructor: what it still does with the heap is not its own. */
extern _Thread_local bool thread_has_ended __attribute__((tls_model("initial-exec")));

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
	__atomic_store_n(&t->in_heap, 0, __ATOMIC_RELEASE);
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
 * Whoever closes a gate for others fences all threads afterwards (world.c): each then finds
 * both closed when it enters, or has been seen inside. List locked, or nobody knows t yet.
 */
static inline void thread_set_gate(struct thread *t, uint32_t gate)
{
	__atomic_store_n(&t->gate, gate, __ATOMIC_RELEASE);
	__atomic_store_n(&t->open_mcache, gate ? &thread_nobody.mcache : &t->mcache, __ATOMIC_RELEASE);
}

static inline bool thread_is_runtime(const struct thread *t)
{
	return t->gate & THREAD_GATE_RUNTIME;
}

/* ---- for world.c and roots.c ------------------------------------------- */

struct thread_list {
	struct lock lock;
	struct thread *first; /* in every state but THREAD_FREE */
	_Atomic uint64_t stack_bytes;
};

extern struct thread_list thread_list;

/* From now on every thread, those there included, enters the heap by malloc's slow paths. */
void thread_watch_all(void);

/* A deeper extent of the stack was seen. List locked. */
void thread_stack_seen(struct thread *t, uintptr_t sp);

/* The same of a thread that runs: by the pages of its stack that memory was given for. */
void thread_stack_look(struct thread *t);

/* Takes back what threads that died without their destructors held. Outside the heap. */
void thread_bury_dead(void);

/* In a forked child: only the calling thread (NULL: not known) is left. List locked. */
void thread_only_self_is_left(struct thread *self);
/* In a forked child, last: tells the heap. */
void thread_tell_fork_child(void);

/* ---- for interpose.c --------------------------------------------------- */

/* A record of a thread's one life: it stands for another thread afterwards. */
struct thread_ref {
	struct thread *thread; /* NULL for none */
	uint32_t incarnation;
};

/*
 * A thread is about to be begun with this argument, which is a root from now on. No
 * record (and *refused) when memory is refused, or before the heap is there.
 */
struct thread_ref thread_prepare(void *argument, bool joinable, size_t stack_bytes, bool *refused);
/* It was not begun after all. */
void thread_abandon(struct thread_ref ref);
/* Its creator tells its id; it may have ended already. */
void thread_created(struct thread_ref ref, pthread_t id);

/*
 * The thread itself, first of all: it becomes known, and gets its argument. `frame` is
 * an address on its stack above which nothing of the program lies.
 */
void *thread_begin(struct thread *t, uintptr_t frame);

/* The calling thread's result, a root until it is joined or detached. */
void thread_set_result(void *result);

/* The thread's record while it can be joined. */
struct thread_ref thread_find_joinable(pthread_t id);
void thread_joined(struct thread_ref ref);
void thread_detached(struct thread_ref ref);

/* Makes the calling thread unknown. */
void thread_forget_self(void);

#endif
