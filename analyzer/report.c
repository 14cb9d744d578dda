#include "report.h"

#include <string.h>

#include "render/report.h"
#include "report_facts.h"

/* Runs in the order they were read; one only when a snapshot was named. */
static const char runs_sql[] =
	"SELECT u.id FROM run AS u WHERE (?1 = 0 AND EXISTS (SELECT 1 FROM snapshot AS s"
	" WHERE s.run_id = u.id)) OR u.id = (SELECT s.run_id FROM snapshot AS s WHERE s.id = ?1)"
	" ORDER BY u.id";

/* What is printed around and between the runs. */
struct report_output {
	const struct report_options *options;
	FILE *out;
	struct json_writer json;
	int64_t runs;
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
	default:
		break;
	}
}

static void end(struct report_output *output)
{
	if (output->options->format != RENDER_JSON)
		return;
	json_writer_array_end(&output->json);
	json_writer_bool(&output->json, "complete", output->complete);
	json_writer_object_end(&output->json);
	putc('\n', output->out);
}

static void print_run(struct report_output *output, const struct report_facts *facts,
		      const struct verdict *verdict)
{
	const struct report_options *options = output->options;
	struct report_page page = {
		.facts = facts,
		.verdict = verdict,
		.options = &options->render,
		.file = options->file,
	};

	output->complete = output->complete && facts->quality.complete;
	switch (options->format) {
	case RENDER_TABLE:
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
	}
	output->runs++;
}

static int report_one(sqlite3 *db, int64_t run_id, struct report_output *output, char **error)
{
	struct report_facts *facts = sqlite3_malloc(sizeof(*facts));
	struct verdict verdict = {.count = 0};
	int result = -1;

	if (!facts) {
		*error = sqlite3_mprintf("out of memory");
		return -1;
	}
	if (report_facts_gather(db, run_id, output->options->snapshot_id, facts, error) != 0)
		goto gather_failed;
	if (verdict_compose(facts, &verdict) != 0) {
		*error = sqlite3_mprintf("out of memory");
		goto compose_failed;
	}
	print_run(output, facts, &verdict);
	result = 0;
compose_failed:
	verdict_free(&verdict);
gather_failed:
	report_facts_free(facts);
	sqlite3_free(facts);
	return result;
}

int report_run(sqlite3 *db, const struct report_options *options, FILE *out, char **error)
{
	struct report_output output = {.options = options, .out = out, .complete = true};
	sqlite3_stmt *runs = NULL;
	int step = SQLITE_ERROR;

	*error = NULL;
	if (sqlite3_prepare_v2(db, runs_sql, -1, &runs, NULL) != SQLITE_OK)
		goto failed;
	sqlite3_bind_int64(runs, 1, options->snapshot_id);
	begin(&output);
	while ((step = sqlite3_step(runs)) == SQLITE_ROW)
		if (report_one(db, sqlite3_column_int64(runs, 0), &output, error) != 0)
			break;
	end(&output);
failed:
	if (step != SQLITE_DONE && !*error)
		*error = sqlite3_mprintf("%s", sqlite3_errmsg(db));
	sqlite3_finalize(runs);
	return step == SQLITE_DONE ? 0 : -1;
}
