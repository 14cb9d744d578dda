/*
 * text - strings from files on a terminal: UTF-8, columns, escapes, padding, wrapping.
 *
 * A recording names programs and hosts, a query may return anything. What is printed
 * as text therefore never carries a byte that a terminal could obey: control characters
 * of both ranges, bidirectional overrides and invalid UTF-8 are shown as escapes
 * (\n, \x1b, \u202e). JSON and CSV have their own rules in json_writer and statement.
 *
 * Columns: each code point takes 0 (combining), 1 or 2 (wide) columns, as terminals do.
 */
#ifndef RENDER_TEXT_H
#define RENDER_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { TEXT_INVALID = 0x7fffffff };

/*
 * The code point at the start of the bytes (size at least 1), and how many bytes it has.
 * TEXT_INVALID and 1 when they are not the shortest form of a Unicode scalar value.
 */
size_t text_decode(const char *bytes, size_t size, uint32_t *code_point);

/* Columns of a printable code point. */
unsigned text_width(uint32_t code_point);

/* Whether a terminal could obey it, or hide something with it. */
bool text_is_control(uint32_t code_point);

/* Prints the bytes with escapes; returns the columns taken. out NULL: only counts. */
size_t text_print(FILE *out, const char *bytes, size_t size);

/* Prints count spaces. */
void text_pad(FILE *out, size_t count);

/*
 * Prints words in lines of at most `width` columns. The first line goes on at `column`;
 * each further one begins with `indent` spaces. Ends without a newline. A word longer
 * than a line stands alone on its line, whole; a number and its unit are one word.
 */
void text_wrap(FILE *out, const char *text, size_t column, size_t indent, size_t width);

/*
 * Prints a word so that a POSIX shell reads it as one argument: as it is where it needs
 * no quotes, else in single quotes; with control characters as $'\033', which bash, zsh
 * and ksh read.
 */
void text_print_shell_word(FILE *out, const char *word);

#endif
