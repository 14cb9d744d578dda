/*
 * Handlers of signals run whenever the signals come, also while their thread collects, and move
 * the only pointer to an object between two others, one of which the marker reads first and the
 * other last. The object stays.
 */
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/time.h>

#include "../libcore/check.h"
#include "memspan.h"

enum { LENGTH = 12000, TURNS = 60, OBJECT_BYTES = 48, PERIOD_US = 50 };

struct node {
	struct node *next;
	unsigned char *volatile object;
};

static struct node *first;
static uintptr_t hidden_last; /* not a pointer: the list alone leads there */
static volatile sig_atomic_t moves;

static void move(int signal)
{
	(void)signal;
	struct node *last = (struct node *)~hidden_last;
	struct node *from = first->object ? first : last, *to = from == first ? last : first;
	to->object = from->object;
	from->object = NULL;
	moves++;
}

static __attribute__((noinline)) memspan_weak *build(void)
{
	for (int i = 0; i < LENGTH; i++) {
		struct node *n = memspan_alloc(sizeof *n);
		n->next = first;
		first = n;
		hidden_last = hidden_last ? hidden_last : ~(uintptr_t)n;
	}
	first->object = memset(memspan_alloc(OBJECT_BYTES), 0x5a, OBJECT_BYTES);
	return memspan_weak_make(first->object);
}

static __attribute__((noinline)) void wipe(void)
{
	char below[16 << 10];
	memset(below, 0, sizeof below);
	__asm__ volatile("" : : "r"(below) : "memory");
}

int main(void)
{
	const struct itimerval period = {{0, PERIOD_US}, {0, PERIOD_US}};
	struct sigaction act = {.sa_handler = move, .sa_flags = SA_RESTART};
	memspan_weak *weak = build();
	check(sigaction(SIGALRM, &act, NULL) == 0 && setitimer(ITIMER_REAL, &period, NULL) == 0);
	for (int turn = 0; turn < TURNS; turn++) {
		wipe();
		memspan_gc();
	}
	check(setitimer(ITIMER_REAL, &(struct itimerval){0}, NULL) == 0);
	struct node *last = (struct node *)~hidden_last;
	unsigned char *object = first->object ? first->object : last->object;
	check(memspan_weak_get(weak) == object);
	for (int i = 0; i < OBJECT_BYTES; i++)
		check(object[i] == 0x5a);
	check(moves > 0);
	return 0;
}
