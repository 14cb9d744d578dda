/* options.c - see options.h. */
#define _GNU_SOURCE
#include "options.h"

#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "nearest.h"

/* Of --format: all of them, as enum render_format, and those of a verb. */
static const char *const all_format_names[] = {"table", "json", "ndjson", "csv", "markdown", "html", "svg", NULL};
static const char *const page_format_names[] = {"table", "json", "ndjson", "csv", "markdown", "html", NULL};
static const char *const map_format_names[] = {"table", "json", "ndjson", "csv", "markdown", "svg", NULL};
static const char *const format_names[] = {"table", "json", "ndjson", "csv", "markdown", NULL};
static const char *const as_names[] = {"memstats-json", "prometheus", "csv", NULL};
static const char *const over_names[] = {"last", "any", NULL};
static const char *const color_names[] = {"never", "auto", "always", NULL};

static const struct option {
	const char *name;
	char letter;
	enum option_set set;
	const char *value;        /* what it is; NULL: the option takes none */
	const char *const *words; /* what it may be; NULL: anything but nothing */
} known[] = {
    {"--format", 0, OPTION_FORMAT, "FORMAT", format_names},
    {"--format", 0, OPTION_FORMAT_PAGE, "FORMAT", page_format_names},
    {"--format", 0, OPTION_FORMAT_MAP, "FORMAT", map_format_names},
    {"--as", 0, OPTION_AS, "FORM", as_names},
    {"--max", 0, OPTION_MAX, "METRIC=VALUE", NULL},
    {"--limits", 0, OPTION_LIMITS, "LIMITS", NULL},
    {"--baseline", 0, OPTION_BASELINE, "OLD", NULL},
    {"--max-growth", 0, OPTION_MAX_GROWTH, "METRIC=VALUE", NULL},
    {"--over", 0, OPTION_OVER, "WHEN", over_names},
    {"--metrics", 0, OPTION_METRICS, NULL, NULL},
    {"--pid", 0, OPTION_PID, "PID", NULL},
    {"--file", 'f', OPTION_FILE, "QUERIES", NULL},
    {"--timeout", 0, OPTION_TIMEOUT, "SECONDS", NULL},
    {"--output", 'o', OPTION_OUTPUT, "OUT", NULL},
    {"--force", 0, OPTION_FORCE, NULL, NULL},
    {"--interval", 0, OPTION_INTERVAL, "TIME", NULL},
    {"--signal", 0, OPTION_SIGNAL, "SIGNAL", NULL},
    {"--every", 0, OPTION_EVERY, "N", NULL},
    {"--leaks", 0, OPTION_LEAKS, NULL, NULL},
    {"--subtract", 0, OPTION_SUBTRACT, NULL, NULL},
    {"--strict", 0, OPTION_STRICT, NULL, NULL},
    {"--color", 0, OPTION_COLOR, "WHEN", color_names},
    {"--help", 'h', OPTION_HELP, NULL, NULL},
};
enum { KNOWN = sizeof known / sizeof known[0], WORD_BYTES_MAX = 64 };

static int index_of(const char *value, const char *const *names)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(value, names[i]) == 0)
			return i;
	return -1;
}

/* The words with `between` between them. */
static void print_words(FILE *out, const char *const *words, const char *between)
{
	for (; *words; words++)
		fprintf(out, "%s%s", *words, words[1] ? between : "");
}

static bool refuse_value(const struct option *option, const char *value)
{
	const char *near = nearest_word(value, option->words);
	char *all = NULL;
	size_t bytes;
	FILE *list = open_memstream(&all, &bytes);
	if (list) {
		print_words(list, option->words, ", ");
		fclose(list);
	}
	if (near)
		complain(EXIT_USAGE, "%s %s: no such value; did you mean '%s'? (%s)", option->name, value,
		         near, all ? all : "");
	else
		complain(EXIT_USAGE, "%s %s: no such value (%s)", option->name, value, all ? all : "");
	free(all);
	return false;
}

static bool parse_timeout(const char *text, double *seconds)
{
	char *end;
	*seconds = strtod(text, &end);
	if (end != text && (!*end || strcmp(end, "s") == 0) && *seconds > 0)
		return true;
	complain(EXIT_USAGE, "--timeout %s: not a number of seconds above 0", text);
	return false;
}

/* There is room for as many as there are words. */
static void add_limit(struct options *options, int kind, const char *text)
{
	struct option_limit *limit = &options->limits[options->limit_count++];
	limit->kind = kind;
	limit->text = text;
}

