/*
 * An object survives a collection when the only pointer to it is in one of the places
 * that are roots, and is gone when the pointer is. What is kept beside it to look for it
 * is the complement of its address.
 *
 * A program of its own: it is about threads, stacks and signals.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <threads.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"
#include "sanitizer.h"

enum { OBJECT_BYTES = 80, STACK_BYTES = 64 << 10, OBJECTS = 50 };

#define APART __attribute__((noinline, noclone))

/* Objects made with the same purpose; a few may stay because of a stale word somewhere. */
struct objects {
	uintptr_t hidden[OBJECTS];
};

static APART void *make(uintptr_t *hidden)
{
	void *p = memspan_alloc(OBJECT_BYTES);
	check(p != NULL);
	*hidden = ~(uintptr_t)p;
	return p;
}

static APART bool lives(uintptr_t hidden)
{
	return memspan_is_heap_pointer((void *)~hidden);
}

/* Overwrites what calls before left below the present frame. */
static APART void clear_stack(void)
{
	volatile char below[16 << 10];
	for (size_t i = 0; i < sizeof below; i++)
		below[i] = 0;
}

static APART void collect(void)
{
	clear_stack();
	memspan_gc();
}

/* ---- a thread that never allocates ------------------------------------- */

struct handed {
	uintptr_t hidden;
	sem_t ready, done;
	bool in_register;
};

/* Shown as its complement, so that the only pointer is the one that this thread makes. */
static void *hold(void *arg)
{
	struct handed *handed = arg;
	if (handed->in_register) {
		register uintptr_t only = ~handed->hidden;
		sem_post(&handed->ready);
		while (sem_trywait(&handed->done) != 0)
			__asm__ volatile("" : "+r"(only));
		__asm__ volatile("" : : "r"(only));
	} else {
		volatile uintptr_t only = ~handed->hidden;
		sem_post(&handed->ready);
		while (sem_wait(&handed->done) != 0)
			;
		check(only != 0);
	}
	return NULL;
}

/* With a pointer held until the thread holds its own. */
static APART void begin_holder(struct handed *handed, pthread_t *id)
{
	void *volatile p = make(&handed->hidden);
	check(pthread_create(id, NULL, hold, handed) == 0);
	while (sem_wait(&handed->ready) != 0)
		;
	check(p != NULL);
}

static void stack_of_a_thread_that_never_allocates(bool in_register)
{
	static struct handed handed;
	pthread_t id;
	handed.in_register = in_register;
	check(sem_init(&handed.ready, 0, 0) == 0 && sem_init(&handed.done, 0, 0) == 0);
	begin_holder(&handed, &id);
	collect();
	check(lives(handed.hidden));
	sem_post(&handed.done);
	check(pthread_join(id, NULL) == 0);
}

/* ---- arguments and results ----------------------------------------------- */

static void *give_back(void *arg)
{
	return arg;
}

static void *collect_and_give_back(void *arg)
{
	collect();
	return arg;
}

static void *exit_with(void *arg)
{
	pthread_exit(arg);
}

static APART void begin_all(pthread_t *ids, struct objects *objects, void *(*routine)(void *))
{
	for (unsigned i = 0; i < OBJECTS; i++)
		check(pthread_create(&ids[i], NULL, routine, make(&objects->hidden[i])) == 0);
}

static unsigned count_living(const struct objects *objects)
{
	unsigned living = 0;
	for (unsigned i = 0; i < OBJECTS; i++)
		living += lives(objects->hidden[i]);
	return living;
}

/* Some of the threads do not run yet in the first collections, others have ended. */
static void arguments_and_results(void *(*routine)(void *))
{
	static pthread_t ids[OBJECTS];
	static struct objects objects;
	begin_all(ids, &objects, routine);
	collect();
	check(count_living(&objects) == OBJECTS);
	usleep(20000);
	collect();
	check(count_living(&objects) == OBJECTS);
	for (unsigned i = 0; i < OBJECTS; i++) {
		void *result;
		check(pthread_join(ids[i], &result) == 0 && result == (void *)~objects.hidden[i]);
	}
	collect();
	check(count_living(&objects) <= OBJECTS / 10);
}

static int end_c11(void *arg)
{
	return lives(~(uintptr_t)arg) ? 7 : 0;
}

