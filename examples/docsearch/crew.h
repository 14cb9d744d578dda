/*
 * crew.h - a crew of threads that share out numbered pieces of work.
 *
 * The threads are ordinary ones from pthread_create: the collector knows them,
 * scans their stacks and takes back their caches when they end.
 */
#ifndef DOCSEARCH_CREW_H
#define DOCSEARCH_CREW_H

#include <stddef.h>

enum { CREW_THREADS_MAX = 64 };

/*
 * Calls work(item, arg) once for each item from 0 to items - 1, on `threads`
 * threads (1 to CREW_THREADS_MAX; the caller is one of them), in rising order but
 * several at once. Returns when all are done. Where the system refuses a thread,
 * the others do its share.
 */
void crew_run(unsigned threads, size_t items, void (*work)(size_t item, void *arg), void *arg);

#endif
