/*
 * libraries_come_and_go LIBRARY - a library with static and thread-local variables is loaded,
 * used and unloaded again and again, while other threads collect and walk the list of
 * libraries: what its variables hold is kept as long as it is there, and nobody waits for ever.
 *
 * A program of its own: it is about threads and the loader.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "check.h"
#include "memspan.h"

enum { LOADS = 150, BYTES = 200 };

static _Atomic bool ending;

static void *collect(void *arg)
{
	while (!ending)
		memspan_gc();
	return arg;
}

/* A program's callback may allocate with the loader's list locked. */
static int allocate_for(struct dl_phdr_info *info, size_t size, void *count)
{
	(void)info, (void)size;
	check(memspan_alloc(5000) != NULL);
	++*(unsigned *)count;
	return 0;
}

static void *walk_libraries(void *arg)
{
	while (!ending) {
		unsigned count = 0;
		dl_iterate_phdr(allocate_for, &count);
		check(count > 1);
	}
	return arg;
}

static void **variable_of(void *library, const char *name)
{
	void **(*variable)(void);
	*(void **)&variable = dlsym(library, name);
	check(variable != NULL);
	return variable();
}

static char *new_filled(char fill)
{
	char *p = memspan_alloc(BYTES);
	check(p != NULL);
	return memset(p, fill, BYTES);
}

static bool is_filled(const char *p, char fill)
{
	for (int i = 0; i < BYTES; i++)
		if (p[i] != fill)
			return false;
	return true;
}

static void load_use_and_unload(const char *path)
{
	void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
	check(library != NULL);
	void **fixed = variable_of(library, "roots_library_static");
	void **local = variable_of(library, "roots_library_thread_local");
	check(*fixed == NULL && *local == NULL); /* it was gone, and is loaded anew */
	*fixed = new_filled('s');
	*local = new_filled('t');
	for (int i = 0; i < 500; i++)
		memset(memspan_alloc(BYTES), 'x', BYTES);
	check(is_filled(*fixed, 's') && is_filled(*local, 't'));
	check(dlclose(library) == 0);
}

int main(int argc, char **argv)
{
	pthread_t collector, walker;
	check(argc == 2);
	alarm(120);
	check(pthread_create(&collector, NULL, collect, NULL) == 0);
	check(pthread_create(&walker, NULL, walk_libraries, NULL) == 0);
	for (int i = 0; i < LOADS; i++)
		load_use_and_unload(argv[1]);
	ending = true;
	check(pthread_join(collector, NULL) == 0 && pthread_join(walker, NULL) == 0);
	return 0;
}
