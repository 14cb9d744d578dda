-- views.sql - the stable layer: questions with one answer. A view that an older version made is
-- replaced; its columns stay the first ones.

DROP VIEW IF EXISTS fragmentation;
CREATE VIEW fragmentation AS
SELECT s.id AS snapshot_id, s.run_id, s.gc_num, s.unix_ns,
       m.heap_inuse AS heap_inuse_bytes,
       m.heap_alloc AS heap_alloc_bytes,
       m.heap_inuse - m.heap_alloc AS fragmentation_bytes,
       CAST(m.heap_inuse - m.heap_alloc AS REAL) / nullif(m.heap_inuse, 0) AS fragmentation_ratio
FROM snapshot AS s
JOIN mstats AS m ON m.snapshot_id = s.id;

DROP VIEW IF EXISTS idle_memory;
CREATE VIEW idle_memory AS
SELECT s.id AS snapshot_id, s.run_id, s.gc_num, s.unix_ns,
       m.heap_idle AS heap_idle_bytes,
       m.heap_released AS heap_released_bytes,
       m.heap_idle - m.heap_released AS retained_bytes,
       CAST(m.heap_idle - m.heap_released AS REAL) / nullif(m.heap_sys, 0) AS retained_ratio
FROM snapshot AS s
JOIN mstats AS m ON m.snapshot_id = s.id;

-- A cycle's pause is the sum of its stops; the stop of a snapshot is none of them.
DROP VIEW IF EXISTS pause_trend;
CREATE VIEW pause_trend AS
WITH cycle AS (
  SELECT run_id, gc_num, sum(duration_ns) AS pause_ns, max(end_unix_ns) AS pause_end_unix_ns
  FROM gc_pause
  WHERE phase <> 'snapshot'
  GROUP BY run_id, gc_num
)
SELECT run_id, gc_num, pause_ns, pause_end_unix_ns,
       avg(pause_ns) OVER last_20 AS rolling_mean_ns,
       max(pause_ns) OVER last_20 AS rolling_max_ns
FROM cycle
WINDOW last_20 AS (PARTITION BY run_id ORDER BY gc_num ROWS BETWEEN 19 PRECEDING AND CURRENT ROW);

-- Nearest rank: the p-th percentile of n values is the one at ceil(p n / 100), from 1. Windows
-- and no GROUP BY, so that a question about one run reads no other. A run's sum is total()'s,
-- which ends at the largest integer where sum() would be an error: below 104 days it is exact.
DROP VIEW IF EXISTS pause_summary;
CREATE VIEW pause_summary AS
WITH cycle AS (
  SELECT run_id, gc_num, sum(duration_ns) AS pause_ns
  FROM gc_pause
  WHERE phase <> 'snapshot'
  GROUP BY run_id, gc_num
), ranked AS (
  SELECT run_id, gc_num, pause_ns,
         row_number() OVER (PARTITION BY run_id ORDER BY pause_ns) AS position,
         count(*) OVER (PARTITION BY run_id) AS n
  FROM cycle
), centred AS (
  SELECT run_id, position, n, pause_ns,
         gc_num - avg(gc_num) OVER (PARTITION BY run_id) AS dx,
         pause_ns - avg(pause_ns) OVER (PARTITION BY run_id) AS dy
  FROM ranked
), summed AS (
  SELECT run_id, position, n,
         min(pause_ns) OVER run AS min_ns,
         avg(pause_ns) OVER run AS mean_ns,
         max(CASE WHEN position = (50 * n + 99) / 100 THEN pause_ns END) OVER run AS p50_ns,
         max(CASE WHEN position = (90 * n + 99) / 100 THEN pause_ns END) OVER run AS p90_ns,
         max(CASE WHEN position = (99 * n + 99) / 100 THEN pause_ns END) OVER run AS p99_ns,
         max(pause_ns) OVER run AS max_ns,
         CASE WHEN count(pause_ns) OVER run > 0
              THEN CAST(total(pause_ns) OVER run AS INTEGER) END AS total_ns,
         sum(dx * dx) OVER run AS xx, sum(dx * dy) OVER run AS xy, sum(dy * dy) OVER run AS yy
  FROM centred
  WINDOW run AS (PARTITION BY run_id)
)
SELECT run_id, n, min_ns, mean_ns, p50_ns, p90_ns, p99_ns, max_ns, total_ns,
       xy / nullif(xx, 0) AS slope_ns_per_gc, xy * xy / nullif(xx * yy, 0) AS r2
FROM summed
WHERE position = 1;

DROP VIEW IF EXISTS class_fragmentation;
CREATE VIEW class_fragmentation AS
SELECT t.snapshot_id, t.class,
       (SELECT b.size FROM by_size AS b
        WHERE b.snapshot_id = t.snapshot_id AND b.class = t.class AND t.class > 0) AS size_bytes,
       sum(t.spans) AS spans,
       sum(t.span_bytes) AS span_bytes,
       sum(t.alloc_bytes) AS alloc_bytes,
       sum(t.slot_bytes - t.alloc_bytes) AS free_slot_bytes,
       sum(t.span_bytes - t.slot_bytes) AS tail_bytes,
       CAST(sum(t.alloc_bytes) AS REAL) / nullif(sum(t.slot_bytes), 0) AS occupancy_ratio
