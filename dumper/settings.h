/*
 * settings.h - what MEMSPAN_DUMP and its sisters say. Read once, when the library is
 * loaded; a bad value is one line on stderr and the default; a setuid program has none.
 */
#ifndef DUMP_SETTINGS_H
#define DUMP_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum { DUMP_PATH_BYTES_MAX = 4096 };

/* When what is written is brought to the disk, for the sake of a loss of power. */
enum dump_sync {
	DUMP_SYNC_NONE,     /* when the kernel sees fit */
	DUMP_SYNC_SEGMENT,  /* each finished segment; the run's last one always */
	DUMP_SYNC_SNAPSHOT, /* each write */
};

struct dump_settings {
	bool is_on;
	bool has_spans;                 /* MEMSPAN_DUMP_SPANS=all */
	enum dump_sync sync;
	int level;                      /* of zstd, 1 to 19 */
	int signal;                     /* 0: none */
	uint32_t every_cycles;
	uint64_t interval_ns;           /* 0: off */
	uint64_t bytes_max;             /* of this run */
	uint64_t owner_pid;             /* only this process has the file's plain name; 0: any */
	char folder[DUMP_PATH_BYTES_MAX];  /* the folder at start, taken as it is; may be empty */
	char pattern[DUMP_PATH_BYTES_MAX]; /* below folder, or absolute; %p %e %h %% */
};

void dump_settings_read(struct dump_settings *settings);

/* The parts, for tests: false and *value untouched when the text is bad. */
bool dump_parse_every(const char *text, uint32_t *cycles);
bool dump_parse_interval(const char *text, uint64_t *ns); /* 2s, 1m30s, 500ms, 1.5h */
bool dump_parse_signal(const char *text, int *number);    /* USR2, SIGUSR2, 12 */
bool dump_parse_level(const char *text, int *level);
bool dump_parse_bytes(const char *text, uint64_t *bytes); /* 64KiB to 2^62, B KiB MiB GiB TiB */
bool dump_parse_spans(const char *text, bool *has_spans);
bool dump_parse_sync(const char *text, enum dump_sync *sync); /* none, segment, snapshot */

#endif
