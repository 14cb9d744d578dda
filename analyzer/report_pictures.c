#include "report_pictures.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "report_query.h"
#include "thin.h"

enum { PAGE_BYTES = 8192, POINTS_LEAST = 64, COLUMNS_MAX = 160, COLUMNS_LEAST = 16 };

static int out_of_memory(struct report_query *query)
{
	query->error = sqlite3_mprintf("out of memory");
	return -1;
}

/* ---- Levels ------------------------------------------------------------- */

static int choose_levels(const struct report_facts *facts, size_t points,
			 struct picture_levels *levels)
{
	const struct report_trend *level = facts->trends.level;
	const double *series[] = {
		level[REPORT_HEAP_INUSE].value,
		level[REPORT_FRAGMENTATION_RATIO].value,
		level[REPORT_RETAINED].value,
		level[REPORT_RESIDENT].value,
		level[REPORT_MARKED].value,
	};

	levels->row = calloc(points, sizeof(*levels->row));
	for (int i = 0; i < PICTURE_LEVELS; i++)
		levels->value[i] = calloc(points, sizeof(*levels->value[i]));
	if (!levels->row || !levels->value[0] || !levels->value[1] || !levels->value[2])
		return -1;
	levels->count = thin_rows(levels->row, points, series, sizeof(series) / sizeof(series[0]),
				  facts->trends.count);
	return 0;
}

/* Snapshots for the columns: evenly spaced, the first and the last among them. */
static int choose_columns(const struct report_facts *facts, size_t points,
			  struct picture_classes *classes)
{
	size_t snapshots = facts->trends.count;
	size_t columns = points / 16;

	columns = columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
	columns = columns < COLUMNS_LEAST ? COLUMNS_LEAST : columns;
	columns = columns < snapshots ? columns : snapshots;
	classes->row = calloc(columns + 1, sizeof(*classes->row));
	classes->snapshot_id = calloc(columns + 1, sizeof(*classes->snapshot_id));
	classes->cell = calloc((columns + 1) * REPORT_CLASSES, sizeof(*classes->cell));
	if (!classes->row || !classes->snapshot_id || !classes->cell)
		return -1;
	for (size_t i = 0; i < columns; i++)
		classes->row[i] = columns > 1 ? i * (snapshots - 1) / (columns - 1) : 0;
	classes->count = columns;
	return 0;
}

/* One pass over the snapshots, whose rows are those of the trends. */
static int gather_levels(struct report_query *query, const struct report_facts *facts,
			 struct report_pictures *pictures)
{
	static const char sql[] =
		"SELECT s.id, m.heap_sys, m.heap_released, m.next_gc"
		" FROM snapshot AS s JOIN mstats AS m ON m.snapshot_id = s.id"
		" WHERE s.run_id = ?1 ORDER BY s.seq";
	struct picture_levels *levels = &pictures->levels;
	struct picture_classes *classes = &pictures->classes;
	size_t row = 0, point = 0, column = 0;

	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	for (; report_query_next(query); row++) {
		if (point < levels->count && levels->row[point] == row) {
			for (int i = 0; i < PICTURE_LEVELS; i++)
				levels->value[i][point] = report_query_double(query, 1 + i);
			point++;
		}
		if (column < classes->count && classes->row[column] == row)
			classes->snapshot_id[column++] = report_query_figure(query, 0).value;
	}
	return report_query_end(query);
}

/* ---- Pauses ------------------------------------------------------------- */

/* Where on the trends' axis: by its end, or by its cycle's begin where a trace has no other time. */
static double pause_at(const struct report_trends *trends, struct figure end_unix_ns,
		       struct figure start_mono_ns)
{
	const struct report_moment *origin = &trends->moment[trends->origin];

	if (trends->count == 0)
		return NAN;
	if (end_unix_ns.known && origin->unix_ns.known)
		return ((double)end_unix_ns.value - (double)origin->unix_ns.value) / 1e9;
	if (start_mono_ns.known && !origin->unix_ns.known && origin->mono_ns.known)
		return ((double)start_mono_ns.value - (double)origin->mono_ns.value) / 1e9;
	return NAN;
}

