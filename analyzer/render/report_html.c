/*
 * The report as a page that stands alone: figures as JSON inside of script elements that no
 * text in them can end, drawn by the script of analyzer/page; where scripts do not run, the
 * report as text.
 */
#include <stdlib.h>

#include "page.h"
#include "report.h"

static void put_markup_text(FILE *out, const char *text, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		switch (text[i]) {
		case '<':
			fputs("&lt;", out);
			break;
		case '>':
			fputs("&gt;", out);
			break;
		case '&':
			fputs("&amp;", out);
			break;
		default:
			putc(text[i], out);
		}
	}
}

/* What a reader without scripts sees. Left out when memory is refused. */
static void put_text_report(const struct report_page *page, FILE *out)
{
	static const struct render_options plain = {.unicode = true, .width = 80};
	struct report_page text_page = *page;
	char *text = NULL;
	size_t size;
	FILE *memory = open_memstream(&text, &size);

	if (!memory)
		return;
	text_page.options = &plain;
	report_print_text(&text_page, memory);
	if (fclose(memory) == 0) {
		fputs("<noscript><pre>", out);
		put_markup_text(out, text, size);
		fputs("</pre></noscript>\n", out);
	}
	free(text);
}

static void begin_data(struct json_writer *json, const char *class, FILE *out)
{
	fprintf(out, "<script type=\"application/json\" class=\"%s\">", class);
	json_writer_begin(json, out, 0);
	json->in_markup = true;
}

void report_print_html_begin(const char *file, int64_t runs_left_out, FILE *out)
{
	struct json_writer json;

	fputs(page_begin, out);
	begin_data(&json, "page-data", out);
	json_writer_object(&json, NULL);
	json_writer_text(&json, "file", file);
	json_writer_integer(&json, "runs_left_out", runs_left_out);
	json_writer_object_end(&json);
	fputs("</script>\n", out);
}

void report_print_html(const struct report_page *page, FILE *out)
{
	struct json_writer json;

	put_text_report(page, out);
	begin_data(&json, "run-data", out);
	report_print_json(page, &json);
	fputs("</script>\n", out);
}

void report_print_html_end(FILE *out)
{
	fputs(page_end, out);
}
