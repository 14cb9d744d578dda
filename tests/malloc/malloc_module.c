/*
 * malloc_module.c - a library that is loaded late, and again under other names: it allocates in its
 * constructor and has thread-local variables, for which every thread gets a block at first use.
 * With STATIC_TLS they need room in the static block instead, of which there is little: what is
 * loaded with the program, malloc among it, must leave some.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

__attribute__((visibility("default"))) int module_use(int number);
__attribute__((visibility("default"))) void module_forget(void);
__attribute__((visibility("default"))) void *module_open_neighbour(const char *name);

static char *of_constructor;
#ifdef STATIC_TLS
#define MODEL __attribute__((tls_model("initial-exec")))
enum { BUFFER_BYTES = 1000 };
#else
#define MODEL
enum { BUFFER_BYTES = 3000 };
#endif
static _Thread_local char *of_thread MODEL;
static _Thread_local char buffer[BUFFER_BYTES] MODEL;

__attribute__((constructor)) static void begin(void)
{
	of_constructor = strdup("allocated in a constructor");
}

__attribute__((destructor)) static void end(void)
{
	free(of_constructor);
}

/* 0 when all is as it was left. */
int module_use(int number)
{
	if (!of_thread) {
		of_thread = malloc(100);
		memset(of_thread, number, 100);
		memset(buffer, number, sizeof buffer);
	}
	return strcmp(of_constructor, "allocated in a constructor") != 0 || of_thread[99] != number ||
	       buffer[BUFFER_BYTES - 1] != number;
}

void module_forget(void)
{
	free(of_thread);
	of_thread = NULL;
}

/* By a name without a folder: the RUNPATH of this library says where it is. */
void *module_open_neighbour(const char *name)
{
	void *neighbour = dlopen(name, RTLD_NOW);
	__asm__ volatile("" : : : "memory"); /* no call in last place: this library is the caller */
	return neighbour;
}
