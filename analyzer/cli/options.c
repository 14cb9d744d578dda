/* options.c - see options.h. */
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"

static const struct option {
	const char *name;
	char letter;
	enum option_set set;
	bool has_value;
} known[] = {
    {"--format", 0, OPTION_FORMAT, true},   {"--output", 'o', OPTION_OUTPUT, true},
    {"--force", 0, OPTION_FORCE, false},    {"--strict", 0, OPTION_STRICT, false},
    {"--color", 0, OPTION_COLOR, true},     {"--timeout", 0, OPTION_TIMEOUT, true},
    {"--file", 'f', OPTION_FILE, true},     {"--max", 0, OPTION_MAX, true},
    {"--over", 0, OPTION_OVER, true},       {"--interval", 0, OPTION_INTERVAL, true},
    {"--signal", 0, OPTION_SIGNAL, true},   {"--every", 0, OPTION_EVERY, true},
    {"--pid", 0, OPTION_PID, true},         {"--as", 0, OPTION_AS, true},
};
enum { KNOWN = sizeof known / sizeof known[0], WORD_BYTES_MAX = 40 };

/* As enum render_format; html only where a verb has pages. */
static const char *const page_format_names[] = {"table", "json", "ndjson", "csv", "markdown", "html", NULL};
static const char *const format_names[] = {"table", "json", "ndjson", "csv", "markdown", NULL};
static const char *const as_names[] = {"memstats-json", "prometheus", "csv", NULL};
static const char *const over_names[] = {"last", "any", NULL};
static const char *const color_names[] = {"never", "auto", "always", NULL};

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;
	return m < c ? m : c;
}

/* Letters to change, add or take away to make one word of the other (Levenshtein). */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[WORD_BYTES_MAX + 1];
	size_t n = strlen(b);
	if (strlen(a) > WORD_BYTES_MAX || n > WORD_BYTES_MAX)
		return WORD_BYTES_MAX;
	for (size_t j = 0; j <= n; j++)
		row[j] = (unsigned)j;
	for (size_t i = 0; a[i]; i++) {
		unsigned diagonal = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t j = 0; j < n; j++) {
			unsigned above = row[j + 1];
			row[j + 1] = smallest(above + 1, row[j] + 1, diagonal + (a[i] != b[j]));
			diagonal = above;
		}
	}
	return row[n];
}

const char *nearest_word(const char *typed, const char *const *words)
{
	const char *best = NULL;
	unsigned least = (unsigned)strlen(typed) / 3 + 2;
	for (; *words; words++) {
		unsigned d = distance(typed, *words);
		if (d < least) {
			least = d;
			best = *words;
		}
	}
	return best;
}

static int index_of(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	return -1;
}

static bool refuse_value(const char *option, const char *value, const char *const *names)
{
	const char *near = nearest_word(value, names);
	char all[120] = "";
	for (; *names; names++) {
		strncat(all, *names, sizeof all - strlen(all) - 1);
		strncat(all, names[1] ? ", " : "", sizeof all - strlen(all) - 1);
	}
	if (near)
		complain(EXIT_USAGE, "%s %s: no such value; did you mean '%s'? (%s)", option, value, near, all);
	else
		complain(EXIT_USAGE, "%s %s: no such value (%s)", option, value, all);
	return false;
}

