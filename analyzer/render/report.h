/*
 * render/report - one run's facts, printed in one of the formats.
 *
 * Text fits the options' width, 80 columns where none is given; a program's name or a
 * command that is longer than a line is not cut. Write errors stay with `out`.
 */
#ifndef RENDER_REPORT_H
#define RENDER_REPORT_H

#include <stdio.h>

#include "../report_facts.h"
#include "../report_pictures.h"
#include "json_writer.h"
#include "table.h"
#include "verdict.h"

/* What is said of one run, and how. */
struct report_page {
	const struct report_facts *facts;
	const struct verdict *verdict;
	const struct render_options *options;
	const char *file; /* as the user named it, or NULL */
	const struct report_pictures *pictures; /* for HTML; else NULL */
};

void report_print_text(const struct report_page *page, FILE *out);
void report_print_markdown(const struct report_page *page, FILE *out);
/*
 * An object; inside of what json has open. With pictures they take the place of the rows of
 * every snapshot and cycle.
 */
void report_print_json(const struct report_page *page, struct json_writer *json);
/* The pictures, as a member of the object that json has open. */
void report_print_pictures(const struct report_page *page, struct json_writer *json);
/* Rows of run_id, section, name, value, unit. */
void report_print_csv_header(FILE *out);
void report_print_csv(const struct report_page *page, FILE *out);
/*
 * A page around the runs: begin, each run, end. runs_left_out of them came before the first
 * one printed. Self-contained: it names no address that a browser could ask for.
 */
void report_print_html_begin(const char *file, int64_t runs_left_out, FILE *out);
void report_print_html(const struct report_page *page, FILE *out);
void report_print_html_end(FILE *out);

#endif
