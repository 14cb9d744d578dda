/*
 * memspan.h, line by line: what each function says of sizes, errors, alignment, roots,
 * finalizers and figures. What other tests hold already (statistics under load, kinds of
 * roots, misuse) is not repeated.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <memspan.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../libcore/check.h"

static void *unused_arg;

/* A pointer that nothing on this stack remembers: made, and lost, on a thread of its own. */
static void on_thread(void *(*run)(void *), void *arg)
{
	pthread_t id;
	check(pthread_create(&id, NULL, run, arg) == 0);
	check(pthread_join(id, NULL) == 0);
}

static uintptr_t hide(const void *p)
{
	return ~(uintptr_t)p;
}

static bool lives(uintptr_t hidden)
{
	return memspan_usable_size((void *)~hidden) != 0;
}

/* ---- sizes and alignment ---------------------------------------------------- */

static const size_t pair_pointers[] = {8};
static const memspan_type pair = {"pair", 16, 1, pair_pointers};

static void size_zero_is_a_valid_pointer(void)
{
	void *all[] = {
	    memspan_alloc(0), memspan_alloc_noscan(0), memspan_alloc_uncollectable(0),
	    memspan_alloc_noscan_uninit(0),
	    memspan_alloc_typed(&pair, 0), memspan_realloc(NULL, 0),
	    memspan_realloc(memspan_alloc(100), 0),
	};
	for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
		check(all[i] && !memspan_is_heap_pointer(all[i]) && memspan_usable_size(all[i]) == 0);
		memspan_free(all[i]);
		check(memspan_set_finalizer(all[i], NULL, NULL) == -1 && errno == EINVAL);
	}
	void *grown = memspan_realloc(all[0], 50);
	check(grown && memspan_usable_size(grown) >= 50);
	void *aligned = memspan_aligned_alloc(64, 0);
	check(aligned && (uintptr_t)aligned % 64 == 0);
	memspan_free(NULL);
	memspan_stack_free(NULL);
	check(memspan_usable_size(NULL) == 0 && !memspan_is_heap_pointer(NULL));
}

static bool is_zero(const char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		if (p[i])
			return false;
	return true;
}

/* Used and freed slots come round: they are zero and aligned each time. */
static void objects_are_zero_and_aligned(void)
{
	for (int round = 0; round < 3; round++) {
		for (size_t size = 1; size < 40000; size += size / 16 + 1) {
			char *scanned = memspan_alloc(size), *plain = memspan_alloc_noscan(size);
			check(scanned && plain);
			check(is_zero(scanned, size) && is_zero(plain, size));
			check((uintptr_t)scanned % (size < 9 ? 8 : 16) == 0);
			check((uintptr_t)plain % (size >= 16 ? 16 : size >= 8 ? 8 : size >= 4 ? 4 : size >= 2 ? 2 : 1) == 0);
			check(memspan_usable_size(scanned) >= size && memspan_usable_size(plain) >= size);
			check(memspan_usable_size(scanned + size / 2) == memspan_usable_size(scanned));
			memset(scanned, 0xff, size);
			memset(plain, 0xff, size);
			memspan_free(scanned);
			memspan_free(plain);
		}
	}
}

/* What is not to be cleared has what the program left there, and everything else is as it should be. */
static void uninit_objects_are_not_cleared(void)
{
	enum { OBJECTS = 300 };
	static const size_t sizes[] = {1, 15, 16, 512, 4096, 100000};
	for (size_t n = 0; n < sizeof sizes / sizeof sizes[0]; n++) {
		size_t size = sizes[n];
		char **objects = memspan_alloc(OBJECTS * sizeof *objects);
		unsigned former = 0;
		for (int round = 0; round < 2; round++) {
			for (int i = 0; i < OBJECTS; i++) {
				char *p = objects[i] = memspan_alloc_noscan_uninit(size);
				check(p && memspan_usable_size(p) >= size);
				former += !is_zero(p, size);
				memset(p, 0xff, size);
			}
			for (int i = 0; i < OBJECTS; i++)
				memspan_free(objects[i]);
		}
		check(former > 0 || size < 16);
		for (int i = 0; i < OBJECTS; i++)
			check(is_zero(objects[i] = memspan_alloc_noscan(size), size));
		for (int i = 0; i < OBJECTS; i++)
			memspan_free(objects[i]);
	}
	errno = 0;
	volatile size_t most = SIZE_MAX;
	check(!memspan_alloc_noscan_uninit(most) && errno == ENOMEM);
}

