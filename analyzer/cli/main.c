/* main.c - memanalyze: finds the verb. */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "exit.h"
#include "options.h"
#include "verbs.h"

static const char exit_help[] =
    "\nExit status: 0 fine; 1 a limit of check is broken; 2 usage or SQL error; 3 unreadable or\n"
    "unsupported input, or no valid snapshot in it; 4 damage in the middle, results are partial.\n"
    "'memanalyze VERB --help' tells more about a verb.\n";

static int print_help(FILE *out)
{
	fputs("usage: memanalyze VERB [OPTIONS] FILE...\n\n"
	      "Analyzes recordings that programs on the memspan heap leave behind (MEMSPAN_DUMP),\n"
	      "and what Go programs print of their memory (MemStats, expvar, profiles, gctrace).\n\n",
	      out);
	for (const struct verb *v = verbs; v->name; v++)
		fprintf(out, "  %-8s  %s\n", v->name, v->summary);
	fputs(exit_help, out);
	return EXIT_FINE;
}

static int unknown_verb(const char *word)
{
	static const char *const planned[] = {"salvage", NULL};
	const char *names[32];
	size_t n = 0;
	for (const struct verb *v = verbs; v->name; v++)
		names[n++] = v->name;
	names[n] = NULL;
	for (int i = 0; planned[i]; i++)
		if (strcmp(word, planned[i]) == 0)
			return complain(EXIT_USAGE, "%s is not available in this version", word);
	const char *near = nearest_word(word, names);
	if (near)
		return complain(EXIT_USAGE, "unknown verb '%s'; did you mean '%s'?", word, near);
	return complain(EXIT_USAGE, "unknown verb '%s'; see 'memanalyze --help'", word);
}

int main(int argc, char **argv)
{
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_DFL); /* a closed pipe ends it quietly */
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "--version") == 0) {
		printf("memanalyze %s\n", MEMANALYZE_VERSION);
		return EXIT_FINE;
	}
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, argv[1]) == 0)
			return v->run(argc, argv);
	return unknown_verb(argv[1]);
}
