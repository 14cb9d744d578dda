/*
 * graph - small drawings in one line of text: sparklines, bars, histograms, tree branches.
 *
 * Each has a Unicode form and an ASCII form of the same width in columns. A value that is
 * not known is NaN and drawn as a gap, never as zero.
 */
#ifndef RENDER_GRAPH_H
#define RENDER_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { GRAPH_COLUMNS_MAX = 240 };

/* count values over time: at[] rises. */
struct graph_series {
	const double *at;
	const double *value;
	size_t count;
};

/*
 * The series in at most `columns` columns of equal time, each as high as the greatest value
 * in its time; a column without one repeats the value before it, for a level holds until it
 * is seen to change. Drawn from zero, so that small noise stays small; fewer values than
 * columns are drawn one a column. Returns the columns drawn.
 */
size_t graph_sparkline(FILE *out, const struct graph_series *series, size_t columns, bool unicode);

/* The counts as columns, each above zero visible. */
void graph_histogram(FILE *out, const double *counts, size_t count, bool unicode);

/* A bar of ratio x columns, 0 to 1, in eighths of a column. Pads to `columns` when asked. */
void graph_bar(FILE *out, double ratio, size_t columns, bool unicode, bool pad);

/*
 * The branches left of row `index` of a tree whose rows stand in depth-first order with
 * the given depths (0: a root, no branch). Returns the columns drawn, three a depth.
 */
size_t graph_branches(FILE *out, const unsigned *depth, size_t count, size_t index, bool unicode);

#endif
