/*
 * The stop signal finds a thread on its alternate signal stack, which lies right below the guard
 * of its ordinary one, as the system likes to place it; and the thread has many thread-local
 * variables, which are at the upper end of the same mapping. What is between the two is not read.
 */
#define _GNU_SOURCE
#include <memspan.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>

#include "../libcore/check.h"

enum { ALTERNATE_BYTES = 64 << 10, CYCLES = 50 };

static _Thread_local char many[100 << 10];
static _Atomic bool ready, done;

static void set_alternate_stack(void)
{
	pthread_attr_t attributes;
	void *lowest;
	size_t bytes, guard;
	check(pthread_getattr_np(pthread_self(), &attributes) == 0);
	check(pthread_attr_getstack(&attributes, &lowest, &bytes) == 0);
	check(pthread_attr_getguardsize(&attributes, &guard) == 0);
	check(pthread_attr_destroy(&attributes) == 0);
	char *wish = (char *)lowest - guard - ALTERNATE_BYTES;
	char *at = mmap(wish, ALTERNATE_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (at == MAP_FAILED) /* something is there already: it is tried elsewhere then */
		at = mmap(NULL, ALTERNATE_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(at != MAP_FAILED);
	stack_t stack = {.ss_sp = at, .ss_size = ALTERNATE_BYTES};
	check(sigaltstack(&stack, NULL) == 0);
}

static void *hold_an_object(void *arg)
{
	char *object = memspan_alloc(100);
	check(object);
	strcpy(object, "held");
	memset(many, 1, sizeof many);
	set_alternate_stack();
	ready = true;
	while (!done)
		check(strcmp(object, "held") == 0);
	return arg;
}

int main(void)
{
	pthread_t id;
	check(pthread_create(&id, NULL, hold_an_object, NULL) == 0);
	while (!ready)
		;
	for (int i = 0; i < CYCLES; i++)
		memspan_gc();
	done = true;
	check(pthread_join(id, NULL) == 0);
	return 0;
}
