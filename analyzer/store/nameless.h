/*
 * nameless - files without a name, which SQLite opens by one nevertheless.
 *
 * SQLite knows files by name only. A name of this module stands for a descriptor, in the system
 * call that SQLite opens with; nobody can make a file of such a name, so none is ever meant by it.
 */
#ifndef NAMELESS_H
#define NAMELESS_H

#include <stdbool.h>

enum { NAMELESS_NAME_BYTES = 48 };

/*
 * The name under which SQLite opens what fd is, as often as it likes; fd stays the caller's and
 * has to be open as long as SQLite may open it. false: SQLite cannot be taught.
 */
bool nameless_name(int fd, char name[static NAMELESS_NAME_BYTES]);

#endif
