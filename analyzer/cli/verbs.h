/*
 * verbs - what memanalyze can do. main parses the command line by the verb's options and
 * answers --help; a verb returns the exit status.
 */
#ifndef VERBS_H
#define VERBS_H

#include "options.h"

struct verb {
	const char *name;
	int (*run)(const struct options *options);
	unsigned options;    /* of enum option_set */
	const char *summary; /* one line, for the list of verbs */
	const char *help;    /* usage, options and examples */
};

/* Ended by a verb without a name. */
extern const struct verb verbs[];

int verb_report(const struct options *options);
int verb_sql(const struct options *options);
int verb_load(const struct options *options);
int verb_verify(const struct options *options);
int verb_salvage(const struct options *options);
int verb_diff(const struct options *options);
int verb_check(const struct options *options);
int verb_spans(const struct options *options);
int verb_export(const struct options *options);
int verb_schema(const struct options *options);
int verb_watch(const struct options *options);
int verb_record(const struct options *options);

#endif
