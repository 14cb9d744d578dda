/*
 * options - the command line, taken apart.
 *
 * Options may stand before, between and behind the other words; -- ends them; - and -@SEQ, standard
 * input and a snapshot of it, are none. Values
 * follow as the next word or behind =; of one that is given twice the last holds. The table
 * of options.c is the only place that knows their names and values.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "render/table.h"

/* Which options a verb has. */
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
	OPTION_FORMAT_PAGE = 1 << 9, /* instead of OPTION_FORMAT: html as well */
	OPTION_INTERVAL = 1 << 10,
	OPTION_SIGNAL = 1 << 11,
	OPTION_EVERY = 1 << 12,
	OPTION_PID = 1 << 13,
	OPTION_AS = 1 << 14,
	OPTION_PROGRAM = 1 << 15, /* none itself: the first other word is a program's, and all behind it */
	OPTION_HELP = 1 << 16,    /* every verb's */
	OPTION_LIMITS = 1 << 17,
	OPTION_MAX_GROWTH = 1 << 18,
	OPTION_BASELINE = 1 << 19,
	OPTION_LEAKS = 1 << 20,
	OPTION_FORMAT_MAP = 1 << 21, /* instead of OPTION_FORMAT: svg as well */
	OPTION_SUBTRACT = 1 << 22,
	OPTION_METRICS = 1 << 23,

	OPTIONS_PRINT = OPTION_OUTPUT | OPTION_FORCE | OPTION_STRICT | OPTION_COLOR,
};

/* --max, --max-growth or --limits of check, in the order in which they were given. */
struct option_limit {
	enum { OPTION_LIMIT_MAX, OPTION_LIMIT_GROWTH, OPTION_LIMIT_FILE } kind;
	const char *text;
};

struct options {
	enum render_format format;
	bool has_format;      /* it was given */
	const char *output;   /* -o; NULL: standard output */
	bool force, strict, help;
	int color;            /* 1 always, 0 auto, -1 never */
	double timeout_s;     /* 0: none */
	const char *sql_file; /* -f */
	struct option_limit *limits;
	size_t limit_count;
	const char *baseline; /* NULL: none */
	bool over_any;        /* --over any */
	bool metrics;         /* of check: list them */
	bool leaks;           /* of record */
	bool subtract;        /* of diff */
	const char *interval, *signal, *every; /* of record, as the library reads them */
	const char *pid;      /* of watch */
	const char *as;       /* of export: one of its forms; NULL: none given */
	char **words;         /* what is no option; ended by NULL */
	size_t word_count;
};

/* Parses argv[first...]; false after a complaint. `allowed` are the verb's options. */
bool options_parse(struct options *options, int argc, char **argv, int first, unsigned allowed,
                   const char *verb);

/* Gives back what options_parse took, also when it returned false. */
void options_free(struct options *options);

/*
 * A line for each option of a verb, for programs: the verb, the option, its letter or -, and
 * its value: - for none, the words it may be with | between them, or what it is in capitals.
 */
void options_list(FILE *out, const char *verb, unsigned allowed);

#endif