FROM span_sum AS t
WHERE t.state = 'inuse'
GROUP BY t.snapshot_id, t.class;

-- The spans of a snapshot in one row; none where spans were not recorded. Grouped in the
-- order of snapshot's index, so that a question about one run or one snapshot reads no other.
DROP VIEW IF EXISTS span_walk;
CREATE VIEW span_walk AS
SELECT s.run_id, s.id AS snapshot_id,
       sum(t.alloc_bytes) AS alloc_bytes,
       sum(t.alloc_count) AS objects,
       sum(CASE WHEN t.state = 'inuse' THEN t.span_bytes ELSE 0 END) AS inuse_bytes,
       sum(CASE WHEN t.state = 'inuse' THEN t.span_bytes - t.alloc_bytes ELSE 0 END) AS unused_bytes,
       sum(CASE WHEN t.state = 'idle' THEN t.span_bytes ELSE 0 END) AS idle_bytes,
       sum(CASE WHEN t.state = 'stack' THEN t.span_bytes ELSE 0 END) AS stack_bytes,
       sum(t.released_bytes) AS released_bytes
FROM snapshot AS s
JOIN span_sum AS t ON t.snapshot_id = s.id
GROUP BY s.run_id, s.seq, s.id;

-- Size classes in which the counters and the spans do not agree.
DROP VIEW IF EXISTS class_disagreement;
CREATE VIEW class_disagreement AS
SELECT s.run_id, s.id AS snapshot_id,
       sum(b.nmalloc - b.nfree
           <> coalesce(scan.alloc_count, 0) + coalesce(noscan.alloc_count, 0)) AS classes
FROM snapshot AS s
JOIN by_size AS b ON b.snapshot_id = s.id AND b.class > 0
LEFT JOIN span_sum AS scan ON scan.snapshot_id = b.snapshot_id AND scan.state = 'inuse'
  AND scan.class = b.class AND scan.noscan = 0
LEFT JOIN span_sum AS noscan ON noscan.snapshot_id = b.snapshot_id AND noscan.state = 'inuse'
  AND noscan.class = b.class AND noscan.noscan = 1
GROUP BY s.run_id, s.seq, s.id;

-- The pauses of a run up to each snapshot: in how many cycles, and their sum. Snapshots and
-- cycles are one stream here, so that it takes one pass.
DROP VIEW IF EXISTS pause_so_far;
CREATE VIEW pause_so_far AS
WITH event (run_id, gc_num, snapshot_id, cycle, pause_ns) AS (
  SELECT run_id, gc_num, NULL, 1, sum(duration_ns)
  FROM gc_pause
  WHERE phase <> 'snapshot' -- nor what a line of gctrace has rounded
    AND (phase = 'cycle' OR stop_ns IS NOT NULL OR end_unix_ns IS NOT NULL)
  GROUP BY run_id, gc_num
  UNION ALL
  SELECT s.run_id, m.numgc, s.id, 0, NULL
  FROM snapshot AS s
  JOIN mstats AS m ON m.snapshot_id = s.id
), summed AS (
  SELECT run_id, snapshot_id, sum(cycle) OVER up_to_here AS cycles,
         CASE WHEN count(pause_ns) OVER up_to_here > 0
              THEN CAST(total(pause_ns) OVER up_to_here AS INTEGER) END AS total_ns
  FROM event
  WINDOW up_to_here AS (PARTITION BY run_id ORDER BY gc_num)
)
SELECT run_id, snapshot_id, cycles, total_ns FROM summed WHERE snapshot_id IS NOT NULL;

-- Blocks to which nothing points, most bytes first in each snapshot that was looked through.
DROP VIEW IF EXISTS leaks;
CREATE VIEW leaks AS
SELECT l.snapshot_id, s.run_id, s.seq, s.unix_ns, l.class,
       CASE WHEN l.class > 0 THEN b.size END AS size_bytes, l.blocks, l.bytes,
       l.indirect_blocks, l.indirect_bytes
FROM leak AS l
JOIN snapshot AS s ON s.id = l.snapshot_id
LEFT JOIN by_size AS b ON b.snapshot_id = l.snapshot_id AND b.class = l.class
ORDER BY l.snapshot_id, l.bytes DESC, l.class;

