/*
 * memspan.h - a garbage-collected heap for C that keeps Go's memory statistics.
 *
 * The heap works like Go's: 67 size classes, spans of 8 KiB pages, a cache per
 * thread, a tracing collector with finalizers, a scavenger that returns idle
 * pages. It can record its own state: set MEMSPAN_DUMP in the environment and a
 * compressed snapshot of the statistics and of every span is appended to that
 * file at the end of each collection; `memanalyze` reads it.
 *
 * Caveats, first:
 *  - Nothing declared here may be called from a signal handler.
 *  - Memory from malloc or mmap, pthread_setspecific values, files and disguised
 *    pointers are not roots. Static data of the program and of its libraries,
 *    thread-local variables, and the stacks and registers of threads begun with
 *    pthread_create or thrd_create are.
 *  - A pointer anywhere into an object keeps the object; a pointer one past its
 *    end does not.
 *  - Buffers that the kernel writes behind the program's back (O_DIRECT,
 *    io_uring fixed buffers, RDMA) must be allocated with memspan_alloc_noscan.
 *  - After fork the child has a working heap and no runtime threads until its
 *    first own collection; it records to a file of its own.
 *
 * Threads: every function may be called from any thread at any time, except in
 * signal handlers; a thread that the runtime does not know becomes known by its
 * first call. "May collect" means: the call may run a collection on the calling
 * thread and stop the others meanwhile. errno is kept unless a function says
 * that it sets it.
 *
 * The meaning of each statistic is Go's (runtime.MemStats, runtime.mstats).
 */
#ifndef MEMSPAN_H
#define MEMSPAN_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define MEMSPAN_VERSION_MAJOR 0
#define MEMSPAN_VERSION_MINOR 1
#define MEMSPAN_VERSION_PATCH 0
#define MEMSPAN_VERSION "0.1.0"

#if defined(__GNUC__)
#define MEMSPAN_API __attribute__((visibility("default")))
#define MEMSPAN_MALLOC __attribute__((malloc, warn_unused_result))
#define MEMSPAN_ALLOC_SIZE(...) __attribute__((alloc_size(__VA_ARGS__)))
#else
#define MEMSPAN_API
#define MEMSPAN_MALLOC
#define MEMSPAN_ALLOC_SIZE(...)
#endif

/* The library's version, "major.minor.patch"; static storage. Never fails. */
MEMSPAN_API const char *memspan_version(void);

/* ---- Allocation -------------------------------------------------------- */

/*
 * Every allocation function but memspan_alloc_noscan_uninit returns zeroed memory,
 * or NULL with errno ENOMEM, and that only when the operating system refuses memory after one collection
 * that tried to help, or when the size overflows; none ever aborts. The object
 * belongs to the collector: it lives while a root leads to it, and may be given
 * back earlier with memspan_free. Size 0 gives a valid pointer to a shared
 * object of no size, which must not be written through. All may collect.
 *
 * Alignment: that of the size class, at least 8; from 16 bytes on, 16 where the
 * class allows it. Pointer-free objects under 16 bytes share blocks and are
 * aligned to 8 from 8 bytes, to 4 from 4, to 2 from 2.
 */

/* An object whose every aligned word may be a pointer (scanned conservatively). */
MEMSPAN_API void *memspan_alloc(size_t size) MEMSPAN_MALLOC MEMSPAN_ALLOC_SIZE(1);

/* An object that holds no pointers: never scanned, cheaper to collect. */
MEMSPAN_API void *memspan_alloc_noscan(size_t size) MEMSPAN_MALLOC MEMSPAN_ALLOC_SIZE(1);

/*
 * The same, but not cleared: it may hold what a former object left there. For buffers that are
 * written before they are read; where objects of some hundred bytes come and go clearing
 * them is a quarter of the time. As malloc, and GC_MALLOC_ATOMIC of the Boehm collector.
 */
MEMSPAN_API void *memspan_alloc_noscan_uninit(size_t size) MEMSPAN_MALLOC MEMSPAN_ALLOC_SIZE(1);