static void c11_threads(void)
{
	thrd_t id;
	int result;
	uintptr_t hidden;
	check(thrd_create(&id, end_c11, make(&hidden)) == thrd_success);
	check(thrd_join(id, &result) == thrd_success && result == 7);
}

static void detached_threads(void)
{
	static pthread_t ids[OBJECTS];
	static struct objects objects;
	begin_all(ids, &objects, give_back);
	for (unsigned i = 0; i < OBJECTS; i++)
		check(pthread_detach(ids[i]) == 0);
	memset(ids, 0, sizeof ids);
	for (int i = 0; i < 100 && count_living(&objects) > OBJECTS / 10; i++) {
		usleep(50000);
		collect();
	}
	check(count_living(&objects) <= OBJECTS / 10);
}

/* ---- thread-local and static variables ------------------------------------ */

static _Thread_local void *volatile in_static_tls;
static void *volatile in_static_data;
static void *volatile in_bss_array[1 << 16];

static void thread_locals_of_the_program(void)
{
	uintptr_t hidden;
	in_static_tls = make(&hidden);
	collect();
	check(lives(hidden));
	in_static_tls = NULL;
}

static void static_data_of_the_program(void)
{
	uintptr_t hidden[2];
	in_static_data = make(&hidden[0]);
	in_bss_array[40000] = (char *)make(&hidden[1]) + OBJECT_BYTES - 1;
	collect();
	check(lives(hidden[0]) && lives(hidden[1]));
	in_static_data = in_bss_array[40000] = NULL;
}

struct library {
	void **(*thread_local_variable)(void);
	sem_t ready, done;
	uintptr_t hidden;
};

static void *hold_in_library(void *arg)
{
	struct library *library = arg;
	*library->thread_local_variable() = make(&library->hidden);
	clear_stack();
	sem_post(&library->ready);
	while (sem_wait(&library->done) != 0)
		;
	return NULL;
}

static void variables_of_a_library(const char *path)
{
	static struct library library;
	uintptr_t hidden;
	pthread_t id;
	void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	check(handle != NULL);
	void **(*static_variable)(void);
	*(void **)&static_variable = dlsym(handle, "roots_library_static");
	*(void **)&library.thread_local_variable = dlsym(handle, "roots_library_thread_local");
	check(static_variable && library.thread_local_variable);
	check(sem_init(&library.ready, 0, 0) == 0 && sem_init(&library.done, 0, 0) == 0);
	check(pthread_create(&id, NULL, hold_in_library, &library) == 0);
	*static_variable() = make(&hidden);
	while (sem_wait(&library.ready) != 0)
		;
	collect();
	check(lives(hidden) && lives(library.hidden));
	sem_post(&library.done);
	check(pthread_join(id, NULL) == 0);
	check(dlclose(handle) == 0);
	collect(); /* the variables are gone, and reading them would be a fault */
}

static _Atomic bool ending;

static void *load_and_unload(void *path)
{
	while (!atomic_load(&ending)) {
		void *handle = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		void **(*variable)(void);
		check(handle != NULL);
		*(void **)&variable = dlsym(handle, "roots_library_thread_local");
		*variable() = memspan_alloc(OBJECT_BYTES);
		check(dlclose(handle) == 0);
	}
	return NULL;
}

static void libraries_that_come_and_go(char *path)
{
	pthread_t ids[2];
	atomic_store(&ending, false);
	for (unsigned i = 0; i < 2; i++)
		check(pthread_create(&ids[i], NULL, load_and_unload, path) == 0);
	for (unsigned i = 0; i < 200; i++)
		memspan_gc();
	atomic_store(&ending, true);
	for (unsigned i = 0; i < 2; i++)
		check(pthread_join(ids[i], NULL) == 0);
}

/* ---- other stacks ----------------------------------------------------------- */

static struct handed on_alternate;

/* The thread waits in here while the world is stopped. */
static void wait_in_handler(int signal)
{
	(void)signal;
	sem_post(&on_alternate.ready);
	while (sem_wait(&on_alternate.done) != 0)
		;
}

