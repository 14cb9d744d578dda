/*
 * operators.c - C++'s operators new and delete, by the names that the compilers give them
 * where size_t is unsigned long.
 *
 * Without memory the program's new handler is called until it helps; without one
 * std::bad_alloc is thrown, both by the C++ library that the program brings with it.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>

#include "block.h"
#include "interpose.h"
#include "os.h"

#define NEW(name, parameters) \
	WRAPPED void *name parameters; \
	WRAPPED void *name parameters
#define DELETE(name, parameters) \
	WRAPPED void name parameters; \
	WRAPPED void name parameters

typedef void (*new_handler)(void);

/* A function of the program's C++ library, which may have been loaded for a plugin alone. */
static void *cxx_function(const char *name)
{
	void *function = dlsym(RTLD_DEFAULT, name);
	if (!function) {
		void *library = dlopen("libstdc++.so.6", RTLD_LAZY | RTLD_NOLOAD);
		function = library ? dlsym(library, name) : NULL;
	}
	return function;
}

static void *without_memory(size_t bytes, size_t align, bool throws)
{
	new_handler (*get_handler)(void);
	void (*throw_bad_alloc)(void);
	*(void **)&get_handler = cxx_function("_ZSt15get_new_handlerv");
	for (;;) {
		new_handler handler = get_handler ? get_handler() : NULL;
		if (!handler)
			break;
		handler();
		void *p = block_alloc_slow(bytes, align, BLOCK_AS_IT_IS);
		if (p)
			return p;
	}
	if (!throws)
		return NULL;
	*(void **)&throw_bad_alloc = cxx_function("_ZSt17__throw_bad_allocv");
	if (throw_bad_alloc)
		throw_bad_alloc();
	os_fatal("operator new: no memory for %zu bytes, and no std::bad_alloc to throw", bytes);
}

static inline void *make(size_t bytes, bool throws)
{
	void *p = block_alloc(bytes);
	return __builtin_expect(p != NULL, 1) ? p : without_memory(bytes, 1, throws);
}

static inline void *make_aligned(size_t bytes, size_t align, bool throws)
{
	void *p = block_alloc_slow(bytes, align, BLOCK_AS_IT_IS);
	return __builtin_expect(p != NULL, 1) ? p : without_memory(bytes, align, throws);
}

static __attribute__((noinline)) void delete(void *p)
{
	block_free(p, "operator delete");
}

/* ---- new: plain, nothrow, aligned, both; then of arrays ----------------- */

NEW(_Znwm, (size_t bytes)) { return make(bytes, true); }
NEW(_Znam, (size_t bytes)) { return make(bytes, true); }

NEW(_ZnwmRKSt9nothrow_t, (size_t bytes, const void *nothrow))
{
	(void)nothrow;
	return make(bytes, false);
}

NEW(_ZnamRKSt9nothrow_t, (size_t bytes, const void *nothrow))
{
	(void)nothrow;
	return make(bytes, false);
}

NEW(_ZnwmSt11align_val_t, (size_t bytes, size_t align))
{
	return make_aligned(bytes, align, true);
}

NEW(_ZnamSt11align_val_t, (size_t bytes, size_t align))
{
	return make_aligned(bytes, align, true);
}

NEW(_ZnwmSt11align_val_tRKSt9nothrow_t, (size_t bytes, size_t align, const void *nothrow))
{
	(void)nothrow;
	return make_aligned(bytes, align, false);
}

NEW(_ZnamSt11align_val_tRKSt9nothrow_t, (size_t bytes, size_t align, const void *nothrow))
{
	(void)nothrow;
	return make_aligned(bytes, align, false);
}

/* ---- delete: plain, sized, nothrow, aligned; then of arrays -------------- */

/* What else delete is told, size and alignment, the heap knows by itself. */
#define DELETE_BOTH(one, many, parameters, unused) \
	DELETE(one, parameters)                    \
	{                                          \
		unused;                            \
		delete(p);                         \
	}                                          \
	DELETE(many, parameters)                   \
	{                                          \
		unused;                            \
		delete(p);                         \
	}

DELETE_BOTH(_ZdlPv, _ZdaPv, (void *p), (void)0)
DELETE_BOTH(_ZdlPvm, _ZdaPvm, (void *p, size_t bytes), (void)bytes)
DELETE_BOTH(_ZdlPvRKSt9nothrow_t, _ZdaPvRKSt9nothrow_t, (void *p, const void *nothrow),
            (void)nothrow)
DELETE_BOTH(_ZdlPvSt11align_val_t, _ZdaPvSt11align_val_t, (void *p, size_t align), (void)align)
DELETE_BOTH(_ZdlPvSt11align_val_tRKSt9nothrow_t, _ZdaPvSt11align_val_tRKSt9nothrow_t,
            (void *p, size_t align, const void *nothrow), ((void)align, (void)nothrow))
DELETE_BOTH(_ZdlPvmSt11align_val_t, _ZdaPvmSt11align_val_t,
            (void *p, size_t bytes, size_t align), ((void)bytes, (void)align))
