/*
 * heap_collects - what must survive a collection survives, and nearly all of the rest is
 * gone; finalizers; explicit frees; the odd sizes. A program of its own, because it is
 * about its own stacks and threads.
 */
#include <errno.h>
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../libcore/check.h"

static memspan_mem_stats stats(void)
{
	static memspan_mem_stats s;
	memspan_read_mem_stats(&s);
	return s;
}

/* ---- a list in each kind of root ---------------------------------------- */

struct node {
	struct node *next;
	uint64_t value;
};

static __attribute__((noinline)) struct node *list_new(unsigned length, uint64_t seed)
{
	struct node *list = NULL;
	for (unsigned i = 0; i < length; i++) {
		struct node *n = memspan_alloc(sizeof *n);
		check(n && !n->next && !n->value);
		n->value = seed + i;
		n->next = list;
		list = n;
	}
	return list;
}

static bool list_is_whole(const struct node *list, unsigned length, uint64_t seed)
{
	for (unsigned i = length; i-- > 0; list = list->next)
		if (!list || list->value != seed + i)
			return false;
	return list == NULL;
}

static struct node *in_static;
static _Thread_local struct node *in_thread_local;
static struct node **in_uncollectable;
static struct node **in_registered;
static char *by_inner_pointer;

/* Fresh garbage in every class, so that what was lost is overwritten. */
static void *churn(void *arg)
{
	for (unsigned i = 0; i < 60000; i++)
		memset(memspan_alloc(16 + i % 3000), 0xee, 16);
	return arg;
}

