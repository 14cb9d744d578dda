/*
 * teller.h - MEMSPAN_LEAKS in a program that is not recorded: lost blocks as lines on stderr, at
 * the exit and each time that the signal comes.
 *
 * The signal's handler only counts; a thread of the runtime searches and tells. It starts with
 * the first use of the heap, in a forked child too, and is there until the process ends.
 */
#ifndef DUMP_TELLER_H
#define DUMP_TELLER_H

/* signal 0: none. In the constructor, once. */
void teller_start(int signal);

/* As the program ends, or confines itself. */
void teller_end(void);

#endif
