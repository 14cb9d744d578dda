/*
 * world.c - see world.h.
 *
 * A stop has a number, world.now, which moves on when it ends. The stopper sets
 * stop_pending in each running thread and sends it the stop signal. A thread parks by
 * writing the stop's number to `parked` and sleeping until world.now is another one;
 * so a thread that parks late, for a stop that was given up, does not sleep.
 *
 * A thread inside the heap ignores the signal and parks in thread_leave. One that waits in
 * a call of the C library (interpose_wait.c) has written its place before, gets no signal
 * and counts as parked; coming back, it parks. A handler of the program's that runs
 * meanwhile takes it out of the wait first (interpose_signal.c), so that no code of the
 * program's runs in a stopped world, whatever the handler does or jumps to. One of the
 * runtime's own gets no signal: it counts as parked while in_heap is 0, which it
 * cannot set to 1 unnoticed: either the stopper sees the 1 or the thread sees
 * stop_pending, each after a full fence.
 *
 * Order of locks: the loader's, then the list. The list is only tried under the
 * loader's lock: a program's callback of dl_iterate_phdr may allocate and wait for the
 * list, while a stopper that has the list would wait for the loader.
 */
#define _GNU_SOURCE
#include "world.h"

#include <errno.h>
#include <limits.h>
#include <link.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "interpose.h"
#include "lock.h"
#include "os.h"
#include "roots.h"
#include "thread.h"

enum {
	SPINS = 200,                    /* of the stopper, where the threads have CPUs to arrive on */
	SLEEP_NS = 1000 * 1000,         /* of the stopper, at most, for threads with a signal */
	SLEEP_RUNTIME_NS = 20 * 1000,   /* for the runtime's own, who may go unnoticed */
	COUNT_PERIOD_NS = 100 * 1000 * 1000,
	FENCE_NS = 10 * 1000 * 1000,    /* until each thread's stores are seen, where nothing tells */
	RED_ZONE_BYTES = 128,           /* below the stack pointer, in use all the same */
	KERNEL_SIGSET_BYTES = 8,
};

/* The handler may come in the middle of the sanitizer's own work, which it must not disturb. */
#define IN_HANDLER __attribute__((no_sanitize("thread")))

static struct {
	_Atomic uint32_t now;           /* number of the present stop, or of the next */
	_Atomic uint32_t missing;       /* threads asked and not yet arrived; only a hint for sleep */
	_Atomic uint32_t in_loader;     /* threads that hold or want the loader's lock for a stop */
	_Atomic uint64_t given_up;
	uint64_t counted_ns;            /* when unknown threads were counted last; list locked */
	unsigned unknown;
	pid_t pid;
	unsigned cpus;
	bool list_kept_for_fork;        /* list locked */
	bool closed;                    /* by world_close; list locked */
	bool masked;                    /* the stopper blocks signals; list locked */
	uint64_t former_mask;           /* its own */
	struct lock user_lock;          /* with all signals blocked */
	struct sigaction user;          /* the program's own action for the stop signal */
	_Atomic uintptr_t user_handler; /* of it, for the signal handler; 0 for none */
} world = {.now = 1};

/* As the kernel knows it: past wrappers, ours and those of sanitizers, which defer signals. */
struct kernel_action {
	void (*handler)(int, siginfo_t *, void *);
	unsigned long flags;
	void (*restorer)(void);
	uint64_t mask;
};

/* ---- the stopped thread's side ----------------------------------------- */

/*
 * The last one wakes the stopper, and each that comes after: threads of the runtime, and late
 * ones of an earlier stop, come without having been counted, and then the last is not the last.
 */
static IN_HANDLER void announce_arrival(void)
{
	if ((int32_t)atomic_fetch_sub(&world.missing, 1) <= 1)
		lock_wake(&world.missing, 1);
}

static IN_HANDLER void wait_for_end_of(uint32_t stop)
{
	while (atomic_load_explicit(&world.now, memory_order_acquire) == stop)
		lock_sleep(&world.now, stop, -1);
}

/* The thread's place is written, and all that its registers hold is above place.frame. */
static IN_HANDLER void park(struct thread *t, uint32_t stop)
{
	atomic_store_explicit(&t->parked, stop, memory_order_release);
	announce_arrival();
	wait_for_end_of(stop);
}

