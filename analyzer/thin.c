#include "thin.h"

#include <assert.h>
#include <math.h>
#include <stdint.h>

enum { SERIES_MAX = 8, KEPT_MAX = 2 * SERIES_MAX + 2 };

/* Inserts the row into the sorted ones, once. */
static void keep(size_t *kept, size_t *count, size_t row)
{
	size_t at = *count;

	while (at > 0 && kept[at - 1] > row)
		at--;
	if (at > 0 && kept[at - 1] == row)
		return;
	for (size_t i = *count; i > at; i--)
		kept[i] = kept[i - 1];
	kept[at] = row;
	(*count)++;
}

static void keep_extremes(size_t *kept, size_t *count, const double *values, size_t begin,
			  size_t end)
{
	size_t least = end, most = end;

	for (size_t row = begin; row < end; row++) {
		if (isnan(values[row]))
			continue;
		if (least == end || values[row] < values[least])
			least = row;
		if (most == end || values[row] > values[most])
			most = row;
	}
	if (least == end)
		return;
	keep(kept, count, least);
	keep(kept, count, most);
}

size_t thin_rows(size_t *rows, size_t max, const double *const *series, size_t series_count,
		 size_t count)
{
	size_t shares, written = 0;

	assert(series_count <= SERIES_MAX && max >= 2 * series_count + 4);
	if (count <= max) {
		for (size_t row = 0; row < count; row++)
			rows[row] = row;
		return count;
	}
	/* One row less than there is room for: the last. */
	shares = (max - 1) / (2 * series_count + 2);
	for (size_t share = 0; share < shares; share++) {
		size_t begin = (size_t)((double)share / (double)shares * (double)count);
		size_t end = (size_t)((double)(share + 1) / (double)shares * (double)count);
		size_t kept[KEPT_MAX], kept_count = 0;

		keep(kept, &kept_count, begin);
		keep(kept, &kept_count, begin + (end - begin) / 2);
		for (size_t i = 0; i < series_count; i++)
			keep_extremes(kept, &kept_count, series[i], begin, end);
		for (size_t i = 0; i < kept_count; i++)
			rows[written++] = kept[i];
	}
	if (rows[written - 1] != count - 1)
		rows[written++] = count - 1;
	return written;
}
