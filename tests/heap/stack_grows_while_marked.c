/*
 * The live part of a stack span grows while the heap is marked beside the program: what lay there
 * unread, on pages that are protected by then, is read in the last stop.
 *
 * The collector's own calls are when the program takes its steps. Before the static data is read
 * its objects move to a part of a stack that is no root, and to thread-local data, which is read
 * in stops only; when the stack's pages are asked about the second time, that part becomes live,
 * and is all that leads to them.
 */
#define _GNU_SOURCE
#include <linux/userfaultfd.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "cycle.h"
#include "memspan.h"
#include "pagescan.h"
#include "tracking.h"

enum { OBJECTS = 64, STACK_BYTES = 64 << 10, OBJECT_BYTES = 64 };

static struct {
	unsigned char *objects[OBJECTS];
	char much[256 << 10]; /* so that it is read beside the program */
} shelf;
static _Thread_local unsigned char *held[OBJECTS];

static unsigned char **held_by_main, **stack;
static memspan_weak *weak[OBJECTS];
static enum { REST, ON_SHELF, ON_STACK, ASKED_ONCE, ALL_LIVE } step;

static void move_to_stack(void)
{
	memcpy(stack, shelf.objects, sizeof shelf.objects);
	memcpy(held_by_main, shelf.objects, sizeof shelf.objects);
	memset(shelf.objects, 0, sizeof shelf.objects);
	step = ON_STACK;
}

static void make_all_live(void)
{
	check(memspan_stack_set_sp(stack, NULL) == 0);
	memset(held_by_main, 0, sizeof held);
	step = ALL_LIVE;
}

static int is_in(const void *p, unsigned long long lo, unsigned long long hi)
{
	return lo <= (uintptr_t)p && (uintptr_t)p < hi;
}

/* The collector's. */
int ioctl(int fd, unsigned long request, ...)
{
	va_list list;
	va_start(list, request);
	void *arg = va_arg(list, void *);
	va_end(list);
	const struct uffdio_register *tracked = arg;
	const struct pagescan_request *asked = arg;
	if (request == UFFDIO_REGISTER && step == ON_SHELF &&
	    is_in(&shelf, tracked->range.start, tracked->range.start + tracked->range.len))
		move_to_stack();
	else if (request == PAGESCAN && asked->flags & PAGESCAN_PROTECT && step >= ON_STACK &&
	         step < ALL_LIVE && is_in(stack, asked->start, asked->end)) {
		if (step == ASKED_ONCE)
			make_all_live();
		else
			step = ASKED_ONCE;
	}
	return (int)syscall(SYS_ioctl, fd, request, arg);
}

static __attribute__((noinline)) void fill_shelf(void)
{
	for (int i = 0; i < OBJECTS; i++) {
		shelf.objects[i] = memset(memspan_alloc(OBJECT_BYTES), i, OBJECT_BYTES);
		weak[i] = memspan_weak_make(shelf.objects[i]);
	}
}

/* What the calls before left on this stack. */
static __attribute__((noinline)) void wipe(void)
{
	char below[16 << 10];
	memset(below, 0, sizeof below);
	__asm__ volatile("" : : "r"(below) : "memory");
}

int main(void)
{
	cycle_beside_bytes_min = 0;
	held_by_main = held;
	stack = memspan_stack_alloc(STACK_BYTES);
	check(stack && memspan_stack_set_sp(stack, (char *)stack + STACK_BYTES) == 0);
	fill_shelf();
	wipe();
	step = ON_SHELF;
	memspan_gc();
	if (!tracking_available(NULL))
		return 0;
	check(step == ALL_LIVE);
	for (int i = 0; i < OBJECTS; i++) {
		check(memspan_weak_get(weak[i]) == stack[i]);
		for (int at = 0; at < OBJECT_BYTES; at++)
			check(stack[i][at] == i);
	}
	return 0;
}
