-- tables.sql - what memanalyze stores. The columns are described in schema_doc.sql.
--
-- A database that an older version made gets what it lacks by all of this once more.
--
-- Times are Unix nanoseconds unless the name says mono; sizes are bytes. A counter of
-- 2^63 and above (next_gc when collection is off) and a figure that the source lacks are
-- NULL, never 0; so is a pause, or a sum over spans, of 2^48 and above, which cannot be and
-- would leave no sum an answer (import_issue names the cycle of such a pause). Ids are local to a database: between databases a run is known by its
-- uuid, a snapshot by the run's uuid and seq.

CREATE TABLE IF NOT EXISTS source (
  id            INTEGER PRIMARY KEY,
  path          TEXT NOT NULL,
  kind          TEXT NOT NULL,
  bytes         INTEGER,
  complete      INTEGER NOT NULL CHECK (complete IN (0, 1)),
  bytes_skipped INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS run (
  id             INTEGER PRIMARY KEY,
  source_id      INTEGER NOT NULL REFERENCES source (id),
  uuid           TEXT NOT NULL UNIQUE,
  pid            INTEGER,
  exe            TEXT,
  host           TEXT,
  start_unix_ns  INTEGER,
  end_unix_ns    INTEGER,
  clean_exit     INTEGER,
  page_bytes     INTEGER,
  tracking       TEXT,
  format_version TEXT,
  tracking_why   TEXT,
  library        TEXT,
  complete       INTEGER NOT NULL DEFAULT 1,
  skipped        INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE IF NOT EXISTS snapshot (
  id      INTEGER PRIMARY KEY,
  run_id  INTEGER NOT NULL REFERENCES run (id),
  seq     INTEGER NOT NULL,
  gc_num  INTEGER,
  reason  TEXT,
  unix_ns INTEGER,
  mono_ns INTEGER,
  UNIQUE (run_id, seq)
) STRICT;

CREATE TABLE IF NOT EXISTS mstats (
  snapshot_id      INTEGER PRIMARY KEY REFERENCES snapshot (id),
  alloc            INTEGER,
  total_alloc      INTEGER,
  sys              INTEGER,
  nlookup          INTEGER,
  nmalloc          INTEGER,
  nfree            INTEGER,
  heap_alloc       INTEGER,
  heap_sys         INTEGER,
  heap_idle        INTEGER,
  heap_inuse       INTEGER,
  heap_released    INTEGER,
  heap_objects     INTEGER,
  stacks_inuse     INTEGER,
  stacks_sys       INTEGER,
  mspan_inuse      INTEGER,
  mspan_sys        INTEGER,
  mcache_inuse     INTEGER,
  mcache_sys       INTEGER,
  buckhash_sys     INTEGER,
  gc_sys           INTEGER,
  other_sys        INTEGER,
  next_gc          INTEGER,
  last_gc_unix     INTEGER,
  pause_total_ns   INTEGER,
  numgc            INTEGER,
  numforcedgc      INTEGER,
  gc_cpu_fraction  REAL,
  enablegc         INTEGER,
  debuggc          INTEGER,
  last_gc_nanotime INTEGER,
  tinyallocs       INTEGER,
  last_next_gc     INTEGER,
  last_heap_inuse  INTEGER,
  triggerRatio     REAL,
  gc_trigger       INTEGER,
  heap_live        INTEGER,
  heap_scan        INTEGER,
  heap_marked      INTEGER
) STRICT;

CREATE TABLE IF NOT EXISTS by_size (
  snapshot_id INTEGER NOT NULL REFERENCES snapshot (id),
  class       INTEGER NOT NULL,
  size        INTEGER,
  nmalloc     INTEGER,
  nfree       INTEGER,
  PRIMARY KEY (snapshot_id, class)
) STRICT, WITHOUT ROWID;

-- The spans of a snapshot added up when it is read, so that no view has to walk them.
CREATE TABLE IF NOT EXISTS span_sum (
  snapshot_id    INTEGER NOT NULL REFERENCES snapshot (id),
  state          TEXT NOT NULL,
  class          INTEGER NOT NULL,
  noscan         INTEGER NOT NULL,
  spans          INTEGER NOT NULL,
  span_bytes     INTEGER,
  nelems         INTEGER NOT NULL,
  alloc_count    INTEGER NOT NULL,
  slot_bytes     INTEGER,
  alloc_bytes    INTEGER,
  released_bytes INTEGER,
  PRIMARY KEY (snapshot_id, state, class, noscan)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS gc_cycle (
  run_id            INTEGER NOT NULL REFERENCES run (id),
  gc_num            INTEGER NOT NULL,
  reason            TEXT,
  tracking          TEXT,
  threads           INTEGER,
  threads_unknown   INTEGER,
  start_unix_ns     INTEGER,
  start_mono_ns     INTEGER,
  mark_ns           INTEGER,
  sweep_ns          INTEGER,
  cpu_assist_ns     INTEGER,
  cpu_background_ns INTEGER,
  cpu_idle_ns       INTEGER,
  heap_live_start   INTEGER,
  heap_live_end     INTEGER,
  heap_marked       INTEGER,
  heap_goal         INTEGER,
  gc_trigger        INTEGER,
  next_goal         INTEGER,
  next_trigger      INTEGER,
  stack_bytes       INTEGER,
  global_bytes      INTEGER,
  PRIMARY KEY (run_id, gc_num)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS gc_pause (
  run_id      INTEGER NOT NULL REFERENCES run (id),
  gc_num      INTEGER NOT NULL,
  phase       TEXT NOT NULL,
  duration_ns INTEGER,
  stop_ns     INTEGER,
  end_unix_ns INTEGER
) STRICT;
CREATE INDEX IF NOT EXISTS gc_pause_by_cycle ON gc_pause (run_id, gc_num);

-- A snapshot that was looked through for blocks to which nothing points. Others have no row.
CREATE TABLE IF NOT EXISTS leak_search (
  snapshot_id     INTEGER PRIMARY KEY REFERENCES snapshot (id),
  search_ns       INTEGER,
  root_bytes      INTEGER,
  threads_unknown INTEGER,
  leaked_blocks   INTEGER,
  leaked_bytes    INTEGER,
  mapped_bytes    INTEGER,
  indirect_blocks INTEGER,
  indirect_bytes  INTEGER
) STRICT;

-- Only classes with such blocks have a row.
CREATE TABLE IF NOT EXISTS leak (
  snapshot_id INTEGER NOT NULL REFERENCES leak_search (snapshot_id),
  class       INTEGER NOT NULL,
  blocks      INTEGER,
  bytes       INTEGER,
  indirect_blocks INTEGER,
  indirect_bytes  INTEGER,
  PRIMARY KEY (snapshot_id, class)
) STRICT, WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS import_issue (
  source_id   INTEGER NOT NULL REFERENCES source (id),
  byte_offset INTEGER,
  severity    TEXT NOT NULL,
  code        TEXT NOT NULL,
  message     TEXT NOT NULL
) STRICT;

CREATE TABLE IF NOT EXISTS schema_doc (
  object TEXT NOT NULL,
  column TEXT NOT NULL,
  unit   TEXT,
  doc    TEXT NOT NULL,
  since  INTEGER NOT NULL,
  PRIMARY KEY (object, column)
) STRICT, WITHOUT ROWID;