/*
 * Where the pointers of a C type are. `size` is sizeof(type), a multiple of 8;
 * `pointer_offsets` names the byte offset of each pointer member, each a
 * multiple of 8 and below size, in any order. Both the struct and the array
 * must outlive every object of the type (static const data does).
 */
typedef struct memspan_type {
	const char *name;
	size_t size;
	size_t pointer_count;
	const size_t *pointer_offsets;
} memspan_type;

/*
 * An array of `count` elements of `type`, in which only the words that the type
 * names are pointers. NULL with EINVAL when the type breaks its rules above,
 * with ENOMEM when count * type->size overflows or as above. Count 0 is size 0.
 */
MEMSPAN_API void *memspan_alloc_typed(const memspan_type *type, size_t count) MEMSPAN_MALLOC;

/*
 * An object that is a root itself: it and what it leads to live until
 * memspan_free(it). Scanned conservatively.
 */
MEMSPAN_API void *memspan_alloc_uncollectable(size_t size) MEMSPAN_MALLOC MEMSPAN_ALLOC_SIZE(1);

/*
 * As memspan_alloc, aligned to `alignment`, a power of two (EINVAL and NULL otherwise).
 * Up to 1 GiB any is served; a greater one only if no more than 1 GiB of addresses has to
 * be left unused for it, else NULL with ENOMEM.
 */
MEMSPAN_API void *memspan_aligned_alloc(size_t alignment, size_t size)
    MEMSPAN_MALLOC MEMSPAN_ALLOC_SIZE(2);

/*
 * The object p with room for `size` bytes: p itself where it fits, else a new
 * object of the same kind (scanned, pointer-free, typed, uncollectable) with
 * p's content, and p is given back. Bytes past the old content are zero where the
 * object moved, but for tiny objects, whose size nobody knows; in place they are as the
 * program left them. The new object is aligned as one of memspan_alloc, also where p came
 * from memspan_aligned_alloc. realloc(NULL, n) is memspan_alloc(n). realloc(p, 0) gives p
 * back and returns the object of no size. An object with a finalizer that has to move keeps
 * its finalizer, now for the new place, and so its weak references. On failure NULL and p is
 * untouched: with errno ENOMEM, or EINVAL for a pointer that memspan_free would report, which
 * this does too.
 */
MEMSPAN_API void *memspan_realloc(void *p, size_t size) MEMSPAN_ALLOC_SIZE(2);

/*
 * Gives an object back at once. Optional; from any thread; NULL and the object
 * of no size are ignored, a tiny object (pointer-free, under 16 bytes) is left
 * to the collector. Drops the object's finalizer, ends its weak references. A
 * pointer that is not the start of a live object (freed already, inside an object,
 * foreign) is reported in one line on stderr with the address and the span, and
 * the heap is left as it was.
 */
MEMSPAN_API void memspan_free(void *p);

/*
 * The bytes that the object at p may use, at least what was asked for; p may
 * point anywhere into it and gets the bytes from its start. 0 for NULL, for the
 * object of no size and for a pointer that is not into a live object.
 */
MEMSPAN_API size_t memspan_usable_size(const void *p);

/* Whether p points into (not: one past) an allocated object of this heap. */
MEMSPAN_API bool memspan_is_heap_pointer(const void *p);

/*
 * A stack span of at least `bytes` bytes, for a fiber: page-aligned, read-write,
 * contents undefined. Its whole resident part is a root, unless
 * memspan_stack_set_sp told where the live part begins. Counts in StackInuse.
 * NULL with ENOMEM as above, EINVAL for 0. May collect.
 */
MEMSPAN_API void *memspan_stack_alloc(size_t bytes) MEMSPAN_MALLOC;

/* Returns a stack span; NULL is ignored; anything else is reported and ignored. */
MEMSPAN_API void memspan_stack_free(void *stack);

/*
 * From now on only [sp, end of the stack) is a root; sp NULL: all of it again.
 * Returns 0, or -1 with EINVAL when stack is not a stack span's start or sp is
 * outside it.
 */
MEMSPAN_API int memspan_stack_set_sp(void *stack, void *sp);

/* ---- Collection -------------------------------------------------------- */

