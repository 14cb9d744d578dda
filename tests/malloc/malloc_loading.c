/*
 * malloc_loading MODULE MODULE_WITH_STATIC_TLS - malloc where the C library and the loader are half ready or busy:
 * before the first constructor, in constructors, while libraries come and go in several threads,
 * in the handlers of exit and in destructors.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { COPIES = 24, THREADS = 3 };

static const char text[] = "what was allocated before main is there for ever";
static char *before_constructors, *in_constructor, *at_exit;
static char copies[COPIES][64];

static void set_before(int argc, char **argv, char **environment)
{
	(void)argc;
	(void)argv;
	(void)environment;
	before_constructors = strcpy(malloc(sizeof text), text);
	before_constructors = realloc(before_constructors, 100000);
}

__attribute__((section(".preinit_array"), used)) static void (*const first)(int, char **, char **) =
    set_before;

__attribute__((constructor(102))) static void set_in_constructor(void)
{
	in_constructor = strcpy(aligned_alloc(64, 256), text);
}

/* After all handlers of exit: what is wrong here shows in the status. */
__attribute__((destructor)) static void look_at_the_end(void)
{
	char *last = strdup(text);
	if (at_exit && (strcmp(at_exit, text) != 0 || strcmp(last, text) != 0))
		_exit(8);
	free(at_exit);
	free(last);
}

static void take_at_exit(void)
{
	at_exit = strdup(text);
}

static int copy_file(const char *from, const char *to)
{
	char bytes[65536];
	ssize_t n;
	int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_EXCL, 0700);
	if (in < 0 || out < 0)
		return -1;
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		if (write(out, bytes, (size_t)n) != n)
			return -1;
	close(in);
	return close(out);
}

/* Each copy is a library of its own to the loader, with its own thread-local variables. */
static void *open_module(const char *path, int flags, int (**use)(int), void (**forget)(void))
{
	void *module = dlopen(path, RTLD_NOW | flags);
	if (!module) {
		fprintf(stderr, "%s\n", dlerror());
		exit(4);
	}
	*use = (int (*)(int))dlsym(module, "module_use");
	*forget = (void (*)(void))dlsym(module, "module_forget");
	return module;
}

static void *load(void *arg)
{
	int thread = (int)(uintptr_t)arg;
	for (int i = thread; i < COPIES; i += THREADS) {
		for (int round = 0; round < 3; round++) {
			int (*use)(int);
			void (*forget)(void);
			void *module = open_module(copies[i], 0, &use, &forget);
			if (!use || !forget || use(i) != 0 || use(i) != 0 || dlsym(module, "no_such_name"))
				exit(5);
			forget();
			free(strdup(dlerror() ? text : ""));
			if (round < 2)
				dlclose(module);
		}
	}
	return NULL;
}

/*
 * With RTLD_DEEPBIND a library's free would be the C library's, which knows nothing of blocks
 * that the C library's strdup takes from us. And it must find its neighbour by its own RUNPATH.
 */
static void use_bound_to_itself(const char *path)
{
	int (*use)(int);
	void (*forget)(void);
	void *module = open_module(path, RTLD_DEEPBIND, &use, &forget);
	void *(*open_neighbour)(const char *) =
	    (void *(*)(const char *))dlsym(module, "module_open_neighbour");
	void *neighbour = open_neighbour("libmalloc_neighbour.so");
	if (!neighbour) {
		fprintf(stderr, "%s\n", dlerror());
		exit(9);
	}
	if (use(2) != 0)
		exit(7);
	forget();
	dlclose(neighbour);
	dlclose(module);
}

int main(int argc, char **argv)
{
	char folder[] = "/tmp/malloc_loading.XXXXXX";
	pthread_t threads[THREADS];
	int (*use)(int);
	void (*forget)(void);
	if (argc != 3 || !mkdtemp(folder))
		return 2;
	open_module(argv[2], 0, &use, &forget);
	if (use(1) != 0)
		return 7;
	forget();
	use_bound_to_itself(argv[1]);
	if (strcmp(before_constructors, text) != 0 || strcmp(in_constructor, text) != 0)
		return 3;
	atexit(take_at_exit);
	for (int i = 0; i < COPIES; i++) {
		snprintf(copies[i], sizeof copies[i], "%s/%d.so", folder, i);
		if (copy_file(argv[1], copies[i]) != 0)
			return 6;
	}
	for (int i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, load, (void *)(uintptr_t)i);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	for (int i = 0; i < COPIES; i++)
		unlink(copies[i]);
	rmdir(folder);
	free(before_constructors);
	free(in_constructor);
	return 0;
}
