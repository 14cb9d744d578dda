/* check.h - for test programs with a main: says what does not hold, and ends. */
#ifndef CHECK_H
#define CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define check(condition)                                                                   \
	do {                                                                                   \
		if (!(condition)) {                                                                \
			fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition); \
			_Exit(1);                                                                      \
		}                                                                                  \
	} while (0)

#endif