/*
 * One full forced cycle, sweep included. A cycle that is under way is finished
 * first. With recording on it returns when the cycle's snapshot is captured. Not in a
 * callback of dl_iterate_phdr while other threads may collect: it would wait for one that
 * needs the loader's list. (Allocating there is allowed.)
 */
MEMSPAN_API void memspan_gc(void);

/*
 * As Go's debug.SetGCPercent: collect when the heap has grown by this percent
 * over what the last cycle kept. Negative switches the collector off (the memory
 * limit still holds). Returns the former value, -1 for off.
 */
MEMSPAN_API int memspan_set_gc_percent(int percent);

/*
 * As Go's debug.SetMemoryLimit: a soft limit in bytes on Sys - HeapReleased.
 * Negative changes nothing. Returns the former value; INT64_MAX means none.
 */
MEMSPAN_API int64_t memspan_set_memory_limit(int64_t bytes);

/* As Go's debug.FreeOSMemory: collects, then returns all idle pages to the OS. */
MEMSPAN_API void memspan_free_os_memory(void);

/*
 * Makes [start, start + bytes) a root, scanned conservatively in each cycle; it
 * must stay readable until removed. Ranges may overlap. 0, or -1 with EINVAL
 * (start NULL, bytes 0 or the end overflows) or ENOMEM.
 */
MEMSPAN_API int memspan_add_roots(void *start, size_t bytes);

/*
 * Takes back one range added with the same start and bytes. 0, or -1 with
 * EINVAL when there is none.
 */
MEMSPAN_API int memspan_remove_roots(void *start, size_t bytes);

/*
 * Sets, replaces (or with fn NULL removes) the finalizer of the object that
 * starts at obj. After a cycle found obj unreachable, fn(obj, arg) runs once on
 * the runtime's finalizer thread; it may make obj reachable again and set a new
 * finalizer. arg is a root until fn has returned. The order is Go's: if A leads to
 * B and both have finalizers, only A's runs in this cycle, and B's after a later one
 * that found A gone; what they lead to is whole until then. An object that leads to
 * itself, in a ring of objects or by its arg, is never finalized and never freed.
 * memspan_free drops the finalizer, also one that is due; one that runs already runs
 * to its end. None runs at exit. 0, or -1 with EINVAL (not the start of an object, or
 * a tiny object) or ENOMEM.
 */
MEMSPAN_API int memspan_set_finalizer(void *obj, void (*fn)(void *obj, void *arg), void *arg);

/*
 * A weak reference: leads to an object without keeping it. The meaning is that of Go's
 * weak.Pointer (memspan_weak_make is weak.Make, memspan_weak_get is Pointer.Value), and of the
 * Boehm collector's GC_register_disappearing_link: a short link. There are no long links.
 *
 *  - It ends when a cycle finds its object unreachable, before the object's finalizer is queued,
 *    and for ever: if the finalizer makes the object reachable again, memspan_weak_get of an
 *    earlier handle still says NULL, and memspan_weak_make gives a new one. What an object with
 *    a finalizer leads to counts as reachable as long as that has not run.
 *  - memspan_free ends it. Where memspan_realloc moves the object it leads to the new place,
 *    but one that leads behind the new end ends.
 *  - The handle is an object of the heap and belongs to the collector: any number of threads may
 *    share it, it outlives its object while a root leads to it, and memspan_free leaves it
 *    alone. While its object lives it lives too, whoever holds it.
 *  - In a forked child all go on as they were.
 */
typedef struct memspan_weak memspan_weak;

/*
 * The handle of p, which may point anywhere into an object. The same p of the same object gives
 * the same handle while the object is reachable; another place in it another one. NULL for NULL.
 * NULL with EINVAL when p points into no object, into one of no size or into a tiny object
 * (pointer-free, under 16 bytes), with ENOMEM as above. The handle of an uncollectable object
 * ends with memspan_free. May collect.
 */
MEMSPAN_API memspan_weak *memspan_weak_make(void *p);

