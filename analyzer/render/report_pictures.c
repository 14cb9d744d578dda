/*
 * The pictures of a run as JSON, in columns: a page may hold thousands of rows. Bytes and
 * nanoseconds are whole, ratios have four digits, seconds six.
 */
#include <math.h>

#include "report.h"

static void put_whole(struct json_writer *json, double value)
{
	if (isnan(value) || fabs(value) > 9e18)
		json_writer_null(json, NULL);
	else
		json_writer_integer(json, NULL, llround(value));
}

static void put_rounded(struct json_writer *json, double value, double scale)
{
	if (isnan(value))
		json_writer_null(json, NULL);
	else if (value == floor(value) && fabs(value) < 9e15)
		json_writer_integer(json, NULL, (int64_t)value);
	else
		json_writer_double(json, NULL, round(value * scale) / scale);
}

static void put_figure(struct json_writer *json, struct figure figure)
{
	if (figure.known)
		json_writer_integer(json, NULL, figure.value);
	else
		json_writer_null(json, NULL);
}

/* Which snapshots, and when. */
static void put_moments(struct json_writer *json, const struct report_trends *trends,
			const size_t *row, size_t count)
{
	json_writer_array(json, "seq");
	for (size_t i = 0; i < count; i++)
		json_writer_integer(json, NULL, trends->moment[row[i]].seq);
	json_writer_array_end(json);
	json_writer_array(json, "gc_num");
	for (size_t i = 0; i < count; i++)
		put_figure(json, trends->moment[row[i]].gc_num);
	json_writer_array_end(json);
	json_writer_array(json, "at_s");
	for (size_t i = 0; i < count; i++)
		put_rounded(json, trends->at[row[i]], 1e6);
	json_writer_array_end(json);
}

static void put_levels(struct json_writer *json, const struct report_page *page)
{
	static const enum report_level from_facts[] = {REPORT_HEAP_ALLOC, REPORT_HEAP_INUSE,
						       REPORT_RESIDENT, REPORT_MARKED};
	static const char *const keys[PICTURE_LEVELS] = {
		[PICTURE_HEAP_SYS] = "heap_sys_bytes",
		[PICTURE_HEAP_RELEASED] = "heap_released_bytes",
		[PICTURE_GOAL] = "goal_bytes",
	};
	const struct report_trends *trends = &page->facts->trends;
	const struct picture_levels *levels = &page->pictures->levels;

	json_writer_object(json, "levels");
	put_moments(json, trends, levels->row, levels->count);
	for (size_t k = 0; k < sizeof(from_facts) / sizeof(from_facts[0]); k++) {
		const struct report_trend *trend = &trends->level[from_facts[k]];

		json_writer_array(json, trend->key);
		for (size_t i = 0; i < levels->count; i++)
			put_whole(json, trend->value[levels->row[i]]);
		json_writer_array_end(json);
	}
	for (int k = 0; k < PICTURE_LEVELS; k++) {
		json_writer_array(json, keys[k]);
		for (size_t i = 0; i < levels->count; i++)
			put_whole(json, levels->value[k][i]);
		json_writer_array_end(json);
	}
	json_writer_object_end(json);
}

static void put_pauses(struct json_writer *json, const struct report_page *page)
{
	const struct report_pauses *all = &page->facts->pauses;
	const struct picture_pauses *pauses = &page->pictures->pauses;

	json_writer_object(json, "pauses");
	json_writer_array(json, "gc_num");
	for (size_t i = 0; i < pauses->count; i++)
		put_whole(json, all->gc_num[pauses->row[i]]);
	json_writer_array_end(json);
	json_writer_array(json, "at_s");
	for (size_t i = 0; i < pauses->count; i++)
		put_rounded(json, pauses->at[i], 1e6);
	json_writer_array_end(json);
	json_writer_array(json, "pause_ns");
	for (size_t i = 0; i < pauses->count; i++)
		put_whole(json, all->pause_ns[pauses->row[i]]);
	json_writer_array_end(json);
	json_writer_array(json, "rolling_mean_ns");
	for (size_t i = 0; i < pauses->count; i++)
		put_whole(json, pauses->rolling_mean_ns[i]);
	json_writer_array_end(json);
	json_writer_object_end(json);
}

static void put_bins(struct json_writer *json, const struct report_pictures *pictures)
{
	json_writer_object(json, "histogram");
	json_writer_array(json, "least_ns");
	for (size_t i = 0; i < pictures->bin_count; i++)
		put_rounded(json, pictures->bin[i].least_ns, 1e3);
	json_writer_array_end(json);
	json_writer_array(json, "n");
	for (size_t i = 0; i < pictures->bin_count; i++)
		json_writer_integer(json, NULL, pictures->bin[i].n);
	json_writer_array_end(json);
	json_writer_object_end(json);
}

/* A class: its size, and for each column its occupancy and bytes. */
static void put_class(struct json_writer *json, const struct picture_classes *classes,
		      size_t number)
{
	const struct picture_occupancy *cell = &classes->cell[number];

	json_writer_object(json, NULL);
	json_writer_integer(json, "class", (int64_t)number);
	json_writer_integer(json, "size_bytes", classes->size_bytes[number]);
	json_writer_array(json, "occupancy_ratio");
	for (size_t column = 0; column < classes->count; column++)
		put_rounded(json, cell[column * REPORT_CLASSES].ratio, 1e4);
	json_writer_array_end(json);
	json_writer_array(json, "span_bytes");
	for (size_t column = 0; column < classes->count; column++)
		json_writer_integer(json, NULL, cell[column * REPORT_CLASSES].span_bytes);
	json_writer_array_end(json);
	json_writer_object_end(json);
}

static void put_classes(struct json_writer *json, const struct report_page *page)
{
	const struct picture_classes *classes = &page->pictures->classes;

	json_writer_object(json, "classes");
	put_moments(json, &page->facts->trends, classes->row, classes->count);
	json_writer_array(json, "rows");
	for (size_t number = 0; number < REPORT_CLASSES; number++)
		if (classes->used[number])
			put_class(json, classes, number);
	json_writer_array_end(json);
	json_writer_object_end(json);
}

static void put_map(struct json_writer *json, const struct picture_map *map)
{
	if (!map->known) {
		json_writer_null(json, "map");
		return;
	}
	json_writer_object(json, "map");
	json_writer_integer(json, "cell_pages", map->cell_pages);
	json_writer_integer(json, "pages", map->pages);
	json_writer_integer(json, "gaps", map->gaps);
	json_writer_array(json, "cells");
	for (size_t i = 0; i < map->count; i++) {
		const struct picture_cell *cell = &map->cell[i];

		json_writer_array(json, NULL);
		json_writer_integer(json, NULL, cell->base);
		put_whole(json, cell->object_bytes);
		put_whole(json, cell->unused_bytes);
		put_whole(json, cell->retained_bytes);
		put_whole(json, cell->released_bytes);
		put_whole(json, cell->stack_bytes);
		json_writer_array_end(json);
	}
	json_writer_array_end(json);
	json_writer_object_end(json);
}

void report_print_pictures(const struct report_page *page, struct json_writer *json)
{
	json_writer_object(json, "pictures");
	json_writer_bool(json, "has_time", page->facts->trends.elapsed_ns.known);
	put_levels(json, page);
	put_pauses(json, page);
	put_bins(json, page->pictures);
	put_classes(json, page);
	put_map(json, &page->pictures->map);
	json_writer_object_end(json);
}
