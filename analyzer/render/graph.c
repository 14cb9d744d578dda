#include "graph.h"

#include <math.h>

enum { LEVELS = 8 };

static const char *const level_unicode[LEVELS] = {
	"\u2581", "\u2582", "\u2583", "\u2584", "\u2585", "\u2586", "\u2587", "\u2588",
};
static const char *const level_ascii[LEVELS] = {"_", ".", ":", "-", "=", "+", "*", "#"};

/* share: of the highest column, 0 to 1, or NaN. */
static void put_level(FILE *out, double share, bool unicode)
{
	int level;

	if (isnan(share)) {
		putc(' ', out);
		return;
	}
	level = (int)(share * LEVELS);
	if (level < 0)
		level = 0;
	if (level >= LEVELS)
		level = LEVELS - 1;
	fputs(unicode ? level_unicode[level] : level_ascii[level], out);
}

/* Which of the columns a value falls into: by its time, or by its place where time stands. */
static size_t column_of(const struct graph_series *series, size_t index, size_t columns)
{
	double first = series->at[0];
	double length = series->at[series->count - 1] - first;
	double column;

	if (!(length > 0))
		return index * columns / series->count;
	column = (series->at[index] - first) / length * (double)columns;
	if (!(column > 0))
		return 0;
	return column >= (double)columns ? columns - 1 : (size_t)column;
}

static void fill_columns(const struct graph_series *series, double *column, size_t columns)
{
	for (size_t i = 0; i < columns; i++)
		column[i] = NAN;
	for (size_t i = 0; i < series->count; i++) {
		size_t to = columns == series->count ? i : column_of(series, i, columns);

		if (!isnan(series->value[i]))
			column[to] = fmax(column[to], series->value[i]);
	}
	for (size_t i = 1; i < columns; i++)
		if (isnan(column[i]))
			column[i] = column[i - 1];
}

static double greatest(const double *values, size_t count)
{
	double most = 0;

	for (size_t i = 0; i < count; i++)
		most = fmax(most, values[i]);
	return most;
}

size_t graph_sparkline(FILE *out, const struct graph_series *series, size_t columns, bool unicode)
{
	double column[GRAPH_COLUMNS_MAX];
	double most;

	if (columns > GRAPH_COLUMNS_MAX)
		columns = GRAPH_COLUMNS_MAX;
	if (columns > series->count)
		columns = series->count;
	fill_columns(series, column, columns);
	most = greatest(column, columns);
	for (size_t i = 0; i < columns; i++)
		put_level(out, most > 0 ? column[i] / most : isnan(column[i]) ? NAN : 0, unicode);
	return columns;
}

void graph_histogram(FILE *out, const double *counts, size_t count, bool unicode)
{
	double most = greatest(counts, count);

	for (size_t i = 0; i < count; i++) {
		if (counts[i] > 0)
			put_level(out, counts[i] / most, unicode);
		else
			fputs(unicode ? "\u00b7" : " ", out);
	}
}

void graph_bar(FILE *out, double ratio, size_t columns, bool unicode, bool pad)
{
	static const char *const eighths[] = {
		"", "\u258f", "\u258e", "\u258d", "\u258c", "\u258b", "\u258a", "\u2589",
	};
	size_t parts, whole, used;

	if (!(ratio > 0))
		ratio = 0;
	if (ratio > 1)
		ratio = 1;
	parts = (size_t)(ratio * (double)columns * 8 + 0.5);
	if (!unicode)
		parts = (parts + 4) / 8 * 8;
	whole = parts / 8;
	used = whole + (parts % 8 ? 1 : 0);
	for (size_t i = 0; i < whole; i++)
		fputs(unicode ? "\u2588" : "#", out);
	fputs(eighths[parts % 8], out);
	for (size_t i = used; pad && i < columns; i++)
		putc(' ', out);
}

/* Whether another row of the same parent follows below. */
static bool has_sibling_below(const unsigned *depth, size_t count, size_t index, unsigned level)
{
	for (size_t i = index + 1; i < count && depth[i] >= level; i++)
		if (depth[i] == level)
			return true;
	return false;
}

size_t graph_branches(FILE *out, const unsigned *depth, size_t count, size_t index, bool unicode)
{
	for (unsigned level = 1; level <= depth[index]; level++) {
		bool goes_on = has_sibling_below(depth, count, index, level);

		if (level < depth[index])
			fputs(!goes_on ? "   " : unicode ? "\u2502  " : "|  ", out);
		else if (unicode)
			fputs(goes_on ? "\u251c\u2500 " : "\u2514\u2500 ", out);
		else
			fputs(goes_on ? "|- " : "`- ", out);
	}
	return 3 * (size_t)depth[index];
}