static void errors_are_those_that_are_promised(void)
{
	static const size_t odd_offset[] = {4}, far_offset[] = {16};
	const memspan_type wrong[] = {
	    {"empty", 0, 0, NULL},      {"odd size", 12, 0, NULL},       {"no offsets", 16, 1, NULL},
	    {"odd", 16, 1, odd_offset}, {"behind it", 16, 1, far_offset},
	};
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		errno = 0;
		check(memspan_alloc_typed(&wrong[i], 1) == NULL && errno == EINVAL);
	}
	errno = 0;
	check(memspan_alloc_typed(&pair, SIZE_MAX / 16 + 2) == NULL && errno == ENOMEM);
	errno = 0;
	check(memspan_alloc_typed(&pair, SIZE_MAX / 16) == NULL && errno == ENOMEM);
	errno = 0;
	check(memspan_aligned_alloc(0, 8) == NULL && errno == EINVAL);
	errno = 0;
	check(memspan_aligned_alloc(24, 8) == NULL && errno == EINVAL);

	char *stack = memspan_stack_alloc(10000);
	check(stack && (uintptr_t)stack % 4096 == 0);
	errno = 0;
	check(memspan_stack_set_sp(stack, stack - 1) == -1 && errno == EINVAL);
	errno = 0;
	check(memspan_stack_set_sp(stack + 8192, stack + 8192) == -1 && errno == EINVAL);
	check(memspan_stack_set_sp(stack, stack) == 0 && memspan_stack_set_sp(stack, stack + 16384) == 0);
	check(memspan_stack_set_sp(stack, NULL) == 0);
	memspan_stack_free(stack);
	errno = 0;
	check(memspan_stack_set_sp(stack, NULL) == -1 && errno == EINVAL);

	errno = 0;
	check(memspan_add_roots(&unused_arg, 0) == -1 && errno == EINVAL);
	errno = 0;
	check(memspan_add_roots((void *)-8, 16) == -1 && errno == EINVAL);
	errno = 0;
	check(memspan_add_roots(NULL, 16) == -1 && errno == EINVAL);
	errno = 0;
	check(memspan_remove_roots(&unused_arg, 8) == -1 && errno == EINVAL);
	errno = 0;
	check(memspan_set_finalizer(NULL, NULL, NULL) == -1 && errno == EINVAL);
}

/* ---- errno -------------------------------------------------------------------- */

static void nothing(void *object, void *arg)
{
	(void)object, (void)arg;
}

static int end_the_walk(const memspan_span *span, void *arg)
{
	(void)span, (void)arg;
	return 7;
}

#define keeps_errno(call)      \
	do {                       \
		errno = EDOM;          \
		call;                  \
		check(errno == EDOM);  \
	} while (0)

