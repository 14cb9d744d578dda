/*
 * verbs - what memanalyze can do. Each verb parses its options behind argv[1] and returns
 * the exit status.
 */
#ifndef VERBS_H
#define VERBS_H

struct verb {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *summary; /* one line, for the list of verbs */
	const char *help;    /* usage, options and examples */
};

/* Ended by a verb without a name. */
extern const struct verb verbs[];

int verb_report(int argc, char **argv);
int verb_sql(int argc, char **argv);
int verb_load(int argc, char **argv);
int verb_verify(int argc, char **argv);
int verb_schema(int argc, char **argv);
int verb_check(int argc, char **argv);
int verb_diff(int argc, char **argv);
int verb_export(int argc, char **argv);
int verb_spans(int argc, char **argv);
int verb_watch(int argc, char **argv);
int verb_record(int argc, char **argv);

/* Prints a verb's help and returns EXIT_FINE. */
int verb_help(const char *name);

#endif
