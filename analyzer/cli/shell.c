/* shell.c - see shell.h. */
#define _GNU_SOURCE
#include "shell.h"

#include <ctype.h>
#include <editline/readline.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>
#include <wchar.h>

#include "completion.h"
#include "exit.h"
#include "nearest.h"
#include "statements.h"

enum { STATEMENT_BYTES_MAX = 1 << 20, HISTORY_LINES = 1000 };

static const char prompt[] = "memspan> ", prompt_on[] = "    ...> ";

static const char *const commands[] = {".help", ".mode", ".tables", ".schema", ".timeout", ".quit", NULL};
static const char *const modes[] = {"table", "json", "ndjson", "csv", "markdown", NULL};

static const char help[] =
    "A statement ends with ';' and may have many lines; Tab completes, Ctrl-C stops, Ctrl-D ends.\n"
    "  .mode [FORMAT]     table, json, ndjson, csv or markdown\n"
    "  .tables            the tables and views, in a line each\n"
    "  .schema TABLE      its columns with their units\n"
    "  .timeout SECONDS   how long a statement may run; 0: as long as it takes\n"
    "  .quit              the end\n";

static const char tables_sql[] =
    "SELECT m.type AS type, m.name AS name, d.doc AS doc FROM sqlite_master AS m"
    " LEFT JOIN schema_doc AS d ON d.object = m.name AND d.column = ''"
    " WHERE m.type IN ('table', 'view') AND m.name NOT LIKE 'sqlite_%'"
    " ORDER BY m.name LIKE 'finding!_%' ESCAPE '!' OR m.name LIKE 'evidence!_%' ESCAPE '!', m.name";
static const char columns_sql[] =
    "SELECT c.name AS column, d.unit AS unit, d.doc AS doc FROM pragma_table_info(%Q) AS c"
    " LEFT JOIN schema_doc AS d ON d.object = %Q AND d.column = c.name";

struct shell {
	sqlite3 *db;
	struct guard *guard;
	struct shell_options options;
	char *typed;        /* what was typed of a statement so far */
	size_t typed_bytes;
	bool quits;
};

/* ---- keys and Ctrl-C ---------------------------------------------------- */

/*
 * SIGINT is let in at two places only. While a key is awaited it drops what was typed: nothing of
 * editline or the C library is half done there, so the handler may leave it by a jump. While a
 * statement runs it stops that. At any other moment it waits for the next of the two, so that none
 * is lost: one that comes behind Enter stops the statement before it has begun.
 */
static sigjmp_buf back_to_prompt;
static volatile sig_atomic_t at_prompt;
static struct shell *running; /* what Ctrl-C stops elsewhere */

static void stop(int number)
{
	(void)number;
	if (at_prompt) {
		at_prompt = 0;
		siglongjmp(back_to_prompt, 1);
	}
	running->guard->stopped = 1;
	sqlite3_interrupt(running->db);
}

static void let_interrupts(int how)
{
	sigset_t interrupt;
	sigemptyset(&interrupt);
	sigaddset(&interrupt, SIGINT);
	sigprocmask(how, &interrupt, NULL);
}

/*
 * No waiting beforehand with poll: a Ctrl-C also empties the terminal's queue, and a read of what
 * is there no more would wait with SIGINT held off.
 */
static ssize_t read_byte(char *byte)
{
	at_prompt = 1;
	let_interrupts(SIG_UNBLOCK);
	ssize_t n = read(STDIN_FILENO, byte, 1);
	let_interrupts(SIG_BLOCK);
	at_prompt = 0;
	return n;
}

/* What editline reads by: a character, or EOF. */
static int read_key(FILE *terminal)
{
	mbstate_t state = {0};
	wchar_t character;
	char byte;
	(void)terminal;
	for (;;) {
		ssize_t n = read_byte(&byte);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return EOF;
		size_t used = mbrtowc(&character, &byte, 1, &state);
		if (used == (size_t)-1)
			memset(&state, 0, sizeof state); /* what is no character is passed over */
		else if (used != (size_t)-2)
			return (int)character;
	}
}

/* ---- completion -------------------------------------------------------- */

static struct completion words;

