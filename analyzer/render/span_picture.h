/*
 * span_picture - a map of spans as characters for a terminal and as a drawing.
 *
 * Each is one snapshot, or how a heap went from one to another. Titles come from recordings:
 * they are escaped here. The drawing is one SVG file without script, font or reference.
 */
#ifndef RENDER_SPAN_PICTURE_H
#define RENDER_SPAN_PICTURE_H

#include <stdio.h>

#include "render/table.h"
#include "span_map.h"

/* title: what each side is called, such as "server, gc 40". */
void span_picture_text(FILE *out, const struct span_map *map, char *const title[SPAN_MAP_SIDES],
                       unsigned columns, const struct render_options *look);
void span_picture_svg(FILE *out, const struct span_map *map, char *const title[SPAN_MAP_SIDES]);

#endif
