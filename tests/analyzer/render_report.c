/* The whole report on the fixture, whose figures are worked out by hand (render_fixture.sql). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "render/text.h"
#include "render_database.h"
#include "report.h"

/* A second run in the same source: killed, without figures, with a hostile name. */
static const char second_run[] =
	"INSERT INTO run VALUES (2, 1, 'ffeeddccbbaa99887766554433221100', NULL,"
	" 'evil' || char(27) || '[2J' || char(10), NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL,"
	" NULL, 0, 3);"
	"INSERT INTO snapshot VALUES (6, 2, 0, NULL, NULL, NULL, NULL);"
	"INSERT INTO mstats (snapshot_id) VALUES (6)";

static char *report(sqlite3 *db, enum render_format format, bool unicode)
{
	struct report_options options = {
		.format = format,
		.render = {.color = false, .unicode = unicode, .width = 80},
		.file = "fixture.zst",
	};
	char *text = NULL, *error;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(report_run(db, &options, out, &error), 0, "%s", error);
	fclose(out);
	return text;
}

static void is_file(const char *text, const char *path)
{
	char *expected = render_file(path);

	if (strcmp(text, expected) != 0) {
		fprintf(stderr, "--- %s differs, printed was:\n%s", path, text);
		cr_assert_fail();
	}
	free(expected);
}

Test(report, is_printed_exactly)
{
	sqlite3 *db = render_database();
	char *text = report(db, RENDER_TABLE, true);

	is_file(text, RENDER_FOLDER "/render_report.txt");
	free(text);
	sqlite3_close(db);
}

Test(report, is_plain_ascii_where_the_terminal_is)
{
	sqlite3 *db = render_database();
	char *text = report(db, RENDER_TABLE, false);

	is_file(text, RENDER_FOLDER "/render_report_ascii.txt");
	for (const char *at = text; *at; at++)
		cr_assert_lt((unsigned char)*at, 0x80);
	free(text);
	sqlite3_close(db);
}

Test(report, markdown_is_printed_exactly)
{
	sqlite3 *db = render_database();
	char *text = report(db, RENDER_MARKDOWN, true);

	is_file(text, RENDER_FOLDER "/render_report.md");
	free(text);
	sqlite3_close(db);
}

static void fits_80_columns(const char *text)
{
	while (*text) {
		size_t size = strcspn(text, "\n");

		cr_expect_leq(text_print(NULL, text, size), 80, "%.*s", (int)size, text);
		text += size + (text[size] == '\n');
	}
}

Test(report, of_a_run_that_freed_all_at_its_exit_tells_what_it_needed)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(db, "UPDATE snapshot SET reason = 'exit' WHERE id = 5;"
				   "UPDATE mstats SET heap_inuse = 1000 * heap_inuse WHERE snapshot_id = 3;"
				   "DELETE FROM finding_rule WHERE name = 'accounting_broken'");
	text = report(db, RENDER_MARKDOWN, true);
	cr_assert(strstr(text, "Nothing is wrong: at most 54.7 MiB of heap in use; at the exit 72.0 KiB,"),
		  "%s", text);
	free(text);
	sqlite3_close(db);
}

Test(report, fits_80_columns_with_large_figures_too)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(
		db,
		"UPDATE mstats SET sys = sys + 1125899906842624, heap_sys = heap_sys +"
		" 1125899906842624, heap_idle = heap_idle + 1125899906842624;"
		"UPDATE gc_pause SET duration_ns = 999949999, stop_ns = 999949999;"
		"UPDATE span SET npages = 900000, elem_bytes = 7372800000 WHERE class = 0;"
		"UPDATE run SET tracking_why = 'seccomp forbids userfaultfd in this container, as"
		" its default profile does, and the kernel lacks UFFD_FEATURE_WP_ASYNC as well',"
		" clean_exit = 0, complete = 0, skipped = 1234567");
	text = report(db, RENDER_TABLE, true);
	fits_80_columns(text);
	free(text);
	sqlite3_close(db);
}

