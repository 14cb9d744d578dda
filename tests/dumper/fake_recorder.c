#include "fake_recorder.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static struct {
	const struct recorder *_Atomic recorder;
	void (*child)(void);
	_Atomic uint64_t span_count;
	_Atomic uint32_t gc_num;
	bool refuse_captures, refuse_threads;
	void (*run)(void *arg);
	void *arg;
} fake = {.span_count = 100};

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

void recorder_attach(const struct recorder *recorder)
{
	atomic_store(&fake.recorder, recorder);
}

void *recorder_map(size_t bytes)
{
	int saved = errno;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	errno = saved;
	return p == MAP_FAILED ? NULL : p;
}

void recorder_unmap(void *p, size_t bytes)
{
	munmap(p, bytes);
}

static void spans_fill(struct recorder_snapshot *snapshot)
{
	uint64_t base = 0xc000000000;

	for (uint64_t i = 0; i < snapshot->span_count; i++) {
		memspan_span *span = &snapshot->spans[i];

		span->base = base;
		span->npages = 1;
		span->elem_bytes = 64;
		span->nelems = 128;
		/* One in ten changes with each cycle, to what nobody can foretell. */
		span->alloc_count = (uint32_t)((i % 10 ? i : i + snapshot->gc_num) * 0x9e3779b1u >> 7) % 129;
		span->born_gc = 1;
		span->state = MEMSPAN_SPAN_INUSE;
		span->size_class = 5;
		snapshot->stats.heap_alloc += span->alloc_count * span->elem_bytes;
		snapshot->stats.heap_inuse += 8192;
		base += 8192;
	}
}

void recorder_read_spans(struct recorder_snapshot *snapshot)
{
	(void)snapshot; /* recorder_capture has filled them in */
}

struct recorder_snapshot *recorder_capture(uint32_t reason)
{
	uint64_t span_count = fake.span_count;
	size_t bytes = sizeof(struct recorder_snapshot) + span_count * sizeof(memspan_span);
	struct recorder_snapshot *snapshot = fake.refuse_captures ? NULL : recorder_map(bytes);

	if (!snapshot)
		return NULL;
	snapshot->mapping_bytes = bytes;
	snapshot->spans = (memspan_span *)(snapshot + 1);
	snapshot->span_count = span_count;
	snapshot->reason = reason;
	snapshot->gc_num = fake.gc_num;
	snapshot->stats.numgc = fake.gc_num;
	snapshot->unix_ns = now_ns(CLOCK_REALTIME);
	snapshot->mono_ns = now_ns(CLOCK_MONOTONIC);
	spans_fill(snapshot);
	return snapshot;
}

void recorder_warn_to_the_end(void)
{
}

bool recorder_seeks_leaks(void)
{
	return false;
}

void recorder_release(struct recorder_snapshot *snapshot)
{
	recorder_unmap(snapshot, snapshot->mapping_bytes);
}

static void *thread_main(void *arg)
{
	(void)arg;
	fake.run(fake.arg);
	return NULL;
}

int recorder_thread_start(void (*run)(void *arg), void *arg)
{
	sigset_t all, former;
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	if (fake.refuse_threads)
		return EAGAIN;
	fake.run = run;
	fake.arg = arg;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &former);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, thread_main, NULL);
	pthread_attr_destroy(&attributes);
	pthread_sigmask(SIG_SETMASK, &former, NULL);
	return error;
}

uint32_t recorder_tracking_mode(const char **why)
{
	*why = "a test";
	return RECORDER_STOPPED;
}

void recorder_on_fork(void (*child)(void))
{
	fake.child = child;
}

/* Signals are wrapped by the heap's library; see fatal_program.c. */
void recorder_on_fatal_signal(void (*before)(void))
{
	(void)before;
}

void recorder_on_quick_end(void (*before)(void))
{
	(void)before;
}

void recorder_on_confine(void (*before)(void))
{
	(void)before;
}

bool recorder_may_capture(int64_t timeout_ns)
{
	(void)timeout_ns;
	return true;
}

void recorder_warn(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	fputs("memspan: ", stderr);
	vfprintf(stderr, format, arguments);
	fputs("\n", stderr);
	va_end(arguments);
}

void fake_spans_set(uint64_t count)
{
	fake.span_count = count;
}

void fake_cycle(void)
{
	const struct recorder *recorder = atomic_load(&fake.recorder);
	struct recorder_cycle cycle = {
		.gc_num = ++fake.gc_num,
		.reason = RECORDER_FORCED,
		.threads = 1,
		.pause_count = 1,
		.pauses = {{RECORDER_PHASE_MARK, 1000, 100, now_ns(CLOCK_REALTIME)}},
	};

	if (!recorder)
		return;
	recorder->cycle(&cycle);
	if (recorder->wanted(RECORDER_FORCED, fake.gc_num))
		recorder->captured(recorder_capture(RECORDER_FORCED));
}

void fake_heap_used(void)
{
	const struct recorder *recorder = atomic_load(&fake.recorder);

	if (recorder && recorder->heap_used)
		recorder->heap_used();
}

void fake_after_fork(void)
{
	if (fake.child)
		fake.child();
}

void fake_refuse_captures(bool refuse)
{
	fake.refuse_captures = refuse;
}

void fake_refuse_threads(bool refuse)
{
	fake.refuse_threads = refuse;
}
