/* verbs.c - see verbs.h. The texts here are what the man page says, in short. */
#include "verbs.h"

#include <stddef.h>

#define FILES                                                                                \
	"FILE is a recording, - for standard input, a database made by 'memanalyze load', a log\n" \
	"or file with what Go prints of its own memory (MemStats as JSON, expvar, a heap profile\n" \
	"as text, gctrace), or a folder of recordings and such files. FILE@SEQ, FILE@gc=N,\n"   \
	"FILE@first and FILE@last name one snapshot; without them it is the last of the last\n" \
	"run. FILE@run=N is the last of its Nth run, FILE@run=N,SEQ ... one of that run.\n"

#define FORMAT_OPTION "  --format FORMAT   table (default), json, ndjson, csv or markdown\n"
#define PAGE_FORMAT_OPTION \
	"  --format FORMAT   table (default), json, ndjson, csv, markdown or html\n"

#define MAP_FORMAT_OPTION \
	"  --format FORMAT   table (default), json, ndjson, csv, markdown or svg\n"

#define WRITE_OPTIONS                                                               \
	"  -o, --output OUT  write to a new file\n"                                   \
	"  --force           replace OUT if it exists\n"                              \
	"  --color WHEN      auto (default), always or never\n"
#define OUTPUT_OPTIONS FORMAT_OPTION WRITE_OPTIONS

