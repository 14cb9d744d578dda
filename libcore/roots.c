/* roots.c - see roots.h. */
#define _GNU_SOURCE
#include "roots.h"

#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "lock.h"
#include "mapping.h"
#include "os.h"
#include "pageheap.h"
#include "span.h"
#include "sysmem.h"
#include "thread.h"
#include "tls.h"

enum {
	RANGES_A_BLOCK = 255,
	FOREIGN_STACK_BYTES_MAX = 256 << 10, /* of a stack that nobody told about */
	/* From here on it pays to ask which pages were ever written. */
	LARGE_BYTES = 4 << 20,
	HUGE_STACK_BYTES = 64 << 20,
};

struct registered {
	uintptr_t lo, bytes;
};

struct registered_block {
	struct registered_block *next; /* older and full */
	size_t used;
	struct registered ranges[RANGES_A_BLOCK];
};

static struct {
	struct lock lock;
	struct registered_block *newest, *spare;
} roots;

struct visit {
	roots_range_fn *range;
	roots_apart_fn *apart; /* or NULL */
	void *arg;
	enum root_kind kind; /* for give_touched */
};

static void give(const struct visit *visit, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	lo = (lo + sizeof lo - 1) & -sizeof lo;
	hi &= -sizeof hi;
	if (lo < hi)
		visit->range(visit->arg, lo, hi, kind);
}

static bool takes_apart(const struct visit *visit, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	return visit->apart && lo < hi && visit->apart(lo, hi, kind);
}

static void give_touched(void *arg, uintptr_t lo, uintptr_t hi)
{
	const struct visit *visit = arg;
	give(visit, lo, hi, visit->kind);
}

void roots_touched(uintptr_t lo, uintptr_t hi,
                   void (*touched)(void *arg, uintptr_t lo, uintptr_t hi), void *arg)
{
	mapping_touched(lo, hi, touched, arg);
}

/* ---- stacks and registers ---------------------------------------------- */

static bool is_within(uintptr_t address, uintptr_t lo, uintptr_t hi)
{
	return address >= lo && address < hi;
}

/* Where the stack that the address lies on ends; *ordinary tells if it is the thread's first. */
static uintptr_t stack_end(struct thread *t, uintptr_t address, bool *ordinary)
{
	struct mapping around;
	*ordinary = false;
	if (is_within(address, t->place.alternate_lo, t->place.alternate_hi))
		return t->place.alternate_hi;
	*ordinary = is_within(address, t->stack_lo, t->stack_hi);
	if (*ordinary)
		return t->stack_hi;
	struct span *s = pageheap_span_of(address);
	if (s && s->state == SPAN_STACK)
		return s->base + s->elem_bytes;
	if (!mapping_around(address, &around))
		return mapping_readable_end(address, FOREIGN_STACK_BYTES_MAX);
	if (is_within(t->stack_hi - 1, around.lo, around.hi)) { /* larger than was known */
		*ordinary = true;
		t->stack_lo = around.lo;
		return t->stack_hi;
	}
	return around.hi - address < FOREIGN_STACK_BYTES_MAX ? around.hi
	                                                     : address + FOREIGN_STACK_BYTES_MAX;
}

/* The thread is on another stack: how deep its ordinary one is in use nobody knows. */
static void visit_whole_stack(struct visit *visit, struct thread *t)
{
	struct mapping around;
	uintptr_t lo = t->stack_lo;
	if (t->stack_hi - lo > HUGE_STACK_BYTES && mapping_around(t->stack_hi - 1, &around) &&
	    around.lo > lo)
		lo = around.lo;
	visit->kind = ROOT_STACK;
	roots_touched(lo, t->stack_hi, give_touched, visit);
}

/*
 * The frame holds the registers. It is on the interrupted stack, or on an alternate
 * one; and either may be an alternate stack or a fiber's.
 */