static void *hold_below_alternate_stack(void *arg)
{
	static char alternate[STACK_BYTES];
	stack_t stack = {.ss_sp = alternate, .ss_size = sizeof alternate}, former;
	volatile uintptr_t only = ~on_alternate.hidden;
	check(sigaltstack(&stack, &former) == 0);
	raise(SIGUSR1);
	check(only != 0 && sigaltstack(&former, NULL) == 0);
	return arg;
}

static APART void begin_on_alternate(pthread_t *id)
{
	void *volatile p = make(&on_alternate.hidden);
	check(pthread_create(id, NULL, hold_below_alternate_stack, NULL) == 0);
	while (sem_wait(&on_alternate.ready) != 0)
		;
	check(p != NULL);
}

static void stack_below_an_alternate_one(void)
{
	struct sigaction act = {.sa_handler = wait_in_handler, .sa_flags = SA_ONSTACK};
	pthread_t id;
	sigfillset(&act.sa_mask);
	check(sigaction(SIGUSR1, &act, NULL) == 0);
	check(sem_init(&on_alternate.ready, 0, 0) == 0 && sem_init(&on_alternate.done, 0, 0) == 0);
	begin_on_alternate(&id);
	collect();
	check(lives(on_alternate.hidden));
	sem_post(&on_alternate.done);
	check(pthread_join(id, NULL) == 0);
}

static ucontext_t scheduler, fiber;
static uintptr_t on_fiber, below_fiber;

static void run_fiber(void)
{
	volatile uintptr_t only = ~on_fiber;
	collect();
	check(lives(on_fiber) && lives(below_fiber));
	check(only != 0);
	swapcontext(&fiber, &scheduler);
}

static APART void enter_fiber(void *stack)
{
	void *volatile below = make(&below_fiber);
	check(getcontext(&fiber) == 0);
	fiber.uc_stack.ss_sp = stack;
	fiber.uc_stack.ss_size = STACK_BYTES;
	fiber.uc_link = NULL;
	makecontext(&fiber, run_fiber, 0);
	make(&on_fiber);
	check(swapcontext(&scheduler, &fiber) == 0);
	check(below != NULL);
}

static void stacks_of_fibers(void)
{
	void *span = memspan_stack_alloc(STACK_BYTES);
	check(span != NULL);
	enter_fiber(span);
	memspan_stack_free(span);
	void *mapped = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(mapped != MAP_FAILED);
	enter_fiber(mapped);
	munmap(mapped, STACK_BYTES);
}

/* ---- registered ranges, and what is no root ------------------------------------ */

static void registered_ranges(void)
{
	void **apart = malloc(OBJECTS * sizeof *apart);
	static struct objects objects;
	for (unsigned i = 0; i < OBJECTS; i++)
		apart[i] = make(&objects.hidden[i]);
	check(memspan_add_roots(apart, OBJECTS * sizeof *apart) == 0);
	collect();
	check(count_living(&objects) == OBJECTS);
	check(memspan_remove_roots(apart, OBJECTS * sizeof *apart) == 0);
	check(memspan_remove_roots(apart, OBJECTS * sizeof *apart) == -1);
	check(memspan_add_roots(apart, 0) == -1 && memspan_add_roots(apart, SIZE_MAX) == -1);
	for (uintptr_t i = 1; i <= 1000; i++)
		check(memspan_add_roots(apart, i * 8 % 400 + 8) == 0);
	for (uintptr_t i = 1000; i >= 1; i--)
		check(memspan_remove_roots(apart, i * 8 % 400 + 8) == 0);
	collect();
	check(count_living(&objects) <= OBJECTS / 10); /* memory from malloc is no root */
	free(apart);
}

int main(int argc, char **argv)
{
	check(argc == 2);
	stack_of_a_thread_that_never_allocates(false);
	stack_of_a_thread_that_never_allocates(true);
	if (!SANITIZER_ENABLED) { /* whose own pthread_create comes first, and keeps the argument */
		arguments_and_results(give_back);
		arguments_and_results(collect_and_give_back);
		arguments_and_results(exit_with);
	}
	c11_threads();
	detached_threads();
	thread_locals_of_the_program();
	static_data_of_the_program();
	variables_of_a_library(argv[1]);
	libraries_that_come_and_go(argv[1]);
	stack_below_an_alternate_one();
	stacks_of_fibers();
	registered_ranges();
	return 0;
}
