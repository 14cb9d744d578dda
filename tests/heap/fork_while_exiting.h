/* fork_while_exiting.h - a library that ends after the program, and holds exit up in its destructor. */
#ifndef FORK_WHILE_EXITING_H
#define FORK_WHILE_EXITING_H

#include <stdbool.h>

/* Returns when the program has ended and the library's destructor waits. */
void wait_for_the_end(void);

/* The destructor goes on; the process ends with status 0 if all went well. */
void let_it_end(bool well);

#endif