static bool apply(struct options *options, const struct option *option, const char *value,
                  unsigned allowed)
{
	const char *const *formats = allowed & OPTION_FORMAT_HTML ? page_format_names : format_names;
	int index;
	char *end;
	switch (option->set) {
	case OPTION_FORMAT:
		index = index_of(value, formats);
		if (index < 0)
			return refuse_value("--format", value, formats);
		options->format = (enum render_format)index;
		return true;
	case OPTION_COLOR:
		index = index_of(value, color_names);
		if (index < 0)
			return refuse_value("--color", value, color_names);
		options->color = index - 1;
		return true;
	case OPTION_TIMEOUT:
		options->timeout_s = strtod(value, &end);
		if (end == value || (*end && strcmp(end, "s") != 0) || !(options->timeout_s > 0)) {
			complain(EXIT_USAGE, "--timeout %s: not a number of seconds", value);
			return false;
		}
		return true;
	case OPTION_MAX:
		options->limits[options->limit_count++] = value;
		return true;
	case OPTION_OVER:
		index = index_of(value, over_names);
		if (index < 0)
			return refuse_value("--over", value, over_names);
		options->over_any = index == 1;
		return true;
	case OPTION_OUTPUT:
		options->output = value;
		return true;
	case OPTION_FILE:
		options->sql_file = value;
		return true;
	case OPTION_INTERVAL:
		options->interval = value;
		return true;
	case OPTION_SIGNAL:
		options->signal = value;
		return true;
	case OPTION_EVERY:
		options->every = value;
		return true;
	case OPTION_AS:
		if (index_of(value, as_names) < 0)
			return refuse_value("--as", value, as_names);
		options->as = value;
		return true;
	case OPTION_PID:
		options->pid = value;
		return true;
	case OPTION_FORCE:
		options->force = true;
		return true;
	case OPTION_STRICT:
		options->strict = true;
		return true;
	case OPTION_FORMAT_HTML:
	case OPTION_PROGRAM:
		break;
	}
	return false;
}

static const struct option *find(const char *word, unsigned allowed)
{
	size_t length = strcspn(word, "=");
	for (int i = 0; i < KNOWN; i++) {
		if (!(known[i].set & allowed))
			continue;
		if (strncmp(word, known[i].name, length) == 0 && strlen(known[i].name) == length)
			return &known[i];
		if (word[1] != '-' && known[i].letter && word[1] == known[i].letter)
			return &known[i];
	}
	return NULL;
}

static bool refuse_option(const char *word, unsigned allowed, const char *verb)
{
	const char *names[KNOWN + 2];
	size_t n = 0;
	char typed[WORD_BYTES_MAX + 1];
	for (int i = 0; i < KNOWN; i++)
		if (known[i].set & allowed)
			names[n++] = known[i].name;
	names[n++] = "--help";
	names[n] = NULL;
	strncpy(typed, word, sizeof typed - 1);
	typed[sizeof typed - 1] = '\0';
	typed[strcspn(typed, "=")] = '\0';
	const char *near = nearest_word(typed, names);
	if (near)
		complain(EXIT_USAGE, "%s: unknown option %s; did you mean %s?", verb, word, near);
	else
		complain(EXIT_USAGE, "%s: unknown option %s; see 'memanalyze %s --help'", verb, word, verb);
	return false;
}

/* The value of an option: behind =, behind the letter, or the next word. */
static const char *value_of(const struct option *option, char **argv, int argc, int *i)
{
	char *word = argv[*i], *equals = strchr(word, '=');
	if (word[1] == '-' && equals)
		return equals + 1;
	if (word[1] != '-' && word[2])
		return word + 2;
	if (*i + 1 < argc)
		return argv[++*i];
	complain(EXIT_USAGE, "%s needs a value", option->name);
	return NULL;
}

bool options_parse(struct options *options, int argc, char **argv, int first, unsigned allowed,
                   const char *verb)
{
	bool only_words = false;
	memset(options, 0, sizeof *options);
	options->words = calloc((size_t)argc + 1, sizeof *options->words);
	options->limits = calloc((size_t)argc + 1, sizeof *options->limits);
	if (!options->words || !options->limits)
		return false;
	for (int i = first; i < argc; i++) {
		const char *word = argv[i];
		if (only_words || word[0] != '-' || !word[1]) {
			options->words[options->word_count++] = argv[i];
			only_words |= (allowed & OPTION_PROGRAM) != 0;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_words = true;
			continue;
		}
		if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) {
			options->help = true;
			continue;
		}
		const struct option *option = find(word, allowed);
		if (!option)
			return refuse_option(word, allowed, verb);
		const char *value = option->has_value ? value_of(option, argv, argc, &i) : "";
		if (!value || !apply(options, option, value, allowed))
			return false;
	}
	return true;
}

void options_free(struct options *options)
{
	free(options->words);
	free(options->limits);
}
