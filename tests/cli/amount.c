#include <criterion/criterion.h>

#include "amount.h"

static void is_amount(const char *text, double value, enum amount_unit unit)
{
	struct amount amount = {0};
	cr_expect(amount_parse(text, &amount), "%s", text);
	cr_expect_float_eq(amount.value, value, 1e-9, "%s: %g", text, amount.value);
	cr_expect_eq(amount.unit, unit, "%s", text);
}

Test(amount, numbers_are_plain_or_have_a_unit)
{
	is_amount("0.3", 0.3, AMOUNT_PLAIN);
	is_amount("1e9", 1e9, AMOUNT_PLAIN);
	is_amount("-5", -5, AMOUNT_PLAIN);
	is_amount("10%", 0.1, AMOUNT_SHARE);
	is_amount("-10 %", -0.1, AMOUNT_SHARE);
	is_amount("64KiB", 65536, AMOUNT_BYTES);
	is_amount("1.5 MB", 1.5e6, AMOUNT_BYTES);
	is_amount("2TiB", 2199023255552.0, AMOUNT_BYTES);
	is_amount("0B", 0, AMOUNT_BYTES);
	is_amount("5ms", 5e6, AMOUNT_NS);
	is_amount("0.5us", 500, AMOUNT_NS);
	is_amount("1s", 1e9, AMOUNT_NS);
}

Test(amount, what_is_no_finite_number_with_a_known_unit_is_refused)
{
	static const char *const wrong[] = {"",      " ",     "%",    "MiB",   " 1",   "1 ",      "1e999",
	                                    "nan",   "inf",   "1%%",  "1mib",  "1m",   "1 parsec", "1,5",
	                                    "1 MiB 2", "--1", "1e308TiB", "1\xc2\xb5s"};
	struct amount amount;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		cr_expect_not(amount_parse(wrong[i], &amount), "'%s'", wrong[i]);
}
