/*
 * report_pictures - what only a page with charts shows of a run: levels and pauses over
 * time, occupancy by size class over time, the map of the spans.
 *
 * Bounded, whatever the recording's length: at most `points` rows of each kind, chosen by
 * thin.h, each of them as it was recorded; PICTURE_CELLS cells of the map. How many rows
 * there were stands in report_facts.
 */
#ifndef REPORT_PICTURES_H
#define REPORT_PICTURES_H

#include "report_facts.h"

/* Bins for every length that 63 bits of nanoseconds have. */
enum { PICTURE_CELLS = 2048, PICTURE_BINS_A_DECADE = 6, PICTURE_BINS = 19 * PICTURE_BINS_A_DECADE };

/* Levels that the facts do not have, of the snapshots drawn. NaN where unknown. */
enum picture_level {
	PICTURE_HEAP_SYS,
	PICTURE_HEAP_RELEASED,
	PICTURE_GOAL,
	PICTURE_LEVELS,
};

struct picture_levels {
	size_t count;
	size_t *row; /* in the facts' trends, rising */
	double *value[PICTURE_LEVELS];
};

struct picture_pauses {
	size_t count;
	size_t *row; /* in the facts' pauses, rising */
	double *at;  /* seconds since the first snapshot, NaN where unknown */
	double *rolling_mean_ns;
};

/* Pauses from least_ns (included) up to the least of the next bin. All pauses, none thinned. */
struct picture_bin {
	double least_ns;
	int64_t n;
};

/* In-use spans of one class in one snapshot. */
struct picture_occupancy {
	int64_t span_bytes;
	double ratio; /* NaN: no span of the class had a slot */
};

/* A column a snapshot, a row a size class. */
struct picture_classes {
	size_t count;
	size_t *row;          /* in the facts' trends, rising */
	int64_t *snapshot_id; /* beside it */
	bool used[REPORT_CLASSES];
	int64_t size_bytes[REPORT_CLASSES]; /* of an object; 0 where unknown */
	struct picture_occupancy *cell;     /* [column * REPORT_CLASSES + class] */
};

/*
 * Equal shares of the pages of all spans, in the order of their addresses; addresses
 * between spans take no room. In a span objects and released pages count as spread evenly:
 * where in it they lie is not recorded.
 */
struct picture_cell {
	int64_t base; /* where its first page lies */
	double object_bytes, unused_bytes, retained_bytes, released_bytes, stack_bytes;
};

struct picture_map {
	bool known;
	int64_t cell_pages; /* a power of two */
	int64_t pages;      /* of all spans */
	int64_t gaps;       /* places where the next span does not begin where one ends */
	size_t count;
	struct picture_cell cell[PICTURE_CELLS];
};

struct report_pictures {
	struct picture_levels levels;
	struct picture_pauses pauses;
	struct picture_bin bin[PICTURE_BINS];
	size_t bin_count;
	struct picture_classes classes;
	struct picture_map map;
};

/*
 * Fills *pictures for the facts' run. 0, or -1 with *error (sqlite3_free). In both cases to be
 * given back with report_pictures_free.
 */
int report_pictures_gather(sqlite3 *db, const struct report_facts *facts, size_t points,
			   struct report_pictures *pictures, char **error);
void report_pictures_free(struct report_pictures *pictures);

#endif
