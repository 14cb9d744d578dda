/*
 * fatal_program.c - a recorded program that dies, or does not: fatal_program WHAT HOW.
 * It collects once, so that a snapshot is in flight, and comes to grief at once.
 *
 * WHAT: segv bus abort fpe ill (the thing itself), overflow (of the stack), deep (the same in
 *       another thread), thread (segv in another one), sent (SIGSEGV by kill), raised (SIGABRT by raise), nothing
 * HOW:  default      nothing is set
 *       restored     a handler was set, then the default again, by signal()
 *       exits        the handler exits with 42
 *       returns      the handler returns once (SA_RESETHAND, SA_SIGINFO)
 *       jumps        the handler jumps out; the program does it once more, exits with 0
 *       ignored      SIG_IGN
 *       stuck        nothing is set, and the recorder's writes take STUCK_S seconds
 */
#include <memspan.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { STUCK_S = 30 };
enum { SPANS = 20000, HANDLED = 42, WRONG = 43 };

static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
static void *objects[SPANS];
static volatile int zero, times;
static int *volatile nowhere;
static sigjmp_buf again;

static bool is_stuck;

/* In place of the C library's, for the recorder as well. */
__attribute__((visibility("default"))) ssize_t write(int fd, const void *data, size_t count)
{
	if (is_stuck)
		sleep(STUCK_S);
	return syscall(SYS_write, fd, data, count);
}

static void on_exit_handler(int number)
{
	(void)number;
	_exit(HANDLED);
}

static void on_jump(int number)
{
	(void)number;
	siglongjmp(again, 1);
}

/* It gets what the system says, and after it the default is in force. */
static void on_info(int number, siginfo_t *info, void *context)
{
	struct sigaction now;

	if (!context || info->si_signo != number)
		_exit(WRONG);
	if (number == SIGSEGV && info->si_code > 0 && info->si_addr != NULL)
		_exit(WRONG);
	if (sigaction(number, NULL, &now) != 0 || now.sa_handler != SIG_DFL)
		_exit(WRONG);
}

static void expect(bool holds)
{
	if (!holds)
		exit(WRONG);
}

/* What a program sees of the signals is what it set. */
static void set(int number, const char *how)
{
	struct sigaction action = {.sa_flags = 0}, now;

	expect(sigaction(number, NULL, &now) == 0 && now.sa_handler == SIG_DFL && now.sa_flags == 0);
	if (strcmp(how, "restored") == 0) {
		expect(signal(number, on_exit_handler) == SIG_DFL);
		expect(signal(number, SIG_DFL) == on_exit_handler);
		expect(signal(number, SIG_DFL) == SIG_DFL);
		return;
	}
	if (strcmp(how, "exits") == 0) {
		action.sa_handler = on_exit_handler;
	} else if (strcmp(how, "jumps") == 0) {
		action.sa_handler = on_jump;
	} else if (strcmp(how, "ignored") == 0) {
		action.sa_handler = SIG_IGN;
	} else if (strcmp(how, "returns") == 0) {
		action.sa_flags = (int)(SA_SIGINFO | SA_RESETHAND);
		action.sa_sigaction = on_info;
	} else {
		return;
	}
	expect(sigaction(number, &action, NULL) == 0);
	expect(sigaction(number, NULL, &now) == 0 && now.sa_handler == action.sa_handler);
}

/* Deeper than any stack. */
static int overflow(volatile char *before, int depth)
{
	volatile char here[4096];

	here[0] = before[0];
	return depth == 0 ? 0 : overflow(here, depth - 1) + here[0];
}

static void *in_thread(void *arg)
{
	*nowhere = 1;
	return arg;
}

static void *overflow_in_thread(void *arg)
{
	char start = 0;

	zero = overflow(&start, 1 << 30);
	return arg;
}

/* A page of a file beyond the file's end. */
static void read_beyond_end(void)
{
	FILE *file = tmpfile();
	volatile char *page = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fileno(file), 0);

	zero = page[0];
}

static void do_it(const char *what)
{
	pthread_t thread;
	char start = 0;

	if (strcmp(what, "segv") == 0)
		*nowhere = 1;
	else if (strcmp(what, "bus") == 0)
		read_beyond_end();
	else if (strcmp(what, "abort") == 0)
		abort();
	else if (strcmp(what, "fpe") == 0)
		zero = 100 / zero;
	else if (strcmp(what, "ill") == 0)
		__builtin_trap();
	else if (strcmp(what, "overflow") == 0)
		zero = overflow(&start, 1 << 30);
	else if (strcmp(what, "sent") == 0)
		kill(getpid(), SIGSEGV);
	else if (strcmp(what, "raised") == 0)
		raise(SIGABRT);
	else if (strcmp(what, "deep") == 0 &&
		 pthread_create(&thread, NULL, overflow_in_thread, NULL) == 0)
		pthread_join(thread, NULL);
	else if (strcmp(what, "thread") == 0 && pthread_create(&thread, NULL, in_thread, NULL) == 0)
		pthread_join(thread, NULL);
}

int main(int count, char **arguments)
{
	if (count != 3)
		return 2;
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		set(signals[i], arguments[2]);
	is_stuck = strcmp(arguments[2], "stuck") == 0;
	memspan_set_gc_percent(-1);
	for (int i = 0; i < SPANS; i++)
		objects[i] = memspan_alloc_noscan(8192);
	memspan_gc();
	sigsetjmp(again, 1);
	if (times++ < 2)
		do_it(arguments[1]);
	return 0;
}
