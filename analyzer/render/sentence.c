#include "sentence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "human.h"
#include "json_writer.h"

enum { PLACEHOLDER_NAME_MAX = 64 };

/* A {placeholder}, taken apart. */
struct placeholder {
	char column[PLACEHOLDER_NAME_MAX];
	char format[PLACEHOLDER_NAME_MAX];
	size_t size; /* with the braces; 0: none begins here */
};

static struct placeholder parse(const char *text)
{
	struct placeholder found = {.size = 0};
	const char *end = *text == '{' ? strchr(text, '}') : NULL;
	size_t inner, column;

	if (!end)
		return found;
	inner = (size_t)(end - text) - 1;
	column = strcspn(text + 1, ":}");
	if (column >= PLACEHOLDER_NAME_MAX || inner - column > PLACEHOLDER_NAME_MAX)
		return found;
	memcpy(found.column, text + 1, column);
	if (column < inner)
		memcpy(found.format, text + 1 + column + 1, inner - column - 1);
	found.size = inner + 2;
	return found;
}

static bool is_known(const struct finding *finding, const char *column)
{
	const struct finding_value *value = finding_value(finding, column);

	return value && value->type != VALUE_NULL;
}

static struct human format_number(const struct finding_value *value, const char *format)
{
	struct human figure;

	if (strcmp(format, "bytes") == 0)
		return human_bytes(value->real);
	if (strcmp(format, "duration") == 0)
		return human_duration(value->real);
	if (strcmp(format, "percent") == 0)
		return human_percent(value->real);
	if (strcmp(format, "number") == 0)
		return human_number(value->real);
	if (strcmp(format, "count") == 0 && value->type == VALUE_INTEGER)
		return human_count(value->integer);
	if (value->type == VALUE_INTEGER)
		snprintf(figure.text, sizeof(figure.text), "%lld", (long long)value->integer);
	else
		json_writer_format_double(figure.text, value->real);
	return figure;
}

static void put_value(FILE *out, const struct finding *finding,
		      const struct placeholder *placeholder)
{
	const struct finding_value *value = finding_value(finding, placeholder->column);

	if (!value || value->type == VALUE_NULL)
		fputs("unknown", out);
	else if (value->type == VALUE_TEXT)
		fputs(value->text ? value->text : "", out);
	else
		fputs(format_number(value, placeholder->format).text, out);
}

/* Whether each column named before the closing bracket is known. */
static bool part_is_known(const struct finding *finding, const char *text)
{
	for (; *text && *text != ']'; text++) {
		struct placeholder placeholder = parse(text);

		if (placeholder.size && !is_known(finding, placeholder.column))
			return false;
	}
	return true;
}

static void compose(FILE *out, const struct finding *finding)
{
	const char *text = finding->sentence ? finding->sentence : finding->rule;

	while (*text) {
		struct placeholder placeholder = parse(text);

		if (placeholder.size) {
			put_value(out, finding, &placeholder);
			text += placeholder.size;
		} else if (*text == '[' && !part_is_known(finding, text + 1)) {
			text += strcspn(text, "]");
			text += *text == ']';
		} else if (*text == '[' || *text == ']') {
			text++;
		} else {
			putc(*text++, out);
		}
	}
}

char *sentence_compose(const struct finding *finding)
{
	char *text = NULL;
	size_t size;
	FILE *out = open_memstream(&text, &size);

	if (!out)
		return NULL;
	compose(out, finding);
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}

char *sentence_next_query(const struct finding *finding, int64_t run_id)
{
	static const char run[] = "{run}";
	const char *next = finding->next;
	char *text = NULL;
	size_t size;
	FILE *out;

	if (!next || !(out = open_memstream(&text, &size)))
		return NULL;
	while (*next) {
		if (strncmp(next, run, sizeof(run) - 1) == 0) {
			fprintf(out, "%lld", (long long)run_id);
			next += sizeof(run) - 1;
		} else {
			putc(*next++, out);
		}
	}
	if (fclose(out) != 0) {
		free(text);
		return NULL;
	}
	return text;
}