static void errno_is_kept(void)
{
	static memspan_mem_stats stats;
	static memspan_mstats internal;
	static char text[64];
	static long root[4];
	void *p, *stack;
	keeps_errno(p = memspan_alloc(10));
	keeps_errno(memspan_free(p));
	keeps_errno(p = memspan_alloc_noscan(10));
	keeps_errno(p = memspan_alloc_noscan_uninit(100));
	keeps_errno(p = memspan_alloc_typed(&pair, 10));
	keeps_errno(p = memspan_alloc_uncollectable(100000));
	keeps_errno(p = memspan_realloc(p, 200000));
	keeps_errno(memspan_free(p));
	keeps_errno(p = memspan_aligned_alloc(1 << 20, 100));
	keeps_errno(stack = memspan_stack_alloc(100));
	keeps_errno(check(memspan_stack_set_sp(stack, stack) == 0));
	keeps_errno(memspan_stack_free(stack));
	keeps_errno(memspan_gc());
	keeps_errno(check(memspan_set_finalizer(p, nothing, NULL) == 0));
	keeps_errno(check(memspan_set_finalizer(p, NULL, NULL) == 0));
	keeps_errno(check(memspan_add_roots(root, sizeof root) == 0));
	keeps_errno(check(memspan_remove_roots(root, sizeof root) == 0));
	keeps_errno(memspan_set_gc_percent(50));
	keeps_errno(memspan_set_gc_percent(100));
	keeps_errno(memspan_set_memory_limit((int64_t)1 << 40));
	keeps_errno(memspan_set_memory_limit(INT64_MAX));
	keeps_errno(memspan_read_mem_stats(&stats));
	keeps_errno(memspan_read_mstats(&internal));
	keeps_errno(memspan_mem_stats_to_json(&stats, text, sizeof text));
	keeps_errno(check(memspan_visit_spans(end_the_walk, NULL, NULL) == 7));
	keeps_errno(check(memspan_usable_size(p) >= 100 && memspan_is_heap_pointer(p)));
	keeps_errno(memspan_free_os_memory());
	keeps_errno(check(memspan_thread_register() == 0 && memspan_thread_register() == 0));
	keeps_errno(memspan_thread_unregister());
	keeps_errno(memspan_thread_unregister());
	keeps_errno(check(memspan_thread_register() == 0));
}

/* ---- roots ---------------------------------------------------------------------- */

enum { MANY = 64, MOST = MANY - 8 }; /* a forgotten word may keep some of what is dead */

static uintptr_t hidden[MANY];

static unsigned alive(void)
{
	unsigned count = 0;
	memspan_gc();
	for (int i = 0; i < MANY; i++)
		count += lives(hidden[i]);
	return count;
}

/* Fills words that are no roots by themselves, given as an mmap-like address. */
static void *fill(void *words)
{
	for (int i = 0; i < MANY; i++) {
		void *p = memspan_alloc(64);
		((void **)words)[i] = p;
		hidden[i] = hide(p);
	}
	return NULL;
}

static void ranges_are_roots_as_often_as_they_were_added(void)
{
	static void *storage; /* from malloc: no root */
	void **words = malloc(MANY * sizeof *words);
	storage = words;
	check(memspan_add_roots(words, MANY * sizeof *words) == 0);
	check(memspan_add_roots(words, MANY * sizeof *words) == 0);
	check(memspan_add_roots(words + 1, 8) == 0); /* overlaps */
	on_thread(fill, words);
	check(alive() == MANY);
	check(memspan_remove_roots(words, MANY * sizeof *words) == 0);
	check(alive() == MANY);
	check(memspan_remove_roots(words, MANY * sizeof *words) == 0);
	check(alive() <= MANY - MOST && lives(hidden[1]));
	check(memspan_remove_roots(words + 1, 8) == 0);
	errno = 0;
	check(memspan_remove_roots(words + 1, 8) == -1 && errno == EINVAL);
	check(alive() <= MANY - MOST);
	free(storage);
}

/* The lower half is left out once sp says so. */
static void stacks_are_roots_from_their_sp_on(void)
{
	static memspan_mem_stats before, with, after;
	memspan_read_mem_stats(&before);
	void **stack = memspan_stack_alloc(16384);
	memspan_read_mem_stats(&with);
	check(with.stack_inuse - before.stack_inuse == 16384 && with.heap_inuse == before.heap_inuse);
	on_thread(fill, stack);
	check(alive() == MANY);
	check(memspan_stack_set_sp(stack, stack + MANY / 2) == 0);
	unsigned kept = alive();
	check(kept >= MANY / 2 && kept <= MANY / 2 + (MANY - MOST));
	for (int i = MANY / 2; i < MANY; i++)
		check(lives(hidden[i]));
	memspan_stack_free(stack);
	check(alive() <= MANY - MOST);
	memspan_read_mem_stats(&after);
	check(after.stack_inuse == before.stack_inuse);
}

