/* child.c - see child.h. */
#define _GNU_SOURCE
#include "child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

static const int passed_on[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2,
                                SIGALRM, SIGPIPE, SIGCONT, SIGWINCH, SIGURG, SIGIO, SIGPWR};
enum { PASSED_ON = sizeof passed_on / sizeof passed_on[0] };

static volatile pid_t running;

/* What the terminal sends goes to the whole group: the program has got it already. */
static void pass_on(int number, siginfo_t *info, void *context)
{
	int saved = errno;
	(void)context;
	if (running > 0 && info->si_code <= 0)
		kill(running, number);
	errno = saved;
}

struct signals {
	struct sigaction actions[PASSED_ON];
	sigset_t mask;
};

static void signals_catch(struct signals *former)
{
	struct sigaction action = {.sa_sigaction = pass_on, .sa_flags = SA_SIGINFO | SA_RESTART};
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &former->mask);
	for (int i = 0; i < PASSED_ON; i++) {
		sigaction(passed_on[i], NULL, &former->actions[i]);
		if (former->actions[i].sa_handler != SIG_IGN)
			sigaction(passed_on[i], &action, NULL);
	}
}

static void signals_restore(const struct signals *former)
{
	for (int i = 0; i < PASSED_ON; i++)
		sigaction(passed_on[i], &former->actions[i], NULL);
	sigprocmask(SIG_SETMASK, &former->mask, NULL);
}

static void wait_for(struct child *child)
{
	int status;
	while (waitpid(child->pid, &status, 0) < 0 && errno == EINTR)
		;
	running = 0;
	child->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int child_run(struct child *child, const char *path, char **arguments, void (*prepare)(void *arg),
              void *arg)
{
	struct signals former;
	int report[2];
	if (pipe2(report, O_CLOEXEC) != 0)
		return -1;
	signals_catch(&former);
	child->exec_error = 0;
	child->pid = fork();
	if (child->pid == 0) {
		prepare(arg);
		signals_restore(&former);
		execvp(path, arguments); /* with a slash in it; a script without #! is run by sh */
		child->exec_error = errno;
		ssize_t told = write(report[1], &child->exec_error, sizeof child->exec_error);
		_exit(told < 0 ? 125 : 126);
	}
	close(report[1]);
	int error = errno;
	if (child->pid > 0) {
		running = child->pid;
		sigprocmask(SIG_SETMASK, &former.mask, NULL);
		while (read(report[0], &child->exec_error, sizeof child->exec_error) < 0 &&
		       errno == EINTR)
			;
		wait_for(child);
	}
	close(report[0]);
	signals_restore(&former);
	errno = error;
	return child->pid > 0 ? 0 : -1;
}