static IN_HANDLER bool is_asked_to_stop(struct thread *t, uint32_t *stop)
{
	*stop = atomic_load_explicit(&world.now, memory_order_acquire);
	return __atomic_load_n(&t->stop_pending, __ATOMIC_RELAXED) &&
	       atomic_load_explicit(&t->parked, memory_order_relaxed) != *stop;
}

/* The thread stands outside the heap, and what it has on its stack begins at the frame. */
static void set_place(struct thread *t, uintptr_t frame)
{
	stack_t alternate;
	t->place = (struct thread_stop_place){.frame = frame, .sp = frame};
	if ((frame < t->stack_lo || frame >= t->stack_hi) && sigaltstack(NULL, &alternate) == 0 &&
	    !(alternate.ss_flags & SS_DISABLE)) {
		t->place.alternate_lo = (uintptr_t)alternate.ss_sp;
		t->place.alternate_hi = t->place.alternate_lo + alternate.ss_size;
	}
}

/* The registers that a called function may change are dead here; the others go to this frame. */
static __attribute__((noinline)) void park_here(struct thread *t, uint32_t stop)
{
	__builtin_unwind_init();
	set_place(t, (uintptr_t)__builtin_alloca(1));
	park(t, stop);
}

void thread_park_pending(struct thread *t)
{
	uint32_t stop;
	int saved = errno;
	if (is_asked_to_stop(t, &stop)) {
		if (thread_is_runtime(t))
			announce_arrival(); /* outside the heap already: that is parked enough */
		else
			park_here(t, stop);
	}
	errno = saved;
}

void thread_enter_slow(struct thread *t)
{
	for (;;) {
		atomic_thread_fence(memory_order_seq_cst);
		uint32_t stop = atomic_load_explicit(&world.now, memory_order_acquire);
		bool closed = t->gate & THREAD_GATE_CLOSED;
		bool stopping = thread_is_runtime(t) && t->stop_pending;
		if (!closed && !stopping)
			return;
		__atomic_store_n(&t->in_heap, 0, __ATOMIC_RELEASE);
		announce_arrival();
		wait_for_end_of(stop);
		__atomic_store_n(&t->in_heap, 1, __ATOMIC_RELAXED);
	}
}

/* ---- waiting in the C library, and the program's handlers ----------------- */

/*
 * Until no stop is under way, with the place as it is. One that is parked already, and was
 * interrupted in that by a handler, stays so.
 */
static void stand_still(struct thread *t)
{
	for (;;) {
		uint32_t stop = atomic_load_explicit(&world.now, memory_order_acquire);
		if (!__atomic_load_n(&t->stop_pending, __ATOMIC_ACQUIRE))
			return;
		if (atomic_load_explicit(&t->parked, memory_order_relaxed) != stop)
			park(t, stop);
		else
			wait_for_end_of(stop);
	}
}

/*
 * The place is written. Either the stopper sees that the thread waits, and sends no signal,
 * or the thread sees the stop, and parks. Any signal sent before that comes now and not in
 * the wait: at the latest as a system call returns.
 */
static void wait_again(struct thread *t)
{
	__atomic_store_n(&t->waiting, THREAD_WAITS, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_seq_cst);
	stand_still(t);
	if (t->signal_sent) {
		t->signal_sent = 0;
		syscall(SYS_getppid);
	}
}

struct thread *world_wait_begin(void)
{
	struct thread *t = thread_current;
	if (!t || t->in_heap) /* a handler's wait, amid an operation that the stop waits for */
		return NULL;
	int saved = errno;
	t->waiting = THREAD_WAIT_CHANGES;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	set_place(t, t->program_frames ? t->program_frames : (uintptr_t)__builtin_frame_address(0));
	wait_again(t);
	errno = saved;
	return t;
}

