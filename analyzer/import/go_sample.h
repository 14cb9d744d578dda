/*
 * go_sample - one reading of Go's runtime.MemStats, from whatever text it stood in.
 *
 * The figures are kept in the recording's struct, so that they reach the tables the same
 * way. What the text did not say is GO_UNKNOWN (NaN where the field is a double), and
 * becomes NULL: never 0.
 */
#ifndef GO_SAMPLE_H
#define GO_SAMPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snapshot.h"

#define GO_UNKNOWN UINT64_MAX

enum { GO_RING = 256 }; /* entries of PauseNs and PauseEnd */

/* How the text looked. */
enum go_form { GO_FORM_MEMSTATS, GO_FORM_EXPVAR, GO_FORM_PROFILE, GO_FORM_TRACE, GO_FORMS };

struct go_sample {
	struct snapshot_mstats stats;
	enum go_form form;
	unsigned ill_fields;		   /* fields whose value is no figure of that kind */
	char exe[SNAPSHOT_TEXT_BYTES_MAX]; /* name of the program, where the text told; or "" */
};

/* What a field of MemStats is. */
enum go_field_kind {
	GO_FIELD_COUNT,
	GO_FIELD_FRACTION,
	GO_FIELD_SWITCH,
	GO_FIELD_RING,
	GO_FIELD_CLASSES
};

struct go_field {
	const char *name; /* Go's */
	enum go_field_kind kind;
	size_t offset; /* in struct snapshot_mstats */
};

/* The field of that name; NULL when MemStats has none. */
const struct go_field *go_field_find(const char *name, size_t bytes);

/* Everything unknown. */
void go_sample_init(struct go_sample *sample);

/*
 * Sets a field from the digits of its text; index is that of an array's entry, 0 otherwise.
 * What is no such figure leaves it unknown and is counted in ill_fields.
 */
void go_sample_set(struct go_sample *sample, const struct go_field *field, size_t index,
		   const char *text, size_t bytes);

/* The figure that stands there: 0 to 2^64-1, a fraction of zero allowed. GO_UNKNOWN for others. */
uint64_t go_parse_count(const char *text, size_t bytes);

/* Whether enough of MemStats is known to call it one: two of its figures on the heap. */
bool go_sample_is_memstats(const struct go_sample *sample);

/*
 * From the words of MemStats to those of mstats: StackSys contains StackInuse, stacks_sys
 * does not; and Go 1.4, the first with PauseEnd and the last without GCCPUFraction, has in
 * PauseEnd a clock that is not Unix time.
 */
void go_sample_finish(struct go_sample *sample);

#endif