static char *next_match(const char *prefix, int again)
{
	static size_t at;
	if (!again)
		at = 0;
	const char *word = completion_next(&words, prefix, &at);
	return word ? strdup(word) : NULL;
}

static char **complete(const char *prefix, int start, int end)
{
	(void)start, (void)end;
	rl_attempted_completion_over = 1; /* names of files are no SQL */
	return rl_completion_matches(prefix, next_match);
}

/* ---- history ----------------------------------------------------------- */

/* To be freed; NULL: none is kept. */
static char *history_path(void)
{
	const char *named = getenv("MEMANALYZE_HISTORY"), *home = getenv("HOME");
	char *path = NULL;
	if (named)
		return *named ? strdup(named) : NULL;
	if (!home || *home != '/' || asprintf(&path, "%s/.memanalyze_history", home) < 0)
		return NULL;
	return path;
}

static void keep_history(const char *path)
{
	int fd = path ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600) : -1;
	if (fd < 0)
		return;
	close(fd);
	stifle_history(HISTORY_LINES);
	write_history(path);
}

/* ---- commands ---------------------------------------------------------- */

static void run(struct shell *shell, const char *sql)
{
	guard_restart(shell->guard, shell->options.timeout_s);
	let_interrupts(SIG_UNBLOCK);
	statements_run(shell->db, shell->guard, sql, shell->options.format, &shell->options.look, stdout);
	let_interrupts(SIG_BLOCK);
	fflush(stdout);
}

static void set_mode(struct shell *shell, const char *name)
{
	for (int i = 0; *name && modes[i]; i++) {
		if (strcmp(name, modes[i]) == 0) {
			shell->options.format = (enum render_format)i;
			return;
		}
	}
	const char *near = nearest_word(name, modes);
	if (near)
		complain(EXIT_USAGE, ".mode %s: no such format; did you mean '%s'?", name, near);
	else if (*name)
		complain(EXIT_USAGE, ".mode %s: no such format (table, json, ndjson, csv, markdown)", name);
	else
		puts(modes[shell->options.format]);
}

static void set_timeout(struct shell *shell, const char *text)
{
	char *end;
	double seconds = strtod(text, &end);
	if (end == text || *end || !(seconds >= 0))
		complain(EXIT_USAGE, ".timeout %s: not a number of seconds", text);
	else
		shell->options.timeout_s = seconds;
}

/* true if there is such a table or view; else false after a complaint. */
static bool find_table(sqlite3 *db, const char *name)
{
	struct completion known = {0};
	const char *near = NULL, *none[] = {NULL};
	sqlite3_stmt *probe = NULL;
	char *sql = sqlite3_mprintf("SELECT 1 FROM \"%w\"", name);
	bool found = sql && sqlite3_prepare_v2(db, sql, -1, &probe, NULL) == SQLITE_OK;
	sqlite3_finalize(probe);
	sqlite3_free(sql);
	if (found)
		return true;
	if (completion_collect(&known, db, none))
		near = completion_nearest(&known, name);
	if (near)
		complain(EXIT_USAGE, "no table or view '%s'; did you mean '%s'?", name, near);
	else
		complain(EXIT_USAGE, "no table or view '%s'; .tables lists them", name);
	completion_free(&known);
	return false;
}

static void show_columns(struct shell *shell, const char *table)
{
	if (*table && !find_table(shell->db, table))
		return;
	char *sql = *table ? sqlite3_mprintf(columns_sql, table, table) : sqlite3_mprintf("%s", tables_sql);
	if (sql)
		run(shell, sql);
	sqlite3_free(sql);
}

/* A line that begins with a point. */
static void obey(struct shell *shell, char *line)
{
	size_t length = strcspn(line, " \t");
	const char *near;
	char *argument = line + length + strspn(line + length, " \t");
	line[length] = '\0';
	for (size_t n = strlen(argument); n && strchr(" \t;", argument[n - 1]); n--)
		argument[n - 1] = '\0';
	if (strcmp(line, ".quit") == 0 || strcmp(line, ".exit") == 0)
		shell->quits = true;
	else if (strcmp(line, ".help") == 0)
		fputs(help, stdout);
	else if (strcmp(line, ".mode") == 0)
		set_mode(shell, argument);
	else if (strcmp(line, ".timeout") == 0)
		set_timeout(shell, argument);
	else if (strcmp(line, ".schema") == 0 || strcmp(line, ".tables") == 0)
		show_columns(shell, strcmp(line, ".schema") == 0 ? argument : "");
	else if ((near = nearest_word(line, commands)))
		complain(EXIT_USAGE, "%s: no such command; did you mean %s?", line, near);
	else
		complain(EXIT_USAGE, "%s: no such command; .help lists them", line);
}

