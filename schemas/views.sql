-- views.sql - the stable layer: questions with one answer.

CREATE VIEW fragmentation AS
SELECT s.id AS snapshot_id, s.run_id, s.gc_num, s.unix_ns,
       m.heap_inuse AS heap_inuse_bytes,
       m.heap_alloc AS heap_alloc_bytes,
       m.heap_inuse - m.heap_alloc AS fragmentation_bytes,
       CAST(m.heap_inuse - m.heap_alloc AS REAL) / nullif(m.heap_inuse, 0) AS fragmentation_ratio
FROM snapshot AS s
JOIN mstats AS m ON m.snapshot_id = s.id;

CREATE VIEW idle_memory AS
SELECT s.id AS snapshot_id, s.run_id, s.gc_num, s.unix_ns,
       m.heap_idle AS heap_idle_bytes,
       m.heap_released AS heap_released_bytes,
       m.heap_idle - m.heap_released AS retained_bytes,
       CAST(m.heap_idle - m.heap_released AS REAL) / nullif(m.heap_sys, 0) AS retained_ratio
FROM snapshot AS s
JOIN mstats AS m ON m.snapshot_id = s.id;

-- A cycle's pause is the sum of its stops; the stop of a snapshot is none of them.
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

-- Nearest rank: the p-th percentile of n values is the one at ceil(p n / 100), from 1.
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
)
SELECT run_id, count(*) AS n,
       min(pause_ns) AS min_ns,
       avg(pause_ns) AS mean_ns,
       max(CASE WHEN position = (50 * n + 99) / 100 THEN pause_ns END) AS p50_ns,
       max(CASE WHEN position = (90 * n + 99) / 100 THEN pause_ns END) AS p90_ns,
       max(CASE WHEN position = (99 * n + 99) / 100 THEN pause_ns END) AS p99_ns,
       max(pause_ns) AS max_ns,
       sum(pause_ns) AS total_ns,
       sum(dx * dy) / nullif(sum(dx * dx), 0) AS slope_ns_per_gc,
       sum(dx * dy) * sum(dx * dy) / nullif(sum(dx * dx) * sum(dy * dy), 0) AS r2
FROM centred
GROUP BY run_id;

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

-- The spans of a snapshot in one row; none where spans were not recorded.
CREATE VIEW span_walk AS
SELECT snapshot_id,
       sum(alloc_bytes) AS alloc_bytes,
       sum(alloc_count) AS objects,
       sum(CASE WHEN state = 'inuse' THEN span_bytes ELSE 0 END) AS inuse_bytes,
       sum(CASE WHEN state = 'inuse' THEN span_bytes - alloc_bytes ELSE 0 END) AS unused_bytes,
       sum(CASE WHEN state = 'idle' THEN span_bytes ELSE 0 END) AS idle_bytes,
       sum(CASE WHEN state = 'stack' THEN span_bytes ELSE 0 END) AS stack_bytes,
       sum(released_bytes) AS released_bytes
FROM span_sum
GROUP BY snapshot_id;

-- Size classes in which the counters and the spans do not agree.
CREATE VIEW class_disagreement AS
SELECT b.snapshot_id,
       sum(b.nmalloc - b.nfree <> coalesce((SELECT sum(t.alloc_count) FROM span_sum AS t
                                            WHERE t.snapshot_id = b.snapshot_id
                                              AND t.state = 'inuse' AND t.class = b.class), 0))
         AS classes
FROM by_size AS b
WHERE b.class > 0
GROUP BY b.snapshot_id;

