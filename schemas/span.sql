-- span.sql - the span table as `load` stores it. report and sql see the same columns
-- through a cursor over the recording.

CREATE TABLE span (
  snapshot_id    INTEGER NOT NULL REFERENCES snapshot (id),
  base           INTEGER NOT NULL,
  npages         INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state IN ('idle', 'inuse', 'stack')),
  class          INTEGER,
  noscan         INTEGER,
  elem_bytes     INTEGER,
  nelems         INTEGER,
  alloc_count    INTEGER,
  released_bytes INTEGER,
  born_gc        INTEGER,
  PRIMARY KEY (snapshot_id, base)
) STRICT, WITHOUT ROWID;
