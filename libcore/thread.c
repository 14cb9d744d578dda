/* thread.c - see thread.h. */
#define _GNU_SOURCE
#include "thread.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "interpose.h"
#include "mapping.h"
#include "os.h"
#include "pageheap.h"
#include "span.h"
#include "stackspan.h"
#include "sysmem.h"
#include "tls.h"
#include "world.h"

enum {
	FRAMES_ABOVE_BYTES = 1 << 16,   /* between a thread's first function and the stack's end */
	STACK_BYTES_DEFAULT = 8 << 20,
};

static const uintptr_t MAIN_STACK_BYTES_MAX = 1ull << 36;

_Thread_local struct thread *thread_current __attribute__((tls_model("initial-exec")));

struct thread thread_nobody = {.open_mcache = &thread_nobody.mcache, .mcache = MCACHE_CLOSED_CACHE};
_Thread_local struct thread *thread_or_nobody __attribute__((tls_model("initial-exec"))) =
    &thread_nobody;

_Thread_local bool thread_has_ended __attribute__((tls_model("initial-exec")));

struct thread_list thread_list;

static struct {
	struct thread *free;        /* guarded by thread_list.lock */
	uint32_t gate_first;        /* of each thread in the list; guarded by thread_list.lock */
	struct thread_hooks hooks;
	pthread_key_t key;          /* its destructor is how a thread's end is seen */
	_Atomic bool ready;
} threads;

static void thread_value_dropped(void *value);

void thread_set_hooks(const struct thread_hooks *hooks)
{
	if (atomic_load_explicit(&threads.ready, memory_order_acquire))
		return;
	threads.hooks = *hooks;
	interpose_setup();
	tls_setup();
	if (pthread_key_create(&threads.key, thread_value_dropped) != 0)
		os_fatal("no thread-specific key is left");
	world_setup();
	atomic_store_explicit(&threads.ready, true, memory_order_release);
}

/* ---- records ----------------------------------------------------------- */

static struct thread *record_pop(void)
{
	lock_acquire(&thread_list.lock);
	struct thread *t = threads.free;
	if (t)
		threads.free = t->next;
	lock_release(&thread_list.lock);
	return t;
}

/* List locked. The words that a late signal of the former thread may look at stay valid. */
static void record_push(struct thread *t)
{
	t->state = THREAD_FREE;
	t->incarnation++;
	t->argument = t->result = NULL;
	t->former = NULL;
	t->next = threads.free;
	threads.free = t;
}

/*
 * All but the stack of frees by others, which stays closed until the record's mcache is
 * opened: who looked up the former thread as a span's owner may still push the span there,
 * and on an open stack without owner it would be lost.
 */
static void record_clear(struct thread *t)
{
	char *stack = (char *)&t->mcache.remote, *behind = stack + sizeof t->mcache.remote;
	memset(t, 0, (size_t)(stack - (char *)t));
	memset(behind, 0, (size_t)((char *)(t + 1) - behind));
}

/*
 * A cleared record, not in the list. Metadata memory has a lock, which must be free when the
 * program forks: a known thread takes it inside the heap, another with the list locked.
 */
static struct thread *record_take(struct thread *self)
{
	struct thread *t = record_pop();
	if (t) {
		uint32_t incarnation = t->incarnation;
		record_clear(t);
		t->incarnation = incarnation;
		t->open_mcache = &thread_nobody.mcache;
		return t;
	}
	if (self)
		thread_enter(self);
	else
		lock_acquire(&thread_list.lock);
	t = sysmem_alloc(sizeof *t, &sysmem_stats.mcache_sys);
	if (self)
		thread_leave(self);
	else
		lock_release(&thread_list.lock);
	if (t)
		t->open_mcache = &thread_nobody.mcache;
	return t;
}

/* List locked, as for the four below. */
static void list_insert(struct thread *t, enum thread_state state)
{
	t->state = state;
	thread_set_gate(t, t->gate | threads.gate_first);
	t->former = NULL;
	t->next = thread_list.first;
	if (t->next)
		t->next->former = t;
	thread_list.first = t;
}

void thread_watch_all(void)
{
	lock_acquire(&thread_list.lock);
	threads.gate_first = THREAD_GATE_WATCHED;
	for (struct thread *t = thread_list.first; t; t = t->next)
		thread_set_gate(t, t->gate | THREAD_GATE_WATCHED);
	lock_release(&thread_list.lock);
}