static bool apply(struct options *options, const struct option *option, const char *value)
{
	if (option->value && !*value) {
		complain(EXIT_USAGE, "%s needs a value: %s", option->name, option->value);
		return false;
	}
	if (option->words && index_of(value, option->words) < 0)
		return refuse_value(option, value);
	switch (option->set) {
	case OPTION_FORMAT:
	case OPTION_FORMAT_PAGE:
	case OPTION_FORMAT_MAP:
		options->format = (enum render_format)index_of(value, all_format_names);
		options->has_format = true;
		break;
	case OPTION_COLOR:
		options->color = index_of(value, color_names) - 1;
		break;
	case OPTION_TIMEOUT:
		return parse_timeout(value, &options->timeout_s);
	case OPTION_MAX:
		add_limit(options, OPTION_LIMIT_MAX, value);
		break;
	case OPTION_MAX_GROWTH:
		add_limit(options, OPTION_LIMIT_GROWTH, value);
		break;
	case OPTION_LIMITS:
		add_limit(options, OPTION_LIMIT_FILE, value);
		break;
	case OPTION_BASELINE:
		options->baseline = value;
		break;
	case OPTION_OVER:
		options->over_any = strcmp(value, "any") == 0;
		break;
	case OPTION_METRICS:
		options->metrics = true;
		break;
	case OPTION_OUTPUT:
		options->output = value;
		break;
	case OPTION_FILE:
		options->sql_file = value;
		break;
	case OPTION_INTERVAL:
		options->interval = value;
		break;
	case OPTION_SIGNAL:
		options->signal = value;
		break;
	case OPTION_EVERY:
		options->every = value;
		break;
	case OPTION_LEAKS:
		options->leaks = true;
		break;
	case OPTION_SUBTRACT:
		options->subtract = true;
		break;
	case OPTION_AS:
		options->as = value;
		break;
	case OPTION_PID:
		options->pid = value;
		break;
	case OPTION_FORCE:
		options->force = true;
		break;
	case OPTION_STRICT:
		options->strict = true;
		break;
	case OPTION_HELP:
		options->help = true;
		break;
	default:
		return false;
	}
	return true;
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
	const char *names[KNOWN + 1];
	size_t n = 0;
	char typed[WORD_BYTES_MAX + 2]; /* one too long is near to nothing */
	for (int i = 0; i < KNOWN; i++)
		if (known[i].set & allowed)
			names[n++] = known[i].name;
	names[n] = NULL;
	snprintf(typed, sizeof typed, "%.*s", (int)strcspn(word, "="), word);
	const char *near = word[1] == '-' ? nearest_word(typed, names) : NULL;
	if (near)
		complain(EXIT_USAGE, "%s: unknown option %s; did you mean %s?", verb, word, near);
	else
		complain(EXIT_USAGE, "%s: unknown option %s; see 'memanalyze %s --help'", verb, word, verb);
	return false;
}

/* The value of an option: behind =, behind the letter, or the next word; "" where it takes none. */
static const char *value_of(const struct option *option, char **argv, int argc, int *i)
{
	char *word = argv[*i], *equals = strchr(word, '=');
	char *behind = word[1] != '-' ? (word[2] ? word + 2 : NULL) : equals ? equals + 1 : NULL;
	if (!option->value && behind) {
		complain(EXIT_USAGE, "%s takes no value: %s", option->name, word);
		return NULL;
	}
	if (!option->value)
		return "";
	if (behind)
		return behind;
	if (*i + 1 < argc)
		return argv[++*i];
	complain(EXIT_USAGE, "%s needs a value: %s", option->name, option->value);
	return NULL;
}

bool options_parse(struct options *options, int argc, char **argv, int first, unsigned allowed,
                   const char *verb)
{
	bool only_words = false;
	memset(options, 0, sizeof *options);
	allowed |= OPTION_HELP;
	options->words = calloc((size_t)argc + 1, sizeof *options->words);
	options->limits = calloc((size_t)argc + 1, sizeof *options->limits);
	if (!options->words || !options->limits) {
		complain(EXIT_INPUT, "out of memory");
		return false;
	}
	for (int i = first; i < argc; i++) {
		const char *word = argv[i];
		if (only_words || word[0] != '-' || !word[1] || word[1] == '@') {
			options->words[options->word_count++] = argv[i];
			only_words |= (allowed & OPTION_PROGRAM) != 0;
			continue;
		}
		if (strcmp(word, "--") == 0) {
			only_words = true;
			continue;
		}
		const struct option *option = find(word, allowed);
		if (!option)
			return refuse_option(word, allowed, verb);
		const char *value = value_of(option, argv, argc, &i);
		if (!value || !apply(options, option, value))
			return false;
	}
	return true;
}

void options_free(struct options *options)
{
	free(options->words);
	free(options->limits);
}

void options_list(FILE *out, const char *verb, unsigned allowed)
{
	for (int i = 0; i < KNOWN; i++) {
		if (!(known[i].set & (allowed | OPTION_HELP)))
			continue;
		const char letter[] = {known[i].letter, '\0'};
		fprintf(out, "%s\t%s\t-%s\t", verb, known[i].name, letter);
		if (known[i].words)
			print_words(out, known[i].words, "|");
		else
			fputs(known[i].value ? known[i].value : "-", out);
		fputc('\n', out);
	}
}
