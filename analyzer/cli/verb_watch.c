/*
 * verb_watch.c - memanalyze watch: a recording while it is written.
 *
 * On a terminal one panel is drawn over and over, elsewhere each snapshot is a line. Both show
 * the same figures, those of `figures`.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "exit.h"
#include "follow.h"
#include "locks.h"
#include "output.h"
#include "progress.h"
#include "render/graph.h"
#include "render/human.h"
#include "render/json_writer.h"
#include "render/text.h"
#include "verbs.h"

enum { HISTORY = 240, POLL_MS = 200, PANEL_COLUMNS_LEAST = 40 };

enum figure_kind { FIGURE_COUNT, FIGURE_BYTES, FIGURE_NS, FIGURE_RATIO };

enum figure {
	SEQ, GC_NUM, UNIX_NS, HEAP_ALLOC, HEAP_INUSE, FRAGMENTATION, HEAP_IDLE, HEAP_RELEASED,
	RESIDENT, PAUSE, GC_CPU, FIGURES,
};

/* `name`: of the figure in lines; `label`: in the panel, NULL for those of its head. */
static const struct {
	const char *name, *label;
	enum figure_kind kind;
} figures[FIGURES] = {
    [SEQ] = {"seq", NULL, FIGURE_COUNT},
    [GC_NUM] = {"gc_num", NULL, FIGURE_COUNT},
    [UNIX_NS] = {"unix_ns", NULL, FIGURE_COUNT},
    [HEAP_ALLOC] = {"heap_alloc_bytes", "in objects", FIGURE_BYTES},
    [HEAP_INUSE] = {"heap_inuse_bytes", "in spans", FIGURE_BYTES},
    [FRAGMENTATION] = {"fragmentation_ratio", "fragmentation", FIGURE_RATIO},
    [HEAP_IDLE] = {"heap_idle_bytes", "idle", FIGURE_BYTES},
    [HEAP_RELEASED] = {"heap_released_bytes", "released", FIGURE_BYTES},
    [RESIDENT] = {"resident_bytes", "resident", FIGURE_BYTES},
    [PAUSE] = {"pause_ns", "pause", FIGURE_NS},
    [GC_CPU] = {"gc_cpu_fraction", "collector CPU", FIGURE_RATIO},
};

/* A figure that is not known is NaN. */
struct moment {
	double of[FIGURES];
};

struct watch {
	const struct options *options;
	struct follow follow;
	struct snapshot_run run;
	struct moment history[HISTORY]; /* the last ones, a ring */
	size_t count;                   /* moments so far; the last is at (count - 1) % HISTORY */
	double pause_ns;                /* of the last cycle */
	const char *reason;
	uint64_t skipped;
	bool is_panel, is_damaged, is_ended, is_clean;
	unsigned drawn_lines;
};

/* ---- figures ----------------------------------------------------------- */

static double less(uint64_t a, uint64_t b)
{
	return a >= b ? (double)(a - b) : NAN;
}

static struct moment moment_of(const struct snapshot_head *head, double pause_ns)
{
	const struct snapshot_mstats *m = &head->stats;
	struct moment moment = {{
	    [SEQ] = (double)head->seq,
	    [GC_NUM] = (double)head->gc_num,
	    [UNIX_NS] = (double)head->unix_ns,
	    [HEAP_ALLOC] = (double)m->heap_alloc,
	    [HEAP_INUSE] = (double)m->heap_inuse,
	    [FRAGMENTATION] = m->heap_inuse ? less(m->heap_inuse, m->heap_alloc) / (double)m->heap_inuse : NAN,
	    [HEAP_IDLE] = (double)m->heap_idle,
	    [HEAP_RELEASED] = (double)m->heap_released,
	    [RESIDENT] = less(m->sys, m->heap_released),
	    [PAUSE] = pause_ns,
	    [GC_CPU] = m->gc_cpu_fraction,
	}};
	return moment;
}

