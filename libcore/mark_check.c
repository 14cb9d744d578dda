/* mark_check.c - see mark.h: proof, by reading the whole heap, that marking is complete. */
#include <memspan.h>

#include "mark.h"
#include "mcentral.h"
#include "os.h"
#include "pageheap.h"
#include "roots.h"
#include "sanitizer.h"
#include "special.h"

static bool is_marked(struct span *s, unsigned index)
{
	_Atomic uint64_t *word = span_mark_word(s, index >> 6);
	return atomic_load_explicit(word, memory_order_relaxed) >> (index & 63) & 1;
}

static bool is_free(struct span *s, unsigned index)
{
	return *span_free_word(s, index >> 6) >> (index & 63) & 1;
}

struct search {
	uintptr_t lo, hi;
	bool found;
};

static MARK_READS void search_stack(void *arg, uintptr_t lo, uintptr_t hi, enum root_kind kind)
{
	struct search *search = arg;
	for (uintptr_t p = lo; kind == ROOT_STACK && p < hi; p += sizeof p)
		search->found |= *(const uintptr_t *)p - search->lo < search->hi - search->lo;
}

/* Its thread has yet to clear it: what it holds is of the object before. */
static bool may_be_new(uintptr_t object, size_t bytes)
{
	struct search search = {object, object + bytes, false};
	roots_visit(search_stack, &search);
	return search.found;
}

/* What the word, which is in a marked object, leads to must be marked. */
static void check_word(uintptr_t from, size_t from_bytes, uintptr_t word)
{
	struct span *s = pageheap_span_of(word);
	if (!s || s->state != SPAN_INUSE)
		return;
	unsigned index = span_index(s, word);
	if (index < s->nelems && !is_free(s, index) && !is_marked(s, index) &&
	    !may_be_new(from, from_bytes))
		os_fatal("marking: the object at %p is kept and leads to %p of %zu bytes, which is not",
		         (void *)from, (void *)span_object(s, index), s->elem_bytes);
}

static MARK_READS void check_typed(uintptr_t object, size_t slot_bytes)
{
	size_t room = slot_bytes - sizeof(void *);
	const memspan_type *type = *(const memspan_type *const *)(object + room);
	for (size_t at = 0; type && at + type->size <= room; at += type->size)
		for (size_t i = 0; i < type->pointer_count; i++)
			check_word(object, slot_bytes,
			           *(const uintptr_t *)(object + at + type->pointer_offsets[i]));
}

static MARK_READS void check_object(struct span *s, uintptr_t object)
{
	if (s->kind == SPAN_TYPED) {
		check_typed(object, s->elem_bytes);
		return;
	}
	for (uintptr_t p = object; p < object + s->elem_bytes; p += sizeof p)
		check_word(object, s->elem_bytes, *(const uintptr_t *)p);
}

/* What hangs on an object: as the marker has it (mark.c). */
static void check_special(void *arg, struct span *s, const struct special *special)
{
	uintptr_t object = special->address;
	(void)arg;
	if (special_is_weak(special)) {
		check_word(object, s->elem_bytes, (uintptr_t)special->handle);
		return;
	}
	check_word(object, s->elem_bytes, (uintptr_t)special->arg);
	if (special->queue_link)
		check_word(object, s->elem_bytes, object);
	else if (!span_noscan(s))
		check_object(s, object);
}

void mark_check(void)
{
	special_visit_begin();
	while (special_visit_next(check_special, NULL))
		;
	for (unsigned class = 0; class < SPAN_CLASSES; class++)
		for (struct span *s = mcentral[class].all; s; s = s->all_next)
			for (unsigned i = 0; i < s->nelems && !span_noscan(s); i++)
				if (is_marked(s, i) && !is_free(s, i))
					check_object(s, span_object(s, i));
}
