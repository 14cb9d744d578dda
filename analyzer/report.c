#include "report.h"

#include <string.h>

#include "render/report.h"
#include "report_facts.h"

/* Runs in the order they were read; one only when a snapshot was named. */
static const char runs_sql[] =
	"SELECT u.id FROM run AS u WHERE (?1 = 0 AND EXISTS (SELECT 1 FROM snapshot AS s"
	" WHERE s.run_id = u.id)) OR u.id = (SELECT s.run_id FROM snapshot AS s WHERE s.id = ?1)"
	" ORDER BY u.id";

static const char run_count_sql[] = "SELECT count(DISTINCT run_id) FROM snapshot";

/* A page stays small enough for a browser: its runs share the points, the last ones stay. */
enum { PAGE_RUNS_MAX = 100, PAGE_POINTS = 4000, PAGE_RUN_POINTS_MIN = 120 };

/* What is printed around and between the runs. */
struct report_output {
	const struct report_options *options;
	FILE *out;
	struct json_writer json;
	int64_t runs;
	int64_t runs_left_out; /* of a page: those before the first one that is on it */
	size_t points;         /* of a page: what a run may draw */
	bool complete;
};

static void begin(struct report_output *output)
{
	switch (output->options->format) {
	case RENDER_JSON:
		json_writer_begin(&output->json, output->out, 4);
		json_writer_object(&output->json, NULL);
		json_writer_array(&output->json, "runs");
		break;
	case RENDER_CSV:
		report_print_csv_header(output->out);
		break;
	case RENDER_HTML:
		report_print_html_begin(output->options->file, output->runs_left_out, output->out);
		break;
	default:
		break;
	}
}

static void end(struct report_output *output)
{
	if (output->options->format == RENDER_HTML)
		report_print_html_end(output->out);
	if (output->options->format != RENDER_JSON)
		return;
	json_writer_array_end(&output->json);
	json_writer_bool(&output->json, "complete", output->complete);
	json_writer_object_end(&output->json);
	putc('\n', output->out);
}

static void print_run(struct report_output *output, const struct report_facts *facts,
		      const struct verdict *verdict, const struct report_pictures *pictures)
{
	const struct report_options *options = output->options;
	struct report_page page = {
		.facts = facts,
		.verdict = verdict,
		.pictures = pictures,
		.options = &options->render,
		.file = options->file,
	};

	output->complete = output->complete && facts->quality.complete;
	switch (options->format) {
	case RENDER_TABLE:
	case RENDER_SVG: /* no report is one */
		fputs(output->runs > 0 ? "\n\n" : "", output->out);
		report_print_text(&page, output->out);
		break;
	case RENDER_MARKDOWN:
		fputs(output->runs > 0 ? "\n" : "", output->out);
		report_print_markdown(&page, output->out);
		break;
	case RENDER_JSON:
		report_print_json(&page, &output->json);
		break;
	case RENDER_NDJSON:
		json_writer_begin(&output->json, output->out, 0);
		report_print_json(&page, &output->json);
		putc('\n', output->out);
		break;
	case RENDER_CSV:
		report_print_csv(&page, output->out);
		break;
	case RENDER_HTML:
		report_print_html(&page, output->out);
		break;
	}
	output->runs++;
}

/* The run's pictures where the format has any. 0, or -1 with *error. */
static int gather_pictures(sqlite3 *db, const struct report_output *output,
			   const struct report_facts *facts, struct report_pictures **pictures,
			   char **error)
{
	*pictures = NULL;
	if (output->options->format != RENDER_HTML)
		return 0;
	*pictures = sqlite3_malloc(sizeof(**pictures));
	if (*pictures)
		return report_pictures_gather(db, facts, output->points, *pictures, error);
	*error = sqlite3_mprintf("out of memory");
	return -1;
}

static void free_pictures(struct report_pictures *pictures)
{
	if (pictures)
		report_pictures_free(pictures);
	sqlite3_free(pictures);
}

static int report_one(sqlite3 *db, int64_t run_id, struct report_output *output, char **error)
{
	struct report_facts *facts = sqlite3_malloc(sizeof(*facts));
	struct report_pictures *pictures;
	struct verdict verdict = {.count = 0};
	int result = -1;

	if (!facts) {
		*error = sqlite3_mprintf("out of memory");
		return -1;
	}
	if (report_facts_gather(db, run_id, output->options->snapshot_id, facts, error) != 0)
		goto gather_failed;
	if (gather_pictures(db, output, facts, &pictures, error) != 0)
		goto pictures_failed;
	if (verdict_compose(facts, &verdict) != 0) {
		*error = sqlite3_mprintf("out of memory");
		goto compose_failed;
	}
	print_run(output, facts, &verdict, pictures);
	result = 0;
compose_failed:
	verdict_free(&verdict);
pictures_failed:
	free_pictures(pictures);
gather_failed:
	report_facts_free(facts);
	sqlite3_free(facts);
	return result;
}

/* How a page's room is shared among its runs. */
static void share_page(sqlite3 *db, struct report_output *output)
{
	sqlite3_stmt *count = NULL;
	int64_t runs = 1;

	if (output->options->snapshot_id == 0 &&
	    sqlite3_prepare_v2(db, run_count_sql, -1, &count, NULL) == SQLITE_OK &&
	    sqlite3_step(count) == SQLITE_ROW && sqlite3_column_int64(count, 0) > 0)
		runs = sqlite3_column_int64(count, 0);
	sqlite3_finalize(count);
	if (runs > PAGE_RUNS_MAX) {
		output->runs_left_out = runs - PAGE_RUNS_MAX;
		runs = PAGE_RUNS_MAX;
	}
	output->points = PAGE_POINTS / (size_t)runs;
	if (output->points < PAGE_RUN_POINTS_MIN)
		output->points = PAGE_RUN_POINTS_MIN;
}

int report_run(sqlite3 *db, const struct report_options *options, FILE *out, char **error)
{
	struct report_output output = {.options = options, .out = out, .complete = true};
	sqlite3_stmt *runs = NULL;
	int64_t passed = 0;
	int step = SQLITE_ERROR;

	*error = NULL;
	if (sqlite3_prepare_v2(db, runs_sql, -1, &runs, NULL) != SQLITE_OK)
		goto failed;
	sqlite3_bind_int64(runs, 1, options->snapshot_id);
	if (options->format == RENDER_HTML)
		share_page(db, &output);
	if (!options->snapshot_id)
		findings_share(db);
	begin(&output);
	while ((step = sqlite3_step(runs)) == SQLITE_ROW)
		if (passed++ >= output.runs_left_out &&
		    report_one(db, sqlite3_column_int64(runs, 0), &output, error) != 0)
			break;
	end(&output);
failed:
	if (step != SQLITE_DONE && !*error)
		*error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
	sqlite3_finalize(runs);
	findings_unshare(db);
	return step == SQLITE_DONE ? 0 : -1;
}