static struct human readable(enum figure figure, double value)
{
	struct human unknown = {"unknown"};
	if (isnan(value))
		return unknown;
	switch (figures[figure].kind) {
	case FIGURE_BYTES:
		return human_bytes(value);
	case FIGURE_NS:
		return human_duration(value);
	case FIGURE_RATIO:
		return human_percent(value);
	default:
		return human_count((int64_t)value);
	}
}

/* ---- lines ------------------------------------------------------------- */

static void print_exact(enum figure figure, double value, const char *unknown)
{
	if (isnan(value)) {
		fputs(unknown, stdout);
	} else if (figures[figure].kind == FIGURE_RATIO) {
		char text[32];
		json_writer_format_double(text, value);
		fputs(text, stdout);
	} else {
		printf("%.0f", value);
	}
}

/* unix_ns has more digits than a double: it is printed from the head itself. */
static void print_figure(enum figure figure, const struct snapshot_head *head,
                         const struct moment *moment, const char *unknown)
{
	if (figure == UNIX_NS)
		printf("%llu", (unsigned long long)head->unix_ns);
	else
		print_exact(figure, moment->of[figure], unknown);
}

static void print_object(const struct watch *watch, const struct snapshot_head *head,
                         const struct moment *moment)
{
	for (enum figure f = 0; f < FIGURES; f++) {
		printf("%s\"%s\": ", f ? ", " : "{", figures[f].name);
		print_figure(f, head, moment, "null");
	}
	printf(", \"reason\": \"%s\"}", watch->reason);
}

static void print_names(const char *before, const char *between, const char *end)
{
	fputs(before, stdout);
	for (enum figure f = 0; f < FIGURES; f++)
		printf("%s%s", figures[f].name, between);
	printf("reason%s\n", end);
}

static void print_fields(const struct watch *watch, const struct snapshot_head *head,
                         const struct moment *moment, bool is_markdown)
{
	fputs(is_markdown ? "| " : "", stdout);
	for (enum figure f = 0; f < FIGURES; f++) {
		print_figure(f, head, moment, is_markdown ? "-" : "");
		fputs(is_markdown ? " | " : ",", stdout);
	}
	printf("%s%s\n", watch->reason, is_markdown ? " |" : "");
}

static void print_text_line(const struct watch *watch, const struct snapshot_head *head,
                            const struct moment *moment)
{
	printf("%s gc %-5llu %-8s", human_time((int64_t)head->unix_ns).text,
	       (unsigned long long)head->gc_num, watch->reason);
	for (enum figure f = HEAP_ALLOC; f < FIGURES; f++)
		printf("  %s %s", figures[f].label, readable(f, moment->of[f]).text);
	putchar('\n');
}

static void print_line(const struct watch *watch, const struct snapshot_head *head,
                       const struct moment *moment)
{
	bool is_first = watch->count == 1;
	switch (watch->options->format) {
	case RENDER_JSON: /* print_end closes the array */
		fputs(is_first ? "[\n  " : ",\n  ", stdout);
		print_object(watch, head, moment);
		break;
	case RENDER_NDJSON:
		print_object(watch, head, moment);
		putchar('\n');
		break;
	case RENDER_CSV:
		if (is_first)
			print_names("", ",", "");
		print_fields(watch, head, moment, false);
		break;
	case RENDER_MARKDOWN:
		if (is_first) {
			print_names("| ", " | ", " |");
			for (enum figure f = 0; f < FIGURES; f++)
				fputs("|---:", stdout);
			puts("|:---|");
		}
		print_fields(watch, head, moment, true);
		break;
	default:
		print_text_line(watch, head, moment);
	}
	fflush(stdout);
}

static void print_end(const struct watch *watch)
{
	if (watch->options->format == RENDER_JSON)
		fputs(watch->count ? "\n]\n" : "[]\n", stdout);
}

/* ---- the panel --------------------------------------------------------- */

