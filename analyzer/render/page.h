/*
 * page - the HTML of the report's page, embedded at build from analyzer/page (embed.cmake):
 * what stands before the runs, styles included, and what stands behind them: the scripts,
 * and the charting library where there was one at build.
 */
#ifndef RENDER_PAGE_H
#define RENDER_PAGE_H

extern const char page_begin[], page_end[];

#endif
