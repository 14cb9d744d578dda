/*
 * snapshot_stop - a program for bench/snapshot_stop: many spans, all of which change all the
 * time, and two threads that run.
 *
 *	snapshot_stop SPANS SECONDS
 *
 * The first thread makes SPANS spans full of objects, then frees one object of each and
 * allocates it again, round after round. Compiled with OF_MALLOC the objects are malloc's, whose
 * spans are longer, and frees take its fast path. The second looks at the clock and notes each gap of
 * more than some microseconds for which it did not come to look. Prints a line for each
 * thread, `thread` or `watcher` and its number; one for each gap, its end in Unix nanoseconds
 * and its length; and on stderr how many rounds there were.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

#include <memspan.h>

#ifdef OF_MALLOC
#define object_new(bytes) malloc(bytes)
#define object_free(p) free(p)
enum { OBJECTS_A_SPAN = 128 };
#else
#define object_new(bytes) memspan_alloc_noscan(bytes)
#define object_free(p) memspan_free(p)
enum { OBJECTS_A_SPAN = 16 };
#endif

enum { OBJECT_BYTES = 512, GAP_NS_MIN = 5000, GAPS_MAX = 1 << 22 };

struct gap {
	uint64_t end_unix_ns, length_ns;
};

static struct gap *gaps;
static size_t gap_count;
static atomic_bool done;

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static _Atomic pid_t watcher_tid;

/* A snapshot may wait for all but the watcher: for the runtime's own, too. */
static void threads_print(void)
{
	DIR *folder = opendir("/proc/self/task");
	struct dirent *entry;

	while (folder && (entry = readdir(folder)))
		if (entry->d_name[0] != '.')
			printf("%s %s\n", atoi(entry->d_name) == watcher_tid ? "watcher" : "thread",
			       entry->d_name);
	if (folder)
		closedir(folder);
}

static void *need(void *p)
{
	if (p == NULL) {
		fputs("out of memory\n", stderr);
		exit(1);
	}
	return p;
}

static void *watch(void *arg)
{
	uint64_t last = clock_ns(CLOCK_MONOTONIC), now;

	watcher_tid = gettid();
	for (; !atomic_load_explicit(&done, memory_order_relaxed); last = now) {
		now = clock_ns(CLOCK_MONOTONIC);
		if (now - last < GAP_NS_MIN || gap_count == GAPS_MAX)
			continue;
		gaps[gap_count++] = (struct gap){clock_ns(CLOCK_REALTIME), now - last};
		now = clock_ns(CLOCK_MONOTONIC);
	}
	return arg;
}

/* One object of each span, but for a few that share a span with others. */
static void change_all(void **objects, size_t count)
{
	for (size_t i = 0; i < count; i++)
		object_free(objects[i]);
	for (size_t i = 0; i < count; i++)
		objects[i] = need(object_new(OBJECT_BYTES));
}

int main(int argc, char **argv)
{
	size_t count = argc == 3 ? strtoul(argv[1], NULL, 10) : 0;
	uint64_t ns = argc == 3 ? strtoul(argv[2], NULL, 10) * 1000000000 : 0, rounds = 0;
	pthread_t watcher;

	if (count == 0 || ns == 0) {
		fputs("usage: snapshot_stop SPANS SECONDS\n", stderr);
		return 2;
	}
	void **objects = need(malloc(count * sizeof *objects));
	gaps = need(malloc(GAPS_MAX * sizeof *gaps));
	for (size_t i = 0; i < count; i++) /* the others of the span are never touched again */
		for (int of_span = 0; of_span < OBJECTS_A_SPAN; of_span++)
			objects[i] = need(object_new(OBJECT_BYTES));
	change_all(objects, count); /* from here on all memory is there */
	if (pthread_create(&watcher, NULL, watch, NULL) != 0)
		return 1;
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + ns;
	for (; clock_ns(CLOCK_MONOTONIC) < end; rounds++)
		change_all(objects, count);
	threads_print();
	atomic_store(&done, true);
	pthread_join(watcher, NULL);
	for (size_t i = 0; i < gap_count; i++)
		printf("%llu %llu\n", (unsigned long long)gaps[i].end_unix_ns,
		       (unsigned long long)gaps[i].length_ns);
	fprintf(stderr, "%llu rounds\n", (unsigned long long)rounds);
	return 0;
}