void world_wait_end(struct thread *t)
{
	int saved = errno;
	__atomic_store_n(&t->waiting, THREAD_WAIT_CHANGES, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_seq_cst);
	stand_still(t);
	__atomic_store_n(&t->waiting, THREAD_WAITS_NOT, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	if (__atomic_load_n(&t->stop_pending, __ATOMIC_RELAXED))
		thread_park_pending(t);
	errno = saved;
}

void world_handler_begin(struct world_handler_call *call)
{
	struct thread *t = thread_current;
	call->thread = t;
	if (!t)
		return;
	call->waiting = t->waiting;
	call->place = t->place;
	call->program_frames = t->program_frames;
	t->program_frames = 0;
	if (call->waiting)
		world_wait_end(t);
	else if (!t->in_heap && !thread_is_runtime(t)) {
		int saved = errno;
		uint32_t stop = atomic_load_explicit(&world.now, memory_order_acquire);
		if (atomic_load_explicit(&t->parked, memory_order_relaxed) == stop)
			stand_still(t);
		errno = saved;
	}
}

void world_handler_end(const struct world_handler_call *call)
{
	struct thread *t = call->thread;
	if (!t)
		return;
	t->program_frames = call->program_frames;
	if (!call->waiting)
		return;
	int saved = errno;
	t->waiting = THREAD_WAIT_CHANGES;
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	t->place = call->place;
	if (call->waiting == THREAD_WAITS)
		wait_again(t);
	errno = saved;
}

/* ---- the stop signal's handler ------------------------------------------ */

static IN_HANDLER uintptr_t stack_pointer_of(const ucontext_t *context)
{
#if defined(__x86_64__)
	return (uintptr_t)context->uc_mcontext.gregs[REG_RSP] - RED_ZONE_BYTES;
#elif defined(__aarch64__)
	return (uintptr_t)context->uc_mcontext.sp - RED_ZONE_BYTES;
#endif
}

static IN_HANDLER void park_in_handler(struct thread *t, const ucontext_t *context, uint32_t stop)
{
	t->place.frame = (uintptr_t)__builtin_alloca(1);
	t->place.sp = stack_pointer_of(context);
	t->place.alternate_lo = t->place.alternate_hi = 0;
	if (!(context->uc_stack.ss_flags & SS_DISABLE)) {
		t->place.alternate_lo = (uintptr_t)context->uc_stack.ss_sp;
		t->place.alternate_hi = t->place.alternate_lo + context->uc_stack.ss_size;
	}
	park(t, stop);
}

/* The signal was the program's own: its handler runs with the mask that it asked for. */
static IN_HANDLER void call_user_handler(int signal, siginfo_t *info, void *context)
{
	struct world_handler_call call;
	uintptr_t address = atomic_load_explicit(&world.user_handler, memory_order_acquire);
	sigset_t mask = ((ucontext_t *)context)->uc_sigmask, former;
	if (!address)
		return;
	sigdelset(&mask, WORLD_SIGNAL);
	world_handler_begin(&call);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &mask, &former, KERNEL_SIGSET_BYTES);
	((void (*)(int, siginfo_t *, void *))address)(signal, info, context);
	syscall(SYS_rt_sigprocmask, SIG_SETMASK, &former, NULL, KERNEL_SIGSET_BYTES);
	world_handler_end(&call);
}

static IN_HANDLER bool is_ours(const siginfo_t *info)
{
	return info->si_code == SI_QUEUE && info->si_value.sival_ptr == &world;
}

static IN_HANDLER void on_stop_signal(int signal, siginfo_t *info, void *context)
{
	int saved = errno;
	struct thread *t = thread_current;
	uint32_t stop;
	if (t && !t->in_heap && !t->waiting && is_asked_to_stop(t, &stop))
		park_in_handler(t, context, stop);
	if (!is_ours(info))
		call_user_handler(signal, info, context);
	errno = saved;
}

/* ---- the signal's action ----------------------------------------------- */

enum { RESTORER_GIVEN = 0x04000000 };

#if defined(__x86_64__)
/* Debuggers and unwinders know a signal's frame by these very instructions. */
void world_restore_context(void) __attribute__((visibility("hidden")));
__asm__(".pushsection .text\n"
        "	nop\n"
        "	.p2align 4\n"
        "	.hidden world_restore_context\n"
        "	.globl world_restore_context\n"
        "	.type world_restore_context, @function\n"
        "world_restore_context:\n"
        "	mov $15, %rax\n"
        "	syscall\n"
        "	.size world_restore_context, .-world_restore_context\n"
        ".popsection\n");
#endif