static void list_remove(struct thread *t)
{
	if (t->former)
		t->former->next = t->next;
	else
		thread_list.first = t->next;
	if (t->next)
		t->next->former = t->former;
}

static void stack_forget(struct thread *t)
{
	atomic_fetch_sub(&thread_list.stack_bytes, t->stack_used_bytes_max);
	t->stack_used_bytes_max = 0;
}

static void record_free(struct thread *t)
{
	stack_forget(t);
	list_remove(t);
	record_push(t);
}

void thread_stack_seen(struct thread *t, uintptr_t sp)
{
	size_t unit = os_page_bytes();
	if (thread_is_runtime(t) || sp < t->stack_lo || sp >= t->stack_hi)
		return;
	uint64_t bytes = ((t->stack_hi + unit - 1) & -unit) - (sp & -unit);
	if (bytes > t->stack_used_bytes_max) {
		atomic_fetch_add(&thread_list.stack_bytes, bytes - t->stack_used_bytes_max);
		t->stack_used_bytes_max = bytes;
	}
}

void thread_stack_look(struct thread *t)
{
	size_t unit = os_page_bytes();
	uintptr_t lo = (t->stack_lo + unit - 1) & -unit;
	uintptr_t seen = ((t->stack_hi + unit - 1) & -unit) - t->stack_used_bytes_max;
	if (seen > lo)
		thread_stack_seen(t, seen - os_resident_below(seen, seen - lo));
}

/* ---- becoming known ---------------------------------------------------- */

/* The bounds of a stack that nobody has told, by the mapping that it lies in. */
static void find_stack(struct thread *t, uintptr_t frame)
{
	struct mapping around;
	struct rlimit limit;
	uintptr_t tls_begin = tls_area_begin(t->tls);
	if (!mapping_around(frame, &around)) {
		around.lo = (frame & -(uintptr_t)os_page_bytes()) - STACK_BYTES_DEFAULT;
		around.hi = mapping_readable_end(frame, STACK_BYTES_DEFAULT);
		around.main_stack = false;
	}
	t->stack_lo = around.lo;
	t->stack_hi = around.hi;
	if (around.main_stack && getrlimit(RLIMIT_STACK, &limit) == 0)
		t->stack_lo = around.hi - (limit.rlim_cur < MAIN_STACK_BYTES_MAX ? limit.rlim_cur
		                                                                 : MAIN_STACK_BYTES_MAX);
	if (tls_begin > frame && tls_begin < t->stack_hi) /* at the upper end, as glibc does it */
		t->stack_hi = tls_begin;
}

/*
 * As above for a thread at its begin, when it is cheaper. The C library's own and all thread-local
 * variables are part of the stack's size: below it is a guard, and maybe another's memory.
 */
static void derive_stack(struct thread *t, uintptr_t frame)
{
	uintptr_t tls_begin = tls_area_begin(t->tls), bytes = t->stack_hi - t->stack_lo;
	bool tls_above = tls_begin > frame && tls_begin - frame < FRAMES_ABOVE_BYTES;
	uintptr_t page_mask = -(uintptr_t)os_page_bytes();
	uintptr_t end = tls_above ? (tls_area_end(t->tls) + ~page_mask) & page_mask : frame;
	t->stack_hi = tls_above ? tls_begin : frame;
	t->stack_lo = end - bytes;
}

static void set_current(struct thread *t)
{
	thread_current = t;
	thread_or_nobody = t ? t : &thread_nobody;
}

/*
 * The calling thread, not yet in the list, becomes known with this record. Its signal
 * is opened last, when it can be parked.
 */
static bool become_known(struct thread *t)
{
	t->tid = (pid_t)syscall(SYS_gettid);
	t->id = pthread_self();
	if (!threads.hooks.init(t))
		return false;
	t->open = true;
	set_current(t);
	return true;
}

/*
 * The main thread may be known already: while the program is loaded the loader allocates,
 * and sets all thread-local variables to their first values afterwards.
 */
static bool find_main_again(void)
{
	pid_t tid = (pid_t)syscall(SYS_gettid);
	if (tid != getpid())
		return false;
	lock_acquire(&thread_list.lock);
	struct thread *t = thread_list.first;
	while (t && (t->tid != tid || t->state != THREAD_RUNNING || t->tls != tls_self()))
		t = t->next;
	set_current(t);
	lock_release(&thread_list.lock);
	return t != NULL;
}

