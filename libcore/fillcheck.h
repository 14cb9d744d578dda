/*
 * fillcheck.h - MEMSPAN_MALLOC_DEBUG=1 at the end of the program: what was written to freed memory
 * that nobody has taken again since.
 *
 * Every free slot of malloc's spans and every page that went back filled is compared with the
 * pattern (fill.h). The first that differs ends the process with its message.
 *
 * Lock: stops the world itself; outside the heap. Nothing is looked at where it cannot be stopped.
 */
#ifndef FILLCHECK_H
#define FILLCHECK_H

void fillcheck_all(void);

#endif