const struct verb verbs[] = {
    {"report", verb_report, OPTION_FORMAT_PAGE | OPTIONS_PRINT,
     "what is wrong, where the memory is, how it went",
     "usage: memanalyze report [OPTIONS] FILE...\n\n"
     "Says what is wrong with a program's memory, or that nothing is; then where every byte\n"
     "is, how it went over the run, the pauses, the worst size classes, how far the data can\n"
     "be trusted, and what to run next. With --format html that is one page with charts that\n"
     "works from the disk and asks the network for nothing.\n" FILES "\nOptions:\n"
     PAGE_FORMAT_OPTION WRITE_OPTIONS
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze report snapshot.zst\n"
     "  memanalyze report snapshot.zst@gc=40\n"
     "  GODEBUG=gctrace=1 ./server 2>&1 | memanalyze report -\n"
     "  memanalyze report --format json snapshot.zst\n"
     "  memanalyze report --format html snapshot.zst -o report.html\n"},
    {"sql", verb_sql, OPTION_FORMAT | OPTION_TIMEOUT | OPTION_FILE | OPTIONS_PRINT,
     "asks SQL of recordings",
     "usage: memanalyze sql [OPTIONS] FILE... \"SELECT ...\"\n"
     "       memanalyze sql [OPTIONS] -f QUERIES FILE...\n"
     "       memanalyze sql [OPTIONS] FILE...\n\n"
     "Runs SQL, read-only, over the tables and views that 'memanalyze schema' describes.\n"
     "Without a query, at a terminal, it asks for statements: with history, completion of tables\n"
     "and columns, and .help.\n" FILES
     "\nOptions:\n" OUTPUT_OPTIONS
     "  -f, --file SQL    run the statements of a file, - for standard input\n"
     "  --timeout S       give up after S seconds\n"
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze sql snapshot.zst \"SELECT * FROM fragmentation\"\n"
     "  memanalyze sql snapshot.zst \"SELECT base, class, alloc_count FROM span\n"
     "      WHERE snapshot_id = (SELECT max(id) FROM snapshot) AND state = 'inuse'\n"
     "      ORDER BY alloc_count * elem_bytes LIMIT 10\"\n"
     "  memanalyze sql --format csv snapshot.zst \"SELECT * FROM pause_trend\"\n"},
    {"load", verb_load, OPTION_FORMAT | OPTION_OUTPUT | OPTION_FORCE | OPTION_STRICT | OPTION_COLOR,
     "stores recordings in a database, joins databases",
     "usage: memanalyze load [OPTIONS] FILE... -o DB\n\n"
     "Stores recordings, every span included, in a SQLite database. An existing database of\n"
     "memanalyze gets what it lacks; loading again changes nothing. FILE may be a database, too:\n"
     "what it has comes into DB.\n\nOptions:\n"
     "  -o, --output DB   the database\n"
     "  --force           replace DB if it is a file of another kind\n"
     "  --format FORMAT   print what each FILE added: table, json, ndjson, csv or markdown;\n"
     "                    without: the sums, on standard error\n"
     "  --color WHEN      auto (default), always or never\n"
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze load snapshot.zst -o heap.db\n"
     "  memanalyze load --format json recordings/ -o heap.db\n"
     "  memanalyze load service.log.1.gz service.log -o heap.db\n"
     "  memanalyze load monday.db tuesday.db -o week.db\n"},
    {"verify", verb_verify, OPTION_FORMAT | OPTIONS_PRINT,
     "proves checksums and accounting identities",
     "usage: memanalyze verify [OPTIONS] FILE...\n\n"
     "Reads everything, checks every checksum, and in every snapshot that the statistics\n"
     "fulfil Go's identities and that walking the spans gives the counters. Exit status 4\n"
     "when something does not hold.\n\nOptions:\n" OUTPUT_OPTIONS
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze verify snapshot.zst\n"
     "  memanalyze verify --format json recordings/\n"},
    {"salvage", verb_salvage, OPTION_FORMAT | OPTION_OUTPUT | OPTION_FORCE | OPTION_STRICT | OPTION_COLOR,
     "saves what is good of a damaged recording",
     "usage: memanalyze salvage [OPTIONS] FILE -o NEW\n\n"
     "Writes what can be read of a damaged recording to a new one; FILE is only read. Segments\n"
     "without a fault are copied as they are; of one with a fault, the snapshots before it are\n"
     "written anew. Exit status 0 when nothing but a run's torn end was left out, 4 when there\n"
     "was other damage, 3 when there is not one whole snapshot.\n\nOptions:\n"
     "  -o, --output NEW  the new recording\n"
     "  --force           replace NEW if it exists\n"
     "  --format FORMAT   print each place that was left out: table, json, ndjson, csv or\n"
     "                    markdown; without: the first of them and the sums, on standard error\n"
     "  --color WHEN      auto (default), always or never\n"
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze salvage damaged.zst -o good.zst\n"
     "  memanalyze salvage --format csv damaged.zst -o good.zst\n"},
    {"diff", verb_diff, OPTION_SUBTRACT | OPTION_FORMAT | OPTIONS_PRINT,
     "what grew between two snapshots",
     "usage: memanalyze diff [OPTIONS] FILE [FILE]\n\n"
     "Compares two snapshots, signed, the largest change first: the figures, span states and\n"
     "size classes. One FILE: its last run from the first snapshot to the last. Two may be two\n"
     "snapshots, runs, recordings or databases.\n" FILES
     "\nOptions:\n"
     "  --subtract        tell instead what one run did between the two: bytes allocated and\n"
     "                    freed, by size class, cycles and pauses, and how much that is a second\n"
     OUTPUT_OPTIONS
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze diff snapshot.zst\n"
     "  memanalyze diff snapshot.zst@gc=10 snapshot.zst@last\n"
     "  memanalyze diff --subtract snapshot.zst@gc=10 snapshot.zst@gc=20\n"
     "  memanalyze diff snapshot.zst@run=1,first snapshot.zst@run=1\n"
     "  memanalyze diff --format json old.zst new.zst\n"},
    {"check", verb_check, OPTION_MAX | OPTION_LIMITS | OPTION_BASELINE | OPTION_MAX_GROWTH | OPTION_OVER | OPTION_METRICS | OPTION_FORMAT | OPTIONS_PRINT,
     "holds limits, for CI",
     "usage: memanalyze check [OPTIONS] FILE... --max METRIC=VALUE...\n"
     "       memanalyze check [OPTIONS] FILE... --limits LIMITS\n"
     "       memanalyze check [OPTIONS] FILE... --baseline OLD --max-growth METRIC=VALUE...\n"
     "       memanalyze check --metrics\n\n"
     "Looks at every run: exit status 1 when a metric is above its limit (metric, value and\n"
     "limit are named), 3 when it is unknown, in FILE or in OLD. Metrics are columns of\n"
     "fragmentation, idle_memory and mstats, and pause_p99_ms, pause_max_us ... of\n"
     "pause_summary: --metrics lists them. FILE@SEQ looks at that snapshot and its run alone.\n"
     "VALUE is a number, also with a unit: 30%, 512MiB, 1.5GB, 5ms. Growth is counted from the\n"
     "last run of OLD, or from OLD@SEQ: by 10% of what the metric was, or by an amount of its\n"
     "unit.\n\nOptions:\n"
     "  --max METRIC=VALUE         a limit; may be given more than once\n"
     "  --limits LIMITS            a file of them: METRIC=VALUE or max-growth METRIC=VALUE\n"
     "                             a line, # begins a comment\n"
     "  --baseline OLD             what growth is counted from: a FILE as well\n"
     "  --max-growth METRIC=VALUE  by how much a metric may be above OLD's; may be repeated\n"
     "  --metrics                  list all metrics, with their units\n"
     "  --over WHEN                levels of the last snapshot (last) or of every one (any)\n"
     "  --format FORMAT            a row for each limit and run, kept ones too: table, json,\n"
     "                             ndjson, csv or markdown; without: broken ones in words\n"
     "  -o, --output OUT           write to a new file\n"
     "  --force                    replace OUT if it exists\n"
     "  --color WHEN               auto (default), always or never\n"
     "  --strict                   a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze check snapshot.zst --max fragmentation_ratio=0.3\n"
     "  memanalyze check snapshot.zst --max pause_p99_ms=5 --max heap_alloc=1GiB --over any\n"
     "  memanalyze check new.zst --baseline old.zst --max-growth heap_alloc=10%\n"
     "  memanalyze check --limits heap.limits --format json snapshot.zst\n"
     "  memanalyze check --metrics\n"},
    {"spans", verb_spans, OPTION_FORMAT_MAP | OPTIONS_PRINT,
     "draws a map of the heap's addresses",
     "usage: memanalyze spans [OPTIONS] FILE [FILE]\n\n"
     "Draws the addresses of the heap in a snapshot: where spans are and how full they are,\n"
     "what is idle, what is released. Of two snapshots, of one FILE or of two: how each range\n"
     "of addresses went from the first to the second. With --format svg that is a drawing,\n"
     "one file that needs no other; other formats give a row for each cell of the map.\n" FILES
     "\nOptions:\n" MAP_FORMAT_OPTION WRITE_OPTIONS
     "  --strict           a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze spans snapshot.zst\n"
     "  memanalyze spans snapshot.zst@gc=10 --format csv\n"
     "  memanalyze spans snapshot.zst@first snapshot.zst@last\n"
     "  memanalyze spans old.zst new.zst --format svg -o spans.svg\n"},
    {"export", verb_export, OPTION_AS | OPTIONS_PRINT,
     "figures for other tools",
     "usage: memanalyze export [OPTIONS] FILE --as FORM\n\n"
     "Writes the figures of a snapshot (the last, or FILE@SEQ, FILE@gc=N, FILE@first) in a form\n"
     "that other tools read, with Go's names.\n\nOptions:\n"
     "  --as FORM          memstats-json: runtime.MemStats as Go prints it; prometheus: the\n"
     "                     go_memstats_* metrics of Go's client; csv: all snapshots, or the one\n"
     "                     that is named, a row each\n"
     "  -o, --output FILE  write to FILE, which must not exist\n"
     "  --force            replace FILE if it exists\n"
     "  --color WHEN       auto (default), always or never: figures have no colour\n"
     "  --strict           a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze export snapshot.zst --as memstats-json\n"
     "  memanalyze export snapshot.zst@gc=10 --as prometheus\n"
     "  memanalyze export snapshot.zst --as csv -o figures.csv\n"},
    {"schema", verb_schema, OPTION_FORMAT | OPTION_OUTPUT | OPTION_FORCE | OPTION_COLOR,
     "describes tables, views and columns",
     "usage: memanalyze schema [OPTIONS] [TABLE]\n\n"
     "Describes the tables and views, or the columns of one, with their units.\n\nOptions:\n"
     OUTPUT_OPTIONS "\n"
     "Examples:\n"
     "  memanalyze schema\n"
     "  memanalyze schema fragmentation\n"},
    {"watch", verb_watch, OPTION_FORMAT | OPTION_PID | OPTION_COLOR | OPTION_STRICT,
     "shows a recording while it is written",
     "usage: memanalyze watch [OPTIONS] FILE\n"
     "       memanalyze watch [OPTIONS] --pid PID\n\n"
     "Follows the recording of a running program, through its thinning and to its end: on a\n"
     "terminal as a panel that is drawn again with each snapshot, elsewhere as one line a\n"
     "snapshot. With --pid it finds the recording itself; exit status 3 when the process does\n"
     "not record.\n\nOptions:\n"
     "  --pid PID         the recording of this process\n"
     "  --format FORMAT   lines as table (default), json, ndjson, csv or markdown\n"
     "  --color WHEN      auto (default), always or never\n"
     "  --strict          a run without an orderly end gives exit status 4\n\n"
     "Examples:\n"
     "  memanalyze watch snapshot.zst\n"
     "  memanalyze watch --pid 4711\n"},
    {"record", verb_record, OPTION_OUTPUT | OPTION_FORCE | OPTION_INTERVAL | OPTION_SIGNAL | OPTION_EVERY | OPTION_LEAKS |
                                 OPTION_COLOR | OPTION_PROGRAM,
     "runs a program and records its malloc",
     "usage: memanalyze record [OPTIONS] [--] PROG [ARG...]\n\n"
     "Runs a program as it is, with libmemspan-malloc.so in the place of its malloc, and\n"
     "records its memory: where its heap has grown or shrunk enough for Go to collect, at\n"
     "its exit, and as the options say. Processes that it starts record to files of their\n"
     "own, with the pid before .zst. Ends with the recording's path, five totals and the next\n"
     "command on stderr, and with the exit status of PROG: 128+n after signal n; 125 when\n"
     "recording failed, 126 when PROG cannot be run, 127 when it is not found.\n\nOptions:\n"
     "  -o, --output FILE  where to record; a folder means FOLDER/PROG.zst (default PROG.zst)\n"
     "  --force            replace FILE if it exists\n"
     "  --interval TIME    also every so often, such as 2s\n"
     "  --signal SIGNAL    also when PROG is sent this signal, such as USR2\n"
     "  --every N          only every Nth time the heap has grown or shrunk enough\n"
     "  --leaks            also tell which blocks nothing points to, at the exit and at SIGNAL\n"
     "  --color WHEN       auto (default), always or never: what it says has no colour\n\n"
     "Examples:\n"
     "  memanalyze record -- sort words.txt\n"
     "  memanalyze record -o redis.zst --interval 2s -- redis-server redis.conf\n"},
    {NULL, NULL, 0, NULL, NULL},
};
