/*
 * options - the command line, taken apart.
 *
 * Options may stand before, between and behind the other words; -- ends them. Values
 * follow as the next word or behind =.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "render/table.h"

enum option_set {
	OPTION_FORMAT = 1 << 0,
	OPTION_OUTPUT = 1 << 1,
	OPTION_FORCE = 1 << 2,
	OPTION_STRICT = 1 << 3,
	OPTION_COLOR = 1 << 4,
	OPTION_TIMEOUT = 1 << 5,
	OPTION_FILE = 1 << 6,
	OPTION_MAX = 1 << 7,
	OPTION_OVER = 1 << 8,
	OPTION_FORMAT_HTML = 1 << 9, /* html is one of the formats */
	OPTION_INTERVAL = 1 << 10,
	OPTION_SIGNAL = 1 << 11,
	OPTION_EVERY = 1 << 12,
	OPTION_PID = 1 << 14,
	OPTION_AS = 1 << 15,
	OPTION_PROGRAM = 1 << 13, /* none itself: the first other word is a program's, and all behind it */
};

struct options {
	enum render_format format;
	const char *output;   /* -o; NULL: standard output */
	bool force, strict, help;
	int color;            /* 1 always, 0 auto, -1 never */
	double timeout_s;     /* 0: none */
	const char *sql_file; /* -f */
	const char **limits;  /* METRIC=VALUE of each --max */
	size_t limit_count;
	bool over_any;        /* --over any */
	const char *interval, *signal, *every; /* of record, as the library reads them */
	const char *pid;      /* of watch */
	const char *as;       /* of export: one of its forms; NULL: none given */
	char **words;         /* what is no option; ended by NULL */
	size_t word_count;
};

/* Parses argv[first...]; false after a complaint. `allowed` are the verb's options. */
bool options_parse(struct options *options, int argc, char **argv, int first, unsigned allowed,
                   const char *verb);

/* Gives back what options_parse took. */
void options_free(struct options *options);

/* The word of the list (NULL-terminated) that is nearest to what was typed, or NULL. */
const char *nearest_word(const char *typed, const char *const *words);

#endif