static int gather_pauses(struct report_query *query, const struct report_facts *facts,
			 size_t points, struct picture_pauses *pauses)
{
	static const char sql[] =
		"SELECT p.pause_end_unix_ns, p.rolling_mean_ns, c.start_mono_ns"
		" FROM pause_trend AS p"
		" LEFT JOIN gc_cycle AS c ON c.run_id = p.run_id AND c.gc_num = p.gc_num"
		" WHERE p.run_id = ?1 ORDER BY p.gc_num";
	const double *const series[] = {facts->pauses.pause_ns};
	size_t row = 0, point = 0;

	pauses->row = calloc(points, sizeof(*pauses->row));
	pauses->at = calloc(points, sizeof(*pauses->at));
	pauses->rolling_mean_ns = calloc(points, sizeof(*pauses->rolling_mean_ns));
	if (!pauses->row || !pauses->at || !pauses->rolling_mean_ns)
		return out_of_memory(query);
	pauses->count = thin_rows(pauses->row, points, series, 1, facts->pauses.count);
	if (report_query_begin(query, sql, facts->run.id) != 0)
		return -1;
	for (; point < pauses->count && report_query_next(query); row++) {
		if (pauses->row[point] != row)
			continue;
		pauses->at[point] = pause_at(&facts->trends, report_query_figure(query, 0),
					     report_query_figure(query, 2));
		pauses->rolling_mean_ns[point] = report_query_double(query, 1);
		point++;
	}
	pauses->count = point;
	return report_query_end(query);
}

static int bin_of(double pause_ns)
{
	return (int)floor(log10(fmax(pause_ns, 1)) * PICTURE_BINS_A_DECADE);
}

/* From the one that has the least pause to the one that has the greatest. */
static void fill_bins(const struct report_facts *facts, struct report_pictures *pictures)
{
	const struct report_pauses *pauses = &facts->pauses;
	int first, last;

	if (pauses->n == 0 || !pauses->min_ns.known || !pauses->max_ns.known)
		return;
	first = bin_of((double)pauses->min_ns.value);
	last = bin_of((double)pauses->max_ns.value);
	pictures->bin_count = (size_t)(last - first) + 1;
	for (size_t i = 0; i < pictures->bin_count; i++)
		pictures->bin[i].least_ns = pow(10, (double)(first + (int)i) / PICTURE_BINS_A_DECADE);
	for (size_t row = 0; row < pauses->count; row++) {
		int bin;

		if (isnan(pauses->pause_ns[row]))
			continue;
		bin = bin_of(pauses->pause_ns[row]) - first;
		pictures->bin[bin < 0 ? 0 : bin < last - first ? bin : last - first].n++;
	}
}

/* ---- Size classes over time --------------------------------------------- */

static int gather_column(struct report_query *query, struct picture_classes *classes, size_t column)
{
	static const char sql[] =
		"SELECT class, size_bytes, span_bytes, occupancy_ratio FROM class_fragmentation"
		" WHERE snapshot_id = ?1";
	struct picture_occupancy *cells = &classes->cell[column * REPORT_CLASSES];

	if (report_query_begin(query, sql, classes->snapshot_id[column]) != 0)
		return -1;
	while (report_query_next(query)) {
		int64_t number = report_query_figure(query, 0).value;

		if (number < 0 || number >= REPORT_CLASSES)
			continue;
		classes->used[number] = true;
		classes->size_bytes[number] = report_query_figure(query, 1).value;
		cells[number].span_bytes = report_query_figure(query, 2).value;
		cells[number].ratio = report_query_double(query, 3);
	}
	return report_query_end(query);
}

static int gather_classes(struct report_query *query, struct picture_classes *classes)
{
	for (size_t i = 0; i < classes->count * REPORT_CLASSES; i++)
		classes->cell[i].ratio = NAN;
	for (size_t column = 0; column < classes->count; column++)
		if (gather_column(query, classes, column) != 0)
			return -1;
	return 0;
}

/* ---- The map ------------------------------------------------------------ */

/* Each cell takes in its neighbour, so that there is room for as many pages again. */
static void halve(struct picture_map *map)
{
	for (size_t i = 0; i < PICTURE_CELLS / 2; i++) {
		struct picture_cell left = map->cell[2 * i];
		const struct picture_cell *right = &map->cell[2 * i + 1];

		left.object_bytes += right->object_bytes;
		left.unused_bytes += right->unused_bytes;
		left.retained_bytes += right->retained_bytes;
		left.released_bytes += right->released_bytes;
		left.stack_bytes += right->stack_bytes;
		map->cell[i] = left;
	}
	memset(&map->cell[PICTURE_CELLS / 2], 0, sizeof(map->cell) / 2);
	map->cell_pages *= 2;
}

