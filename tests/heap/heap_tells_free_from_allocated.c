/*
 * Whether an object is allocated is asked by threads that do not own its span, while the
 * owner goes on from group to group: an object in use is never taken for a free slot, and one
 * that was freed is not freed again.
 */
#define _GNU_SOURCE
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "../libcore/check.h"
#include "mcache.h"
#include "mcentral.h"
#include "thread.h"

/* ---- asking while the owner allocates ----------------------------------- */

enum { BYTES = 16, QUESTIONS = 10 * 1000 * 1000 };

static void *_Atomic newest;
static _Atomic bool done;

static void *allocate(void *arg)
{
	while (!done)
		atomic_store_explicit(&newest, memspan_alloc(BYTES), memory_order_release);
	return arg;
}

static void what_is_in_use_is_never_taken_for_free(void)
{
	pthread_t id;
	void *object = memspan_alloc(BYTES);
	check(pthread_create(&id, NULL, allocate, NULL) == 0);
	for (int i = 0; i < QUESTIONS; i++) {
		if (i % 32 == 0 && newest)
			object = newest;
		check(memspan_usable_size(object) == BYTES);
	}
	done = true;
	check(pthread_join(id, NULL) == 0);
}

/* ---- freeing twice ------------------------------------------------------- */

static void *free_again(void *object)
{
	memspan_free(object);
	return NULL;
}

static void on_thread(void *(*run)(void *), void *arg)
{
	pthread_t id;
	check(pthread_create(&id, NULL, run, arg) == 0);
	check(pthread_join(id, NULL) == 0);
}

static int add_objects(const memspan_span *s, void *objects)
{
	*(uint64_t *)objects += s->alloc_count;
	return 0;
}

static void counters_agree_with_the_spans(void)
{
	static memspan_mstats stats;
	uint64_t objects = 0;
	check(memspan_visit_spans(add_objects, &objects, &stats) == 0);
	check(objects == stats.heap_objects);
}

/* What run(arg) says on stderr. */
static const char *said(void (*run)(void *), void *arg)
{
	static char text[4096];
	int pipes[2], saved = dup(2);
	check(saved >= 0 && pipe(pipes) == 0 && dup2(pipes[1], 2) == 2);
	run(arg);
	dup2(saved, 2);
	close(pipes[1]);
	ssize_t n = read(pipes[0], text, sizeof text - 1);
	text[n > 0 ? n : 0] = '\0';
	close(pipes[0]);
	close(saved);
	return text;
}

static void free_on_thread(void *object)
{
	on_thread(free_again, object);
}

static void collect(void *arg)
{
	(void)arg;
	memspan_gc();
}

static void a_slot_in_a_cache_is_not_freed_by_another(void)
{
	void *keep = memspan_alloc_uncollectable(700), *twice = memspan_alloc_uncollectable(700);
	memspan_free(twice);
	check(strstr(said(free_on_thread, twice), "freed already"));
	counters_agree_with_the_spans();
	memspan_free(keep);
	check(!*said(collect, NULL));
	counters_agree_with_the_spans();
}

/* The checks rightly call a span broken that is freed into so: any cycle that comes then aborts. */
#ifdef MEMSPAN_CHECKS
static const bool CHECKED = true;
#else
static const bool CHECKED = false;
#endif

/* As when the owner frees between another thread's look at the slot and its own free. */
static void *free_at_the_same_time(void *object)
{
	struct thread *t = thread_self();
	struct span *s = pageheap_span_of((uintptr_t)object);
	unsigned index = span_index(s, (uintptr_t)object);
	thread_enter(t);
	atomic_fetch_or(span_remote_word(s, index >> 6), (uint64_t)1 << (index & 63));
	t->mcache.counts.nfree[span_class_of(s)]++;
	mcentral_push_remote(s);
	thread_leave(t);
	return NULL;
}

static void frees_at_the_same_time_count_once(void)
{
	void *keep = memspan_alloc_uncollectable(900), *twice = memspan_alloc_uncollectable(900);
	memspan_free(twice);
	on_thread(free_at_the_same_time, twice);
	check(strstr(said(collect, NULL), "was freed by two threads"));
	counters_agree_with_the_spans();
	memspan_free(keep);
}

/* ---- spans that fall empty ------------------------------------------------ */

static void emptied_spans_go_back_whatever_the_order(void)
{
	enum { OBJECTS = 1 << 16 };
	static memspan_mstats before, after;
	void **objects = memspan_alloc_uncollectable(OBJECTS * sizeof *objects);
	memspan_read_mstats(&before);
	for (int i = 0; i < OBJECTS; i++)
		check((objects[i] = memspan_alloc_uncollectable(48)));
	for (int i = 0; i < OBJECTS; i++)
		memspan_free(objects[i]);
	memspan_read_mstats(&after);
	check(after.heap_inuse <= before.heap_inuse + (MCACHE_EMPTY_PAGES_MAX + 4) * PAGE_BYTES);
	memspan_free(objects);
}

int main(void)
{
	memspan_set_gc_percent(-1);
	emptied_spans_go_back_whatever_the_order();
	a_slot_in_a_cache_is_not_freed_by_another();
	memspan_set_gc_percent(100);
	what_is_in_use_is_never_taken_for_free();
	if (!CHECKED)
		frees_at_the_same_time_count_once();
	return 0;
}
