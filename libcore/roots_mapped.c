/* roots_mapped.c - see roots_mapped.h. */
#define _GNU_SOURCE
#include "roots_mapped.h"

#include <link.h>
#include <stddef.h>

#include "mapping.h"
#include "pageheap.h"
#include "sysmem.h"
#include "thread.h"
#include "tls.h"

enum { COPY_BYTES = 64 << 10 };

/* What is looked for and what was found: the lowest part of [lo, hi) that is left out. */
struct left_out {
	uintptr_t lo, hi;
	uintptr_t first_lo, first_hi;
};

struct visit {
	void (*range)(void *arg, uintptr_t lo, uintptr_t hi);
	void *arg;
	uintptr_t lo, hi; /* waits to be copied: at most COPY_BYTES */
	bool known;
};

static uintptr_t copy[COPY_BYTES / sizeof(uintptr_t)];

/* ---- what is left out ---------------------------------------------------- */

static void leave_out(struct left_out *out, uintptr_t lo, uintptr_t hi)
{
	if (lo < out->first_lo && hi > out->lo) {
		out->first_lo = lo;
		out->first_hi = hi;
	}
}

static int leave_out_own_data(struct dl_phdr_info *info, size_t size, void *arg)
{
	uintptr_t data = (uintptr_t)copy;
	bool is_program = !info->dlpi_name || !*info->dlpi_name;
	(void)size;
	if (is_program)
		return 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t lo = info->dlpi_addr + h->p_vaddr;
		if (h->p_type != PT_LOAD || !(h->p_flags & PF_W) || data - lo >= h->p_memsz)
			continue;
		leave_out(arg, lo, lo + h->p_memsz);
		return 1;
	}
	return 0;
}

/* Of threads begun with pthread_create glibc's own area is at the upper end. */
static void leave_out_stack(struct left_out *out, const struct thread *t)
{
	if (t->state != THREAD_RUNNING && t->state != THREAD_ENDED)
		return;
	bool area_above = tls_area_begin(t->tls) == t->stack_hi;
	leave_out(out, t->stack_lo, area_above ? tls_area_end(t->tls) : t->stack_hi);
}

/* From the guard page up. */
static void leave_out_kept(void *arg, uintptr_t tls, uintptr_t dtv)
{
	struct left_out *out = arg;
	struct mapping around;
	uintptr_t end = tls_area_end(tls);
	(void)dtv;
	if (end > out->lo && tls < out->hi && mapping_around(tls, &around))
		leave_out(out, around.lo, end);
}

/* False when that is not known. */
static bool next_left_out(struct left_out *out)
{
	if (!sysmem_next(out->lo, out->hi, &out->first_lo, &out->first_hi))
		return false;
	leave_out(out, pageheap.base, pageheap.base + pageheap.reserved_bytes);
	leave_out(out, (uintptr_t)copy, (uintptr_t)copy + sizeof copy);
	dl_iterate_phdr(leave_out_own_data, out);
	for (const struct thread *t = thread_list.first; t; t = t->next)
		leave_out_stack(out, t);
	tls_visit_kept(leave_out_kept, out);
	return true;
}

/* ---- what is looked through ------------------------------------------------ */

static void give_copied(struct visit *visit)
{
	size_t bytes = visit->hi - visit->lo;
	if (bytes > 0 && mapping_read(copy, visit->lo, bytes))
		visit->range(visit->arg, (uintptr_t)copy, (uintptr_t)copy + bytes);
	visit->lo = visit->hi = 0;
}

/* As much at a time as there is room for: small parts that follow each other, large ones cut. */
static void give_part(void *arg, uintptr_t lo, uintptr_t hi)
{
	struct visit *visit = arg;
	while (lo < hi) {
		if (lo != visit->hi || visit->hi - visit->lo == COPY_BYTES) {
			give_copied(visit);
			visit->lo = visit->hi = lo;
		}
		uintptr_t room = COPY_BYTES - (visit->hi - visit->lo);
		visit->hi = hi - lo < room ? hi : lo + room;
		lo = visit->hi;
	}
}

static void give_written(struct visit *visit, uintptr_t lo, uintptr_t hi)
{
	if (lo < hi)
		visit->known = mapping_written(lo, hi, give_part, visit) && visit->known;
	give_copied(visit);
}

static bool visit_mapping(void *arg, uintptr_t lo, uintptr_t hi)
{
	struct visit *visit = arg;
	while (lo < hi) {
		struct left_out out = {.lo = lo, .hi = hi};
		if (!next_left_out(&out))
			return false;
		give_written(visit, lo, out.first_lo);
		lo = out.first_hi;
	}
	return true;
}

bool roots_mapped_visit(void (*range)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	struct visit visit = {.range = range, .arg = arg, .known = true};
	return mapping_visit_private(visit_mapping, &visit) && visit.known;
}