struct thread *thread_self_slow(void)
{
	if (!atomic_load_explicit(&threads.ready, memory_order_acquire))
		return NULL;
	if (find_main_again())
		return thread_current;
	int saved = errno;
	struct thread *t = record_take(NULL);
	if (t) {
		t->tls = tls_self();
		find_stack(t, (uintptr_t)__builtin_frame_address(0));
		bool known = become_known(t);
		lock_acquire(&thread_list.lock);
		if (known)
			list_insert(t, THREAD_RUNNING);
		else
			record_push(t);
		lock_release(&thread_list.lock);
		if (known) {
			pthread_setspecific(threads.key, t);
			world_open_signal();
		}
	}
	errno = saved;
	return thread_current;
}

struct thread_ref thread_prepare(void *argument, bool joinable, size_t stack_bytes, bool *refused)
{
	struct thread_ref ref = {NULL, 0};
	*refused = false;
	if (!atomic_load_explicit(&threads.ready, memory_order_acquire))
		return ref;
	struct thread *t = record_take(thread_self());
	if (!t) {
		*refused = true;
		return ref;
	}
	t->argument = argument;
	t->joinable = joinable;
	t->stack_hi = stack_bytes ? stack_bytes : STACK_BYTES_DEFAULT;
	lock_acquire(&thread_list.lock);
	list_insert(t, THREAD_PREPARED);
	lock_release(&thread_list.lock);
	ref.thread = t;
	ref.incarnation = t->incarnation;
	return ref;
}

void thread_abandon(struct thread_ref ref)
{
	lock_acquire(&thread_list.lock);
	record_free(ref.thread);
	lock_release(&thread_list.lock);
}

void thread_created(struct thread_ref ref, pthread_t id)
{
	lock_acquire(&thread_list.lock);
	if (ref.thread->incarnation == ref.incarnation)
		ref.thread->id = id;
	lock_release(&thread_list.lock);
}

void *thread_begin(struct thread *t, uintptr_t frame)
{
	void *argument;
	/* While the list is locked nobody asks this thread to stop, nor reads its roots. */
	lock_acquire(&thread_list.lock);
	t->tls = tls_self();
	derive_stack(t, frame);
	bool known = become_known(t);
	argument = t->argument;
	t->argument = NULL;
	if (known)
		t->state = THREAD_RUNNING;
	else
		record_free(t);
	lock_release(&thread_list.lock);
	if (known && !thread_is_runtime(t)) {
		pthread_setspecific(threads.key, t);
		world_open_signal();
	}
	return argument;
}

/* ---- the end ----------------------------------------------------------- */

/*
 * The thread ends or wants to be unknown. It forgets its record while the list is locked:
 * a signal that comes later finds none.
 */
static void leave_known(struct thread *t, bool ended)
{
	thread_enter(t);
	threads.hooks.exit(t);
	t->open = false;
	thread_leave(t);
	lock_acquire(&thread_list.lock);
	set_current(NULL);
	thread_has_ended = ended;
	if (ended && t->joinable) {
		stack_forget(t);
		t->state = THREAD_ENDED;
	} else {
		record_free(t);
	}
	lock_release(&thread_list.lock);
}

/*
 * The destructor of our key. Other destructors may still allocate: it comes again
 * until the last round that the system promises.
 */
static void thread_value_dropped(void *value)
{
	struct thread *t = value;
	if (t != thread_current)
		return;
	if (++t->exit_rounds < PTHREAD_DESTRUCTOR_ITERATIONS &&
	    pthread_setspecific(threads.key, t) == 0)
		return;
	leave_known(t, true);
}

void thread_forget_self(void)
{
	struct thread *t = thread_current;
	if (!t || thread_is_runtime(t))
		return;
	pthread_setspecific(threads.key, NULL);
	leave_known(t, false);
}

void thread_set_result(void *result)
{
	struct thread *t = thread_current;
	if (t)
		t->result = result;
}

struct thread_ref thread_find_joinable(pthread_t id)
{
	struct thread_ref ref = {NULL, 0};
	lock_acquire(&thread_list.lock);
	for (struct thread *t = thread_list.first; t; t = t->next) {
		if (!t->joinable || !t->id || !pthread_equal(t->id, id))
			continue;
		ref = (struct thread_ref){t, t->incarnation};
		/* An ended one may be left over whose id is in use again. */
		if (t->state == THREAD_RUNNING)
			break;
	}
	lock_release(&thread_list.lock);
	return ref;
}