static void install_handler(void)
{
	struct kernel_action action = {
	    .handler = on_stop_signal,
	    /* ONSTACK: a thread may run on a stack too small for a signal's frame. */
	    .flags = SA_SIGINFO | SA_RESTART | SA_ONSTACK,
	    .mask = UINT64_MAX, /* a parked thread runs no other handler */
	};
#if defined(__x86_64__)
	action.flags |= RESTORER_GIVEN;
	action.restorer = world_restore_context;
#endif
	syscall(SYS_rt_sigaction, WORLD_SIGNAL, &action, NULL, KERNEL_SIGSET_BYTES);
}

static void set_user_action(const struct sigaction *act)
{
	bool none = act->sa_handler == SIG_DFL || act->sa_handler == SIG_IGN;
	world.user = *act;
	atomic_store_explicit(&world.user_handler, none ? 0 : (uintptr_t)act->sa_sigaction,
	                      memory_order_release);
}

void world_user_action(const struct sigaction *act, struct sigaction *former)
{
	sigset_t all, mask;
	struct sigaction old;
	sigfillset(&all);
	libc_pthread_sigmask(SIG_SETMASK, &all, &mask);
	lock_acquire(&world.user_lock);
	old = world.user;
	if (act)
		set_user_action(act);
	lock_release(&world.user_lock);
	libc_pthread_sigmask(SIG_SETMASK, &mask, NULL);
	if (former)
		*former = old;
}

/* The program may have set its own past our wrapper: it is kept as if it had come that way. */
static void check_handler(void)
{
	struct kernel_action present;
	if (syscall(SYS_rt_sigaction, WORLD_SIGNAL, NULL, &present, KERNEL_SIGSET_BYTES) != 0 ||
	    present.handler == on_stop_signal)
		return;
	struct sigaction user = {.sa_flags = (int)(present.flags & ~(unsigned long)RESTORER_GIVEN)};
	user.sa_sigaction = present.handler;
	memcpy(&user.sa_mask, &present.mask, sizeof present.mask);
	install_handler();
	set_user_action(&user);
}

void world_open_signal(void)
{
	uint64_t mask = 1ull << (WORLD_SIGNAL - 1);
	int saved = errno;
	syscall(SYS_rt_sigprocmask, SIG_UNBLOCK, &mask, NULL, KERNEL_SIGSET_BYTES);
	errno = saved;
}

/* ---- the stopper's side: list locked ------------------------------------ */

/*
 * Nor does a handler of the program's run on the thread that has stopped the others: it would see
 * a stopped world, and change what is just being read. What a thread does to itself stays open.
 */
static void mask_signals(struct thread *self)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS};
	uint64_t mask = UINT64_MAX;
	if (thread_is_runtime(self)) /* which blocks all of them always */
		return;
	for (unsigned i = 0; i < sizeof own / sizeof *own; i++)
		mask &= ~(1ull << (own[i] - 1));
	world.masked = syscall(SYS_rt_sigprocmask, SIG_BLOCK, &mask, &world.former_mask,
	                       KERNEL_SIGSET_BYTES) == 0;
}

/* Gives the list to others, and the stopper its signals. */
static void release_list(void)
{
	bool masked = world.masked;
	uint64_t former = world.former_mask;
	world.masked = false;
	lock_release(&thread_list.lock);
	if (masked)
		syscall(SYS_rt_sigprocmask, SIG_SETMASK, &former, NULL, KERNEL_SIGSET_BYTES);
}

static bool send_signal(struct thread *t)
{
	siginfo_t info;
	memset(&info, 0, sizeof info);
	info.si_signo = WORLD_SIGNAL;
	info.si_code = SI_QUEUE;
	info.si_pid = world.pid;
	info.si_value.sival_ptr = &world;
	return syscall(SYS_rt_tgsigqueueinfo, world.pid, t->tid, WORLD_SIGNAL, &info) == 0 ||
	       errno != ESRCH;
}

static bool is_alive(struct thread *t)
{
	return syscall(SYS_tgkill, world.pid, t->tid, 0) == 0 || errno != ESRCH;
}

static bool is_stopped(struct thread *t, uint32_t stop)
{
	if (t->state != THREAD_RUNNING)
		return true;
	if (thread_is_runtime(t))
		return __atomic_load_n(&t->in_heap, __ATOMIC_ACQUIRE) == 0;
	return __atomic_load_n(&t->waiting, __ATOMIC_ACQUIRE) == THREAD_WAITS ||
	       atomic_load_explicit(&t->parked, memory_order_acquire) == stop;
}