static void visit_stack(struct visit *visit, struct thread *t)
{
	bool frame_is_ordinary, sp_is_ordinary;
	uintptr_t frame = t->place.frame, sp = t->place.sp;
	uintptr_t frame_end = stack_end(t, frame, &frame_is_ordinary);
	uintptr_t sp_end = stack_end(t, sp, &sp_is_ordinary);
	give(visit, frame, frame_end, ROOT_STACK);
	if (!is_within(sp, frame, frame_end))
		give(visit, sp, sp_end, ROOT_STACK);
	if (!frame_is_ordinary && !sp_is_ordinary)
		visit_whole_stack(visit, t);
}

/* The caller's registers go to this frame, where its stack begins. */
static __attribute__((noinline)) void visit_own_stack(struct visit *visit, struct thread *self)
{
	stack_t alternate;
	__builtin_unwind_init();
	uintptr_t frame = (uintptr_t)__builtin_alloca(1);
	if (self->program_frames > frame)
		frame = self->program_frames;
	self->place = (struct thread_stop_place){.frame = frame, .sp = frame};
	if (!is_within(frame, self->stack_lo, self->stack_hi) &&
	    sigaltstack(NULL, &alternate) == 0 && !(alternate.ss_flags & SS_DISABLE)) {
		self->place.alternate_lo = (uintptr_t)alternate.ss_sp;
		self->place.alternate_hi = self->place.alternate_lo + alternate.ss_size;
	}
	visit_stack(visit, self);
}

static bool has_roots(const struct thread *t)
{
	return t->state == THREAD_RUNNING && !thread_is_runtime(t);
}

static void visit_threads(struct visit *visit)
{
	struct thread *self = thread_current;
	for (struct thread *t = thread_list.first; t; t = t->next) {
		give(visit, (uintptr_t)&t->argument, (uintptr_t)(&t->argument + 1), ROOT_THREAD);
		give(visit, (uintptr_t)&t->result, (uintptr_t)(&t->result + 1), ROOT_THREAD);
		if (!has_roots(t))
			continue;
		uintptr_t lo, hi;
		tls_static_block(t->tls, &lo, &hi);
		give(visit, lo, hi, ROOT_TLS);
		if (t == self)
			visit_own_stack(visit, t);
		else
			visit_stack(visit, t);
	}
}

/* ---- the program, its libraries and their thread-local variables -------- */

static void give_static(struct visit *visit, uintptr_t lo, uintptr_t hi)
{
	if (takes_apart(visit, lo, hi, ROOT_STATIC))
		return;
	if (hi <= lo || hi - lo < LARGE_BYTES) {
		give(visit, lo, hi, ROOT_STATIC);
		return;
	}
	visit->kind = ROOT_STATIC;
	roots_touched(lo, hi, give_touched, visit);
}

/* Read-only once it is relocated, whole pages of it: no pointer into the heap can be there. */
static void find_read_only(const struct dl_phdr_info *info, uintptr_t *lo, uintptr_t *hi)
{
	uintptr_t page_mask = -(uintptr_t)os_page_bytes();
	*lo = *hi = 0;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type != PT_GNU_RELRO)
			continue;
		*lo = (info->dlpi_addr + h->p_vaddr) & page_mask;
		*hi = (info->dlpi_addr + h->p_vaddr + h->p_memsz) & page_mask;
	}
}

static void visit_segment(struct visit *visit, uintptr_t lo, uintptr_t hi, uintptr_t read_only_lo,
                          uintptr_t read_only_hi)
{
	if (read_only_hi <= lo || read_only_lo >= hi) {
		give_static(visit, lo, hi);
		return;
	}
	give_static(visit, lo, read_only_lo);
	give_static(visit, read_only_hi, hi);
}

static void visit_module_tls(struct visit *visit, size_t module, size_t bytes)
{
	for (struct thread *t = thread_list.first; t; t = t->next) {
		uintptr_t block;
		if (has_roots(t) && tls_own_block(t->tls, module, bytes, &block))
			give(visit, block, block + bytes, ROOT_TLS);
	}
}

static bool contains(const struct dl_phdr_info *info, uintptr_t address)
{
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		if (h->p_type == PT_LOAD && address - (info->dlpi_addr + h->p_vaddr) < h->p_memsz)
			return true;
	}
	return false;
}

/*
 * The heap's own data holds no roots (where it is linked into the program itself it
 * cannot be told from the program's), and the loader's knows only libraries.
 */
