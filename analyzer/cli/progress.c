/* progress.c - see progress.h. */
#include "progress.h"

#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "render/human.h"

enum { STEPS_BETWEEN_LOOKS = 50000 };

static const double first_s = 0.5, every_s = 0.2;

static volatile sig_atomic_t stopped_by;

/* ---- signals ----------------------------------------------------------- */

static void note_signal(int number)
{
	stopped_by = number;
}

void progress_catch_signals(void)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
	struct sigaction action = {.sa_handler = note_signal}, former;
	sigemptyset(&action.sa_mask);
	for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
		if (sigaction(numbers[i], NULL, &former) == 0 && former.sa_handler != SIG_IGN)
			sigaction(numbers[i], &action, NULL);
}

bool progress_is_stopped(void)
{
	return stopped_by != 0;
}

void progress_die(void)
{
	if (!stopped_by)
		return;
	signal(stopped_by, SIG_DFL);
	raise(stopped_by);
}

/* ---- the line ---------------------------------------------------------- */

static double now_s(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void draw(struct progress *progress, double now)
{
	double elapsed_s = now - progress->begun_s;
	double done = (double)progress->result->offset, all = (double)progress->source->bytes;
	char share[HUMAN_TEXT_MAX + 2] = "", left[HUMAN_TEXT_MAX + 8] = "";
	if (done > 0 && all >= done) {
		snprintf(share, sizeof share, "%s, ", human_percent(done / all).text);
		snprintf(left, sizeof left, ", %s left",
		         human_duration(ceil(elapsed_s * (all - done) / done) * 1e9).text);
	}
	/* Without the path: it comes from a folder, and nothing of it obeys the terminal. */
	fprintf(stderr, "\rreading: %s%s snapshots, %s spans/s%s\033[K", share,
	        human_count((int64_t)progress->result->seen).text,
	        human_count((int64_t)((double)progress->result->spans / elapsed_s)).text, left);
	progress->is_drawn = true;
	progress->drawn_s = now;
}

bool progress_look(void *opaque)
{
	struct progress *progress = opaque;
	double now = progress->is_terminal ? now_s() : 0;
	if (progress->is_terminal && now - progress->begun_s >= first_s &&
	    now - progress->drawn_s >= every_s)
		draw(progress, now);
	return stopped_by != 0;
}

static int look(void *progress)
{
	return progress_look(progress);
}

void progress_begin(struct progress *progress, sqlite3 *db, const struct source *source,
                    const struct import_result *result)
{
	const char *term = getenv("TERM");
	*progress = (struct progress){.db = db, .source = source, .result = result};
	progress->is_terminal = isatty(STDERR_FILENO) == 1 && term && strcmp(term, "dumb") != 0;
	progress->begun_s = now_s();
	sqlite3_progress_handler(db, STEPS_BETWEEN_LOOKS, look, progress);
}

void progress_end(struct progress *progress)
{
	sqlite3_progress_handler(progress->db, 0, NULL, NULL);
	if (progress->is_drawn)
		fputs("\r\033[K", stderr);
}