static void send_to(struct thread *t)
{
	t->signal_sent = 1;
	if (!send_signal(t))
		t->state = THREAD_DEAD;
}

/*
 * Signals take time: all are sent before the first thread is waited for. A thread that
 * waits in a call of the C library gets none; it parks when it is done there.
 */
static void ask_all(struct thread *self, struct world_stop *out)
{
	uint32_t asked = 0;
	for (struct thread *t = thread_list.first; t; t = t->next) {
		out->threads += t->state == THREAD_RUNNING;
		asked += t->state == THREAD_RUNNING && t != self && !thread_is_runtime(t);
	}
	atomic_store(&world.missing, asked);
	for (struct thread *t = thread_list.first; t; t = t->next)
		if (t->state == THREAD_RUNNING && t != self)
			__atomic_store_n(&t->stop_pending, 1, __ATOMIC_RELEASE);
	atomic_thread_fence(memory_order_seq_cst);
	for (struct thread *t = thread_list.first; t; t = t->next) {
		if (t->state != THREAD_RUNNING || t == self || thread_is_runtime(t))
			continue;
		if (__atomic_load_n(&t->waiting, __ATOMIC_ACQUIRE) == THREAD_WAITS)
			atomic_fetch_sub(&world.missing, 1);
		else
			send_to(t);
	}
}

/* A parked thread stays parked, so the list is walked once. */
static bool wait_for_all(struct thread *self, uint32_t stop, struct world_stop *out)
{
	uint64_t deadline_ns = out->request_ns + WORLD_TIMEOUT_MS * 1000000ull;
	int spins = out->threads <= world.cpus ? SPINS : 0;
	struct thread *t = thread_list.first;
	while (t) {
		uint32_t seen = atomic_load(&world.missing);
		if (t == self || is_stopped(t, stop)) {
			t = t->next;
		} else if (spins-- > 0) {
			lock_pause();
		} else if (thread_is_runtime(t)) {
			lock_sleep(&world.missing, seen, SLEEP_RUNTIME_NS);
		} else {
			lock_sleep(&world.missing, seen, SLEEP_NS);
			if (!is_stopped(t, stop) && os_mono_ns() > deadline_ns)
				return false;
			if (!is_stopped(t, stop) && !is_alive(t))
				t->state = THREAD_DEAD;
		}
	}
	return true;
}

static void resume_all(void)
{
	for (struct thread *t = thread_list.first; t; t = t->next)
		__atomic_store_n(&t->stop_pending, 0, __ATOMIC_RELAXED);
	atomic_fetch_add(&world.now, 1);
	lock_wake(&world.now, INT_MAX);
}

static void note_stacks(struct thread *self)
{
	for (struct thread *t = thread_list.first; t; t = t->next) {
		if (t == self)
			thread_stack_seen(t, (uintptr_t)__builtin_frame_address(0));
		else if (t->state == THREAD_RUNNING && !thread_is_runtime(t))
			thread_stack_seen(t, t->place.sp);
	}
}

/* A folder has a link for each folder in it and two more: one call tells the threads. */
static void count_unknown(struct world_stop *out)
{
	struct stat task;
	if (out->request_ns - world.counted_ns >= COUNT_PERIOD_NS) {
		unsigned known = 0;
		for (struct thread *t = thread_list.first; t; t = t->next)
			known += t->state == THREAD_RUNNING || t->state == THREAD_PREPARED;
		world.counted_ns = out->request_ns;
		world.unknown = 0;
		if (stat("/proc/self/task", &task) == 0 && task.st_nlink > known + 2)
			world.unknown = (unsigned)task.st_nlink - 2 - known;
	}
	out->threads_unknown = world.unknown;
}

struct stop_request {
	struct thread *self;
	struct world_stop *out;
	enum { STOP_BUSY, STOP_DONE, STOP_GIVEN_UP } result;
};

