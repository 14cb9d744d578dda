/*
 * The map of spans as a drawing: a square a cell, with its figures for the pointer that rests
 * on it. Of two snapshots three maps: each of them, and how the first became the second.
 */
#include <string.h>

#include "human.h"
#include "span_picture.h"
#include "text.h"

enum {
	COLUMNS = 64, CELL = 12, SQUARE = 11, MARGIN = 16, ADDRESS_WIDTH = 116, LINE = 18,
	LEVELS = 8, CHANGES = 4,
	WIDTH = 2 * MARGIN + ADDRESS_WIDTH + COLUMNS * CELL,
};

/* Empty to full is light to dark; on a dark ground the other way around. */
static const char style[] =
    "text{font:12px ui-monospace,monospace;fill:#333}.h{font-weight:bold;font-size:14px}"
    ".u0{fill:#e3eefa}.u1{fill:#c6dcf2}.u2{fill:#a3c6e8}.u3{fill:#7dadda}.u4{fill:#5892c9}"
    ".u5{fill:#3a76b3}.u6{fill:#235b98}.u7{fill:#0f3f78}"
    ".s{fill:#e69f00}.i{fill:#b8b8b8}.r{fill:#fff;stroke:#ccc}.e{fill:#eee}"
    ".p1{fill:#f6cfc0}.p2{fill:#ea9c83}.p3{fill:#d6604d}.p4{fill:#a3201f}"
    ".m1{fill:#c9e6df}.m2{fill:#8fcabd}.m3{fill:#46a08f}.m4{fill:#0c6b5c}.b{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.b{fill:#16181c}"
    ".u0{fill:#14304f}.u1{fill:#1b406a}.u2{fill:#235285}.u3{fill:#2f67a3}.u4{fill:#4580bd}"
    ".u5{fill:#669dd2}.u6{fill:#94bfe6}.u7{fill:#cfe5fa}"
    ".i{fill:#666}.r{fill:#16181c;stroke:#444}.e{fill:#2a2d33}"
    ".p1{fill:#4a2a24}.p2{fill:#84402f}.p3{fill:#c35b44}.p4{fill:#f58a70}"
    ".m1{fill:#1d3a35}.m2{fill:#24665a}.m3{fill:#36a18d}.m4{fill:#6ee0c9}}";

/* XML knows no control characters, not even escaped ones: they are shown as \x1b. */
static void print_text(FILE *out, const char *text)
{
	size_t size = strlen(text), bytes;
	uint32_t code_point;
	for (; size > 0; text += bytes, size -= bytes) {
		bytes = text_decode(text, size, &code_point);
		if (*text == '<')
			fputs("&lt;", out);
		else if (*text == '>') /* ]]> may not stand there */
			fputs("&gt;", out);
		else if (*text == '&')
			fputs("&amp;", out);
		else if (code_point == 0xfffe || code_point == 0xffff)
			fprintf(out, "\\u%04x", (unsigned)code_point);
		else
			text_print(out, text, bytes);
	}
}

static const char *level_class(const struct span_map_cell *cell)
{
	static const char *const levels[LEVELS] = {"u0", "u1", "u2", "u3", "u4", "u5", "u6", "u7"};
	if (cell->stack_pages > cell->inuse_pages && cell->stack_pages >= cell->idle_pages)
		return "s";
	if (cell->inuse_pages > 0) {
		int level = (int)(span_map_occupancy(cell) * LEVELS - 1e-9);
		return levels[level < 0 ? 0 : level >= LEVELS ? LEVELS - 1 : level];
	}
	return 2 * cell->released_bytes > (double)cell->idle_pages * SPAN_MAP_PAGE_BYTES ? "r" : "i";
}

static const char *change_class(const struct span_map *map, size_t n)
{
	static const char *const more[CHANGES] = {"p1", "p2", "p3", "p4"};
	static const char *const less[CHANGES] = {"m1", "m2", "m3", "m4"};
	double change = span_map_change(map, n);
	int level = (int)((change < 0 ? -change : change) * CHANGES);
	if (change == 0)
		return "e";
	return (change < 0 ? less : more)[level >= CHANGES ? CHANGES - 1 : level];
}

static void print_figures(FILE *out, const struct span_map_cell *cell)
{
	if (cell->inuse_pages)
		fprintf(out, ", in use %s (%s full)",
		        human_bytes((double)cell->inuse_pages * SPAN_MAP_PAGE_BYTES).text,
		        human_percent(span_map_occupancy(cell)).text);
	if (cell->stack_pages)
		fprintf(out, ", stacks %s",
		        human_bytes((double)cell->stack_pages * SPAN_MAP_PAGE_BYTES).text);
	if (cell->idle_pages)
		fprintf(out, ", idle %s of which %s released",
		        human_bytes((double)cell->idle_pages * SPAN_MAP_PAGE_BYTES).text,
		        human_bytes(cell->released_bytes).text);
}