/* ---- lines ------------------------------------------------------------- */

static void forget_typed(struct shell *shell)
{
	free(shell->typed);
	shell->typed = NULL;
	shell->typed_bytes = 0;
}

static bool add_typed(struct shell *shell, const char *line)
{
	size_t bytes = strlen(line);
	char *grown = NULL;
	if (shell->typed_bytes + bytes < STATEMENT_BYTES_MAX)
		grown = realloc(shell->typed, shell->typed_bytes + bytes + 2);
	if (!grown) {
		complain(EXIT_USAGE, "the statement is too long: more than %d bytes", STATEMENT_BYTES_MAX);
		forget_typed(shell);
		return false;
	}
	memcpy(grown + shell->typed_bytes, line, bytes);
	memcpy(grown + shell->typed_bytes + bytes, "\n", 2);
	shell->typed = grown;
	shell->typed_bytes += bytes + 1;
	return true;
}

static bool is_blank(const char *text)
{
	return text[strspn(text, " \t\n;")] == '\0';
}

/* What other shells know without a point is none of SQL's words either. */
static char *bare_command(const char *line)
{
	static const struct {
		const char *word, *command;
	} bare[] = {{"help", ".help"}, {"?", ".help"}, {"quit", ".quit"}, {"exit", ".quit"}};
	size_t length = strcspn(line, " \t;");
	for (size_t i = 0; i < sizeof bare / sizeof bare[0]; i++)
		if (is_blank(line + length) && strlen(bare[i].word) == length &&
		    strncasecmp(line, bare[i].word, length) == 0)
			return strdup(bare[i].command);
	return NULL;
}

static void take_line(struct shell *shell, char *line)
{
	if (!is_blank(line))
		add_history(line);
	if (!shell->typed && line[0] == '.') {
		obey(shell, line);
		return;
	}
	char *command = shell->typed ? NULL : bare_command(line);
	if (command) {
		obey(shell, command);
		free(command);
		return;
	}
	if (!add_typed(shell, line))
		return;
	if (is_blank(shell->typed)) {
		forget_typed(shell);
	} else if (sqlite3_complete(shell->typed)) {
		run(shell, shell->typed);
		forget_typed(shell);
	}
}

static void read_lines(struct shell *shell)
{
	while (!shell->quits && !ferror(stdout)) {
		if (sigsetjmp(back_to_prompt, 1)) {
			fputs("^C\n", stdout);
			forget_typed(shell);
		}
		char *line = readline(shell->typed ? prompt_on : prompt);
		if (!line)
			break;
		take_line(shell, line);
		free(line);
	}
	if (!shell->quits)
		putchar('\n');
}

int shell_run(sqlite3 *db, struct guard *guard, const struct shell_options *options)
{
	struct shell shell = {.db = db, .guard = guard, .options = *options};
	struct sigaction action = {.sa_handler = stop}, former;
	char *path = history_path();
	running = &shell;
	if (!completion_collect(&words, db, commands))
		warn("names cannot be completed: %s", sqlite3_errmsg(db));
	rl_getc_function = read_key;
	rl_readline_name = "memanalyze";
	rl_attempted_completion_function = complete;
	rl_completer_word_break_characters = " \t\n\"'`@$><=;|&{(,)+-*/%";
	using_history();
	if (path)
		read_history(path);
	sigemptyset(&action.sa_mask);
	let_interrupts(SIG_BLOCK);
	sigaction(SIGINT, &action, &former);
	puts("SQL, read-only; .help tells more, .tables what there is.");
	read_lines(&shell);
	sigaction(SIGINT, &former, NULL);
	let_interrupts(SIG_UNBLOCK);
	keep_history(path);
	forget_typed(&shell);
	completion_free(&words);
	free(path);
	return EXIT_FINE;
}
