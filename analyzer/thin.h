/*
 * thin - which rows of a long series to draw, so that it looks as the whole would.
 *
 * The rows are cut into shares of equal length. Of each share the rows with the least and
 * the greatest value of every series are kept, so that no spike is lost, and two at fixed
 * places, so that the usual is seen as well. Rows are chosen, never averaged.
 */
#ifndef THIN_H
#define THIN_H

#include <stddef.h>

/*
 * Writes the rows kept, rising, into rows (room for max) and returns how many: all of them
 * where they are not more than max. The first and the last are always kept. NaN is passed
 * over. max is at least 2 * series_count + 4.
 */
size_t thin_rows(size_t *rows, size_t max, const double *const *series, size_t series_count,
		 size_t count);

#endif
