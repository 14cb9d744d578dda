/*
 * malloc_leaks [one|dump FILE|locked FILE|wait|close] - leaves known blocks behind: some that something leads to
 * in each way that there is, and some that nothing leads to. Sizes tell them apart.
 * one: a single block that nothing leads to.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
	LOST = 1000, LOST_BYTES = 48,
	LISTED = 500, LISTED_BYTES = 64,
	INSIDE = 10, INSIDE_BYTES = 320,
	RING = 20, RING_BYTES = 144,
	CHAIN = 30, CHAIN_BYTES = 352,   /* the ring leads to it, and it leads to a second ring */
	TAIL = 7, TAIL_BYTES = 416,
	LARGE = 3, LARGE_BYTES = 1 << 20,
	FREED = 300, FREED_BYTES = 128,
	SPECIFIC_BYTES = 208,
	THREAD_LOCAL_BYTES = 224,
	STACK_BYTES = 240,
	MAPPED_BYTES = 176,
	SHARED_BYTES = 160,
	FILE_BYTES = 256,
	REGISTERED_BYTES = 192,
	LATE_KEYS = 40,
	AREA_BYTES = 3 << 20,
};

static void *volatile list;
static char *volatile inside[INSIDE];
static _Thread_local void *volatile thread_local_pointer;
static void **volatile mapped;      /* the end of an area that the program mapped itself */
static void **volatile shared;      /* hidden: a page that nobody looks through */
static void **volatile file;        /* a page of a file, its own copy */
static void **volatile registered;
static void *volatile freed[FREED];
static pthread_barrier_t reached, ended;

/* Leads to a ring that leads nowhere: lost indirectly, all of it. */
static void **make_chain(void)
{
	void **tail[TAIL], **chain = NULL;
	for (int i = 0; i < TAIL; i++)
		tail[i] = malloc(TAIL_BYTES);
	for (int i = 0; i < TAIL; i++)
		*tail[(i * 3 + 3) % TAIL] = tail[i * 3 % TAIL];
	for (int i = 0; i < CHAIN; i++) {
		void **node = malloc(CHAIN_BYTES);
		*node = i == 0 ? tail[2] : chain;
		chain = node;
	}
	memset(tail, 0, sizeof tail);
	return chain;
}

/* Its stack is gone when the search comes, and what lay in its registers too. */
static void *leave_behind(void *arg)
{
	(void)arg;
	for (int i = 0; i < LOST; i++)
		*(void *volatile *)malloc(LOST_BYTES) = NULL;
	for (int i = 0; i < LISTED; i++) {
		void **node = malloc(LISTED_BYTES);
		*node = list;
		list = node;
	}
	for (int i = 0; i < INSIDE; i++)
		inside[i] = (char *)malloc(INSIDE_BYTES) + INSIDE_BYTES / 2;
	void **first = malloc(RING_BYTES), **last = first;
	for (int i = 1; i < RING; i++)
		last = *last = malloc(RING_BYTES);
	*last = first;
	*(void *volatile *)&first[1] = make_chain(); /* no dead store */
	for (int i = 0; i < LARGE; i++)
		*(void *volatile *)malloc(LARGE_BYTES) = NULL;
	for (int i = 0; i < FREED; i++)
		freed[i] = malloc(FREED_BYTES);
	for (int i = 0; i < FREED / 2; i++)
		free(freed[i]);
	*mapped = malloc(MAPPED_BYTES);
	*shared = malloc(SHARED_BYTES);
	*file = malloc(FILE_BYTES);
	*registered = malloc(REGISTERED_BYTES);
	return NULL;
}

static void *tell_tid(void *tid)
{
	atomic_store((atomic_int *)tid, gettid());
	return NULL;
}

