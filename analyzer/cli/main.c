/* main.c - memanalyze: finds the verb. */
#include <fcntl.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "exit.h"
#include "nearest.h"
#include "options.h"
#include "output.h"
#include "session.h"
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

static int refuse_verb(const char *word)
{
	const char *names[32];
	size_t n = 0;
	for (const struct verb *v = verbs; v->name; v++)
		names[n++] = v->name;
	names[n] = NULL;
	const char *near = nearest_word(word, names);
	if (near)
		return complain(EXIT_USAGE, "unknown verb '%s'; did you mean '%s'?", word, near);
	return complain(EXIT_USAGE, "unknown verb '%s'; see 'memanalyze --help'", word);
}

/* For programs, those that complete command lines among them. */
static int list_words(void)
{
	for (const struct verb *v = verbs; v->name; v++)
		options_list(stdout, v->name, v->options);
	return EXIT_FINE;
}

static const struct verb *find_verb(const char *name)
{
	for (const struct verb *v = verbs; v->name; v++)
		if (strcmp(v->name, name) == 0)
			return v;
	return NULL;
}

/* help VERB */
static int help_verb(const char *name)
{
	const struct verb *verb = find_verb(name);
	if (!verb)
		return refuse_verb(name);
	fputs(verb->help, stdout);
	return EXIT_FINE;
}

static int run_verb(const struct verb *verb, int argc, char **argv)
{
	struct options options;
	int status = verb->options & OPTION_PROGRAM ? EXIT_RECORD_FAILED : EXIT_USAGE;
	if (options_parse(&options, argc, argv, 2, verb->options, verb->name)) {
		if (options.help)
			status = help_verb(verb->name);
		else if (!(verb->options & OPTION_PROGRAM) && session_reads(&options, options.output))
			status = complain(EXIT_USAGE, "-o %s: is one of the files to read", options.output);
		else
			status = verb->run(&options);
	}
	options_free(&options);
	return status;
}

static int run(int argc, char **argv)
{
	if (argc < 2) {
		print_help(stderr);
		return EXIT_USAGE;
	}
	const struct verb *verb = find_verb(argv[1]);
	if (!verb || !(verb->options & OPTION_PROGRAM)) /* a program gets it as it was given to us */
		signal(SIGPIPE, SIG_DFL);               /* a closed pipe ends it quietly */
	if (verb)
		return run_verb(verb, argc, argv);
	if (strcmp(argv[1], "help") == 0 && argc > 2)
		return help_verb(argv[2]);
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0)
		return print_help(stdout);
	if (strcmp(argv[1], "--words") == 0)
		return list_words();
	if (strcmp(argv[1], "--version") == 0) {
		printf("memanalyze %s\n", MEMANALYZE_VERSION);
		return EXIT_FINE;
	}
	return refuse_verb(argv[1]);
}

/*
 * A standard stream that the caller closed is taken up, so that no file of ours becomes it;
 * using it fails as it did. A program that we start finds it closed.
 */
static void occupy_standard_streams(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0)
			(void)!open("/dev/null", (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
}

int main(int argc, char **argv)
{
	occupy_standard_streams();
	setlocale(LC_CTYPE, "");
	return output_finish(run(argc, argv));
}
