/* amount.c - see amount.h. */
#include "amount.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

const char amount_units[] = "%, B, KiB, MiB, GiB, TiB, KB, MB, GB, TB, ns, us, ms, s";

static const struct unit {
	const char *name;
	double factor;
	enum amount_unit unit;
} units[] = {
    {"", 1, AMOUNT_PLAIN},
    {"%", 1e-2, AMOUNT_SHARE},
    {"B", 1, AMOUNT_BYTES},
    {"KiB", 0x1p10, AMOUNT_BYTES},
    {"MiB", 0x1p20, AMOUNT_BYTES},
    {"GiB", 0x1p30, AMOUNT_BYTES},
    {"TiB", 0x1p40, AMOUNT_BYTES},
    {"KB", 1e3, AMOUNT_BYTES},
    {"MB", 1e6, AMOUNT_BYTES},
    {"GB", 1e9, AMOUNT_BYTES},
    {"TB", 1e12, AMOUNT_BYTES},
    {"ns", 1, AMOUNT_NS},
    {"us", 1e3, AMOUNT_NS},
    {"ms", 1e6, AMOUNT_NS},
    {"s", 1e9, AMOUNT_NS},
};

bool amount_parse(const char *text, struct amount *amount)
{
	char *end;
	double number = strtod(text, &end);
	if (end == text || text[strspn(text, " \t")] != text[0])
		return false;
	if (end[strspn(end, " ")]) /* a unit may stand apart */
		end += strspn(end, " ");
	for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
		if (strcmp(end, units[i].name) != 0)
			continue;
		amount->value = number * units[i].factor;
		amount->unit = units[i].unit;
		return isfinite(amount->value);
	}
	return false;
}