static void *fill_typed(void *out)
{
	struct {
		void *number, *pointer;
	} *array = memspan_alloc_typed(&pair, MANY);
	for (int i = 0; i < MANY; i++) {
		array[i].pointer = memspan_alloc(64);
		hidden[i] = hide(array[i].pointer);
	}
	*(void **)out = array;
	return NULL;
}

static void *swap_words(void *array)
{
	void **words = array;
	for (int i = 0; i < MANY; i++) {
		words[2 * i] = words[2 * i + 1];
		words[2 * i + 1] = NULL;
	}
	return NULL;
}

static void each_element_of_a_typed_array_is_scanned_as_its_type_says(void)
{
	static void *array;
	on_thread(fill_typed, &array);
	check(alive() == MANY);
	check((array = memspan_realloc(array, 4 * MANY * 16)) != NULL); /* the type goes along */
	check(alive() == MANY);
	on_thread(swap_words, array);
	check(alive() <= MANY - MOST);
	array = NULL;
}

/* ---- finalizers -------------------------------------------------------------------- */

static _Atomic int first_ran, second_ran, intact;

static void on_first(void *object, void *arg)
{
	(void)object, (void)arg;
	first_ran++;
}

static void on_second(void *object, void *arg)
{
	intact += *(int *)object == 11 && *(int *)arg == 22; /* arg is kept until now */
	second_ran++;
}

static int *new_int(int value)
{
	int *p = memspan_alloc(64);
	*p = value;
	return p;
}

static void *make_replaced(void *arg)
{
	for (int i = 0; i < MANY; i++) {
		int *p = new_int(11);
		check(memspan_set_finalizer(p, on_first, NULL) == 0);
		check(memspan_set_finalizer(p, on_second, new_int(22)) == 0);
	}
	for (int i = 0; i < MANY; i++) {
		int *removed = new_int(1), *freed = new_int(2);
		check(memspan_set_finalizer(removed, on_first, NULL) == 0);
		check(memspan_set_finalizer(removed, NULL, NULL) == 0);
		check(memspan_set_finalizer(removed, NULL, NULL) == 0); /* there is none any more */
		check(memspan_set_finalizer(freed, on_first, NULL) == 0);
		memspan_free(freed);
	}
	return arg;
}

static void *churn(void *arg)
{
	for (int i = 0; i < 10000; i++)
		memset(memspan_alloc(64), 0x55, 64);
	return arg;
}

static void finalizers_are_replaced_removed_and_dropped(void)
{
	on_thread(make_replaced, NULL);
	for (int i = 0; i < 200 && second_ran < MOST; i++) {
		memspan_gc();
		on_thread(churn, NULL);
		usleep(1000);
	}
	check(second_ran >= MOST && second_ran <= MANY && intact == second_ran && first_ran == 0);
}

/* ---- settings and figures ------------------------------------------------------------ */

static void settings_tell_what_was_before(void)
{
	static memspan_mem_stats stats;
	int percent = memspan_set_gc_percent(-7);
	check(percent == 100);
	memspan_read_mem_stats(&stats);
	check(stats.next_gc == UINT64_MAX && stats.enable_gc);
	check(memspan_set_gc_percent(0) == -1);
	check(memspan_set_gc_percent(100) == 0);
	check(memspan_set_memory_limit(-1) == INT64_MAX);
	check(memspan_set_memory_limit((int64_t)3 << 30) == INT64_MAX);
	check(memspan_set_memory_limit(-1) == (int64_t)3 << 30);
	check(memspan_set_memory_limit(0) == (int64_t)3 << 30); /* soft: the heap goes on */
	check(memspan_alloc(100000) != NULL);
	check(memspan_set_memory_limit(INT64_MAX) == 0);
}