Test(report, each_run_has_its_section_and_unknown_is_not_zero)
{
	sqlite3 *db = render_database();
	char *text, *section;

	render_database_change(db, second_run);
	text = report(db, RENDER_TABLE, true);
	cr_assert(strstr(text, "fixture, pid 4242"));
	section = strstr(text, "evil\\x1b[2J\\n, run 2 of 2");
	cr_assert(section, "%s", text);
	cr_assert_null(strchr(section, '\033'));
	cr_assert(strstr(section, "  from the operating system               unknown\n"));
	cr_assert_null(strstr(section, " 0 B\n"));
	cr_assert(strstr(section, "Torn end"));
	fits_80_columns(text);
	free(text);
	sqlite3_close(db);
}

Test(report, of_a_chosen_snapshot_has_its_levels)
{
	sqlite3 *db = render_database();
	struct report_options options = {.format = RENDER_JSON, .snapshot_id = 2};
	char *text = NULL, *error;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	cr_assert_eq(report_run(db, &options, out, &error), 0, "%s", error);
	fclose(out);
	cr_assert(strstr(text, "{\"key\": \"objects\", \"label\": \"objects\", \"depth\": 3,"
			       " \"bytes\": 40000, \"resident\": true}"));
	free(text);
	sqlite3_close(db);
}

/* Pipes text through a command; it has to succeed. */
static void accepts(const char *command, const char *text)
{
	FILE *pipe = popen(command, "w");

	cr_assert(pipe);
	fputs(text, pipe);
	cr_assert_eq(pclose(pipe), 0, "%s refused: %s", command, text);
}

Test(report, json_is_valid_and_adds_up)
{
	sqlite3 *db = render_database();
	char *text;

	if (system("python3 -c pass") != 0)
		cr_skip_test("no python3");
	render_database_change(db, second_run);
	text = report(db, RENDER_JSON, true);
	accepts("python3 -m json.tool > /dev/null", text);
	accepts("python3 " RENDER_FOLDER "/render_check.py > /dev/null", text);
	free(text);
	sqlite3_close(db);
}

Test(report, ndjson_has_a_run_a_line_and_csv_a_figure_a_line)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(db, second_run);
	text = report(db, RENDER_NDJSON, true);
	cr_assert_eq(strchr(text, '\n') - text + 1 + (long)strcspn(strchr(text, '\n') + 1, "\n") +
			     1,
		     (long)strlen(text));
	free(text);
	text = report(db, RENDER_CSV, true);
	cr_assert(strstr(text, "run_id,section,name,value,unit\n1,run,exe,fixture,\n"));
	cr_assert(strstr(text, "\n1,accounting,free_slots,16576,bytes\n"));
	cr_assert(strstr(text, "\n2,accounting,sys,,bytes\n"));
	cr_assert(strstr(text, "\n1,pauses,slope_ns_per_gc,80000,ns\n"));
	free(text);
	sqlite3_close(db);
}

Test(report, of_a_database_without_runs_is_empty)
{
	sqlite3 *db = render_database();
	char *text;

	render_database_change(db, "DELETE FROM snapshot; DELETE FROM run");
	text = report(db, RENDER_TABLE, true);
	cr_assert_str_eq(text, "");
	free(text);
	text = report(db, RENDER_JSON, true);
	cr_assert_str_eq(text, "{\n  \"runs\": [],\n  \"complete\": true\n}\n");
	free(text);
	sqlite3_close(db);
}

Test(report, tells_which_query_failed)
{
	sqlite3 *db = render_database();
	struct report_options options = {.format = RENDER_TABLE};
	char *error;

	render_database_change(db, "DROP VIEW pause_summary");
	cr_assert_eq(report_run(db, &options, stderr, &error), -1);
	cr_assert(strstr(error, "pause_summary"), "%s", error);
	sqlite3_free(error);
	sqlite3_close(db);
}