/* The C library keeps its vector of thread-local variables until somebody joins it. */
static void end_without_a_join(void)
{
	static atomic_int tid;
	pthread_t thread;
	pthread_create(&thread, NULL, tell_tid, &tid);
	while (tid == 0 || syscall(SYS_tgkill, getpid(), tid, 0) == 0)
		usleep(100);
}

/* Frees what another thread allocated, and then waits with a block that only its stack knows. */
static void *stay(void *arg)
{
	void *volatile mine = malloc(STACK_BYTES);
	(void)arg;
	for (int i = FREED / 2; i < FREED; i++)
		free(freed[i]);
	pthread_barrier_wait(&reached);
	pthread_barrier_wait(&ended);
	free(mine);
	return NULL;
}

/* The first keys lie in the thread's own structure, the later ones in a block behind it. */
static void set_specific(void)
{
	pthread_key_t key;
	for (int i = 0; i < LATE_KEYS; i++)
		pthread_key_create(&key, NULL);
	pthread_setspecific(key, malloc(SPECIFIC_BYTES));
	pthread_setspecific(0, malloc(SPECIFIC_BYTES));
	thread_local_pointer = malloc(THREAD_LOCAL_BYTES);
}

static long peak_kib(void)
{
	struct rusage usage;
	getrusage(RUSAGE_SELF, &usage);
	return usage.ru_maxrss;
}

/* The search maps tables as large as the heap may become: they are not to be filled. */
static void search_locked(const char *path)
{
	int (*dump)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, "memspan_dump");
	long before = peak_kib();
	if (mlockall(MCL_FUTURE) != 0)
		exit(77); /* not allowed here */
	if (!dump || dump(path) != 0 || peak_kib() - before > 64 << 10)
		exit(4);
	_exit(0);
}

static void search_at(int argc, char **argv)
{
	if (argc > 2 && strcmp(argv[1], "locked") == 0)
		search_locked(argv[2]);
	if (argc > 2 && strcmp(argv[1], "dump") == 0) {
		int (*dump)(const char *) = (int (*)(const char *))dlsym(RTLD_DEFAULT, "memspan_dump");
		if (!dump || dump(argv[2]) != 0)
			exit(3);
	}
}

static void *lose_one(void *unused)
{
	*(volatile char *)malloc(48) = 1;
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	if (argc > 1 && strcmp(argv[1], "one") == 0) /* not on the stack that is left */
		return pthread_create(&thread, NULL, lose_one, NULL) || pthread_join(thread, NULL);
	int (*add_roots)(void *, size_t) = (int (*)(void *, size_t))dlsym(RTLD_DEFAULT, "memspan_add_roots");
	mapped = mmap(NULL, AREA_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	memset((void *)mapped, 1, AREA_BYTES);
	mapped += AREA_BYTES / sizeof *mapped - 1;
	shared = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	file = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE, open("/proc/self/exe", O_RDONLY), 0);
	registered = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (add_roots && add_roots(registered, 8192) != 0)
		return 2;
	pthread_barrier_init(&reached, NULL, 2);
	pthread_barrier_init(&ended, NULL, 2);
	for (int i = 0; i < 3; i++) { /* stacks that the C library keeps */
		pthread_create(&thread, NULL, i == 0 ? leave_behind : (void *(*)(void *))getenv, "HOME");
		pthread_join(thread, NULL);
	}
	end_without_a_join();
	set_specific();
	pthread_create(&thread, NULL, stay, NULL);
	pthread_barrier_wait(&reached);
	memset((void *)freed, 0, sizeof freed);
	search_at(argc, argv);
	if (argc > 1 && strcmp(argv[1], "wait") == 0) {
		puts("ready");
		fflush(stdout);
		for (;;)
			pause();
	}
	if (argc > 1 && strcmp(argv[1], "close") == 0) /* as GNU's programs do at exit */
		close(STDERR_FILENO);
	else if (argc > 1)
		return 0; /* the other thread still stands with its block */
	pthread_barrier_wait(&ended);
	pthread_join(thread, NULL);
	return 0;
}
