/*
 * dumper.h - the dumper attaches itself when the library is loaded; this is for who wants
 * to know how it is doing.
 */
#ifndef DUMPER_H
#define DUMPER_H

#include <stdbool.h>

/* Whether no snapshot is in flight: the next one will not be skipped. Any thread. */
bool dumper_is_idle(void);

#endif