/*
 * The pointer that the handle was made of, which is a strong one from now on; NULL when it has
 * ended, and for NULL. It is a matter of some nanoseconds, but in a span that waits for its
 * sweep, which it sweeps. A thread that is not known and for which there is no memory gets NULL.
 */
MEMSPAN_API void *memspan_weak_get(const memspan_weak *weak);

/*
 * Makes the calling thread known, for threads not begun with pthread_create or
 * thrd_create. Registering twice is harmless. 0, or -1 with ENOMEM.
 */
MEMSPAN_API int memspan_thread_register(void);

/*
 * Makes the calling thread unknown again: its stack and registers are no roots
 * any more, its cache is given back. Until it allocates again.
 */
MEMSPAN_API void memspan_thread_unregister(void);

/* ---- Statistics -------------------------------------------------------- */

/*
 * Go's runtime.MemStats: same fields, order and meaning, in bytes and
 * nanoseconds. This struct never grows; new figures get new functions.
 */
typedef struct memspan_mem_stats {
	uint64_t alloc;          /* = heap_alloc */
	uint64_t total_alloc;    /* cumulative bytes allocated */
	uint64_t sys;            /* bytes obtained from the OS, the sum of the *_sys below */
	uint64_t lookups;        /* pointer lookups (memspan_usable_size, memspan_is_heap_pointer) */
	uint64_t mallocs;        /* cumulative objects allocated, tiny ones included */
	uint64_t frees;          /* cumulative objects freed, tiny ones included */
	uint64_t heap_alloc;     /* bytes in objects: reachable, or not yet swept */
	uint64_t heap_sys;       /* heap_idle + heap_inuse */
	uint64_t heap_idle;      /* bytes in pages without a span */
	uint64_t heap_inuse;     /* bytes in spans in use */
	uint64_t heap_released;  /* the part of heap_idle that the OS has (never touched included) */
	uint64_t heap_objects;   /* mallocs - frees */
	uint64_t stack_inuse;    /* bytes in stack spans */
	uint64_t stack_sys;      /* stack_inuse + stacks of OS threads */
	uint64_t mspan_inuse;    /* span structures in use */
	uint64_t mspan_sys;
	uint64_t mcache_inuse;   /* thread caches in use */
	uint64_t mcache_sys;
	uint64_t buck_hash_sys;  /* 0 until allocation profiling exists */
	uint64_t gc_sys;         /* page map, bitmaps, mark queues */
	uint64_t other_sys;      /* everything else the runtime took from the OS */
	uint64_t next_gc;        /* heap_live goal of the next cycle; all ones: collector off */
	uint64_t last_gc;        /* end of the last cycle's last pause, Unix nanoseconds */
	uint64_t pause_total_ns; /* all pauses */
	uint64_t pause_ns[256];  /* ring: cycle n is at [(n - 1) % 256], newest [(num_gc + 255) % 256] */
	uint64_t pause_end[256]; /* the same ring: end of the cycle's last pause, Unix nanoseconds */
	uint32_t num_gc;         /* finished mark phases */
	uint32_t num_forced_gc;  /* of them by memspan_gc and memspan_free_os_memory */
	double gc_cpu_fraction;  /* collector's share of the CPU available until its last cycle ended */
	bool enable_gc;          /* true, also when the percent switched the collector off */
	bool debug_gc;           /* false */
	struct {
		uint32_t size;       /* object bytes of the class */
		uint64_t mallocs;    /* cumulative, tiny hits not counted */
		uint64_t frees;
	} by_size[61];
} memspan_mem_stats;

/*
 * Go's runtime.mstats (1.13 to 1.15), what the recorder stores: as
 * memspan_mem_stats up to by_size, to the offset, but for the meaning of
 * stacks_sys, which counts the stacks of OS threads only.
 */