static void off_is_off(void)
{
	static memspan_mem_stats before, after;
	memspan_set_gc_percent(-1);
	memspan_gc(); /* its sweep is done, so that heap_alloc does not fall meanwhile */
	memspan_read_mem_stats(&before);
	for (int i = 0; i < 1000; i++)
		check(memspan_alloc_noscan(32768) != NULL);
	memspan_read_mem_stats(&after);
	check(after.num_gc == before.num_gc && after.heap_alloc - before.heap_alloc >= 1000 * 32768);
	memspan_set_gc_percent(100);
	memspan_gc();
	memspan_read_mem_stats(&before);
	check(before.num_gc == after.num_gc + 1 && before.num_forced_gc == after.num_forced_gc + 1);
	check(before.heap_alloc < after.heap_alloc);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* Each field that a program is likely to read holds something that makes sense. */
static void figures_mean_what_they_say(void)
{
	static memspan_mstats s, later;
	enum { PLAIN_BYTES = 8 << 20 };
	static void *plain;
	plain = memspan_alloc_noscan(PLAIN_BYTES);
	uint64_t unix_before = clock_ns(CLOCK_REALTIME), mono_before = clock_ns(CLOCK_MONOTONIC);
	memspan_gc();
	memspan_read_mstats(&s);
	unsigned newest = (s.numgc + 255) % 256;
	check(s.last_gc_unix >= unix_before && s.last_gc_unix <= clock_ns(CLOCK_REALTIME));
	check(s.last_gc_nanotime >= mono_before && s.last_gc_nanotime <= clock_ns(CLOCK_MONOTONIC));
	check(s.pause_end[newest] == s.last_gc_unix && s.pause_ns[newest] > 0);
	check(s.pause_total_ns >= s.pause_ns[newest] && s.gc_cpu_fraction > 0 && s.gc_cpu_fraction < 1);
	check(s.heap_marked >= PLAIN_BYTES && s.heap_live >= s.heap_marked);
	check(s.heap_scan <= s.heap_live - PLAIN_BYTES);
	check(s.next_gc >= 2 * s.heap_marked && s.next_gc >= 4 << 20);
	check(s.gc_trigger > s.heap_marked && s.gc_trigger <= s.next_gc);
	check(s.triggerRatio > 0 && s.triggerRatio <= 1);
	check(s.last_heap_inuse >= PLAIN_BYTES && s.last_heap_inuse % 8192 == 0);
	check(s.mspan_inuse > 0 && s.mcache_inuse > 0 && s.gc_sys > 0 && s.other_sys > 0);
	check(s.stacks_sys > 0 && s.stacks_inuse > 0); /* of the main thread; of the runtime's */
	check(s.buckhash_sys == 0 && !s.debuggc && s.enablegc);
	memspan_gc();
	memspan_is_heap_pointer(plain);
	memspan_usable_size(plain);
	memspan_read_mstats(&later);
	check(later.last_next_gc == s.next_gc && later.nlookup == s.nlookup + 2);
	check(later.numforcedgc == s.numforcedgc + 1);
	plain = NULL;
}

static void the_version_is_one(void)
{
	char text[32];
	snprintf(text, sizeof text, "%d.%d.%d", MEMSPAN_VERSION_MAJOR, MEMSPAN_VERSION_MINOR,
	         MEMSPAN_VERSION_PATCH);
	check(strcmp(text, MEMSPAN_VERSION) == 0 && strcmp(text, memspan_version()) == 0);
}

int main(void)
{
	errno_is_kept(); /* first: what is done once is done here */
	size_zero_is_a_valid_pointer();
	objects_are_zero_and_aligned();
	uninit_objects_are_not_cleared();
	errors_are_those_that_are_promised();
	ranges_are_roots_as_often_as_they_were_added();
	stacks_are_roots_from_their_sp_on();
	each_element_of_a_typed_array_is_scanned_as_its_type_says();
	finalizers_are_replaced_removed_and_dropped();
	settings_tell_what_was_before();
	off_is_off();
	figures_mean_what_they_say();
	the_version_is_one();
	return 0;
}
