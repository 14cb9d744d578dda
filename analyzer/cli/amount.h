/*
 * amount - a number as people write it: 0.3, 10%, 512MiB, 1.5GB, 5ms.
 */
#ifndef AMOUNT_H
#define AMOUNT_H

#include <stdbool.h>

enum amount_unit { AMOUNT_PLAIN, AMOUNT_BYTES, AMOUNT_NS, AMOUNT_SHARE };

struct amount {
	double value; /* in bytes, nanoseconds, or 0.1 for 10% */
	enum amount_unit unit;
};

/* What may stand behind a number, for messages. */
extern const char amount_units[];

/* The whole text is one finite number, with a unit or without; false otherwise. */
bool amount_parse(const char *text, struct amount *amount);

#endif