/* The list is locked. Afterwards it is so only when the result is STOP_DONE. */
static void stop_locked(struct stop_request *request)
{
	struct world_stop *out = request->out;
	uint32_t stop = atomic_load(&world.now);
	mask_signals(request->self);
	out->request_ns = os_mono_ns();
	check_handler();
	ask_all(request->self, out);
	bool stopped = wait_for_all(request->self, stop, out);
	out->stop_ns = os_mono_ns() - out->request_ns;
	if (stopped) {
		note_stacks(request->self);
		count_unknown(out);
		request->result = STOP_DONE;
		return;
	}
	atomic_fetch_add(&world.given_up, 1);
	resume_all();
	release_list();
	request->result = STOP_GIVEN_UP;
}

/* Called for the first library, with the loader's list locked: no thread is parked in it. */
static int stop_in_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct stop_request *request = arg;
	(void)info;
	(void)size;
	if (lock_try(&thread_list.lock))
		stop_locked(request);
	else
		request->result = STOP_BUSY;
	return 1;
}

/*
 * One attempt. A fork must not find a thread here, which would leave the loader's lock
 * locked in the child: either the thread sees the list locked or who forks sees in_loader.
 */
static void try_to_stop(struct stop_request *request)
{
	atomic_fetch_add(&world.in_loader, 1);
	if (atomic_load(&thread_list.lock.word) == 0)
		dl_iterate_phdr(stop_in_loader, request);
	atomic_fetch_sub(&world.in_loader, 1);
}

bool world_stop(struct world_stop *out)
{
	struct stop_request request = {thread_self(), out, STOP_BUSY};
	int saved = errno;
	memset(out, 0, sizeof *out);
	if (!request.self)
		return false;
	for (;;) {
		try_to_stop(&request);
		if (request.result != STOP_BUSY)
			break;
		lock_acquire(&thread_list.lock); /* waits for its holder, without the loader's lock */
		lock_release(&thread_list.lock);
	}
	if (request.result == STOP_GIVEN_UP)
		thread_bury_dead();
	errno = saved;
	return request.result == STOP_DONE;
}

/* ---- closing the heap --------------------------------------------------- */

static void set_gates(struct thread *self, bool closed)
{
	for (struct thread *t = thread_list.first; t; t = t->next) {
		uint32_t open = t->gate & ~(uint32_t)THREAD_GATE_CLOSED;
		if (t != self)
			thread_set_gate(t, closed ? open | THREAD_GATE_CLOSED : open);
	}
}

/* Ahead of its first use, and while there are few threads: with many it takes milliseconds. */
static bool fence_register(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

/*
 * Each thread either sees the gate closed when it enters, or has been seen inside; and one that
 * is inside sees stop_pending when it leaves.
 */
static void fence_all_threads(void)
{
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0)
		return;
	if (fence_register() && syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0)
		return;
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) != 0)
		lock_sleep(&(_Atomic uint32_t){0}, 0, FENCE_NS);
}

void world_visit_outside(bool (*chosen)(struct thread *t), void (*visit)(struct thread *t))
{
	int saved = errno;
	bool any = false;
	lock_acquire(&thread_list.lock);
	for (struct thread *t = thread_list.first; t; t = t->next) {
		if (t == thread_current || t->state != THREAD_RUNNING || !chosen(t))
			continue;
		thread_set_gate(t, t->gate | THREAD_GATE_CLOSED);
		any = true;
	}
	if (!any) {
		lock_release(&thread_list.lock);
		errno = saved;
		return;
	}
	world.closed = true;
	fence_all_threads();
	for (struct thread *t = thread_list.first; t; t = t->next)
		if (t->gate & THREAD_GATE_CLOSED && !__atomic_load_n(&t->in_heap, __ATOMIC_ACQUIRE))
			visit(t);
	world_start();
	errno = saved;
}

static bool is_inside(struct thread *t)
{
	return t->state == THREAD_RUNNING && __atomic_load_n(&t->in_heap, __ATOMIC_ACQUIRE);
}

/*
 * Some instructions, unless the thread has lost its processor; maybe to this one, which then
 * had better sleep. Any thread that arrives ends the sleep.
 */
static void wait_until_outside(struct thread *t, int *spins, uint64_t deadline_ns)
{
	while (is_inside(t)) {
		if ((*spins)-- > 0) {
			lock_pause();
			continue;
		}
		atomic_store(&world.missing, 1);
		if (is_inside(t))
			lock_sleep(&world.missing, 1, SLEEP_NS);
		if (os_mono_ns() > deadline_ns || !is_alive(t))
			return;
	}
}