-- Every identity that must hold at the instant of a snapshot (docs/design and Go's
-- runtime.MemStats); identities whose figures the source lacks have no row.
CREATE VIEW accounting AS
WITH pause_sum AS (
  SELECT run_id, gc_num, sum(sum(duration_ns)) OVER so_far AS total_ns,
         count(*) OVER so_far AS cycles
  FROM gc_pause
  WHERE phase <> 'snapshot' -- nor what a line of gctrace has rounded
    AND (phase = 'cycle' OR stop_ns IS NOT NULL OR end_unix_ns IS NOT NULL)
  GROUP BY run_id, gc_num
  WINDOW so_far AS (PARTITION BY run_id ORDER BY gc_num)
), identity (snapshot_id, identity, left_value, relation, right_value) AS (
  SELECT snapshot_id, 'sys = sum of its parts', sys, '=',
         heap_sys + stacks_sys + stacks_inuse + mspan_sys + mcache_sys + buckhash_sys + gc_sys + other_sys
  FROM mstats
  UNION ALL
  SELECT snapshot_id, 'heap_sys = heap_idle + heap_inuse', heap_sys, '=', heap_idle + heap_inuse FROM mstats
  UNION ALL
  SELECT snapshot_id, 'heap_released <= heap_idle', heap_released, '<=', heap_idle FROM mstats
  UNION ALL
  SELECT snapshot_id, 'heap_alloc <= heap_inuse', heap_alloc, '<=', heap_inuse FROM mstats
  UNION ALL
  SELECT snapshot_id, 'alloc = heap_alloc', alloc, '=', heap_alloc FROM mstats
  UNION ALL
  SELECT snapshot_id, 'heap_objects = nmalloc - nfree', heap_objects, '=', nmalloc - nfree FROM mstats
  UNION ALL
  SELECT snapshot_id, 'numforcedgc <= numgc', numforcedgc, '<=', numgc FROM mstats
  UNION ALL
  SELECT snapshot_id, 'mspan_inuse <= mspan_sys', mspan_inuse, '<=', mspan_sys FROM mstats
  UNION ALL
  SELECT snapshot_id, 'mcache_inuse <= mcache_sys', mcache_inuse, '<=', mcache_sys FROM mstats
  UNION ALL
  SELECT m.snapshot_id, 'last_gc_unix = end of the last pause', m.last_gc_unix, '=', max(p.end_unix_ns)
  FROM mstats AS m
  JOIN snapshot AS s ON s.id = m.snapshot_id
  JOIN gc_pause AS p ON p.run_id = s.run_id AND p.gc_num = m.numgc AND p.phase <> 'snapshot'
  GROUP BY m.snapshot_id
  UNION ALL
  SELECT m.snapshot_id, 'pause_total_ns = sum of the pauses', m.pause_total_ns, '=', p.total_ns
  FROM pause_sum AS p
  JOIN snapshot AS s ON s.run_id = p.run_id
  JOIN mstats AS m ON m.snapshot_id = s.id AND m.numgc = p.gc_num
  WHERE p.cycles = p.gc_num
  UNION ALL
  SELECT w.snapshot_id, 'objects in spans = alloc', w.alloc_bytes, '=', m.alloc
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'objects in spans = heap_objects', w.objects, '=', m.heap_objects
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'spans in use = heap_inuse', w.inuse_bytes, '=', m.heap_inuse
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'idle pages = heap_idle', w.idle_bytes, '=', m.heap_idle
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'released pages = heap_released', w.released_bytes, '=', m.heap_released
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'stack spans = stacks_inuse', w.stack_bytes, '=', m.stacks_inuse
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT w.snapshot_id, 'free slots + tails = fragmentation', w.unused_bytes, '=', m.heap_inuse - m.heap_alloc
  FROM span_walk AS w JOIN mstats AS m USING (snapshot_id)
  UNION ALL
  SELECT d.snapshot_id, 'size classes that disagree = 0', d.classes, '=', 0
  FROM class_disagreement AS d JOIN span_walk AS w USING (snapshot_id)
)
SELECT snapshot_id, identity, left_value, right_value,
       CASE relation WHEN '=' THEN left_value = right_value ELSE left_value <= right_value END AS holds
FROM identity
WHERE left_value IS NOT NULL AND right_value IS NOT NULL;
