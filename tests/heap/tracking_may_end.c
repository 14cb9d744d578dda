/*
 * The program closes every descriptor that it sees, as daemons do, while its heap is marked
 * beside it, and forks in that state: nothing is lost in the parent, whose next cycles track
 * again, nor in the child, which has its own. Files that the program opens under the same
 * numbers stay open and are not written to.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "memspan.h"

enum { LENGTH = 60000, TURNS = 60, FORKS = 6, HIGH = 512, TAKEN = 8 };

struct node {
	struct node *next;
	unsigned long number;
};

static struct node *list;
static int taken[TAKEN];
static _Atomic bool done;
static _Atomic unsigned collections;

static void check_list(void)
{
	unsigned long number = LENGTH;
	for (struct node *n = list; n; n = n->next)
		check(n->number == --number);
	check(number == 0);
}

static void build_list(void)
{
	list = NULL;
	for (unsigned long i = 0; i < LENGTH; i++) {
		struct node *n = memspan_alloc(sizeof *n);
		*n = (struct node){list, i};
		list = n;
	}
}

static void *collect(void *arg)
{
	while (!atomic_load(&done)) {
		memspan_gc();
		atomic_fetch_add(&collections, 1);
	}
	return arg;
}

/* Turns the list round twice: each link is written, and each node is held by a register. */
static void turn_list(void)
{
	for (int times = 0; times < 2; times++) {
		struct node *turned = NULL, *rest = list;
		list = NULL;
		while (rest) {
			struct node *next = rest->next;
			rest->next = turned;
			turned = rest;
			rest = next;
		}
		list = turned;
	}
}

/*
 * The heap's descriptors have high numbers. The first that are free are files of the
 * program's now, and stay so.
 */
static void take_descriptors(void)
{
	int file = open("/dev/null", O_RDONLY);
	close_range(HIGH, ~0u, 0);
	for (int i = 0; i < TAKEN; i++)
		check((taken[i] = fcntl(file, F_DUPFD, HIGH)) >= HIGH);
	close(file);
}

static void check_descriptors(void)
{
	struct stat null, status;
	check(stat("/dev/null", &null) == 0);
	for (int i = 0; i < TAKEN; i++)
		check(fstat(taken[i], &status) == 0 && status.st_rdev == null.st_rdev);
}

static void child_lives(void)
{
	check_list();
	for (int i = 0; i < 3; i++) {
		turn_list();
		memspan_gc();
	}
	check_list();
	build_list();
	memspan_gc();
	check_list();
	_exit(0);
}

int main(void)
{
	pthread_t collector;
	cycle_beside_bytes_min = 0;
	build_list();
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	for (int turn = 1; turn <= TURNS; turn++) {
		turn_list();
		if (turn % 3 == 0) {
			if (turn > 3)
				check_descriptors();
			take_descriptors();
		}
		if (turn % (TURNS / FORKS) == 0) {
			int status;
			pid_t child = fork();
			check(child >= 0);
			if (child == 0)
				child_lives();
			check(waitpid(child, &status, 0) == child && status == 0);
		}
	}
	atomic_store(&done, true);
	check(pthread_join(collector, NULL) == 0);
	check_list();
	check_descriptors();
	check(collections > 0);
	return 0;
}
