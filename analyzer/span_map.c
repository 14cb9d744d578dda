/* span_map.c - see span_map.h. */
#include "span_map.h"

#include <stdlib.h>
#include <string.h>

enum column { BASE, PAGES, STATE, COUNT, ELEM, RELEASED };

static const char spans_query[] = "SELECT base, npages, state, alloc_count, elem_bytes,"
                                  " released_bytes FROM span WHERE snapshot_id = ?1";

static const uint64_t page_end = UINT64_MAX / SPAN_MAP_PAGE_BYTES + 1;
static const double move_least = 0.125;

/* The pages [first, end) of a row, inside the address space whatever the row says. */
static bool pages_of(sqlite3_stmt *span, uint64_t *first, uint64_t *end)
{
	int64_t pages = sqlite3_column_int64(span, PAGES);
	*first = (uint64_t)sqlite3_column_int64(span, BASE) / SPAN_MAP_PAGE_BYTES;
	if (pages <= 0)
		return false;
	*end = (uint64_t)pages > page_end - *first ? page_end : *first + (uint64_t)pages;
	return true;
}

/* Calls visit for each span of the snapshot. */
static int each_span(const struct span_map_snapshot *snapshot, struct span_map *map, unsigned side,
                     void (*visit)(struct span_map *map, unsigned side, sqlite3_stmt *span))
{
	sqlite3_stmt *span;
	int result = sqlite3_prepare_v2(snapshot->db, spans_query, -1, &span, NULL);
	if (result != SQLITE_OK)
		return result;
	sqlite3_bind_int64(span, 1, snapshot->id);
	while ((result = sqlite3_step(span)) == SQLITE_ROW)
		visit(map, side, span);
	sqlite3_finalize(span);
	return result == SQLITE_DONE ? SQLITE_OK : result;
}

/* Until the cells are made, cell_pages holds the end of all pages. */
static void widen(struct span_map *map, unsigned side, sqlite3_stmt *span)
{
	uint64_t first, end;
	(void)side;
	if (!pages_of(span, &first, &end))
		return;
	if (first < map->first_page)
		map->first_page = first;
	if (end > map->cell_pages)
		map->cell_pages = end;
}

/* A span holds no more than it has, whatever a recording says. */
static double share(double part, double bytes)
{
	return part <= 0 ? 0 : part >= bytes ? 1 : part / bytes;
}

static void add(struct span_map *map, unsigned side, sqlite3_stmt *span)
{
	uint64_t first, end;
	if (!pages_of(span, &first, &end))
		return;
	const char *state = (const char *)sqlite3_column_text(span, STATE);
	bool inuse = state && strcmp(state, "inuse") == 0, stack = state && strcmp(state, "stack") == 0;
	double bytes = (double)(end - first) * SPAN_MAP_PAGE_BYTES;
	double used = share((double)sqlite3_column_int64(span, COUNT) *
	                        (double)sqlite3_column_int64(span, ELEM),
	                    bytes);
	double gone = share((double)sqlite3_column_int64(span, RELEASED), bytes);
	for (uint64_t page = first; page < end;) {
		size_t n = (size_t)((page - map->first_page) / map->cell_pages);
		uint64_t cell_end = map->first_page + (n + 1) * map->cell_pages;
		uint64_t here = (cell_end < end ? cell_end : end) - page;
		struct span_map_cell *cell = &map->cell[side][n];
		*(inuse ? &cell->inuse_pages : stack ? &cell->stack_pages : &cell->idle_pages) += here;
		if (inuse)
			cell->alloc_bytes += used * (double)here * SPAN_MAP_PAGE_BYTES;
		cell->released_bytes += gone * (double)here * SPAN_MAP_PAGE_BYTES;
		page += here;
	}
}

static bool make_cells(struct span_map *map, size_t cells)
{
	uint64_t pages = map->cell_pages - map->first_page;
	map->cell_pages = (pages + cells - 1) / cells;
	map->count = (size_t)((pages + map->cell_pages - 1) / map->cell_pages);
	for (unsigned side = 0; side < map->sides; side++) {
		map->cell[side] = calloc(map->count, sizeof *map->cell[side]);
		if (!map->cell[side])
			return false;
	}
	return true;
}

int span_map_make(struct span_map *map, const struct span_map_snapshot *snapshots, unsigned sides,
                  size_t cells, sqlite3 **failed)
{
	int result = SQLITE_OK;
	memset(map, 0, sizeof *map);
	map->sides = sides;
	map->first_page = UINT64_MAX;
	for (unsigned side = 0; side < sides && result == SQLITE_OK; side++) {
		*failed = snapshots[side].db;
		result = each_span(&snapshots[side], map, side, widen);
	}
	if (result != SQLITE_OK || map->cell_pages == 0)
		return result;
	if (!make_cells(map, cells))
		return SQLITE_NOMEM;
	for (unsigned side = 0; side < sides && result == SQLITE_OK; side++) {
		*failed = snapshots[side].db;
		result = each_span(&snapshots[side], map, side, add);
	}
	return result;
}

void span_map_free(struct span_map *map)
{
	for (unsigned side = 0; side < SPAN_MAP_SIDES; side++)
		free(map->cell[side]);
	memset(map, 0, sizeof *map);
}

uint64_t span_map_base(const struct span_map *map, size_t n)
{
	return (map->first_page + n * map->cell_pages) * SPAN_MAP_PAGE_BYTES;
}

uint64_t span_map_cell_bytes(const struct span_map *map)
{
	return map->cell_pages * SPAN_MAP_PAGE_BYTES;
}

bool span_map_is_heap(const struct span_map *map, size_t n)
{
	for (unsigned side = 0; side < map->sides; side++) {
		const struct span_map_cell *cell = &map->cell[side][n];
		if (cell->inuse_pages || cell->stack_pages || cell->idle_pages)
			return true;
	}
	return false;
}

double span_map_occupancy(const struct span_map_cell *cell)
{
	if (cell->inuse_pages == 0)
		return -1;
	return cell->alloc_bytes / ((double)cell->inuse_pages * SPAN_MAP_PAGE_BYTES);
}

double span_map_change(const struct span_map *map, size_t n)
{
	return (map->cell[1][n].alloc_bytes - map->cell[0][n].alloc_bytes) /
	       (double)span_map_cell_bytes(map);
}

enum span_map_move span_map_move(const struct span_map *map, size_t n)
{
	bool was = map->cell[0][n].inuse_pages > 0, is = map->cell[1][n].inuse_pages > 0;
	if (!was || !is)
		return is ? SPAN_MAP_INTO_USE : was ? SPAN_MAP_OUT_OF_USE : SPAN_MAP_UNUSED;
	double change = span_map_change(map, n);
	return change >= move_least    ? SPAN_MAP_FULLER
	       : change <= -move_least ? SPAN_MAP_EMPTIER
	                               : SPAN_MAP_ALIKE;
}
