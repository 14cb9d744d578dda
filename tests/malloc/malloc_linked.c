/*
 * libmemspan-malloc.so by linking: one heap for malloc, C++'s operators and memspan.h. What
 * malloc's blocks point to is kept by a collection, and only real collections are counted.
 */
#include <malloc.h>
#include <memspan.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../libcore/check.h"

void *_Znwm(size_t bytes);
void *_ZnamRKSt9nothrow_t(size_t bytes, const void *nothrow);
void *_ZnwmSt11align_val_t(size_t bytes, size_t align);
void *_ZnamSt11align_val_tRKSt9nothrow_t(size_t bytes, size_t align, const void *nothrow);
void _ZdlPv(void *p);
void _ZdaPvm(void *p, size_t bytes);
void _ZdlPvmSt11align_val_t(void *p, size_t bytes, size_t align);
void free_sized(void *p, size_t bytes);
void free_aligned_sized(void *p, size_t align, size_t bytes);

enum { OBJECTS = 1000 };

static int died;

static void note_death(void *object, void *arg)
{
	(void)object, (void)arg;
	__atomic_add_fetch(&died, 1, __ATOMIC_RELAXED);
}

static void malloc_alone_is_never_collected(void)
{
	static memspan_mem_stats stats;
	void *volatile p;
	for (int i = 0; i < 300000; i++) {
		p = malloc(500);
		check(p);
		if (i % 3)
			free(p);
	}
	memspan_read_mem_stats(&stats);
	check(stats.num_gc == 0);
	check(stats.heap_alloc >= 100000 * 500 && stats.total_alloc >= 300000 * 500);
	check(stats.heap_alloc <= stats.heap_inuse);
}

/* The blocks hold the only pointers; the list of blocks is one itself. */
static __attribute__((noinline)) void ***make_blocks(void)
{
	void ***blocks = malloc(OBJECTS * sizeof *blocks);
	for (int i = 0; i < OBJECTS; i++) {
		check((blocks[i] = malloc(sizeof **blocks)));
		*blocks[i] = memspan_alloc(64);
		check(*blocks[i]);
		strcpy(*blocks[i], "kept");
		check(memspan_set_finalizer(*blocks[i], note_death, NULL) == 0);
	}
	return blocks;
}

static void blocks_are_roots(void)
{
	static memspan_mem_stats stats;
	void ***blocks = make_blocks();
	memspan_gc();
	memspan_gc();
	check(__atomic_load_n(&died, __ATOMIC_RELAXED) == 0);
	for (int i = 0; i < OBJECTS; i++)
		check(strcmp(*blocks[i], "kept") == 0);
	memspan_read_mem_stats(&stats);
	check(stats.num_gc == 2 && stats.num_forced_gc == 2);
	for (int i = 0; i < OBJECTS; i++) {
		*blocks[i] = NULL;
		free(blocks[i]);
	}
	free(blocks);
}

/* Each function of the library takes back what another gave. */
static void all_is_one_heap(void)
{
	char *p = memspan_alloc(100);
	free(p);
	p = malloc(100);
	check(memspan_is_heap_pointer(p) && memspan_usable_size(p) == malloc_usable_size(p));
	memspan_free(p);
	p = malloc(40);
	strcpy(p, "moved");
	p = realloc(p, 4000);
	check(strcmp(p, "moved") == 0);
	free_sized(p, 4000);
	p = aligned_alloc(256, 512);
	check((uintptr_t)p % 256 == 0);
	free_aligned_sized(p, 256, 512);
	free_sized(NULL, 0);
}

static void operators_are_malloc_s(void)
{
	static volatile size_t too_much = (size_t)PTRDIFF_MAX + 1;
	char *p = _Znwm(0), *q = _Znwm(24);
	check(p && q && p != q && (uintptr_t)q % 16 == 0);
	_ZdlPv(p);
	_ZdlPv(q);
	_ZdlPv(NULL);
	check(_ZnamRKSt9nothrow_t(too_much, "") == NULL);
	check(_ZnamSt11align_val_tRKSt9nothrow_t(too_much, 64, "") == NULL);
	p = _ZnwmSt11align_val_t(100, 1024);
	check((uintptr_t)p % 1024 == 0);
	_ZdlPvmSt11align_val_t(p, 100, 1024);
	p = _ZnamRKSt9nothrow_t(1 << 20, "");
	check(p);
	_ZdaPvm(p, 1 << 20);
}

int main(void)
{
	malloc_alone_is_never_collected();
	blocks_are_roots();
	all_is_one_heap();
	operators_are_malloc_s();
	return 0;
}
