/* roots_glibc.c - see roots_glibc.h. */
#define _GNU_SOURCE
#include "roots_glibc.h"

#include <link.h>
#include <stdbool.h>
#include <sys/auxv.h>

#include "mapping.h"
#include "pageheap.h"
#include "thread.h"
#include "tls.h"

enum {
	LIBRARIES_MAX = 1 << 16,
	/* Of the loader's own link_map, whose public part is the beginning; not less. */
	LINK_MAP_BYTES = 1280,
};

struct visit {
	void (*range)(void *arg, uintptr_t lo, uintptr_t hi);
	void *arg;
};

static void give(const struct visit *visit, uintptr_t lo, uintptr_t hi)
{
	lo = (lo + sizeof lo - 1) & -sizeof lo;
	hi &= -sizeof hi;
	if (lo < hi)
		visit->range(visit->arg, lo, hi);
}

static int visit_loader(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	if (info->dlpi_addr != getauxval(AT_BASE))
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t lo = info->dlpi_addr + h->p_vaddr;
		if (h->p_type == PT_LOAD && h->p_flags & PF_W)
			give(arg, lo, lo + h->p_memsz);
	}
	return 1;
}

/*
 * Those of the libraries that the program began with lie in memory of the loader's own, and
 * lead to those of libraries loaded later, which malloc made.
 */
static void visit_libraries(const struct visit *visit)
{
	const struct link_map *map = _r_debug.r_map;
	for (int i = 0; map && i < LIBRARIES_MAX; i++, map = map->l_next) {
		uintptr_t at = (uintptr_t)map;
		if (pageheap_contains(at))
			give(visit, (uintptr_t)&at, (uintptr_t)(&at + 1));
		else if (mapping_readable(at, at + LINK_MAP_BYTES))
			give(visit, at, at + LINK_MAP_BYTES);
	}
}

static void visit_threads(const struct visit *visit)
{
	for (struct thread *t = thread_list.first; t; t = t->next) {
		uintptr_t lo, hi, dtv;
		if (t->state == THREAD_ENDED && tls_vector(t->tls, &dtv)) /* goes when it is joined */
			give(visit, (uintptr_t)&dtv, (uintptr_t)(&dtv + 1));
		if (t->state != THREAD_RUNNING)
			continue;
		tls_structure(t->tls, &lo, &hi);
		give(visit, lo, hi);
	}
}

static void visit_vector(void *arg, uintptr_t tls, uintptr_t dtv)
{
	(void)tls;
	give(arg, (uintptr_t)&dtv, (uintptr_t)(&dtv + 1));
}

void roots_glibc_visit(void (*range)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	struct visit visit = {range, arg};
	dl_iterate_phdr(visit_loader, &visit);
	visit_libraries(&visit);
	visit_threads(&visit);
	tls_visit_kept(visit_vector, &visit);
}
