/*
 * span_map - the addresses of a heap cut into cells of one size, for one snapshot or for two.
 *
 * Cells lie between the first and the last page of any span of either snapshot, so that a
 * cell of one is the same addresses as the cell of the other. A span that lies in several
 * cells counts in each by the pages that it has there:
 * inuse_pages + stack_pages + idle_pages <= cell_pages, less where addresses are not the heap's.
 */
#ifndef SPAN_MAP_H
#define SPAN_MAP_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SPAN_MAP_PAGE_BYTES = 8192, SPAN_MAP_SIDES = 2 };

struct span_map_cell {
	uint64_t inuse_pages, stack_pages, idle_pages;
	double alloc_bytes, released_bytes;
};

struct span_map_snapshot {
	sqlite3 *db;
	int64_t id;
};

struct span_map {
	uint64_t first_page, cell_pages;
	size_t count;                               /* of cells; 0: no snapshot has a span */
	unsigned sides;                             /* 1, or 2: from A to B */
	struct span_map_cell *cell[SPAN_MAP_SIDES]; /* count each */
};

/*
 * The map of one or two snapshots, in at most `cells` cells (at least 1), to be given back
 * with span_map_free. SQLITE_OK, or what failed; *failed is then the database that can tell.
 */
int span_map_make(struct span_map *map, const struct span_map_snapshot *snapshots, unsigned sides,
                  size_t cells, sqlite3 **failed);
void span_map_free(struct span_map *map);

/* The address of a cell, and the bytes of each. */
uint64_t span_map_base(const struct span_map *map, size_t n);
uint64_t span_map_cell_bytes(const struct span_map *map);

/* Whether the cell has any page of the heap, on any side. */
bool span_map_is_heap(const struct span_map *map, size_t n);

/* Bytes in objects per byte in use; -1 where nothing is in use. */
double span_map_occupancy(const struct span_map_cell *cell);

/* How a cell went from A to B, by the share of it that objects fill; an eighth counts. */
enum span_map_move {
	SPAN_MAP_ALIKE,     /* in use on both sides */
	SPAN_MAP_FULLER,
	SPAN_MAP_EMPTIER,
	SPAN_MAP_INTO_USE,  /* no span was in use there */
	SPAN_MAP_OUT_OF_USE,
	SPAN_MAP_UNUSED,    /* on both sides: idle, stacks, or not the heap's */
	SPAN_MAP_MOVES,
};
enum span_map_move span_map_move(const struct span_map *map, size_t n);

/* Bytes in objects of B less those of A, as a share of the cell: -1 to 1. */
double span_map_change(const struct span_map *map, size_t n);

#endif
