/* tls_glibc.c - see tls.h. The layout is part of the ABI between compiler, loader and debugger. */
#define _GNU_SOURCE
#include "tls.h"

#include <dlfcn.h>
#include <link.h>

#include "mapping.h"

enum { MODULES_MAX = 1 << 16, STATIC_BYTES_MAX = 1 << 20, STACKS_KEPT_MAX = 1 << 16 };

struct dtv_entry {
	uintptr_t value; /* of [-1] the number of entries, of [0] the generation */
	uintptr_t to_free;
};

static const uintptr_t UNALLOCATED = UINTPTR_MAX;

#if defined(__x86_64__)
/* The blocks lie below the thread pointer, glibc's structure from there on. */
enum { DTV_OFFSET = 8, BLOCKS_BELOW = 1, BLOCKS_OFFSET = 0 };
#elif defined(__aarch64__)
/* glibc's structure lies below; two words and then the blocks from there on. */
enum { DTV_OFFSET = 0, BLOCKS_BELOW = 0, BLOCKS_OFFSET = 16 };
#else
#error "thread-local storage of this architecture is not known"
#endif

static size_t static_bytes;
static size_t structure_bytes; /* of glibc's thread structure */

/*
 * The ring of stacks that are kept, and where in the structure of each its link is. What
 * glibc tells debuggers: the ring of stacks that the program gave, after which it stands.
 */
struct ring {
	uintptr_t next, former;
};
static uintptr_t stacks_kept; /* 0: not known */
static size_t ring_offset;

static void find_stacks_kept(void)
{
	struct description { /* of a field */
		uint32_t bits, count, offset;
	};
	const char *global = dlsym(RTLD_DEFAULT, "_rtld_global");
	const struct description *given =
	    dlsym(RTLD_DEFAULT, "_thread_db_rtld_global__dl_stack_user");
	const struct description *link = dlsym(RTLD_DEFAULT, "_thread_db_pthread_list");
	if (!global || !given || !link)
		return;
	stacks_kept = (uintptr_t)global + given->offset + sizeof(struct ring);
	ring_offset = link->offset;
}

/* Without the loader's word for it: how far the modules of the calling thread reach. */
static int measure(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t tls = tls_self(), block = (uintptr_t)info->dlpi_tls_data;
	(void)arg;
	if (size < offsetof(struct dl_phdr_info, dlpi_tls_data) + sizeof info->dlpi_tls_data || !block)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		if (info->dlpi_phdr[i].p_type != PT_TLS)
			continue;
		uintptr_t reach = BLOCKS_BELOW ? tls - block
		                               : block + info->dlpi_phdr[i].p_memsz - tls - BLOCKS_OFFSET;
		if (reach < STATIC_BYTES_MAX && reach > static_bytes)
			static_bytes = reach;
	}
	return 0;
}

void tls_setup(void)
{
	void (*info)(size_t *, size_t *);
	*(void **)&info = dlsym(RTLD_DEFAULT, "_dl_get_tls_static_info");
	const uint32_t *structure = dlsym(RTLD_DEFAULT, "_thread_db_sizeof_pthread");
	size_t bytes = 0, align = 0;
	if (info)
		info(&bytes, &align);
	if (structure)
		structure_bytes = *structure;
	if (info && structure && bytes > *structure)
		static_bytes = (bytes - *structure) & -sizeof(uintptr_t);
	else
		dl_iterate_phdr(measure, NULL);
	find_stacks_kept();
}

void tls_static_block(uintptr_t tls, uintptr_t *lo, uintptr_t *hi)
{
	*lo = BLOCKS_BELOW ? tls - static_bytes : tls + BLOCKS_OFFSET;
	*hi = BLOCKS_BELOW ? tls : *lo + static_bytes;
}

uintptr_t tls_area_begin(uintptr_t tls)
{
	return BLOCKS_BELOW ? tls - static_bytes : tls - structure_bytes;
}

uintptr_t tls_area_end(uintptr_t tls)
{
	return BLOCKS_BELOW ? tls + structure_bytes : tls + BLOCKS_OFFSET + static_bytes;
}

void tls_structure(uintptr_t tls, uintptr_t *lo, uintptr_t *hi)
{
	*lo = BLOCKS_BELOW ? tls : tls - structure_bytes;
	*hi = *lo + structure_bytes;
}

bool tls_vector(uintptr_t tls, uintptr_t *dtv)
{
	return mapping_read(dtv, tls + DTV_OFFSET, sizeof *dtv);
}

/* Another glibc may have something else there: every link must be answered by its neighbour. */
void tls_visit_kept(void (*visit)(void *arg, uintptr_t tls, uintptr_t dtv), void *arg)
{
	struct ring here;
	uintptr_t at = stacks_kept, dtv;
	if (!at || !mapping_read(&here, at, sizeof here))
		return;
	for (int i = 0; i < STACKS_KEPT_MAX && here.next != stacks_kept; i++) {
		uintptr_t former = at;
		at = here.next;
		if (!mapping_read(&here, at, sizeof here) || here.former != former)
			return;
		uintptr_t structure = at - ring_offset;
		uintptr_t tls = BLOCKS_BELOW ? structure : structure + structure_bytes;
		if (tls_vector(tls, &dtv))
			visit(arg, tls, dtv);
	}
}

bool tls_own_block(uintptr_t tls, size_t module, size_t bytes, uintptr_t *block)
{
	uintptr_t dtv, lo, hi;
	struct dtv_entry count, entry;
	if (module == 0 || !mapping_read(&dtv, tls + DTV_OFFSET, sizeof dtv) ||
	    !mapping_read(&count, dtv - sizeof count, sizeof count) || count.value < module ||
	    count.value > MODULES_MAX ||
	    !mapping_read(&entry, dtv + module * sizeof entry, sizeof entry))
		return false;
	if (entry.value == 0 || entry.value == UNALLOCATED)
		return false;
	tls_static_block(tls, &lo, &hi);
	if (entry.value >= lo && entry.value < hi)
		return false;
	*block = entry.value;
	/* The entry may be one of an unloaded module that had the same number and was smaller. */
	return mapping_readable(entry.value, entry.value + bytes);
}