-- Every identity that must hold at the instant of a snapshot (docs/design and Go's
-- runtime.MemStats); identities whose figures the source lacks have no row. Spans and pauses
-- are added up once for all the identities that need them, and a question about one run
-- (by run_id) reads no other.
DROP VIEW IF EXISTS accounting;
CREATE VIEW accounting AS
WITH counted AS NOT MATERIALIZED (
  SELECT s.run_id, m.* FROM snapshot AS s JOIN mstats AS m ON m.snapshot_id = s.id
), walk_identity (number, identity) AS (
  VALUES (1, 'objects in spans = alloc'), (2, 'objects in spans = heap_objects'),
         (3, 'spans in use = heap_inuse'), (4, 'idle pages = heap_idle'),
         (5, 'released pages = heap_released'), (6, 'stack spans = stacks_inuse'),
         (7, 'free slots + tails = fragmentation')
), identity (run_id, snapshot_id, identity, left_value, relation, right_value) AS (
  SELECT run_id, snapshot_id, 'sys = sum of its parts', sys, '=',
         heap_sys + stacks_sys + stacks_inuse + mspan_sys + mcache_sys
         + buckhash_sys + gc_sys + other_sys
  FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'heap_sys = heap_idle + heap_inuse', heap_sys, '=', heap_idle + heap_inuse FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'heap_released <= heap_idle', heap_released, '<=', heap_idle FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'heap_alloc <= heap_inuse', heap_alloc, '<=', heap_inuse FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'alloc = heap_alloc', alloc, '=', heap_alloc FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'heap_objects = nmalloc - nfree', heap_objects, '=', nmalloc - nfree FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'numforcedgc <= numgc', numforcedgc, '<=', numgc FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'mspan_inuse <= mspan_sys', mspan_inuse, '<=', mspan_sys FROM counted
  UNION ALL
  SELECT run_id, snapshot_id, 'mcache_inuse <= mcache_sys', mcache_inuse, '<=', mcache_sys FROM counted
  UNION ALL
  SELECT m.run_id, m.snapshot_id, 'last_gc_unix = end of the last pause', m.last_gc_unix, '=',
         (SELECT max(p.end_unix_ns) FROM gc_pause AS p
          WHERE p.run_id = m.run_id AND p.gc_num = m.numgc AND p.phase <> 'snapshot')
  FROM counted AS m
  UNION ALL
  SELECT p.run_id, p.snapshot_id, 'pause_total_ns = sum of the pauses', m.pause_total_ns, '=', p.total_ns
  FROM pause_so_far AS p
  JOIN mstats AS m ON m.snapshot_id = p.snapshot_id
  WHERE p.cycles = m.numgc -- of every cycle, or the sum lacks some
  UNION ALL
  SELECT w.run_id, w.snapshot_id, n.identity,
         CASE n.number WHEN 1 THEN w.alloc_bytes WHEN 2 THEN w.objects WHEN 3 THEN w.inuse_bytes
                       WHEN 4 THEN w.idle_bytes WHEN 5 THEN w.released_bytes
                       WHEN 6 THEN w.stack_bytes ELSE w.unused_bytes END,
         '=',
         CASE n.number WHEN 1 THEN m.alloc WHEN 2 THEN m.heap_objects WHEN 3 THEN m.heap_inuse
                       WHEN 4 THEN m.heap_idle WHEN 5 THEN m.heap_released
                       WHEN 6 THEN m.stacks_inuse ELSE m.heap_inuse - m.heap_alloc END
  FROM span_walk AS w
  JOIN mstats AS m ON m.snapshot_id = w.snapshot_id
  CROSS JOIN walk_identity AS n
  UNION ALL
  SELECT run_id, snapshot_id, 'size classes that disagree = 0', classes, '=', 0
  FROM class_disagreement AS d
  WHERE EXISTS (SELECT 1 FROM span_sum AS t WHERE t.snapshot_id = d.snapshot_id)
  UNION ALL
  SELECT m.run_id, m.snapshot_id, 'leaked_bytes <= heap_alloc', f.leaked_bytes, '<=', m.heap_alloc
  FROM leak_search AS f
  JOIN counted AS m ON m.snapshot_id = f.snapshot_id
  UNION ALL
  SELECT s.run_id, s.id, 'leaked blocks of all classes = leaked_blocks',
         (SELECT coalesce(sum(l.blocks), 0) FROM leak AS l WHERE l.snapshot_id = f.snapshot_id),
         '=', f.leaked_blocks
  FROM leak_search AS f
  JOIN snapshot AS s ON s.id = f.snapshot_id
  UNION ALL
  SELECT s.run_id, s.id, 'indirect blocks of all classes = indirect_blocks',
         (SELECT coalesce(sum(l.indirect_blocks), 0) FROM leak AS l
          WHERE l.snapshot_id = f.snapshot_id),
         '=', f.indirect_blocks
  FROM leak_search AS f
  JOIN snapshot AS s ON s.id = f.snapshot_id
  WHERE f.indirect_blocks IS NOT NULL
  UNION ALL
  SELECT s.run_id, s.id, 'indirect_bytes <= leaked_bytes', f.indirect_bytes, '<=', f.leaked_bytes
  FROM leak_search AS f
  JOIN snapshot AS s ON s.id = f.snapshot_id
  WHERE f.indirect_bytes IS NOT NULL
)
SELECT snapshot_id, identity, left_value, right_value,
       CASE relation WHEN '=' THEN left_value = right_value ELSE left_value <= right_value END AS holds,
       run_id
FROM identity
WHERE left_value IS NOT NULL AND right_value IS NOT NULL;