static void draw_row(const struct watch *watch, enum figure figure, size_t columns, bool unicode)
{
	double at[HISTORY], value[HISTORY];
	size_t count = watch->count < HISTORY ? watch->count : HISTORY;
	for (size_t i = 0; i < count; i++) {
		const struct moment *m = &watch->history[(watch->count - count + i) % HISTORY];
		at[i] = (double)i;
		value[i] = m->of[figure];
	}
	printf("  %-14s %12s  ", figures[figure].label, readable(figure, value[count - 1]).text);
	graph_sparkline(stdout, &(struct graph_series){at, value, count}, columns, unicode);
	fputs("\033[K\n", stdout);
}

/* How many lines the panel may have, so that it can be drawn again from its first. */
static unsigned panel_lines(void)
{
	struct winsize size;
	unsigned rows = 24;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 1)
		rows = size.ws_row;
	return rows - 1;
}

/* Nothing wraps: a line that a narrow terminal cannot hold is cut by it. */
static void draw_panel(struct watch *watch, bool at_end)
{
	struct render_options look = output_look(watch->options, stdout);
	const struct moment *last = &watch->history[(watch->count + HISTORY - 1) % HISTORY];
	size_t width = look.width < PANEL_COLUMNS_LEAST ? PANEL_COLUMNS_LEAST : look.width;
	unsigned lines = panel_lines();
	fputs("\033[?7l", stdout);
	if (watch->drawn_lines)
		printf("\033[%uA\r", watch->drawn_lines < lines ? watch->drawn_lines : lines);
	text_print(stdout, watch->run.exe, strlen(watch->run.exe));
	printf(", pid %llu: snapshot %.0f, gc %.0f (%s), %s%s\033[K\n",
	       (unsigned long long)watch->run.pid, last->of[SEQ], last->of[GC_NUM], watch->reason,
	       human_time((int64_t)last->of[UNIX_NS]).text,
	       at_end ? "" : look.unicode ? " \u25cf" : " *");
	watch->drawn_lines = 1;
	for (enum figure f = HEAP_ALLOC; f < FIGURES && watch->drawn_lines < lines; f++) {
		draw_row(watch, f, width - 31, look.unicode);
		watch->drawn_lines++;
	}
	fputs("\033[?7h\033[J", stdout);
	fflush(stdout);
}

/* ---- events ------------------------------------------------------------ */

static void take(struct watch *watch, const struct snapshot_event *event)
{
	switch (event->type) {
	case SNAPSHOT_EVENT_RUN:
		watch->run = *event->run;
		watch->pause_ns = NAN;
		watch->is_ended = false;
		break;
	case SNAPSHOT_EVENT_CYCLE:
		watch->pause_ns = 0;
		for (uint64_t i = 0; i < event->cycle->pause_count && i < SNAPSHOT_PAUSES_MAX; i++)
			watch->pause_ns += (double)event->cycle->pauses[i].duration_ns;
		break;
	case SNAPSHOT_EVENT_SNAPSHOT_END:
		watch->history[watch->count++ % HISTORY] = moment_of(event->head, watch->pause_ns);
		watch->reason = snapshot_reason_name(event->head->reason);
		watch->reason = watch->reason ? watch->reason : "unknown";
		if (!watch->is_panel)
			print_line(watch, event->head, &watch->history[(watch->count - 1) % HISTORY]);
		break;
	case SNAPSHOT_EVENT_SKIPPED:
		watch->skipped += event->skipped->snapshots;
		break;
	case SNAPSHOT_EVENT_RUN_END:
		watch->is_ended = true;
		watch->is_clean = event->run_end->clean_exit != 0;
		break;
	case SNAPSHOT_EVENT_ISSUE:
		watch->is_damaged |= event->issue.severity != SNAPSHOT_WARNING;
		break;
	default:
		break;
	}
}

static int end_status(struct watch *watch, const char *path)
{
	if (watch->is_panel && watch->count)
		draw_panel(watch, true);
	if (watch->count == 0)
		return complain(EXIT_INPUT, "%s: no valid snapshot in it, and nobody records there", path);
	if (!watch->is_ended)
		warn("%s: the run did not end in an orderly way (killed)", path);
	else if (watch->is_panel)
		fprintf(stderr, "the %s has ended\n", watch->is_clean ? "program" : "recording");
	if (watch->skipped)
		warn("%llu snapshots were skipped", (unsigned long long)watch->skipped);
	return watch->is_damaged || (watch->options->strict && !watch->is_ended) ? EXIT_DAMAGE
	                                                                        : EXIT_FINE;
}

