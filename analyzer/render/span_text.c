/* The map of spans for a terminal: a character a cell. */
#include <string.h>

#include "human.h"
#include "span_picture.h"
#include "text.h"

enum { LEVELS = 8 };

/* What fills most of the cell; of spans in use how much of them is allocated, in eighths. */
static const char *level_mark(const struct span_map_cell *cell, bool unicode)
{
	static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
	static const char *const plain[] = {"1", "2", "3", "4", "5", "6", "7", "8"};
	if (cell->stack_pages > cell->inuse_pages && cell->stack_pages >= cell->idle_pages)
		return unicode ? "▒" : "S";
	if (cell->inuse_pages > 0) {
		int level = (int)(span_map_occupancy(cell) * LEVELS - 1e-9);
		return (unicode ? levels : plain)[level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level];
	}
	if (cell->idle_pages == 0)
		return " ";
	return 2 * cell->released_bytes > (double)cell->idle_pages * SPAN_MAP_PAGE_BYTES
	           ? (unicode ? "·" : ".")
	           : (unicode ? "○" : "o");
}

static const char *move_mark(const struct span_map *map, size_t n, bool unicode)
{
	static const char *const marks[SPAN_MAP_MOVES] = {"=", "▲", "▼", "+", "-", "·"};
	static const char *const plain[SPAN_MAP_MOVES] = {"=", "^", "v", "+", "-", "."};
	return span_map_is_heap(map, n) ? (unicode ? marks : plain)[span_map_move(map, n)] : " ";
}

/* Whether a line of the map, from its first cell on, has anything in it. */
static bool is_line(const struct span_map *map, size_t first, unsigned columns)
{
	for (size_t n = first; n < map->count && n < first + columns; n++)
		if (span_map_is_heap(map, n))
			return true;
	return false;
}

static void print_lines(FILE *out, const struct span_map *map, unsigned columns, bool unicode)
{
	for (size_t first = 0; first < map->count; first += columns) {
		if (!is_line(map, first, columns))
			continue; /* the next line's address tells */
		fprintf(out, "0x%012llx  ", (unsigned long long)span_map_base(map, first));
		for (size_t n = first; n < map->count && n < first + columns; n++)
			fputs(map->sides == 1 ? level_mark(&map->cell[0][n], unicode)
			                      : move_mark(map, n, unicode),
			      out);
		fputc('\n', out);
	}
}

static double object_bytes(const struct span_map *map, unsigned side)
{
	double sum = 0;
	for (size_t n = 0; n < map->count; n++)
		sum += map->cell[side][n].alloc_bytes;
	return sum;
}

static void print_moves(FILE *out, const struct span_map *map, char *const title[SPAN_MAP_SIDES],
                        bool unicode)
{
	size_t moves[SPAN_MAP_MOVES] = {0};
	for (size_t n = 0; n < map->count; n++)
		moves[span_map_move(map, n)]++;
	fputs(unicode ? "▲ objects fill an eighth of it more, ▼ an eighth less; = about as much;\n"
	                "+ came into use; - went out of use; · in use on neither side.\n\n"
	              : "^ objects fill an eighth of it more, v an eighth less; = about as much;\n"
	                "+ came into use; - went out of use; . in use on neither side.\n\n",
	      out);
	fputs("From ", out);
	text_print(out, title[0], strlen(title[0]));
	fputs(" to ", out);
	text_print(out, title[1], strlen(title[1]));
	double was = object_bytes(map, 0), is = object_bytes(map, 1);
	fprintf(out,
	        ":\nobjects %s to %s (%s); %zu fuller, %zu emptier, %zu alike, %zu into use,"
	        " %zu out of use.\n",
	        human_bytes(was).text, human_bytes(is).text, human_bytes_signed(is - was).text,
	        moves[SPAN_MAP_FULLER], moves[SPAN_MAP_EMPTIER], moves[SPAN_MAP_ALIKE],
	        moves[SPAN_MAP_INTO_USE], moves[SPAN_MAP_OUT_OF_USE]);
}

void span_picture_text(FILE *out, const struct span_map *map, char *const title[SPAN_MAP_SIDES],
                       unsigned columns, const struct render_options *look)
{
	if (map->count == 0) {
		fputs("No span was recorded.\n", out);
		return;
	}
	print_lines(out, map, columns, look->unicode);
	fprintf(out, "\nA character is %llu KiB: ",
	        (unsigned long long)span_map_cell_bytes(map) / 1024);
	if (map->sides == 2)
		print_moves(out, map, title, look->unicode);
	else
		fputs(look->unicode
		          ? "▁ to █ spans in use, by the part of them that is allocated;\n"
		            "▒ stacks; ○ idle and kept; · idle and released.\n"
		          : "1 to 8 spans in use, by the eighths of them that are allocated;\n"
		            "S stacks; o idle and kept; . idle and released.\n",
		      out);
}
