/*
 * Forks from several threads at once while others allocate and collect: each child has a
 * working heap, can begin threads and collect, and nobody waits for ever.
 *
 * A program of its own: it is about fork and threads.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"

enum { FORKERS = 3, WORKERS = 2, FORKS = 40, CHILD_SECONDS = 20, OBJECTS = 2000 };

struct node {
	struct node *next;
	char filler[40];
};

static _Atomic bool ending;

static struct node *make_list(unsigned n)
{
	struct node *first = NULL;
	for (unsigned i = 0; i < n; i++) {
		struct node *node = memspan_alloc(sizeof *node);
		check(node != NULL);
		node->next = first;
		first = node;
	}
	return first;
}

static unsigned length(const struct node *first)
{
	unsigned n = 0;
	for (; first; first = first->next)
		n++;
	return n;
}

static void *work(void *arg)
{
	while (!atomic_load(&ending)) {
		struct node *list = make_list(OBJECTS);
		memspan_free(memspan_alloc(3000));
		check(length(list) == OBJECTS);
	}
	return arg;
}

static void *collect(void *arg)
{
	while (!atomic_load(&ending)) {
		memspan_gc();
		usleep(200);
	}
	return arg;
}

static void *make_in_thread(void *arg)
{
	*(struct node **)arg = make_list(OBJECTS);
	return NULL;
}

/* What the parent made is there, and so is all that a heap does. */
static void live_as_child(const struct node *inherited)
{
	static struct node *made;
	pthread_t id;
	alarm(CHILD_SECONDS); /* a child that hangs is ended by it, and that is seen */
	struct node *list = make_list(OBJECTS);
	memspan_gc();
	check(pthread_create(&id, NULL, make_in_thread, &made) == 0);
	memspan_gc();
	check(pthread_join(id, NULL) == 0);
	memspan_gc();
	check(length(list) == OBJECTS && length(made) == OBJECTS && length(inherited) == OBJECTS);
	_exit(0);
}

static void *fork_often(void *arg)
{
	struct node *list = make_list(OBJECTS);
	for (unsigned i = 0; i < FORKS; i++) {
		int status;
		pid_t child = fork();
		check(child >= 0);
		if (child == 0)
			live_as_child(list);
		check(waitpid(child, &status, 0) == child);
		check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	check(length(list) == OBJECTS);
	return arg;
}

static void spawn_one(void)
{
	char *const argv[] = {"true", NULL};
	char *const no_environment[] = {NULL};
	int status;
	pid_t child;
	check(posix_spawnp(&child, "true", NULL, NULL, argv, no_environment) == 0);
	check(waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(void)
{
	pthread_t forkers[FORKERS], workers[WORKERS], collector;
	alarm(120);
	for (unsigned i = 0; i < WORKERS; i++)
		check(pthread_create(&workers[i], NULL, work, NULL) == 0);
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	for (unsigned i = 0; i < FORKERS; i++)
		check(pthread_create(&forkers[i], NULL, fork_often, NULL) == 0);
	for (unsigned i = 0; i < FORKS; i++)
		spawn_one();
	for (unsigned i = 0; i < FORKERS; i++)
		check(pthread_join(forkers[i], NULL) == 0);
	atomic_store(&ending, true);
	for (unsigned i = 0; i < WORKERS; i++)
		check(pthread_join(workers[i], NULL) == 0);
	check(pthread_join(collector, NULL) == 0);
	return 0;
}