typedef struct memspan_mstats {
	uint64_t alloc, total_alloc, sys, nlookup, nmalloc, nfree;
	uint64_t heap_alloc, heap_sys, heap_idle, heap_inuse, heap_released, heap_objects;
	uint64_t stacks_inuse, stacks_sys;
	uint64_t mspan_inuse, mspan_sys, mcache_inuse, mcache_sys;
	uint64_t buckhash_sys; /* 0 until allocation profiling exists */
	uint64_t gc_sys, other_sys;
	uint64_t next_gc, last_gc_unix, pause_total_ns;
	uint64_t pause_ns[256];
	uint64_t pause_end[256];
	uint32_t numgc, numforcedgc;
	double gc_cpu_fraction;
	bool enablegc, debuggc;
	struct {
		uint32_t size;
		uint64_t nmalloc, nfree;
	} by_size[67];
	uint64_t last_gc_nanotime; /* end of the last cycle, CLOCK_MONOTONIC */
	uint64_t tinyallocs;       /* hits of the tiny allocator */
	uint64_t last_next_gc;     /* next_gc of the cycle before */
	uint64_t last_heap_inuse;  /* heap_inuse at the last mark termination */
	double triggerRatio;       /* heap growth over heap_marked at which marking starts */
	uint64_t gc_trigger;       /* heap_live at which the next cycle starts */
	uint64_t heap_live;        /* what the collector believes live; overcounts, see Go */
	uint64_t heap_scan;        /* the part of heap_live that has to be scanned */
	uint64_t heap_marked;      /* heap_live right after the last mark termination */
} memspan_mstats;

/*
 * The statistics at one instant: every identity of Go's documentation holds, and
 * a walk over the spans at that instant gives the same figures to the byte. For some
 * tens of microseconds other threads that want to allocate or free wait.
 */
MEMSPAN_API void memspan_read_mem_stats(memspan_mem_stats *out);

/* The same instant's worth of the internal struct. */
MEMSPAN_API void memspan_read_mstats(memspan_mstats *out);

/*
 * Writes stats as JSON, Go's key names in Go's order, indented by four spaces
 * as json.MarshalIndent prints it, no newline at the end. Returns the length
 * that the whole text has, without the NUL; at most cap - 1 bytes of it and a
 * NUL are written (nothing when cap is 0), like snprintf. Allocates nothing.
 */
MEMSPAN_API int memspan_mem_stats_to_json(const memspan_mem_stats *stats, char *buf, size_t cap);

enum { MEMSPAN_SPAN_IDLE = 0, MEMSPAN_SPAN_INUSE = 1, MEMSPAN_SPAN_STACK = 2 };

/* One span, or one range of idle pages, as it was at one instant. */
typedef struct memspan_span {
	uint64_t base;           /* address of the first byte */
	uint64_t npages;         /* of 8192 bytes */
	uint64_t elem_bytes;     /* bytes an object; large objects and stacks: npages * 8192; idle: 0 */
	uint64_t released_bytes; /* of an idle range: what the OS has */
	uint32_t nelems;         /* objects it has room for; idle and stack: 0 */
	uint32_t alloc_count;    /* objects allocated in it */
	uint32_t born_gc;        /* num_gc when the span was taken into use */
	uint8_t state;           /* MEMSPAN_SPAN_* */
	uint8_t size_class;      /* 1 to 66; 0: large object, stack, idle */
	uint8_t noscan;          /* 1: its objects hold no pointers */
	uint8_t reserved;
} memspan_span;

/*
 * Calls visit for every span and idle range, in address order, as they were at
 * one instant, and fills *stats (unless NULL) with the statistics of that same
 * instant. The visitor runs with no lock held and nothing stopped, and may do
 * anything; it ends the walk by returning non-zero. Returns 0, the visitor's
 * non-zero value, or -1 with ENOMEM when the copy of the table does not fit.
 */
MEMSPAN_API int memspan_visit_spans(int (*visit)(const memspan_span *span, void *arg), void *arg,
                                    memspan_mstats *stats);

/*
 * Writes one snapshot, now, to a new file at path (created 0600), whether or not
 * recording is on. With MEMSPAN_LEAKS=1 it also tells which uncollectable objects and blocks
 * of malloc nothing points to; all threads stand while they are looked for. Returns 0, or -1 with errno: EEXIST when there is such a file,
 * ENOMEM, or what open, write or close said.
 */
MEMSPAN_API int memspan_dump(const char *path);

#ifdef __cplusplus
}
#endif
#endif
