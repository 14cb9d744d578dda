/*
 * os.h - the port to the operating system: everything the heap asks of it.
 *
 * Each function keeps errno unless it says otherwise, allocates nothing and may be
 * called with locks held. Sizes and addresses are multiples of os_page_bytes().
 */
#ifndef OS_H
#define OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

size_t os_page_bytes(void);
unsigned os_cpu_count(void);
uint64_t os_memory_bytes(void);
/* What the process may map (RLIMIT_AS); UINT64_MAX without a limit. */
uint64_t os_address_bytes_max(void);

/* Address space without memory behind it; NULL when refused. Aligned to `align`. */
void *os_reserve(size_t bytes, size_t align);
/* Makes part of a reservation readable and writable; it reads as zero. */
bool os_commit(void *p, size_t bytes);
/* Gives the memory behind a committed range back; it reads as zero afterwards. */
bool os_release(void *p, size_t bytes);

/*
 * No huge pages there, which the system would otherwise use unasked. A hint; nothing is reported.
 * The first call reads a file, which a program that confines itself may not be allowed later.
 */
void os_keep_pages_small(void *p, size_t bytes);

/* How many bytes right below `end` have memory now, without a gap; at most bytes_max. */
size_t os_resident_below(uintptr_t end, size_t bytes_max);

/* A zeroed read-write mapping of its own; NULL when refused. `lazy`: no memory is promised. */
void *os_map(size_t bytes, bool lazy);
void os_unmap(void *p, size_t bytes);

void os_yield(void);

/* What ps and top call the calling thread; at most 15 characters. */
void os_name_thread(const char *name);
uint64_t os_mono_ns(void);
uint64_t os_unix_ns(void);
uint64_t os_thread_cpu_ns(void);

/*
 * Empties the vector registers, in which copies of many words stay behind: a signal's frame, the
 * stack of a thread that is begun and the loader's first call of each function would hold them.
 */
void os_clear_vectors(void);

/*
 * From here on the calling thread writes numbers as C does, with a point, whatever locale the
 * program has set; restore takes what this returned.
 */
void *os_locale_plain(void);
void os_locale_restore(void *former);

/* Writes the text to stderr in one write; what does not go is lost. */
void os_stderr(const char *text, size_t bytes);
/*
 * From here on it goes also where the program has closed stderr, as those of GNU do when they
 * exit. A descriptor more is open, closed by exec, and by whoever closes all.
 */
void os_stderr_keep(void);
/* "memspan: " and the formatted line and a newline on stderr. */
void os_warn(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The same, then abort: for our own mistakes only. */
_Noreturn void os_fatal(const char *format, ...) __attribute__((format(printf, 1, 2)));

/*
 * As pthread_atfork, but for as long as the process lives: that forgets a library's functions
 * when exit has ended the library, while other threads, and later destructors, may fork still.
 */
void os_at_fork(void (*before)(void), void (*in_parent)(void), void (*in_child)(void));

/* Whether the C library knows the environment yet: it does before the first constructor. */
bool os_has_environment(void);
/* getenv, but NULL in a setuid program. */
const char *os_setting(const char *name);

#endif