static void release_result(struct thread_ref ref)
{
	if (!ref.thread)
		return;
	lock_acquire(&thread_list.lock);
	if (ref.thread->incarnation == ref.incarnation) {
		ref.thread->joinable = false;
		if (ref.thread->state == THREAD_ENDED)
			record_free(ref.thread);
	}
	lock_release(&thread_list.lock);
}

void thread_joined(struct thread_ref ref)
{
	release_result(ref);
}

void thread_detached(struct thread_ref ref)
{
	release_result(ref);
}

/* What one holds that died inside the heap may be half done: its record is used no more. */
static struct thread *next_dead(void)
{
	struct thread *t = thread_list.first;
	while (t && (t->state != THREAD_DEAD || (t->open && t->in_heap)))
		t = t->next;
	return t;
}

/*
 * Found and removed one at a time under the lock; what it held is given back inside the
 * heap, where nobody waits for the list. Until then its counts are seen in the list.
 */
void thread_bury_dead(void)
{
	struct thread *self = thread_self();
	if (!self)
		return;
	for (;;) {
		/* Inside the heap but with the list only tried: the stopper may hold it. */
		thread_enter(self);
		if (!lock_try(&thread_list.lock)) {
			thread_leave(self);
			lock_acquire(&thread_list.lock);
			lock_release(&thread_list.lock);
			continue;
		}
		struct thread *t = next_dead();
		if (t && t->open)
			threads.hooks.exit(t);
		if (t) {
			t->open = false;
			record_free(t);
		}
		lock_release(&thread_list.lock);
		thread_leave(self);
		if (!t)
			return;
	}
}

void thread_only_self_is_left(struct thread *self)
{
	for (struct thread *t = thread_list.first, *next; t; t = next) {
		next = t->next;
		if (t == self)
			continue;
		if (t->open) {
			t->state = THREAD_DEAD;
			stack_forget(t);
		} else {
			record_free(t);
		}
	}
	if (self) {
		self->tid = (pid_t)syscall(SYS_gettid);
		self->joinable = false;
	}
}

void thread_tell_fork_child(void)
{
	threads.hooks.fork_child();
}

/* ---- counting ---------------------------------------------------------- */

uint64_t thread_stack_bytes(void)
{
	return atomic_load_explicit(&thread_list.stack_bytes, memory_order_relaxed);
}

unsigned thread_count(void)
{
	unsigned count = 0;
	lock_acquire(&thread_list.lock);
	for (struct thread *t = thread_list.first; t; t = t->next)
		count += t->state == THREAD_RUNNING;
	lock_release(&thread_list.lock);
	return count;
}

/* ---- the runtime's own threads ----------------------------------------- */

static void *run_runtime(void *record)
{
	struct thread *t = record;
	t->start.runtime(thread_begin(t, (uintptr_t)__builtin_frame_address(0)));
	return NULL;
}

int thread_start_runtime(void (*run)(void *), void *arg, void *stack, size_t stack_bytes)
{
	bool refused;
	int saved = errno;
	pthread_t id;
	pthread_attr_t attr;
	sigset_t all, former;
	struct thread_ref ref = thread_prepare(arg, false, stack_bytes, &refused);
	if (!ref.thread)
		return ENOMEM;
	struct span *s = pageheap_span_of((uintptr_t)stack);
	if (s && s->state == SPAN_STACK)
		stackspan_set_sp(s, (uintptr_t)stack + stack_bytes); /* no root (thread.h) */
	thread_set_gate(ref.thread, ref.thread->gate | THREAD_GATE_RUNTIME);
	ref.thread->start.runtime = run;
	sigfillset(&all);
	int error = pthread_attr_init(&attr);
	if (error)
		goto abandon;
	error = pthread_attr_setstack(&attr, stack, stack_bytes);
	if (!error)
		error = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!error) {
		libc_pthread_sigmask(SIG_SETMASK, &all, &former);
		error = libc_pthread_create(&id, &attr, run_runtime, ref.thread);
		libc_pthread_sigmask(SIG_SETMASK, &former, NULL);
	}
	pthread_attr_destroy(&attr);
abandon:
	if (error)
		thread_abandon(ref);
	errno = saved;
	return error;
}
