/* Which rows of a long series are drawn. */
#include <criterion/criterion.h>
#include <math.h>

#include "thin.h"

enum { COUNT = 10000, MAX = 100 };

static double usual[COUNT], other[COUNT];
static size_t rows[MAX];
static const double *const series[] = {usual, other};

static void fill(void)
{
	for (size_t i = 0; i < COUNT; i++) {
		usual[i] = (double)(i % 10);
		other[i] = NAN;
	}
}

static bool is_kept(size_t count, size_t row)
{
	for (size_t i = 0; i < count; i++)
		if (rows[i] == row)
			return true;
	return false;
}

Test(thin, a_short_series_is_kept_whole)
{
	fill();
	cr_assert_eq(thin_rows(rows, MAX, series, 2, MAX), MAX);
	for (size_t i = 0; i < MAX; i++)
		cr_expect_eq(rows[i], i);
	cr_expect_eq(thin_rows(rows, MAX, series, 2, 0), 0);
}

Test(thin, rows_rise_and_are_not_more_than_there_is_room_for)
{
	for (size_t count = MAX + 1; count < COUNT; count = count * 5 / 4 + 1) {
		size_t kept;

		fill();
		kept = thin_rows(rows, MAX, series, 2, count);
		cr_assert_leq(kept, MAX);
		cr_assert_geq(kept, MAX / 4);
		cr_expect_eq(rows[0], 0);
		cr_expect_eq(rows[kept - 1], count - 1);
		for (size_t i = 1; i < kept; i++)
			cr_assert_lt(rows[i - 1], rows[i]);
	}
}

Test(thin, extremes_of_every_series_are_kept)
{
	size_t kept;

	fill();
	usual[4321] = 1e9;
	usual[4322] = -1e9;
	other[8765] = 0.5;
	kept = thin_rows(rows, MAX, series, 2, COUNT);
	cr_expect(is_kept(kept, 4321));
	cr_expect(is_kept(kept, 4322));
	cr_expect(is_kept(kept, 8765));
}

Test(thin, the_least_room_is_enough)
{
	fill();
	cr_assert_leq(thin_rows(rows, 8, series, 2, COUNT), 8);
}