/* From now on nobody but self is in the heap; a thread that is inside is waited for. */
static void close_heap(struct thread *self, uint64_t deadline_ns)
{
	int spins = world.cpus > 1 ? SPINS : 0;
	set_gates(self, true);
	fence_all_threads();
	for (struct thread *t = thread_list.first; t; t = t->next)
		if (t != self)
			wait_until_outside(t, &spins, deadline_ns);
}

/* What a stop learns of each thread: without one it takes a look. */
static void look_at(struct thread *t)
{
	if (t->state != THREAD_RUNNING)
		return;
	thread_stack_look(t);
	if (!is_alive(t))
		t->state = THREAD_DEAD;
}

void world_close(struct world_stop *out)
{
	int saved = errno;
	struct thread *self = thread_current;
	memset(out, 0, sizeof *out);
	out->others_run = true;
	lock_acquire(&thread_list.lock);
	for (struct thread *t = thread_list.first; t; t = t->next)
		look_at(t);
	out->request_ns = os_mono_ns();
	for (struct thread *t = thread_list.first; t; t = t->next) {
		out->threads += t->state == THREAD_RUNNING;
		/* Whoever leaves the heap, or is about to wait, parks, and says that it has come. */
		__atomic_store_n(&t->stop_pending, t != self && t->state == THREAD_RUNNING,
		                 __ATOMIC_RELEASE);
	}
	close_heap(self, UINT64_MAX);
	world.closed = true;
	out->stop_ns = os_mono_ns() - out->request_ns;
	count_unknown(out);
	errno = saved;
}

void world_start(void)
{
	int saved = errno;
	bool dead = false;
	for (struct thread *t = thread_list.first; t; t = t->next)
		dead |= t->state == THREAD_DEAD;
	if (world.closed)
		set_gates(NULL, false);
	world.closed = false;
	resume_all();
	release_list();
	if (dead)
		thread_bury_dead();
	errno = saved;
}

void world_for_each_thread(void (*visit)(struct thread *t, void *arg), void *arg)
{
	for (struct thread *t = thread_list.first; t; t = t->next)
		if (t->open)
			visit(t, arg);
}

uint64_t world_given_up(void)
{
	return atomic_load(&world.given_up);
}

/* ---- fork --------------------------------------------------------------- */

/* Nobody is in the loader for our sake: its lock would stay locked in the child. */
static void wait_for_loader(void)
{
	uint64_t deadline_ns = os_mono_ns() + WORLD_TIMEOUT_MS * 1000000ull;
	while (atomic_load(&world.in_loader) && os_mono_ns() < deadline_ns)
		os_yield();
}

/*
 * The child must find nobody inside the heap. The threads cannot stay parked for that:
 * fork takes the C library's own locks, which a parked thread may hold. So they are
 * parked only to close the heap to them, and the list stays locked until the fork is done.
 */
static void before_fork(void)
{
	struct world_stop stop;
	int saved = errno;
	struct thread *self = thread_self();
	if (world_stop(&stop)) {
		set_gates(self, true);
		resume_all();
	} else {
		/* With some patience: a thread that does not stop may well be elsewhere. */
		lock_acquire(&thread_list.lock);
		close_heap(self, os_mono_ns() + WORLD_TIMEOUT_MS * 1000000ull);
	}
	world.list_kept_for_fork = true;
	atomic_thread_fence(memory_order_seq_cst);
	wait_for_loader();
	errno = saved;
}

static void open_after_fork(void)
{
	world.list_kept_for_fork = false;
	set_gates(NULL, false);
	resume_all();
	release_list();
}

static void after_fork_in_parent(void)
{
	int saved = errno;
	if (world.list_kept_for_fork)
		open_after_fork();
	errno = saved;
}

static void after_fork_in_child(void)
{
	int saved = errno;
	world.pid = getpid();
	atomic_store(&world.in_loader, 0);
	memset(&world.user_lock, 0, sizeof world.user_lock);
	thread_only_self_is_left(thread_current);
	open_after_fork();
	thread_bury_dead();
	thread_tell_fork_child();
	errno = saved;
}

void world_setup(void)
{
	world.pid = getpid();
	world.cpus = os_cpu_count();
	fence_register();
	check_handler();
	os_at_fork(before_fork, after_fork_in_parent, after_fork_in_child);
}