static int explain_error(const char *path)
{
	if (errno == EISDIR)
		return complain(EXIT_INPUT, "%s: a folder; name the recording in it, or use --pid", path);
	if (errno == ESPIPE)
		return complain(EXIT_INPUT, "%s: no regular file, so no recording", path);
	return complain(EXIT_INPUT, "%s: %s", path, strerror(errno));
}

static int watch_all(struct watch *watch, const char *path)
{
	const struct snapshot_event *event;
	size_t drawn = 0;
	while (!progress_is_stopped()) {
		switch (follow_next(&watch->follow, &event)) {
		case FOLLOW_EVENT:
			take(watch, event);
			break;
		case FOLLOW_WAIT:
			if (watch->is_panel && watch->count != drawn)
				draw_panel(watch, false);
			drawn = watch->count;
			poll(NULL, 0, POLL_MS);
			break;
		case FOLLOW_END:
			return end_status(watch, path);
		default:
			return explain_error(path);
		}
		if (ferror(stdout))
			break;
	}
	return EXIT_FINE; /* the user has seen enough */
}

/* ---- the recording of a process ---------------------------------------- */

static int explain_absence(const char *pid)
{
	switch (errno) {
	case ESRCH:
		return complain(EXIT_INPUT, "there is no process %s", pid);
	case EACCES:
	case EPERM:
		return complain(EXIT_INPUT, "process %s: its files can be seen by its own user only", pid);
	case ENOENT:
		return complain(EXIT_INPUT,
		                "process %s does not record. Recording begins with a program: start it"
		                " with MEMSPAN_DUMP=FILE.zst in its environment if it is built with"
		                " libmemspan, else as 'memanalyze record -- PROG'", pid);
	default:
		return complain(EXIT_INPUT, "process %s: %s", pid, strerror(errno));
	}
}

/* EXIT_FINE with *path to be freed, or a status after a complaint. */
static int find_recording(const char *pid, char **path)
{
	char *end;
	errno = 0;
	long number = strtol(pid, &end, 10);
	if (strspn(pid, "0123456789") != strlen(pid) || !*pid || *end || errno || number <= 0 || number != (pid_t)number)
		return complain(EXIT_USAGE, "--pid %s: not the number of a process", pid);
	*path = locks_recording_of((pid_t)number);
	return *path ? EXIT_FINE : explain_absence(pid);
}

int verb_watch(const struct options *options)
{
	char *path = NULL;
	int status = EXIT_FINE;
	if ((options->pid != NULL) == (options->word_count == 1) || options->word_count > 1)
		return complain(EXIT_USAGE, "watch needs a FILE or --pid PID; see 'memanalyze watch --help'");
	if (!options->pid && !*options->words[0])
		return complain(EXIT_INPUT, "'': an empty word names no file");
	if (!options->pid && strcmp(options->words[0], "-") == 0)
		return complain(EXIT_USAGE, "watch follows a file by its name, not standard input");
	if (options->pid)
		status = find_recording(options->pid, &path);
	else if (!(path = strdup(options->words[0])))
		status = complain(EXIT_INPUT, "out of memory");
	struct watch *watch = status == EXIT_FINE ? calloc(1, sizeof *watch) : NULL;
	if (!watch)
		goto no_watch;
	watch->options = options;
	watch->pause_ns = NAN;
	watch->is_panel = isatty(STDOUT_FILENO) == 1 && options->format == RENDER_TABLE &&
	                  getenv("TERM") && strcmp(getenv("TERM"), "dumb") != 0;
	if (!follow_open(&watch->follow, path)) {
		status = explain_error(path);
		goto no_file;
	}
	progress_catch_signals();
	status = watch_all(watch, path);
	if (watch->count || status == EXIT_FINE)
		print_end(watch);
	follow_close(&watch->follow);
no_file:
	free(watch);
no_watch:
	free(path);
	return status;
}
