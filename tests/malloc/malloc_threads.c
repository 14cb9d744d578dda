/*
 * malloc among threads: blocks freed by others, allocation in thread-specific destructors
 * and exit handlers, forks while other threads allocate, children that go on with threads
 * of their own. Run with glibc's malloc and with ours.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { THREADS = 4, SLOTS = 512, ROUNDS = 20000, FORKS = 20, GENERATIONS = 20 };

extern char **environ;

/* Blocks on their way between threads; each starts with its own size. */
static _Atomic(size_t *) shared[SLOTS];
static pthread_key_t key;
static atomic_int wrong;

static size_t *block_new(unsigned *seed)
{
	size_t bytes = 16 + (size_t)rand_r(seed) % (rand_r(seed) % 500 ? 1500 : 200000);
	size_t *p = malloc(bytes);
	if (!p)
		abort();
	memset(p, (int)bytes & 0xff, bytes);
	*p = bytes;
	return p;
}

static void block_end(size_t *p)
{
	if (!p)
		return;
	const unsigned char *bytes = (const unsigned char *)p;
	for (size_t i = sizeof *p; i < *p; i += *p / 5 + 1)
		if (bytes[i] != (unsigned char)*p)
			atomic_fetch_add(&wrong, 1);
	free(p);
}

static void exchange(unsigned seed)
{
	for (int i = 0; i < ROUNDS; i++) {
		size_t *mine = rand_r(&seed) % 8 ? block_new(&seed) : NULL;
		block_end(atomic_exchange(&shared[(unsigned)rand_r(&seed) % SLOTS], mine));
	}
}

/* The last things a thread does; the value is set again, so that it comes until the last round. */
static void at_thread_end(void *value)
{
	free(value);
	void *p = malloc(300);
	memset(p, 1, 300);
	pthread_setspecific(key, p);
}

static void *run(void *seed)
{
	pthread_setspecific(key, malloc(100));
	exchange((unsigned)(size_t)seed);
	return malloc(40);
}

static void start(pthread_t *threads, unsigned seed)
{
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, run, (void *)(size_t)(seed * THREADS + (unsigned)i)))
			abort();
}

static void join(pthread_t *threads)
{
	void *result;
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		free(result);
	}
}

static void child(unsigned seed)
{
	pthread_t threads[THREADS];
	exchange(seed);
	start(threads, seed);
	join(threads);
	_exit(wrong ? 1 : 33);
}

static void wait_for(pid_t pid, int status_wanted)
{
	int status = 0;
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status) ||
	    WEXITSTATUS(status) != status_wanted) {
		printf("child: status %#x\n", status);
		atomic_fetch_add(&wrong, 1);
	}
}

static void fork_and_spawn(unsigned seed)
{
	static char *arguments[] = {"sh", "-c", "exit 44", NULL};
	pid_t pid;
	for (unsigned i = 0; i < FORKS; i++) {
		pid = fork();
		if (pid == 0)
			child(seed + i);
		wait_for(pid, 33);
		if (posix_spawn(&pid, "/bin/sh", NULL, NULL, arguments, environ) == 0)
			wait_for(pid, 44);
		pid = vfork();
		if (pid == 0) {
			execv("/bin/sh", arguments);
			_exit(1);
		}
		wait_for(pid, 44);
	}
}

static void at_process_end(void)
{
	char *p = malloc(5000);
	memset(p, 1, 5000);
	free(p);
}

int main(void)
{
	pthread_t threads[THREADS];
	atexit(at_process_end);
	if (pthread_key_create(&key, at_thread_end))
		return 2;
	start(threads, 1);
	fork_and_spawn(7);
	join(threads);
	for (unsigned i = 0; i < GENERATIONS; i++) {
		start(threads, 2 + i);
		join(threads);
	}
	for (int i = 0; i < SLOTS; i++)
		block_end(shared[i]);
	return wrong != 0;
}
