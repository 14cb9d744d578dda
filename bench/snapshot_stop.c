/*
 * snapshot_stop [-m] [SPANS [SNAPSHOTS]] - how long a snapshot stops the program: SPANS spans
 * (default 1,000,000), every one of them changed between a snapshot and the next, and two
 * threads that run. Prints the spans of the last snapshot and, in microseconds, the median,
 * the 99th percentile and the largest of
 *
 *	stop     the snapshot's own stop, from the request until the threads run again
 *	parking  the part of it until the last thread stood: what the machine takes
 *	work     the rest: what the heap does while they stand
 *	read     for which the spans were read, beside the program
 *	gap      the longest moment during each snapshot for which a thread that does nothing
 *	         but look at the clock did not get to do so
 *
 * One thread looks at the clock; the other changes a span after the other, also while the
 * spans are read: it frees an object in each, and next time round takes one. The recorder's
 * place is taken by the main thread. With -m the objects are malloc's, changed by its fast
 * paths.
 */
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "memspan.h"
#include "recorder.h"
