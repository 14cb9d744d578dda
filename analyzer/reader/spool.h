/*
 * spool - what can be read only once, copied to a file without a name, so that it can be read at
 * any offset and again.
 *
 * The file is in the folder that TMPDIR names, or /tmp, and is as long as the stream. A device is
 * none that could be copied: it may never end. Terminals are no devices here.
 */
#ifndef SPOOL_H
#define SPOOL_H

/* The descriptor of the copy, for reading and writing; -1 with *error (to be freed) about `name`. */
int spool(int from, const char *name, char **error);

#endif
