/*
 * malloc_ends HOW [small] - ends the process, or begins others, in every way that there is.
 * Without `small` so much is allocated before that the recorder's thread runs.
 */
#define _GNU_SOURCE
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static void *volatile kept;
static char **own;
static volatile int goes_on = 1;

static void fill(void)
{
	for (int i = 0; i < 20000; i++)
		memset(kept = malloc(1000), 1, 1000);
}

static void end_at_once(int number)
{
	(void)number;
	_exit(5);
}

static void *churn(void *arg)
{
	while (goes_on)
		free(kept = malloc(100 + (size_t)(uintptr_t)arg));
	return NULL;
}

static void churn_in_threads(void)
{
	pthread_t threads[3];
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(uintptr_t)(200 * i));
}

static void wait_for_all(int status)
{
	int found;
	while (wait(&found) > 0)
		if (!WIFEXITED(found) || WEXITSTATUS(found) != status)
			exit(9);
}

/* A signal that comes while malloc is at work, ended in its handler, in a child each time. */
static void end_in_handlers(void)
{
	for (int i = 0; i < 20; i++) {
		if (fork() == 0) {
			signal(SIGALRM, end_at_once);
			ualarm((useconds_t)(2000 + 997 * i), 0);
			for (;;)
				free(kept = malloc((size_t)(rand() % 40000)));
		}
		wait_for_all(5);
	}
}

static void end_children(void)
{
	churn_in_threads();
	for (int i = 0; i < 5; i++) {
		if (fork() == 0) {
			fill();
			_exit(4);
		}
		wait_for_all(4);
		if (vfork() == 0)
			_exit(4); /* with the parent's memory: its recording goes on */
		wait_for_all(4);
		char *argv[] = {own[0], "return", "small", NULL};
		pid_t pid;
		if (posix_spawn(&pid, own[0], NULL, NULL, argv, environ) != 0)
			exit(9);
		wait_for_all(0);
		if (vfork() == 0) {
			execv(own[0], argv);
			_exit(9);
		}
		wait_for_all(0);
	}
	goes_on = 0;
}

/* Only what this program calls itself is allowed from here on, its last call among it. */
static void confine(void)
{
	static const uint32_t allowed[] = {SYS_mmap, SYS_munmap, SYS_mprotect, SYS_madvise, SYS_brk,
	                                   SYS_write, SYS_getpid, SYS_futex, SYS_exit_group};
	enum { ALLOWED = sizeof allowed / sizeof allowed[0] };
	struct sock_filter filter[ALLOWED + 3];
	struct sock_fprog program = {.len = ALLOWED + 3, .filter = filter};
	filter[0] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
	                                         offsetof(struct seccomp_data, nr));
	for (uint32_t i = 0; i < ALLOWED; i++)
		filter[1 + i] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, allowed[i],
		                                             (uint8_t)(ALLOWED - i), 0);
	filter[1 + ALLOWED] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS);
	filter[2 + ALLOWED] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		exit(9);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";
	own = argv;
	if (argc < 3)
		fill();
	if (strcmp(how, "_exit") == 0)
		_exit(3);
	if (strcmp(how, "_Exit") == 0)
		_Exit(3);
	if (strcmp(how, "quick_exit") == 0)
		quick_exit(3);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "exec") == 0)
		execl(argv[0], argv[0], "return", "small", NULL);
	if (strcmp(how, "_exit-threads") == 0) {
		churn_in_threads();
		usleep(20000);
		_exit(3);
	}
	if (strcmp(how, "handlers") == 0)
		end_in_handlers();
	if (strncmp(how, "confined", 8) == 0) {
		confine();
		fill(); /* pace points, which begin no thread any more */
		if (how[8])
			_exit(3);
		exit(3);
	}
	if (strcmp(how, "children") == 0)
		end_children();
	return 0;
}
