/*
 * A thread forks while exit has ended the program and its libraries already, all but one: what
 * the child does is as safe as ever.
 */
#include <memspan.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "fork_while_exiting.h"

enum { CHILD_SECONDS = 20, ROUNDS = 20 };

static void child_collects(void)
{
	static memspan_mem_stats before, after;
	char *object = memspan_alloc(100);
	alarm(CHILD_SECONDS);
	check(object);
	strcpy(object, "kept");
	memspan_read_mem_stats(&before);
	for (int i = 0; i < ROUNDS; i++) {
		memspan_gc();
		check(memspan_usable_size(object) >= 100 && strcmp(object, "kept") == 0);
	}
	memspan_read_mem_stats(&after);
	check(after.num_forced_gc == before.num_forced_gc + ROUNDS);
	_exit(0);
}

static void *fork_late(void *arg)
{
	int status;
	check(memspan_alloc(1));
	wait_for_the_end();
	pid_t child = fork();
	if (child == 0)
		child_collects();
	let_it_end(child > 0 && waitpid(child, &status, 0) == child && status == 0);
	return arg;
}

int main(void)
{
	pthread_t id;
	check(memspan_alloc(1) && pthread_create(&id, NULL, fork_late, NULL) == 0);
	exit(0);
}
