/* text_file - the whole of a file that the user wrote: SQL, limits. */
#ifndef TEXT_FILE_H
#define TEXT_FILE_H

/*
 * What stands in the file, or on standard input for -, ended by a zero byte; to be freed. NULL
 * after a complaint: it cannot be read, has more than 1 MiB or a zero byte. `what`: is in it.
 */
char *text_file_read(const char *path, const char *what);

#endif