/* Lays a span of npages, of which each page holds what `page` says, behind the former ones. */
static void lay(struct picture_map *map, const struct picture_cell *page, int64_t npages)
{
	int64_t laid = 0;

	while (laid < npages) {
		int64_t index = map->pages / map->cell_pages;
		int64_t room = map->cell_pages - map->pages % map->cell_pages;
		int64_t now = npages - laid < room ? npages - laid : room;
		struct picture_cell *cell;

		if (index >= PICTURE_CELLS) {
			halve(map);
			continue;
		}
		cell = &map->cell[index];
		if (room == map->cell_pages)
			cell->base = page->base + laid * PAGE_BYTES;
		cell->object_bytes += (double)now * page->object_bytes;
		cell->unused_bytes += (double)now * page->unused_bytes;
		cell->retained_bytes += (double)now * page->retained_bytes;
		cell->released_bytes += (double)now * page->released_bytes;
		cell->stack_bytes += (double)now * page->stack_bytes;
		map->pages += now;
		laid += now;
	}
}

/* The columns of the query below. */
enum { BASE, NPAGES, STATE, OBJECT_BYTES, RELEASED_BYTES };

/* What a page has of a span's bytes, whatever the figures say. */
static double page_share(double span_bytes, double pages)
{
	return fmin(fmax(0, span_bytes / pages), PAGE_BYTES);
}

static struct picture_cell page_of(const struct report_query *query, int64_t npages)
{
	const char *state = (const char *)sqlite3_column_text(query->statement, STATE);
	double pages = (double)npages;
	struct picture_cell page = {.base = report_query_figure(query, BASE).value};

	if (state && strcmp(state, "stack") == 0) {
		page.stack_bytes = PAGE_BYTES;
	} else if (state && strcmp(state, "inuse") == 0) {
		page.object_bytes = page_share(report_query_double(query, OBJECT_BYTES), pages);
		page.unused_bytes = PAGE_BYTES - page.object_bytes;
	} else {
		page.released_bytes = page_share(report_query_double(query, RELEASED_BYTES), pages);
		page.retained_bytes = PAGE_BYTES - page.released_bytes;
	}
	return page;
}

static int gather_map(struct report_query *query, const struct report_facts *facts,
		      struct picture_map *map)
{
	/* As doubles, which do not overflow whatever the figures are. */
	static const char sql[] =
		"SELECT base, npages, state, 1.0 * alloc_count * elem_bytes, released_bytes"
		" FROM span WHERE snapshot_id = ?1 ORDER BY base";
	/* Beyond any address space, and far from what a sum of them could overflow. */
	const int64_t pages_max = INT64_C(1) << 49;
	int64_t end = 0;

	map->known = facts->spans.known;
	map->cell_pages = 1;
	if (!map->known)
		return 0;
	if (report_query_begin(query, sql, facts->last.id) != 0)
		return -1;
	while (report_query_next(query)) {
		int64_t npages = report_query_figure(query, NPAGES).value;
		struct picture_cell page;

		if (npages <= 0 || npages > pages_max - map->pages)
			continue;
		page = page_of(query, npages);
		if (page.base < 0 || page.base > INT64_MAX - npages * PAGE_BYTES)
			continue;
		map->gaps += map->pages > 0 && page.base != end;
		end = page.base + npages * PAGE_BYTES;
		lay(map, &page, npages);
	}
	map->count = (size_t)((map->pages + map->cell_pages - 1) / map->cell_pages);
	return report_query_end(query);
}

/* ------------------------------------------------------------------------- */

int report_pictures_gather(sqlite3 *db, const struct report_facts *facts, size_t points,
			   struct report_pictures *pictures, char **error)
{
	struct report_query query = {.db = db};

	memset(pictures, 0, sizeof(*pictures));
	points = points > POINTS_LEAST ? points : POINTS_LEAST;
	if (choose_levels(facts, points, &pictures->levels) != 0 ||
	    choose_columns(facts, points, &pictures->classes) != 0) {
		*error = sqlite3_mprintf("out of memory");
		return -1;
	}
	if (gather_levels(&query, facts, pictures) != 0 ||
	    gather_pauses(&query, facts, points, &pictures->pauses) != 0 ||
	    gather_classes(&query, &pictures->classes) != 0 ||
	    gather_map(&query, facts, &pictures->map) != 0) {
		sqlite3_finalize(query.statement);
		*error = query.error;
		return -1;
	}
	fill_bins(facts, pictures);
	return 0;
}

void report_pictures_free(struct report_pictures *pictures)
{
	free(pictures->levels.row);
	for (int i = 0; i < PICTURE_LEVELS; i++)
		free(pictures->levels.value[i]);
	free(pictures->pauses.row);
	free(pictures->pauses.at);
	free(pictures->pauses.rolling_mean_ns);
	free(pictures->classes.row);
	free(pictures->classes.snapshot_id);
	free(pictures->classes.cell);
}