/* A cell on a side; side 2: from A to B. */
static void print_cell(FILE *out, const struct span_map *map, unsigned side, size_t n, int y)
{
	const struct span_map_cell *cell = side < 2 ? &map->cell[side][n] : NULL;
	if (cell ? !cell->inuse_pages && !cell->stack_pages && !cell->idle_pages
	         : !span_map_is_heap(map, n))
		return;
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"%s\"><title>0x%llx",
	        MARGIN + ADDRESS_WIDTH + (int)(n % COLUMNS) * CELL, y, SQUARE, SQUARE,
	        cell ? level_class(cell) : change_class(map, n),
	        (unsigned long long)span_map_base(map, n));
	if (cell)
		print_figures(out, cell);
	else
		fprintf(out, ", objects %s to %s (%s)", human_bytes(map->cell[0][n].alloc_bytes).text,
		        human_bytes(map->cell[1][n].alloc_bytes).text,
		        human_bytes_signed(map->cell[1][n].alloc_bytes - map->cell[0][n].alloc_bytes).text);
	fputs("</title></rect>\n", out);
}

static bool has_line(const struct span_map *map, size_t first)
{
	for (size_t n = first; n < map->count && n < first + COLUMNS; n++)
		if (span_map_is_heap(map, n))
			return true;
	return false;
}

/* Lines of addresses that are not the heap's are left out; the next one's address tells. */
static int print_map(FILE *out, const struct span_map *map, unsigned side, int y)
{
	for (size_t first = 0; first < map->count; first += COLUMNS) {
		if (!has_line(map, first))
			continue;
		fprintf(out, "<text x=\"%d\" y=\"%d\">0x%012llx</text>\n", MARGIN, y + SQUARE - 1,
		        (unsigned long long)span_map_base(map, first));
		for (size_t n = first; n < map->count && n < first + COLUMNS; n++)
			print_cell(out, map, side, n, y);
		y += CELL;
	}
	return y + MARGIN;
}

static int map_height(const struct span_map *map)
{
	int height = LINE + MARGIN;
	for (size_t first = 0; first < map->count; first += COLUMNS)
		height += has_line(map, first) ? CELL : 0;
	return height;
}

static int print_key(FILE *out, const char *class, const char *text, int x, int y)
{
	fprintf(out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" class=\"%s\"/>", x, y, SQUARE,
	        SQUARE, class);
	if (*text)
		fprintf(out, "<text x=\"%d\" y=\"%d\">%s</text>\n", x + CELL + 4, y + SQUARE - 1, text);
	return x + CELL + (*text ? 4 + 8 * (int)strlen(text) : 0);
}

static void print_levels_key(FILE *out, const struct span_map *map, int y)
{
	int x = MARGIN;
	for (int level = 0; level < LEVELS; level++)
		x = print_key(out, (const char[]){'u', (char)('0' + level), '\0'},
		              level == LEVELS - 1 ? "in use, empty to full" : "", x, y);
	x = print_key(out, "s", "stacks", x, y);
	x = print_key(out, "i", "idle, kept", x, y);
	x = print_key(out, "r", "released", x, y);
	fprintf(out, "<text x=\"%d\" y=\"%d\">a square: %s</text>\n", x + 8, y + SQUARE - 1,
	        human_bytes((double)span_map_cell_bytes(map)).text);
}

static void print_changes_key(FILE *out, int y)
{
	int x = MARGIN;
	for (int level = CHANGES; level > 0; level--)
		x = print_key(out, (const char[]){'m', (char)('0' + level), '\0'}, "", x, y);
	x = print_key(out, "e", "", x, y);
	for (int level = 1; level <= CHANGES; level++)
		x = print_key(out, (const char[]){'p', (char)('0' + level), '\0'},
		              level == CHANGES ? "bytes in objects, from less over the same to more, in quarters"
		                                 " of a square" : "", x, y);
}

void span_picture_svg(FILE *out, const struct span_map *map, char *const title[SPAN_MAP_SIDES])
{
	static const char *const names[] = {"A: ", "B: "};
	unsigned maps = map->sides == 2 ? 3 : 1;
	int height = 2 * MARGIN + (int)maps * map_height(map) + (int)map->sides * LINE, y = MARGIN;
	fprintf(out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\""
	        " height=\"%d\" role=\"img\">\n<title>Spans of the heap</title>\n<style>%s</style>\n"
	        "<rect class=\"b\" width=\"%d\" height=\"%d\"/>\n",
	        WIDTH, height, WIDTH, height, style, WIDTH, height);
	for (unsigned side = 0; side < maps; side++) {
		fprintf(out, "<text class=\"h\" x=\"%d\" y=\"%d\">", MARGIN, y + SQUARE);
		if (maps == 3)
			fputs(side < 2 ? names[side] : "From A to B", out);
		if (side < 2)
			print_text(out, title[side]);
		fprintf(out, "%s</text>\n", map->count ? "" : ": no span was recorded");
		y = print_map(out, map, side, y + LINE);
	}
	if (map->count > 0) {
		print_levels_key(out, map, y);
		if (maps == 3)
			print_changes_key(out, y + LINE);
	}
	fputs("</svg>\n", out);
}
