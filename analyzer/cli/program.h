/*
 * program - what a program's file tells before it is run: where it is, and whether a
 * library can be put in front of the C library's malloc in it.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stdbool.h>

/* The file that execvp would run, to be freed; NULL when there is none (errno). */
char *program_find(const char *name);

/*
 * Why LD_PRELOAD would have no effect on it: it is static, set-user-ID, of another
 * architecture. NULL when nothing speaks against it; a script is judged by its interpreter.
 */
const char *program_refuses_preload(const char *path);

#endif