static bool is_left_out(const struct dl_phdr_info *info)
{
	bool is_program = !info->dlpi_name || !*info->dlpi_name;
	uintptr_t loader = getauxval(AT_BASE);
	return (loader && info->dlpi_addr == loader) || (!is_program && contains(info, (uintptr_t)&roots));
}

static int visit_library(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct visit *visit = arg;
	uintptr_t read_only_lo, read_only_hi;
	(void)size;
	if (is_left_out(info))
		return 0;
	find_read_only(info, &read_only_lo, &read_only_hi);
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *h = &info->dlpi_phdr[i];
		uintptr_t lo = info->dlpi_addr + h->p_vaddr;
		if (h->p_type == PT_LOAD && h->p_flags & PF_W)
			visit_segment(visit, lo, lo + h->p_memsz, read_only_lo, read_only_hi);
		else if (h->p_type == PT_TLS)
			visit_module_tls(visit, info->dlpi_tls_modid, h->p_memsz);
	}
	return 0;
}

/* ---- registered ranges -------------------------------------------------- */

static void visit_registered(struct visit *visit)
{
	for (struct registered_block *b = roots.newest; b; b = b->next)
		for (size_t i = 0; i < b->used; i++) {
			uintptr_t lo = b->ranges[i].lo, hi = lo + b->ranges[i].bytes;
			if (!takes_apart(visit, lo, hi, ROOT_REGISTERED))
				give(visit, lo, hi, ROOT_REGISTERED);
		}
}

/* Lock held. NULL when memory is refused. */
static struct registered_block *block_with_room(void)
{
	struct registered_block *b = roots.newest;
	if (b && b->used < RANGES_A_BLOCK)
		return b;
	b = roots.spare;
	if (b)
		roots.spare = NULL;
	else
		b = sysmem_alloc(sizeof *b, &sysmem_stats.gc_sys);
	if (b) {
		b->next = roots.newest;
		roots.newest = b;
	}
	return b;
}

/* Lock held. The newest range takes the place of the one that goes. */
static void take_out(struct registered *range)
{
	struct registered_block *newest = roots.newest;
	*range = newest->ranges[--newest->used];
	if (newest->used > 0)
		return;
	roots.newest = newest->next;
	newest->next = roots.spare; /* at most one: another was used up before this one was made */
	roots.spare = newest;
}

int roots_add(void *start, size_t bytes)
{
	struct thread *t = thread_self();
	if (!start || bytes == 0 || (uintptr_t)start + bytes < (uintptr_t)start)
		return EINVAL;
	if (!t)
		return ENOMEM;
	thread_enter(t);
	lock_acquire(&roots.lock);
	struct registered_block *b = block_with_room();
	if (b)
		b->ranges[b->used++] = (struct registered){(uintptr_t)start, bytes};
	lock_release(&roots.lock);
	thread_leave(t);
	return b ? 0 : ENOMEM;
}

static struct registered *find_registered(uintptr_t lo, size_t bytes)
{
	for (struct registered_block *b = roots.newest; b; b = b->next)
		for (size_t i = 0; i < b->used; i++)
			if (b->ranges[i].lo == lo && b->ranges[i].bytes == bytes)
				return &b->ranges[i];
	return NULL;
}

int roots_remove(void *start, size_t bytes)
{
	struct thread *t = thread_self();
	if (!t)
		return EINVAL;
	thread_enter(t);
	lock_acquire(&roots.lock);
	struct registered *range = find_registered((uintptr_t)start, bytes);
	if (range)
		take_out(range);
	lock_release(&roots.lock);
	thread_leave(t);
	return range ? 0 : EINVAL;
}

/* ---- all of them --------------------------------------------------------- */

void roots_visit_apart(roots_range_fn *range, roots_apart_fn *apart, void *arg)
{
	struct visit visit = {.range = range, .apart = apart, .arg = arg};
	int saved = errno;
	visit_threads(&visit);
	dl_iterate_phdr(visit_library, &visit);
	visit_registered(&visit);
	errno = saved;
}

void roots_visit(roots_range_fn *range, void *arg)
{
	roots_visit_apart(range, NULL, arg);
}
