/*
 * verb_spans.c - memanalyze spans: a map of the heap's addresses, of one snapshot or from one
 * to another. For people a cell of the map is a character or a square, for machines a row.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "exit.h"
#include "output.h"
#include "pair.h"
#include "render/span_picture.h"
#include "results.h"
#include "span_map.h"
#include "verbs.h"

enum { ROWS = 32, COLUMNS = 64, ADDRESS_COLUMNS = 16, SIDE_COLUMNS = 6 };

#define OF_A_SIDE(prefix)                                                              \
	prefix "inuse_bytes," prefix "alloc_bytes," prefix "stack_bytes," prefix           \
	       "idle_bytes," prefix "released_bytes," prefix "occupancy_ratio"

static int bind_side(struct results *results, int at, const struct span_map_cell *cell)
{
	const double bytes[] = {(double)cell->inuse_pages * SPAN_MAP_PAGE_BYTES,
	                        round(cell->alloc_bytes),
	                        (double)cell->stack_pages * SPAN_MAP_PAGE_BYTES,
	                        (double)cell->idle_pages * SPAN_MAP_PAGE_BYTES,
	                        round(cell->released_bytes)};
	for (size_t i = 0; i < sizeof bytes / sizeof bytes[0]; i++)
		results_bind_number(results, at++, bytes[i]);
	if (cell->inuse_pages > 0)
		sqlite3_bind_double(results->insert, at, span_map_occupancy(cell));
	return at + 1;
}

static int print_rows(FILE *out, const struct span_map *map, const struct options *options,
                      const struct render_options *look)
{
	struct results results;
	int status = EXIT_INPUT;
	if (!results_begin(&results, map->sides == 1
	                                 ? "base,bytes," OF_A_SIDE("")
	                                 : "base,bytes," OF_A_SIDE("a_") "," OF_A_SIDE("b_")
	                                   ",alloc_change_bytes"))
		goto end;
	for (size_t n = 0; n < map->count; n++) {
		if (!span_map_is_heap(map, n))
			continue;
		sqlite3_bind_int64(results.insert, 1, (sqlite3_int64)span_map_base(map, n));
		results_bind_number(&results, 2, (double)span_map_cell_bytes(map));
		int at = 3;
		for (unsigned side = 0; side < map->sides; side++)
			at = bind_side(&results, at, &map->cell[side][n]);
		if (map->sides == 2)
			results_bind_number(&results, at, round(map->cell[1][n].alloc_bytes) -
			                                      round(map->cell[0][n].alloc_bytes));
		results_add(&results);
	}
	status = results_render(&results, options, look, out);
end:
	results_end(&results);
	return status;
}

/* What a snapshot is called: its program, cycle and number. To be freed. */
static char *title_of(sqlite3 *db, int64_t snapshot_id)
{
	char *title = NULL;
	sqlite3_stmt *find;
	if (sqlite3_prepare_v2(db, "SELECT coalesce(r.exe || ', ', '') || coalesce('gc ' || s.gc_num ||"
	                           " ', ', '') || 'snapshot ' || s.seq FROM snapshot AS s"
	                           " JOIN run AS r ON r.id = s.run_id WHERE s.id = ?1",
	                       -1, &find, NULL) == SQLITE_OK) {
		sqlite3_bind_int64(find, 1, snapshot_id);
		if (sqlite3_step(find) == SQLITE_ROW && sqlite3_column_text(find, 0))
			title = strdup((const char *)sqlite3_column_text(find, 0));
	}
	sqlite3_finalize(find);
	return title ? title : strdup("snapshot");
}

static int draw(const struct pair *pair, const struct span_map *map, const struct options *options,
                unsigned columns, FILE *out)
{
	struct render_options look = output_look(options, out);
	int status = pair_status(pair, options->strict);
	char *title[PAIR_SIDES] = {title_of(pair->db[0], pair->snapshot_id[0]),
	                           title_of(pair->db[1], pair->snapshot_id[1])};
	if (!title[0] || !title[1])
		status = complain(EXIT_INPUT, "out of memory");
	else if (options->format == RENDER_TABLE)
		span_picture_text(out, map, title, columns, &look);
	else if (options->format == RENDER_SVG)
		span_picture_svg(out, map, title);
	else if (print_rows(out, map, options, &look) != EXIT_FINE)
		status = EXIT_INPUT;
	free(title[0]);
	free(title[1]);
	return status;
}

static int print(const struct pair *pair, const struct options *options, FILE *out)
{
	const struct span_map_snapshot snapshots[] = {{pair->db[0], pair->snapshot_id[0]},
	                                              {pair->db[1], pair->snapshot_id[1]}};
	struct span_map map;
	struct render_options look = output_look(options, out);
	sqlite3 *failed = NULL;
	unsigned columns = COLUMNS;
	if (options->format == RENDER_TABLE && look.width > ADDRESS_COLUMNS + 8 &&
	    look.width < ADDRESS_COLUMNS + COLUMNS)
		columns = look.width - ADDRESS_COLUMNS;
	int result = span_map_make(&map, snapshots, options->word_count == 1 ? 1 : 2,
	                           (size_t)columns * ROWS, &failed);
	int status = result == SQLITE_OK ? draw(pair, &map, options, columns, out)
	             : result == SQLITE_NOMEM
	                 ? complain(EXIT_INPUT, "spans: out of memory")
	                 : complain(EXIT_INPUT, "spans: %s", sqlite3_errmsg(failed));
	span_map_free(&map);
	return status;
}

int verb_spans(const struct options *options)
{
	struct pair pair;
	if (options->word_count < 1 || options->word_count > 2)
		return complain(EXIT_USAGE, "spans needs one FILE or two; see 'memanalyze spans --help'");
	int status = pair_open(&pair, options->words, options->word_count, false);
	FILE *out = status == EXIT_FINE ? output_open(options) : NULL;
	if (status == EXIT_FINE && !out)
		status = EXIT_USAGE;
	if (out)
		status = output_close(out, options, print(&pair, options, out));
	pair_close(&pair);
	return status;
}
