/*
 * Where the operating system refuses memory: NULL with ENOMEM after a collection that tried
 * to help, nothing is lost, nothing aborts, and the heap goes on when there is memory again.
 *
 * Each case is a process of its own, with a limit on its address space.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <memspan.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"

struct node {
	struct node *next;
	uint64_t number;
	char filler[4000];
};

/* As much as there is; the last refusal is an error like any other. */
static struct node *fill(uint64_t *count)
{
	struct node *first = NULL;
	*count = 0;
	for (;;) {
		errno = 0;
		struct node *node = memspan_alloc(sizeof *node);
		if (!node) {
			check(errno == ENOMEM);
			return first;
		}
		node->next = first;
		node->number = (*count)++;
		first = node;
	}
}

static bool is_whole(const struct node *first, uint64_t count)
{
	for (; first; first = first->next)
		if (first->number != --count)
			return false;
	return count == 0;
}

/* All kinds of calls are refused or served; none ends the program. */
static void try_all(void)
{
	static const size_t offsets[] = {0};
	static const memspan_type type = {"pointer", 8, 1, offsets};
	static memspan_mem_stats stats;
	static char roots[4096];
	void *p;
	static const size_t sizes[] = {8, 500, 32768, 2 << 20, (size_t)1 << 45};
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		size_t bytes = sizes[i];
		errno = 0;
		check((p = memspan_alloc(bytes)) || errno == ENOMEM);
		memspan_free(p);
		check((p = memspan_alloc_noscan(bytes)) || errno == ENOMEM);
		check((p = memspan_realloc(p, 2 * bytes)) || errno == ENOMEM);
		check((p = memspan_alloc_typed(&type, bytes)) || errno == ENOMEM);
		check((p = memspan_aligned_alloc(4096, bytes)) || errno == ENOMEM);
		if (p && memspan_set_finalizer(p, NULL, NULL) != 0)
			check(errno == ENOMEM);
		check((p = memspan_stack_alloc(bytes)) || errno == ENOMEM);
		memspan_stack_free(p);
	}
	for (size_t i = 0; i < sizeof roots; i++)
		check(memspan_add_roots(&roots[i], 1) == 0 || errno == ENOMEM);
	memspan_read_mem_stats(&stats);
	memspan_gc();
	memspan_free_os_memory();
}

static void *try_all_on_thread(void *arg)
{
	try_all();
	return arg;
}

static void limit_address_space(rlim_t bytes)
{
	struct rlimit limit = {bytes, bytes};
	check(setrlimit(RLIMIT_AS, &limit) == 0);
}

static uint64_t mapped_bytes(void)
{
	unsigned long pages = 0;
	FILE *statm = fopen("/proc/self/statm", "r");
	check(statm && fscanf(statm, "%lu", &pages) == 1);
	fclose(statm);
	return pages * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* The list is a root in `list` only: what is refused must not cost it a node. */
static void run_full(void)
{
	static struct node *list;
	static memspan_mem_stats before, after;
	uint64_t count, again;
	memspan_gc();
	memspan_read_mem_stats(&before);
	list = fill(&count);
	memspan_read_mem_stats(&after);
	check(count > 10000 && after.num_gc > before.num_gc);
	try_all();
	check(is_whole(list, count));
	list = NULL;
	memspan_gc();
	list = fill(&again); /* what was collected is there again */
	check(again > count / 2 && is_whole(list, again));
}

/* In a new process from the start: the heap reserves no more than it may have. */
static void under_a_small_limit(char *self)
{
	limit_address_space((rlim_t)200 << 20);
	execl(self, self, "full", NULL);
	_exit(99);
}

/* Imposed on a heap that is there already: nothing more can be mapped beside it. */
static void under_a_sudden_limit(char *self)
{
	enum { KEPT = 1000 };
	static struct node *list[KEPT];
	pthread_t id;
	(void)self;
	for (uint64_t i = 0; i < KEPT; i++)
		check((list[i] = memspan_alloc(sizeof **list)) && (list[i]->number = i + 1));
	bool has_thread = pthread_create(&id, NULL, try_all_on_thread, NULL) == 0;
	limit_address_space(mapped_bytes());
	try_all();
	if (has_thread)
		check(pthread_join(id, NULL) == 0);
	for (uint64_t i = 0; i < KEPT; i++)
		check(list[i]->number == i + 1);
	_exit(0);
}

static void in_a_process(void (*run)(char *), char *self)
{
	int status;
	pid_t child = fork();
	check(child >= 0);
	if (child == 0)
		run(self);
	check(waitpid(child, &status, 0) == child);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		fprintf(stderr, "the child ended with status %#x\n", (unsigned)status);
	check(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
	alarm(120);
	if (argc > 1)
		run_full();
	else
		in_a_process(under_a_small_limit, argv[0]), in_a_process(under_a_sudden_limit, argv[0]);
	return 0;
}