static void churn_on_threads(void)
{
	pthread_t threads[4];
	for (int i = 0; i < 4; i++)
		check(pthread_create(&threads[i], NULL, churn, NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

static void every_kind_of_root_keeps_its_list(void)
{
	enum { LENGTH = 5000 };
	struct node *on_stack = list_new(LENGTH, 100);
	in_static = list_new(LENGTH, 200);
	in_thread_local = list_new(LENGTH, 300);
	in_uncollectable = memspan_alloc_uncollectable(sizeof *in_uncollectable);
	*in_uncollectable = list_new(LENGTH, 400);
	in_registered = calloc(1, sizeof *in_registered);
	check(memspan_add_roots(in_registered, sizeof *in_registered) == 0);
	*in_registered = list_new(LENGTH, 500);
	void *stack = memspan_stack_alloc(100000);
	((struct node **)stack)[1000] = list_new(LENGTH, 600);
	by_inner_pointer = (char *)memspan_alloc(1000) + 999;
	by_inner_pointer[0] = 77;
	for (int round = 0; round < 3; round++) {
		churn_on_threads();
		memspan_gc();
	}
	check(list_is_whole(on_stack, LENGTH, 100));
	check(list_is_whole(in_static, LENGTH, 200));
	check(list_is_whole(in_thread_local, LENGTH, 300));
	check(list_is_whole(*in_uncollectable, LENGTH, 400));
	check(list_is_whole(*in_registered, LENGTH, 500));
	check(list_is_whole(((struct node **)stack)[1000], LENGTH, 600));
	check(by_inner_pointer[0] == 77);
	memspan_stack_free(stack);
	check(memspan_remove_roots(in_registered, sizeof *in_registered) == 0);
	check(memspan_remove_roots(in_registered, sizeof *in_registered) == -1 && errno == EINVAL);
	memspan_free(in_uncollectable);
	in_static = in_thread_local = NULL;
	by_inner_pointer = NULL;
	free(in_registered);
}

/* ---- garbage goes -------------------------------------------------------- */

static void *make_garbage(void *arg)
{
	for (unsigned i = 0; i < 50000; i++) {
		struct node *n = memspan_alloc(16 + i % 500);
		n->next = arg;
		arg = i % 100 ? n : NULL;
	}
	return NULL;
}

static void garbage_of_ended_threads_is_gone(void)
{
	memspan_gc();
	memspan_gc();
	memspan_mem_stats before = stats();
	for (int i = 0; i < 4; i++) {
		pthread_t thread;
		check(pthread_create(&thread, NULL, make_garbage, NULL) == 0);
		pthread_join(thread, NULL);
	}
	memspan_gc();
	memspan_mem_stats after = stats();
	uint64_t made = after.mallocs - before.mallocs;
	check(made >= 200000);
	check(after.heap_objects <= before.heap_objects + made / 100);
}

/* ---- kinds of objects ---------------------------------------------------- */

struct pair {
	void *number; /* a pointer in disguise for all that the type says */
	struct node *list;
};

static void *hold_only_as_numbers(void *result)
{
	static const size_t offsets[] = {offsetof(struct pair, list)};
	static const memspan_type type = {"pair", sizeof(struct pair), 1, offsets};
	struct pair *pairs = memspan_alloc_typed(&type, 100);
	void **noscan = memspan_alloc_noscan(100 * sizeof *noscan);
	for (int i = 0; i < 100; i++) {
		pairs[i].number = memspan_alloc(20000);
		pairs[i].list = list_new(10, (uint64_t)i);
		noscan[i] = memspan_alloc(20000);
	}
	((void **)result)[0] = pairs;
	((void **)result)[1] = noscan;
	return NULL;
}

static void types_and_noscan_keep_only_what_they_name(void)
{
	void *kept[2];
	pthread_t thread;
	memspan_gc();
	uint64_t before = stats().heap_alloc;
	pthread_create(&thread, NULL, hold_only_as_numbers, kept);
	pthread_join(thread, NULL);
	memspan_gc();
	churn(NULL);
	memspan_gc();
	struct pair *pairs = kept[0];
	for (int i = 0; i < 100; i++)
		check(list_is_whole(pairs[i].list, 10, (uint64_t)i));
	check(stats().heap_alloc < before + 100 * 20000); /* 4 MB were hidden */
}

static void *one_past_the_end(void *result)
{
	*(char **)result = (char *)memspan_alloc(32768) + 32768;
	return NULL;
}

static void one_past_the_end_keeps_nothing(void)
{
	int gone = 0;
	for (int i = 0; i < 20; i++) { /* one at a time: the next object begins where one ends */
		char *past;
		pthread_t thread;
		memspan_gc();
		uint64_t before = stats().heap_objects;
		pthread_create(&thread, NULL, one_past_the_end, &past);
		pthread_join(thread, NULL);
		check(past != NULL);
		memspan_gc();
		gone += stats().heap_objects <= before;
	}
	check(gone >= 18);
}

static void a_list_of_a_million_needs_no_recursion(void)
{
	struct node *list = list_new(1000000, 0);
	memspan_gc();
	churn(NULL);
	memspan_gc();
	check(list_is_whole(list, 1000000, 0));
}

static void a_huge_object_is_scanned_to_its_end(void)
{
	size_t words = (64u << 20) / sizeof(void *);
	struct node **huge = memspan_alloc(words * sizeof *huge);
	for (size_t i = 0; i < words; i += 65521)
		huge[i] = list_new(3, i);
	memspan_gc();
	churn(NULL);
	memspan_gc();
	for (size_t i = 0; i < words; i += 65521)
		check(list_is_whole(huge[i], 3, i));
	memspan_free(huge);
}

/* ---- finalizers ---------------------------------------------------------- */

/* Many of each: a forgotten word on some stack may keep one of them for a while. */
enum { MANY = 40, MOST = 36 };

static _Atomic int first_ran, second_ran, second_ran_early, never_ran, revived_count;
static _Atomic bool second_may_run;
static void *revived[MANY];

static void on_first(void *object, void *arg)
{
	check(((void **)object)[1] == arg);
	first_ran++;
}

static void on_second(void *object, void *arg)
{
	check(((void **)object)[1] == arg);
	second_ran_early += !second_may_run;
	second_ran++;
}

static void on_never(void *object, void *arg)
{
	(void)object, (void)arg;
	never_ran++;
}

static void on_revive(void *object, void *arg)
{
	(void)arg;
	revived[revived_count++] = object;
}

static void *make_chains(void *arg)
{
	for (intptr_t i = 1; i <= MANY; i++) {
		void **a = memspan_alloc(32), **b = memspan_alloc(32);
		a[0] = b;
		a[1] = b[1] = (void *)i;
		check(memspan_set_finalizer(a, on_first, (void *)i) == 0);
		check(memspan_set_finalizer(b, on_second, (void *)i) == 0);
	}
	return arg;
}

static void *make_what_never_runs(void *arg)
{
	for (int i = 0; i < MANY; i++) {
		void **a = memspan_alloc(32), **b = memspan_alloc(32);
		a[0] = b;
		b[0] = a;
		memspan_set_finalizer(a, on_never, NULL);
		memspan_set_finalizer(b, on_never, NULL);
		void *removed = memspan_alloc(48), *freed = memspan_alloc(48);
		memspan_set_finalizer(removed, on_never, NULL);
		check(memspan_set_finalizer(removed, NULL, NULL) == 0);
		memspan_set_finalizer(freed, on_never, NULL);
		memspan_free(freed);
	}
	return arg;
}

static void *make_revivable(void *arg)
{
	for (int i = 0; i < MANY; i++) {
		void *object = memspan_alloc(48);
		memset(object, 0x5a, 48);
		memspan_set_finalizer(object, on_never, NULL); /* replaced */
		check(memspan_set_finalizer(object, on_revive, NULL) == 0);
	}
	return arg;
}

static void on_thread(void *(*run)(void *))
{
	pthread_t thread;
	check(pthread_create(&thread, NULL, run, NULL) == 0);
	pthread_join(thread, NULL);
}

/* Collects until the counter is there, and lets the finalizer thread come to rest. */
static void collect_until(_Atomic int *counter, int count)
{
	for (int i = 0; i < 50 && *counter < count; i++) {
		memspan_gc();
		usleep(10000);
	}
	check(*counter >= count);
	usleep(50000);
}

static void finalizers_run_once_and_in_order(void)
{
	on_thread(make_what_never_runs);
	on_thread(make_chains);
	memspan_gc();
	usleep(200000);
	check(first_ran >= MOST && second_ran_early == 0); /* of A pointing to B only A */
	second_may_run = true;
	collect_until(&second_ran, MOST);
	check(first_ran <= MANY && second_ran <= MANY && never_ran == 0);

	on_thread(make_revivable);
	collect_until(&revived_count, MOST);
	churn(NULL);
	memspan_gc();
	first_ran = 0;
	for (int i = 0; i < revived_count; i++) { /* they live again, and can die again */
		check(((char *)revived[i])[47] == 0x5a);
		((void **)revived[i])[1] = NULL;
		check(memspan_set_finalizer(revived[i], on_first, NULL) == 0);
	}
	memset(revived, 0, sizeof revived);
	collect_until(&first_ran, MOST);
	check(never_ran == 0);

	check(memspan_set_finalizer(memspan_alloc_noscan(8), on_never, NULL) == -1 && errno == EINVAL);
	check(memspan_set_finalizer((char *)memspan_alloc(64) + 8, on_never, NULL) == -1);
	check(memspan_set_finalizer(&first_ran, on_never, NULL) == -1);
}

/* ---- sizes, alignment, refusal ------------------------------------------- */

static void sizes_and_alignments_are_kept(void)
{
	check(memspan_alloc(0) != NULL && memspan_alloc_noscan(0) != NULL);
	memspan_free(memspan_alloc(0));
	for (size_t size = 1; size < 70000; size += size < 300 ? 1 : 977) {
		char *p = memspan_alloc(size);
		check((uintptr_t)p % 8 == 0 && memspan_usable_size(p) >= size);
		check(memspan_is_heap_pointer(p) && memspan_is_heap_pointer(p + size - 1));
		for (size_t i = 0; i < size; i++)
			check(p[i] == 0);
		memset(p, 1, size);
		char *q = memspan_alloc_noscan(size);
		check((uintptr_t)q % (size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1) == 0);
		memset(q, 1, size);
		if (size % 2)
			memspan_free(p);
	}
	for (size_t align = 1; align <= 1 << 20; align *= 2)
		for (size_t size = 1; size < 40000; size = size * 5 + 3) {
			char *p = memspan_aligned_alloc(align, size);
			check(p && (uintptr_t)p % align == 0);
			memset(p, 3, size);
		}
	check(memspan_aligned_alloc(3, 8) == NULL && errno == EINVAL);
	check(!memspan_is_heap_pointer(&errno) && memspan_usable_size(&errno) == 0);
}

static void realloc_keeps_kind_and_content(void)
{
	char *p = memspan_alloc_noscan(10);
	memcpy(p, "memspan", 8);
	for (size_t size = 16; size < 200000; size = size * 3 / 2) {
		p = memspan_realloc(p, size);
		check(p && strcmp(p, "memspan") == 0 && memspan_usable_size(p) >= size);
	}
	p = memspan_realloc(p, 8);
	check(strcmp(p, "memspan") == 0);
	check(memspan_realloc(NULL, 5) != NULL && memspan_realloc(p, 0) != NULL);
}

static _Atomic int moved_finalized;

static void on_moved(void *object, void *arg)
{
	(void)object, (void)arg;
	moved_finalized++;
}

static void *make_small_and_finalizable(void *arg)
{
	(void)arg;
	for (int i = 0; i < MANY; i++) {
		char *p = memspan_alloc_noscan(100);
		check(memspan_set_finalizer(p, on_moved, NULL) == 0);
		p = memspan_realloc(p, 8);
		/* It has a slot to itself as before: only such an object has a finalizer. */
		check(p && memspan_usable_size(p) == 8);
	}
	return NULL;
}

static void realloc_takes_the_finalizer_along(void)
{
	on_thread(make_small_and_finalizable);
	collect_until(&moved_finalized, MOST);
	check(moved_finalized <= MANY);
}

static void refusal_is_an_error_not_an_end(void)
{
	volatile size_t most = SIZE_MAX;
	errno = 0;
	check(memspan_alloc(most) == NULL && errno == ENOMEM);
	check(memspan_alloc(most - 4096) == NULL && errno == ENOMEM);
	check(memspan_aligned_alloc((size_t)1 << 62, 10) == NULL && errno == ENOMEM);
	check(memspan_stack_alloc(SIZE_MAX) == NULL && errno == ENOMEM);
	check(memspan_stack_alloc(0) == NULL && errno == EINVAL);
	check(memspan_alloc_typed(NULL, 1) == NULL && errno == EINVAL);
	char *live = memspan_alloc(100);
	strcpy(live, "still here");
	check(memspan_realloc(live, SIZE_MAX / 2) == NULL && errno == ENOMEM);
	check(strcmp(live, "still here") == 0);
}

/* ---- reports of misuse --------------------------------------------------- */

static void misuse_is_reported_and_harmless(void)
{
	int pipes[2], saved = dup(2);
	char text[4096];
	check(pipe(pipes) == 0);
	dup2(pipes[1], 2);
	void *twice = memspan_alloc(80);
	int local;
	memspan_free(twice);
	check(memspan_realloc(twice, 70) == NULL && errno == EINVAL);
	memspan_free(twice);
	memspan_free(&local);
	memspan_free((char *)memspan_alloc(80) + 16);
	void *large = memspan_alloc(100000);
	memspan_free(large);
	memspan_free(large);
	dup2(saved, 2);
	close(pipes[1]);
	ssize_t n = read(pipes[0], text, sizeof text - 1);
	check(n > 0);
	text[n] = '\0';
	check(strstr(text, "memspan_free(") && strstr(text, "memspan_realloc("));
	check(strstr(text, "freed already") && strstr(text, "not a pointer of this heap"));
	check(strstr(text, "points inside an object") && strstr(text, "not in a span of objects"));
	close(pipes[0]);
	close(saved);
}

int main(void)
{
	every_kind_of_root_keeps_its_list();
	garbage_of_ended_threads_is_gone();
	types_and_noscan_keep_only_what_they_name();
	one_past_the_end_keeps_nothing();
	a_list_of_a_million_needs_no_recursion();
	a_huge_object_is_scanned_to_its_end();
	finalizers_run_once_and_in_order();
	sizes_and_alignments_are_kept();
	realloc_keeps_kind_and_content();
	realloc_takes_the_finalizer_along();
	refusal_is_an_error_not_an_end();
	misuse_is_reported_and_harmless();
	return 0;
}
