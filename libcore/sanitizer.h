/*
 * sanitizer.h - tells AddressSanitizer what the heap hands out: memory is
 * addressable from allocation to free or sweep. Nothing in other builds.
 *
 * MARK_READS is for functions that read whole objects and stacks conservatively,
 * whoever they belong to. What is inlined into one must be one: what it has poisoned of its
 * frame when it ends would stay so.
 */
#ifndef SANITIZER_H
#define SANITIZER_H

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZER_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZER_ASAN 1
#endif
#endif

#ifdef SANITIZER_ASAN
#include <sanitizer/asan_interface.h>
#define sanitizer_hide(p, bytes) __asan_poison_memory_region((void *)(p), (bytes))
#define sanitizer_show(p, bytes) __asan_unpoison_memory_region((void *)(p), (bytes))
#define SANITIZER_ENABLED 1
#else
#define sanitizer_hide(p, bytes) ((void)(p), (void)(bytes))
#define sanitizer_show(p, bytes) ((void)(p), (void)(bytes))
#define SANITIZER_ENABLED 0
#endif

#if defined(__clang__) || defined(__GNUC__)
#define MARK_READS __attribute__((no_sanitize("address"), no_sanitize("thread")))
#else
#define MARK_READS
#endif

#endif
