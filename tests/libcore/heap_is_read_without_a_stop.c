/*
 * A thread that cannot be stopped does not keep others from reading the heap, exactly, nor
 * from forking; the record of one that died unseen is taken back even if others have the
 * list of threads just then; and reading finds the dead, and how deep stacks are.
 *
 * A program of its own: it is about threads and signals.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "thread.h"
#include "world.h"

static _Atomic bool deaf, ending;

/* Blocks the stop signal past all wrappers, and never comes to the heap again. */
static void *run_deaf(void *arg)
{
	uint64_t all = UINT64_MAX;
	void *keep = memspan_alloc(100);
	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &all, NULL, sizeof all);
	deaf = true;
	while (!ending)
		__asm__ volatile("" : : "r"(keep) : "memory");
	return arg;
}

static void *allocate(void *arg)
{
	enum { KEPT = 100 };
	void *kept[KEPT] = {NULL};
	for (unsigned i = 0; !ending; i++) {
		memspan_free(kept[i % KEPT]);
		kept[i % KEPT] = memspan_alloc(i * 7919 % 3000);
	}
	return arg;
}

struct walk {
	uint64_t objects, bytes;
};

static int add(const memspan_span *s, void *arg)
{
	struct walk *walk = arg;
	walk->objects += s->alloc_count;
	walk->bytes += s->alloc_count * s->elem_bytes;
	return 0;
}

static void figures_agree(void)
{
	static memspan_mstats stats;
	struct walk walk = {0, 0};
	check(memspan_visit_spans(add, &walk, &stats) == 0);
	check(walk.objects == stats.heap_objects && walk.bytes == stats.heap_alloc);
}

static void a_deaf_thread_is_no_hindrance(void)
{
	enum { THREADS = 3, READINGS = 5 };
	pthread_t ids[THREADS];
	static memspan_mem_stats stats;
	check(pthread_create(&ids[0], NULL, run_deaf, NULL) == 0);
	for (int i = 1; i < THREADS; i++)
		check(pthread_create(&ids[i], NULL, allocate, NULL) == 0);
	while (!deaf)
		usleep(1000);
	uint64_t given_up = world_given_up();
	for (int i = 0; i < READINGS; i++)
		figures_agree();
	memspan_read_mem_stats(&stats);
	check(stats.mallocs > 0);
	check(world_given_up() == given_up); /* it was not asked */

	int status;
	pid_t child = fork();
	check(child >= 0);
	if (child == 0) {
		memspan_gc(); /* the deaf thread is not there: this one is stopped by nobody */
		figures_agree();
		_exit(0);
	}
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
	ending = true;
	for (int i = 0; i < THREADS; i++)
		check(pthread_join(ids[i], NULL) == 0);
	memspan_gc();
	figures_agree();
}

/* ---- the dead -------------------------------------------------------------- */

static _Atomic bool is_ready, may_release;

static void *release_list(void *arg)
{
	is_ready = true;
	while (!may_release)
		usleep(1000);
	usleep(20000); /* the other is in thread_bury_dead by then, or will be */
	lock_release(&thread_list.lock);
	return arg;
}

static void *die_unseen(void *arg)
{
	check(memspan_alloc(100) != NULL);
	*(struct thread **)arg = thread_current;
	syscall(SYS_exit, 0);
	return NULL;
}

static unsigned dead_threads(void)
{
	unsigned count = 0;
	lock_acquire(&thread_list.lock);
	for (struct thread *t = thread_list.first; t; t = t->next)
		count += t->state == THREAD_DEAD;
	lock_release(&thread_list.lock);
	return count;
}

static void the_dead_are_buried_also_when_the_list_is_in_use(void)
{
	pthread_t dying, releasing;
	struct thread *dead;
	check(pthread_create(&dying, NULL, die_unseen, &dead) == 0);
	check(pthread_join(dying, NULL) == 0);
	check(pthread_create(&releasing, NULL, release_list, NULL) == 0);
	while (!is_ready)
		usleep(1000);
	lock_acquire(&thread_list.lock);
	dead->state = THREAD_DEAD; /* as the next stop finds it */
	may_release = true;
	thread_bury_dead();
	check(dead_threads() == 0);
	check(pthread_join(releasing, NULL) == 0);
	figures_agree();
}

/* ---- what is seen of a thread that is asked nothing ------------------------- */

enum { DEEP_BYTES = 1 << 20 };

static _Atomic bool is_deep;

static __attribute__((noinline)) void *go_deep(void *arg)
{
	volatile char frame[DEEP_BYTES];
	for (size_t i = 0; i < sizeof frame; i += 1024)
		frame[i] = 1;
	is_deep = true;
	while (is_deep)
		usleep(1000);
	return frame[0] ? arg : NULL;
}

static uint64_t stacks_sys(void)
{
	static memspan_mstats stats;
	memspan_read_mstats(&stats);
	return stats.stacks_sys;
}

static void deep_stacks_are_seen(void)
{
	pthread_t deep;
	uint64_t before = stacks_sys();
	check(pthread_create(&deep, NULL, go_deep, NULL) == 0);
	while (!is_deep)
		usleep(1000);
	check(stacks_sys() >= before + DEEP_BYTES);
	is_deep = false;
	check(pthread_join(deep, NULL) == 0);
	check(stacks_sys() < before + DEEP_BYTES);
}

static void the_dead_are_found_by_reading(void)
{
	pthread_t dying;
	struct thread *dead;
	check(pthread_create(&dying, NULL, die_unseen, &dead) == 0);
	check(pthread_join(dying, NULL) == 0);
	check(dead->state == THREAD_RUNNING);
	figures_agree();
	check(dead->state == THREAD_FREE);
}

int main(void)
{
	alarm(120);
	a_deaf_thread_is_no_hindrance();
	the_dead_are_buried_also_when_the_list_is_in_use();
	deep_stacks_are_seen();
	the_dead_are_found_by_reading();
	return 0;
}
