/*
 * nearest - the known word that was probably meant by one that is not known.
 *
 * Near is: other letters in upper or lower case, a few slips of the finger (a letter wrong,
 * missing, too many, or two swapped; at most one in three letters, and at most four), or the
 * beginning of a word. Bytes that are no ASCII are compared as they are.
 */
#ifndef NEAREST_H
#define NEAREST_H

/* One of the list (NULL-terminated), the first of those that are equally near; or NULL. */
const char *nearest_word(const char *typed, const char *const *words);

#endif
