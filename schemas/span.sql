-- span.sql - the span table as `load` stores it. report and sql see the same columns
-- through a cursor over the recording.

-- No IN in the check: SQLite builds a table of its list for every row that is inserted.
CREATE TABLE span (
  snapshot_id    INTEGER NOT NULL REFERENCES snapshot (id),
  base           INTEGER NOT NULL,
  npages         INTEGER NOT NULL,
  state          TEXT NOT NULL CHECK (state = 'inuse' OR state = 'idle' OR state = 'stack'),
  class          INTEGER,
  noscan         INTEGER,
  elem_bytes     INTEGER,
  nelems         INTEGER,
  alloc_count    INTEGER,
  released_bytes INTEGER,
  born_gc        INTEGER,
  PRIMARY KEY (snapshot_id, base)
) STRICT, WITHOUT ROWID;

-- Whoever changes spans by hand (load does its own sums) keeps span_sum right.
CREATE TRIGGER span_added AFTER INSERT ON span BEGIN
  INSERT INTO span_sum
  VALUES (NEW.snapshot_id, NEW.state, NEW.class, NEW.noscan, 1, NEW.npages * 8192, NEW.nelems,
          NEW.alloc_count, NEW.nelems * NEW.elem_bytes, NEW.alloc_count * NEW.elem_bytes,
          NEW.released_bytes)
  ON CONFLICT DO UPDATE
  SET spans = spans + excluded.spans,
      span_bytes = span_bytes + excluded.span_bytes,
      nelems = nelems + excluded.nelems,
      alloc_count = alloc_count + excluded.alloc_count,
      slot_bytes = slot_bytes + excluded.slot_bytes,
      alloc_bytes = alloc_bytes + excluded.alloc_bytes,
      released_bytes = released_bytes + excluded.released_bytes;
END;

CREATE TRIGGER span_removed AFTER DELETE ON span BEGIN
  UPDATE span_sum
  SET spans = spans - 1,
      span_bytes = span_bytes - OLD.npages * 8192,
      nelems = nelems - OLD.nelems,
      alloc_count = alloc_count - OLD.alloc_count,
      slot_bytes = slot_bytes - OLD.nelems * OLD.elem_bytes,
      alloc_bytes = alloc_bytes - OLD.alloc_count * OLD.elem_bytes,
      released_bytes = released_bytes - OLD.released_bytes
  WHERE snapshot_id = OLD.snapshot_id AND state = OLD.state AND class = OLD.class
    AND noscan = OLD.noscan;
  DELETE FROM span_sum
  WHERE snapshot_id = OLD.snapshot_id AND state = OLD.state AND class = OLD.class
    AND noscan = OLD.noscan AND spans = 0;
END;

CREATE TRIGGER span_changed AFTER UPDATE ON span BEGIN
  UPDATE span_sum
  SET spans = spans - 1,
      span_bytes = span_bytes - OLD.npages * 8192,
      nelems = nelems - OLD.nelems,
      alloc_count = alloc_count - OLD.alloc_count,
      slot_bytes = slot_bytes - OLD.nelems * OLD.elem_bytes,
      alloc_bytes = alloc_bytes - OLD.alloc_count * OLD.elem_bytes,
      released_bytes = released_bytes - OLD.released_bytes
  WHERE snapshot_id = OLD.snapshot_id AND state = OLD.state AND class = OLD.class
    AND noscan = OLD.noscan;
  INSERT INTO span_sum
  VALUES (NEW.snapshot_id, NEW.state, NEW.class, NEW.noscan, 1, NEW.npages * 8192, NEW.nelems,
          NEW.alloc_count, NEW.nelems * NEW.elem_bytes, NEW.alloc_count * NEW.elem_bytes,
          NEW.released_bytes)
  ON CONFLICT DO UPDATE
  SET spans = spans + excluded.spans,
      span_bytes = span_bytes + excluded.span_bytes,
      nelems = nelems + excluded.nelems,
      alloc_count = alloc_count + excluded.alloc_count,
      slot_bytes = slot_bytes + excluded.slot_bytes,
      alloc_bytes = alloc_bytes + excluded.alloc_bytes,
      released_bytes = released_bytes + excluded.released_bytes;
  DELETE FROM span_sum WHERE snapshot_id = OLD.snapshot_id AND spans = 0;
END;
