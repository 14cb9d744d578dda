-- Findings: the rules behind the report's verdict.
--
-- A rule is a row of finding_rule and a view finding_<name>. The view has one row for each
-- run in which the rule holds, and none for the others: the columns run_id, value (the
-- figure that reached finding_rule.threshold) and, after them, the evidence. The rows
-- behind it are a view evidence_<something>(run_id, ...), which the rule's `next` asks.
--
-- threshold   what `value` has to reach
-- floor       what an absolute figure (floor_unit) has to reach as well, so that small
--             heaps, short runs and few samples raise no alarm
-- severity    critical: the figures cannot be trusted or the program is in danger;
--             warning: memory or time is lost; info: worth knowing
-- rank        order within a severity, smallest first
-- covered_by  another rule that says the same with more; when both hold, the verdict
--             speaks of that one
-- sentence    text with columns of the view in braces: {column} or {column:format}, format
--             one of bytes, duration (of nanoseconds), percent (of a ratio), count, number,
--             text. A part in square brackets is left out when a column in it is NULL.
-- next        the query to run next, with {run} for the run's id; NULL: there is none
--
-- More rules need no new build: insert a row and create its view in a database made by
-- `memanalyze load`; thresholds are changed by UPDATE there. Rows that exist are kept.
--
-- Only the last snapshot's spans are read, and only when the counters raise the alarm.

CREATE TABLE IF NOT EXISTS finding_rule (
  name TEXT PRIMARY KEY,
  severity TEXT NOT NULL CHECK (severity IN ('critical', 'warning', 'info')),
  rank INTEGER NOT NULL,
  threshold REAL NOT NULL,
  threshold_unit TEXT NOT NULL,
  floor REAL NOT NULL,
  floor_unit TEXT NOT NULL,
  covered_by TEXT,
  sentence TEXT NOT NULL,
  next TEXT,
  doc TEXT NOT NULL
) STRICT;

-- The last snapshot of each run: levels are judged there. A log of Go's figures may end in
-- lines of a trace, which know no levels: the last sample is meant then, if there is one.
DROP VIEW IF EXISTS run_last;
CREATE VIEW run_last AS
SELECT u.id AS run_id, s.id AS snapshot_id, s.seq, s.gc_num, s.unix_ns
FROM run AS u
JOIN snapshot AS s
  ON s.id = coalesce((SELECT n.id FROM snapshot AS n JOIN mstats AS m ON m.snapshot_id = n.id
                      WHERE n.run_id = u.id AND m.heap_inuse IS NOT NULL
                        AND m.heap_alloc IS NOT NULL
                      ORDER BY n.seq DESC LIMIT 1),
                     (SELECT n.id FROM snapshot AS n WHERE n.run_id = u.id
                      ORDER BY n.seq DESC LIMIT 1));

-- The levels of each snapshot that the rules and the report's trends look at. needed_bytes
-- is what the heap needs until the next collection ends, a tenth for the road, as Go's
-- scavenger reckons; excess_bytes is resident heap beyond it.
DROP VIEW IF EXISTS run_level;
CREATE VIEW run_level AS
WITH level AS (
  SELECT s.run_id, s.id AS snapshot_id, s.seq, s.gc_num, s.reason, s.unix_ns,
         m.sys AS sys_bytes, m.heap_alloc AS heap_alloc_bytes,
         m.heap_inuse AS heap_inuse_bytes,
         f.fragmentation_bytes, f.fragmentation_ratio,
         i.retained_bytes, i.retained_ratio,
         m.sys - m.heap_released AS resident_bytes,
         CAST(1.1 * max(m.heap_inuse, coalesce(m.next_gc, m.heap_inuse)) AS INTEGER)
             AS needed_bytes
  FROM snapshot AS s
  JOIN mstats AS m ON m.snapshot_id = s.id
  JOIN fragmentation AS f ON f.snapshot_id = s.id
  JOIN idle_memory AS i ON i.snapshot_id = s.id)
SELECT *, max(0, heap_inuse_bytes + retained_bytes - needed_bytes) AS excess_bytes
FROM level;

-- The pause of each cycle, all its stops summed as in PauseNs, the snapshot's own left out.
DROP VIEW IF EXISTS cycle_pause;
CREATE VIEW cycle_pause AS
SELECT run_id, gc_num, sum(duration_ns) AS pause_ns, sum(stop_ns) AS stop_ns,
       max(end_unix_ns) AS end_unix_ns
FROM gc_pause
WHERE phase <> 'snapshot'
GROUP BY run_id, gc_num;

-- fragmentation_high -------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'fragmentation_high', 'warning', 10, 0.35, 'ratio', 8388608, 'bytes', NULL,
  'Fragmentation is high: {fragmentation_bytes:bytes} of {heap_inuse_bytes:bytes} in spans'
  || ' ({value:percent}) hold no object[, {worst_share:percent} of it in size classes'
  || ' {worst_classes:text}][, in spans less than half full for {half_empty_age_gc:count}'
  || ' cycles (median)].',
  'SELECT * FROM evidence_fragmentation_high WHERE run_id = {run} LIMIT 10',
  'Share of the bytes in in-use spans without an object, at the last snapshot of the run.'
  || ' Right after a collection a third is usual; spans that stay half empty for many'
  || ' cycles are what costs.');

DROP VIEW IF EXISTS evidence_fragmentation_high;
CREATE VIEW evidence_fragmentation_high AS
SELECT l.run_id, s.class, s.elem_bytes AS size_bytes, s.noscan, count(*) AS spans,
       sum(s.npages) * 8192 AS span_bytes, sum(s.alloc_count * s.elem_bytes) AS alloc_bytes,
       sum(s.npages * 8192 - s.alloc_count * s.elem_bytes) AS free_bytes,
       sum(2 * s.alloc_count < s.nelems) AS half_empty_spans,
       max(CASE WHEN 2 * s.alloc_count < s.nelems THEN l.gc_num - s.born_gc END)
           AS half_empty_age_gc_max
FROM run_last AS l
JOIN span AS s ON s.snapshot_id = l.snapshot_id
WHERE s.state = 'inuse' AND s.class > 0
GROUP BY l.run_id, s.class, s.noscan
ORDER BY free_bytes DESC;

DROP VIEW IF EXISTS finding_fragmentation_high;
CREATE VIEW finding_fragmentation_high AS
WITH high AS MATERIALIZED (
  SELECT f.run_id, f.snapshot_id, f.gc_num, f.heap_inuse_bytes, f.fragmentation_bytes,
         f.fragmentation_ratio
  FROM run_last AS l
  JOIN fragmentation AS f ON f.snapshot_id = l.snapshot_id
  JOIN finding_rule AS r ON r.name = 'fragmentation_high'
  WHERE f.fragmentation_ratio >= r.threshold AND f.fragmentation_bytes >= r.floor
), shape AS MATERIALIZED (
  SELECT h.run_id, s.elem_bytes, h.gc_num - s.born_gc AS age_gc,
         2 * s.alloc_count < s.nelems AS half_empty,
         sum(s.npages * 8192 - s.alloc_count * s.elem_bytes) AS free_bytes
  FROM high AS h
  JOIN span AS s ON s.snapshot_id = h.snapshot_id
  WHERE s.state = 'inuse' AND s.class > 0
  GROUP BY h.run_id, s.elem_bytes, age_gc, half_empty
), worst AS (
  SELECT run_id, elem_bytes, sum(free_bytes) AS free_bytes,
         row_number() OVER (PARTITION BY run_id ORDER BY sum(free_bytes) DESC) AS place
  FROM shape
  GROUP BY run_id, elem_bytes
), named AS (
  SELECT run_id, sum(free_bytes) AS free_bytes, group_concat(elem_bytes, ', ') AS classes
  FROM (SELECT * FROM worst WHERE place <= 3 AND free_bytes > 0 ORDER BY run_id, place)
  GROUP BY run_id
), aged AS (
  SELECT run_id, age_gc,
         sum(sum(free_bytes)) OVER (PARTITION BY run_id ORDER BY age_gc) AS up_to,
         sum(sum(free_bytes)) OVER (PARTITION BY run_id) AS total
  FROM shape
  WHERE half_empty AND age_gc IS NOT NULL
  GROUP BY run_id, age_gc
)
SELECT h.run_id, h.fragmentation_ratio AS value, h.fragmentation_bytes, h.heap_inuse_bytes,
       n.classes AS worst_classes,
       CAST(n.free_bytes AS REAL) / h.fragmentation_bytes AS worst_share,
       (SELECT min(a.age_gc) FROM aged AS a
        WHERE a.run_id = h.run_id AND 2 * a.up_to >= a.total) AS half_empty_age_gc
FROM high AS h
LEFT JOIN named AS n ON n.run_id = h.run_id;

-- idle_retained ------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'idle_retained', 'warning', 20, 0.25, 'ratio', 16777216, 'bytes', NULL,
  '{retained_bytes:bytes} of idle memory ({value:percent} of the heap) are kept from the'
  || ' operating system with nothing in them[, since gc {since_gc:count}]'
  || '[, since snapshot {since_seq:count}][, {since_ns:duration} before the end], after a peak of'
  || ' {peak_inuse_bytes:bytes} in use[ at gc {peak_gc:count}][ at snapshot {peak_seq:count}];'
  || ' releasing them takes the process from {resident_bytes:bytes}'
  || ' to {resident_after_bytes:bytes}.',
  'SELECT * FROM evidence_idle_retained WHERE run_id = {run}',
  'Idle, unreleased memory as a share of HeapSys at the last snapshot, where the resident'
  || ' heap exceeds what the next collection needs by the floor and the heap in use had'
  || ' been half as large again. since: the snapshot from which on at least half of it was'
  || ' kept without a break; where nothing is collected a hundredth of a second before the end'
  || ' at least: what malloc''s program frees as it ends is not kept.');

DROP VIEW IF EXISTS evidence_idle_retained;
CREATE VIEW evidence_idle_retained AS
SELECT run_id, seq, gc_num, unix_ns, heap_inuse_bytes, retained_bytes, needed_bytes,
       excess_bytes
FROM run_level
ORDER BY run_id, seq;

DROP VIEW IF EXISTS finding_idle_retained;
CREATE VIEW finding_idle_retained AS
WITH peak AS (
  SELECT run_id, seq, gc_num, heap_inuse_bytes,
         row_number() OVER (PARTITION BY run_id ORDER BY heap_inuse_bytes DESC, seq) AS place
  FROM run_level
  WHERE heap_inuse_bytes IS NOT NULL
), kept AS MATERIALIZED (
  SELECT v.*, p.heap_inuse_bytes AS peak_inuse_bytes, p.seq AS peak_seq, p.gc_num AS peak_gc
  FROM run_last AS l
  JOIN run_level AS v ON v.snapshot_id = l.snapshot_id
  JOIN peak AS p ON p.run_id = l.run_id AND p.place = 1
  JOIN finding_rule AS r ON r.name = 'idle_retained'
  WHERE v.retained_ratio >= r.threshold AND v.excess_bytes >= r.floor
    AND 2 * p.heap_inuse_bytes >= 3 * v.heap_inuse_bytes
), low AS (
  SELECT k.run_id, max(v.seq) AS seq
  FROM kept AS k
  JOIN run_level AS v ON v.run_id = k.run_id
  WHERE 2 * v.retained_bytes < k.retained_bytes
  GROUP BY k.run_id
), began AS (
  SELECT k.run_id, min(v.unix_ns) AS unix_ns, min(v.seq) AS seq, min(v.gc_num) AS gc_num
  FROM kept AS k
  LEFT JOIN low AS w ON w.run_id = k.run_id
  JOIN run_level AS v ON v.run_id = k.run_id AND v.seq > coalesce(w.seq, -1)
  GROUP BY k.run_id
)
SELECT k.run_id, k.retained_ratio AS value, k.retained_bytes, k.excess_bytes,
       k.heap_inuse_bytes, k.peak_inuse_bytes, nullif(k.peak_gc, 0) AS peak_gc,
       CASE WHEN k.peak_gc = 0 THEN k.peak_seq END AS peak_seq, nullif(b.gc_num, 0) AS since_gc,
       CASE WHEN b.gc_num = 0 THEN b.seq END AS since_seq,
       b.unix_ns AS since_unix_ns, k.unix_ns - b.unix_ns AS since_ns, k.resident_bytes,
       k.resident_bytes - k.retained_bytes AS resident_after_bytes
FROM kept AS k
LEFT JOIN began AS b ON b.run_id = k.run_id
WHERE k.gc_num > 0 OR k.unix_ns - b.unix_ns >= 10000000 OR b.unix_ns IS NULL;

-- scavenger_behind ---------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'scavenger_behind', 'warning', 60, 10000000000, 'ns', 33554432, 'bytes', 'idle_retained',
  'The scavenger does not keep up: for {value:duration} the heap kept at least'
  || ' {excess_bytes_min:bytes} beyond what the next collection needs, and'
  || ' {released_bytes:bytes} went back meanwhile.',
  'SELECT * FROM evidence_scavenger_behind WHERE run_id = {run}',
  'How long, up to the last snapshot, each snapshot showed resident heap of at least the'
  || ' floor above what the next collection needs, over three snapshots or more, without'
  || ' the excess having halved.');

DROP VIEW IF EXISTS evidence_scavenger_behind;
CREATE VIEW evidence_scavenger_behind AS
SELECT v.run_id, v.seq, v.gc_num, v.unix_ns, v.needed_bytes, v.excess_bytes,
       m.heap_released AS heap_released_bytes
FROM run_level AS v
JOIN mstats AS m ON m.snapshot_id = v.snapshot_id
ORDER BY v.run_id, v.seq;

DROP VIEW IF EXISTS finding_scavenger_behind;
CREATE VIEW finding_scavenger_behind AS
WITH fine AS (
  SELECT v.run_id, max(v.seq) AS seq
  FROM run_level AS v
  JOIN finding_rule AS r ON r.name = 'scavenger_behind'
  WHERE v.excess_bytes < r.floor OR v.excess_bytes IS NULL
  GROUP BY v.run_id
), behind AS (
  SELECT e.run_id, e.seq, e.unix_ns, e.excess_bytes, e.heap_released_bytes,
         first_value(e.excess_bytes) OVER w AS excess_first,
         last_value(e.excess_bytes) OVER w AS excess_last,
         first_value(e.heap_released_bytes) OVER w AS released_first,
         last_value(e.heap_released_bytes) OVER w AS released_last
  FROM evidence_scavenger_behind AS e
  LEFT JOIN fine AS f ON f.run_id = e.run_id
  WHERE e.seq > coalesce(f.seq, -1)
  WINDOW w AS (PARTITION BY e.run_id ORDER BY e.seq
               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
)
SELECT b.run_id, max(b.unix_ns) - min(b.unix_ns) AS value, count(*) AS snapshots,
       min(b.excess_bytes) AS excess_bytes_min, max(b.excess_last) AS excess_bytes,
       max(0, max(b.released_last) - max(b.released_first)) AS released_bytes
FROM behind AS b
JOIN finding_rule AS r ON r.name = 'scavenger_behind'
GROUP BY b.run_id
HAVING count(*) >= 3 AND value >= max(r.threshold)
   AND 2 * max(b.excess_last) > max(b.excess_first);

-- heap_growing -------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'heap_growing', 'warning', 5, 0.8, 'r2', 8388608, 'bytes', NULL,
  'The live heap grows by {slope_bytes_per_second:bytes} a second, from {first_bytes:bytes}'
  || ' to {last_bytes:bytes} over {elapsed_ns:duration} (R2 {value:number},'
  || ' {cycles:count} cycles), and was still growing at the end[;'
  || ' {short_ns:duration} are too short to tell a start from a leak]'
  || '[; it was given back at the exit, down to {exit_bytes:bytes}].',
  'SELECT * FROM evidence_heap_growing WHERE run_id = {run}',
  'Least squares of the bytes in objects after each cycle over time: R2 reaches the'
  || ' threshold, the growth over the run the floor and a quarter of the first value, and'
  || ' the second half of the time holds at least a quarter of the growth. At least five'
  || ' cycles. Not of a run under a minute whose last snapshot is back below half of the'
  || ' growth: it built something, used it and freed it.');

DROP VIEW IF EXISTS evidence_heap_growing;
CREATE VIEW evidence_heap_growing AS
SELECT run_id, seq, gc_num, unix_ns AS at_ns, heap_alloc_bytes
FROM run_level
WHERE coalesce(reason, 'gc') IN ('gc', 'forced', 'periodic', 'limit', 'pacer', 'shrink')
  AND heap_alloc_bytes IS NOT NULL
UNION ALL
SELECT s.run_id, s.seq, s.gc_num, CASE WHEN u.end_unix_ns IS NULL THEN s.mono_ns ELSE s.unix_ns END,
       m.heap_marked
FROM source AS o
JOIN run AS u ON u.source_id = o.id
JOIN snapshot AS s ON s.run_id = u.id
JOIN mstats AS m ON m.snapshot_id = s.id
WHERE o.kind = 'go-trace' AND m.heap_marked IS NOT NULL
ORDER BY 1, 2;

DROP VIEW IF EXISTS finding_heap_growing;
CREATE VIEW finding_heap_growing AS
WITH point AS (
  SELECT run_id, seq, heap_alloc_bytes AS y,
         (at_ns - first_value(at_ns) OVER w) / 1e9 AS x,
         first_value(heap_alloc_bytes) OVER w AS first_bytes,
         last_value(heap_alloc_bytes) OVER w AS last_bytes,
         last_value(at_ns) OVER w - first_value(at_ns) OVER w AS elapsed_ns
  FROM evidence_heap_growing
  WINDOW w AS (PARTITION BY run_id ORDER BY seq
               ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
), centre AS (
  SELECT run_id, avg(x) AS x, avg(y) AS y, count(*) AS n FROM point GROUP BY run_id
), fit AS (
  SELECT p.run_id, c.n, p.first_bytes, p.last_bytes, p.elapsed_ns,
         sum((p.x - c.x) * (p.x - c.x)) AS xx, sum((p.x - c.x) * (p.y - c.y)) AS xy,
         sum((p.y - c.y) * (p.y - c.y)) AS yy
  FROM point AS p
  JOIN centre AS c ON c.run_id = p.run_id
  GROUP BY p.run_id
), middle AS (
  SELECT run_id, y AS bytes,
         row_number() OVER (PARTITION BY run_id ORDER BY seq DESC) AS place
  FROM point
  WHERE 2e9 * x <= elapsed_ns
), ending AS (
  SELECT l.run_id, m.heap_alloc AS exit_bytes
  FROM run_last AS l
  JOIN mstats AS m ON m.snapshot_id = l.snapshot_id
)
SELECT f.run_id, f.xy * f.xy / (f.xx * f.yy) AS value, f.xy / f.xx AS slope_bytes_per_second,
       f.first_bytes, f.last_bytes, f.elapsed_ns, f.n AS cycles,
       CASE WHEN f.elapsed_ns < 60e9 THEN f.elapsed_ns END AS short_ns, e.exit_bytes
FROM fit AS f
JOIN middle AS m ON m.run_id = f.run_id AND m.place = 1
LEFT JOIN ending AS e ON e.run_id = f.run_id AND 2 * e.exit_bytes < f.first_bytes + f.last_bytes
JOIN finding_rule AS r ON r.name = 'heap_growing'
WHERE f.n >= 5 AND f.xx > 0 AND f.yy > 0 AND f.xy > 0
  AND f.xy * f.xy / (f.xx * f.yy) >= r.threshold
  AND f.last_bytes - f.first_bytes >= r.floor
  AND 4 * (f.last_bytes - f.first_bytes) >= f.first_bytes
  AND 4 * (f.last_bytes - m.bytes) >= f.last_bytes - f.first_bytes
  AND (f.elapsed_ns >= 60e9 OR e.exit_bytes IS NULL);

-- pauses_long --------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'pauses_long', 'warning', 30, 10000000, 'ns', 5, 'cycles', NULL,
  'Pauses are long: p99 {value:duration}, median {p50_ns:duration} over {n:count} cycles;'
  || ' the longest, {max_ns:duration}, was at gc {worst_gc:count}'
  || '[, {worst_stop_ns:duration} of it until the threads stood].',
  'SELECT * FROM evidence_pauses_long WHERE run_id = {run} LIMIT 10',
  'The nearest-rank 99th percentile of the pauses of a run, the time to stop included.');

DROP VIEW IF EXISTS evidence_pauses_long;
CREATE VIEW evidence_pauses_long AS
SELECT p.run_id, p.gc_num, p.pause_ns, p.stop_ns, c.reason, c.threads, c.heap_live_end,
       c.stack_bytes, c.global_bytes
FROM cycle_pause AS p
LEFT JOIN gc_cycle AS c ON c.run_id = p.run_id AND c.gc_num = p.gc_num
ORDER BY p.pause_ns DESC;

DROP VIEW IF EXISTS cycle_pause_worst;
CREATE VIEW cycle_pause_worst AS
SELECT run_id, gc_num, pause_ns, stop_ns, end_unix_ns
FROM (SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY pause_ns DESC, gc_num) AS place
      FROM cycle_pause)
WHERE place = 1;

DROP VIEW IF EXISTS finding_pauses_long;
CREATE VIEW finding_pauses_long AS
SELECT p.run_id, p.p99_ns AS value, p.p50_ns, p.max_ns, p.n, w.gc_num AS worst_gc,
       w.stop_ns AS worst_stop_ns
FROM pause_summary AS p
JOIN cycle_pause_worst AS w ON w.run_id = p.run_id
JOIN finding_rule AS r ON r.name = 'pauses_long'
WHERE p.p99_ns >= r.threshold AND p.n >= r.floor;

-- pause_outlier ------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'pause_outlier', 'warning', 40, 10, 'times the median', 5000000, 'ns', 'pauses_long',
  'One pause stands out: {worst_ns:duration} at gc {worst_gc:count}, {value:number} times the'
  || ' median of {p50_ns:duration}[, {worst_stop_ns:duration} of it until the threads'
  || ' stood][; the heap had {heap_live_end:bytes} live then, {heap_times:number} times the'
  || ' usual].',
  'SELECT * FROM evidence_pause_outlier WHERE run_id = {run} LIMIT 10',
  'The longest pause against the median of at least twenty.');

DROP VIEW IF EXISTS evidence_pause_outlier;
CREATE VIEW evidence_pause_outlier AS SELECT * FROM evidence_pauses_long;

DROP VIEW IF EXISTS finding_pause_outlier;
CREATE VIEW finding_pause_outlier AS
WITH usual AS (
  SELECT run_id, avg(heap_live_end) AS live FROM gc_cycle GROUP BY run_id
)
SELECT p.run_id, CAST(p.max_ns AS REAL) / p.p50_ns AS value, p.max_ns AS worst_ns, p.p50_ns,
       p.n, w.gc_num AS worst_gc, w.stop_ns AS worst_stop_ns,
       CASE WHEN c.heap_live_end >= 1.5 * u.live THEN c.heap_live_end END AS heap_live_end,
       CASE WHEN u.live > 0 THEN c.heap_live_end / u.live END AS heap_times
FROM pause_summary AS p
JOIN cycle_pause_worst AS w ON w.run_id = p.run_id
LEFT JOIN gc_cycle AS c ON c.run_id = p.run_id AND c.gc_num = w.gc_num
LEFT JOIN usual AS u ON u.run_id = p.run_id
JOIN finding_rule AS r ON r.name = 'pause_outlier'
WHERE p.n >= 20 AND p.p50_ns > 0 AND p.max_ns >= r.threshold * p.p50_ns
  AND p.max_ns >= r.floor;

-- pauses_growing -----------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'pauses_growing', 'warning', 35, 0.5, 'r2', 2000000, 'ns', NULL,
  'Pauses grow by {slope_ns_per_gc:duration} a cycle, {growth_ns:duration} over {n:count}'
  || ' cycles (R2 {value:number})[; the live heap explains {heap_r2:percent} of it].',
  'SELECT * FROM evidence_pauses_growing WHERE run_id = {run}',
  'Least squares of the pause over the cycle number: R2 reaches the threshold, the growth'
  || ' over the run the floor and half of the mean. At least twenty cycles. heap_r2: of the'
  || ' pause over the live heap.');

DROP VIEW IF EXISTS evidence_pauses_growing;
CREATE VIEW evidence_pauses_growing AS
SELECT p.run_id, p.gc_num, p.pause_ns, p.stop_ns, c.heap_live_end
FROM cycle_pause AS p
LEFT JOIN gc_cycle AS c ON c.run_id = p.run_id AND c.gc_num = p.gc_num
ORDER BY p.run_id, p.gc_num;

DROP VIEW IF EXISTS finding_pauses_growing;
CREATE VIEW finding_pauses_growing AS
WITH growing AS MATERIALIZED (
  SELECT p.*, p.slope_ns_per_gc * p.n AS growth_ns
  FROM pause_summary AS p
  JOIN finding_rule AS r ON r.name = 'pauses_growing'
  WHERE p.n >= 20 AND p.r2 >= r.threshold AND p.slope_ns_per_gc * p.n >= r.floor
    AND p.slope_ns_per_gc * p.n >= 0.5 * p.mean_ns
), centre AS (
  SELECT e.run_id, avg(e.heap_live_end) AS x, avg(e.pause_ns) AS y
  FROM evidence_pauses_growing AS e
  WHERE e.heap_live_end IS NOT NULL AND e.run_id IN (SELECT run_id FROM growing)
  GROUP BY e.run_id
), fit AS (
  SELECT e.run_id, sum((e.heap_live_end - c.x) * (e.heap_live_end - c.x)) AS xx,
         sum((e.heap_live_end - c.x) * (e.pause_ns - c.y)) AS xy,
         sum((e.pause_ns - c.y) * (e.pause_ns - c.y)) AS yy
  FROM evidence_pauses_growing AS e
  JOIN centre AS c ON c.run_id = e.run_id
  GROUP BY e.run_id
)
SELECT g.run_id, g.r2 AS value, g.slope_ns_per_gc, g.growth_ns, g.n,
       CASE WHEN f.xx > 0 AND f.yy > 0 AND f.xy > 0
            THEN f.xy * f.xy / (f.xx * f.yy) END AS heap_r2
FROM growing AS g
LEFT JOIN fit AS f ON f.run_id = g.run_id;

-- collector_cpu_high, collections_frequent, collections_forced --------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'collector_cpu_high', 'warning', 25, 0.25, 'ratio', 20, 'cycles', NULL,
  'The collector takes {value:percent} of the available CPU in {cycles:count} cycles[,'
  || ' {cycles_per_second:number} a second][; the goal of {next_gc:bytes} leaves little'
  || ' room above {heap_marked:bytes} live: a higher MEMSPAN_GCPERCENT buys time with'
  || ' memory].',
  'SELECT * FROM evidence_collector_cpu_high WHERE run_id = {run}',
  'GCCPUFraction of the last snapshot, in a run of at least as many cycles as the floor'
  || ' says.'),
  ('collections_frequent', 'warning', 27, 10, 'cycles a second', 50, 'cycles',
  'collector_cpu_high',
  'Collections are frequent: {value:number} a second over {elapsed_ns:duration}, at'
  || ' {gc_cpu_fraction:percent} of the available CPU[, for a goal of {next_gc:bytes}].',
  'SELECT * FROM evidence_collector_cpu_high WHERE run_id = {run}',
  'Cycles a second over the run where the collector takes a tenth of the CPU or more:'
  || ' frequent cycles that cost nothing are no finding.'),
  ('collections_forced', 'info', 20, 0.5, 'ratio', 20, 'cycles', NULL,
  '{forced:count} of {cycles:count} collections ({value:percent}) were forced by the'
  || ' program, not by the pacer.',
  'SELECT * FROM evidence_collector_cpu_high WHERE run_id = {run}',
  'Share of cycles that the program asked for.');

DROP VIEW IF EXISTS evidence_collector_cpu_high;
CREATE VIEW evidence_collector_cpu_high AS
SELECT s.run_id, s.seq, s.gc_num, s.reason, s.unix_ns, m.numgc, m.numforcedgc,
       m.gc_cpu_fraction, m.heap_marked, m.next_gc
FROM snapshot AS s
JOIN mstats AS m ON m.snapshot_id = s.id
ORDER BY s.run_id, s.seq;

DROP VIEW IF EXISTS run_collector;
CREATE VIEW run_collector AS
SELECT l.run_id, m.numgc AS cycles, m.numforcedgc AS forced, m.gc_cpu_fraction, m.next_gc,
       m.heap_marked, l.unix_ns - u.start_unix_ns AS elapsed_ns,
       CASE WHEN l.unix_ns > u.start_unix_ns
            THEN m.numgc * 1e9 / (l.unix_ns - u.start_unix_ns) END AS cycles_per_second
FROM run_last AS l
JOIN run AS u ON u.id = l.run_id
JOIN mstats AS m ON m.snapshot_id = l.snapshot_id;

DROP VIEW IF EXISTS finding_collector_cpu_high;
CREATE VIEW finding_collector_cpu_high AS
SELECT c.run_id, c.gc_cpu_fraction AS value, c.cycles, c.cycles_per_second, c.next_gc,
       c.heap_marked
FROM run_collector AS c
JOIN finding_rule AS r ON r.name = 'collector_cpu_high'
WHERE c.gc_cpu_fraction >= r.threshold AND c.cycles >= r.floor;

DROP VIEW IF EXISTS finding_collections_frequent;
CREATE VIEW finding_collections_frequent AS
SELECT c.run_id, c.cycles_per_second AS value, c.cycles, c.elapsed_ns, c.gc_cpu_fraction,
       c.next_gc
FROM run_collector AS c
JOIN finding_rule AS r ON r.name = 'collections_frequent'
WHERE c.cycles_per_second >= r.threshold AND c.cycles >= r.floor AND c.gc_cpu_fraction >= 0.1;

DROP VIEW IF EXISTS finding_collections_forced;
CREATE VIEW finding_collections_forced AS
SELECT c.run_id, CAST(c.forced AS REAL) / c.cycles AS value, c.forced, c.cycles
FROM run_collector AS c
JOIN finding_rule AS r ON r.name = 'collections_forced'
WHERE c.cycles >= r.floor AND c.cycles > 0 AND c.forced >= r.threshold * c.cycles;

-- limit_reached ------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'limit_reached', 'warning', 15, 0.05, 'ratio', 3, 'cycles', NULL,
  'The memory limit was reached: it started {limited:count} of {cycles:count} cycles'
  || ' ({value:percent}), the first at gc {first_gc:count}[; {heap_live_end:bytes} were live'
  || ' at the last of them].',
  'SELECT * FROM evidence_limit_reached WHERE run_id = {run}',
  'Share of the recorded cycles that the memory limit started.');

DROP VIEW IF EXISTS evidence_limit_reached;
CREATE VIEW evidence_limit_reached AS
SELECT run_id, gc_num, heap_live_start, heap_live_end, heap_goal
FROM gc_cycle
WHERE reason = 'limit'
ORDER BY run_id, gc_num;

DROP VIEW IF EXISTS finding_limit_reached;
CREATE VIEW finding_limit_reached AS
WITH share AS (
  SELECT run_id, count(*) AS cycles, sum(reason = 'limit') AS limited,
         min(CASE WHEN reason = 'limit' THEN gc_num END) AS first_gc,
         max(CASE WHEN reason = 'limit' THEN gc_num END) AS last_gc
  FROM gc_cycle
  GROUP BY run_id
)
SELECT s.run_id, CAST(s.limited AS REAL) / s.cycles AS value, s.limited, s.cycles, s.first_gc,
       c.heap_live_end
FROM share AS s
JOIN gc_cycle AS c ON c.run_id = s.run_id AND c.gc_num = s.last_gc
JOIN finding_rule AS r ON r.name = 'limit_reached'
WHERE s.limited >= r.floor AND s.limited >= r.threshold * s.cycles;

-- recording_skipped, recording_damaged, recording_incomplete ----------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'recording_skipped', 'info', 10, 0.05, 'ratio', 3, 'snapshots', NULL,
  '{skipped:count} of {wanted:count} snapshots ({value:percent}) were skipped, each while the'
  || ' one before was being written: what happened between is not seen.',
  'SELECT * FROM evidence_recording_skipped WHERE run_id = {run}',
  'Snapshots that the recorder could not take, as a share of those it should have taken.'),
  ('recording_damaged', 'warning', 1, 1, 'bytes', 0, 'bytes', NULL,
  'The recording is damaged: {value:bytes} in it had to be passed over; the figures are'
  || ' partial.',
  'SELECT * FROM evidence_recording_damaged WHERE run_id = {run}',
  'Bytes of the source that could not be read, a torn end not counted.'),
  ('recording_incomplete', 'info', 30, 1, 'runs', 0, 'ns', NULL,
  'The run did not end in an orderly way, it was killed or goes on: the figures end at gc'
  || ' {gc_num:count}[, {elapsed_ns:duration} after its start].',
  NULL,
  'The run has no orderly end. A snapshot that was asked for with memspan_dump needs none.');

DROP VIEW IF EXISTS evidence_recording_skipped;
CREATE VIEW evidence_recording_skipped AS
SELECT run_id, seq, gc_num, reason, unix_ns,
       unix_ns - lag(unix_ns) OVER (PARTITION BY run_id ORDER BY seq) AS since_last_ns,
       gc_num - lag(gc_num) OVER (PARTITION BY run_id ORDER BY seq) AS cycles_since_last
FROM snapshot
ORDER BY since_last_ns DESC;

DROP VIEW IF EXISTS finding_recording_skipped;
CREATE VIEW finding_recording_skipped AS
WITH share AS (
  SELECT u.id AS run_id, u.skipped,
         u.skipped + (SELECT count(*) FROM snapshot AS s WHERE s.run_id = u.id) AS wanted
  FROM run AS u
)
SELECT s.run_id, CAST(s.skipped AS REAL) / s.wanted AS value, s.skipped, s.wanted
FROM share AS s
JOIN finding_rule AS r ON r.name = 'recording_skipped'
WHERE s.skipped >= r.floor AND s.skipped >= r.threshold * s.wanted;

DROP VIEW IF EXISTS evidence_recording_damaged;
CREATE VIEW evidence_recording_damaged AS
SELECT u.id AS run_id, i.byte_offset, i.severity, i.code, i.message
FROM run AS u
JOIN import_issue AS i ON i.source_id = u.source_id
ORDER BY u.id, i.byte_offset;

DROP VIEW IF EXISTS finding_recording_damaged;
CREATE VIEW finding_recording_damaged AS
SELECT u.id AS run_id, o.bytes_skipped AS value, count(*) AS issues
FROM run AS u
JOIN source AS o ON o.id = u.source_id
JOIN import_issue AS i ON i.source_id = o.id AND i.severity <> 'warning'
JOIN finding_rule AS r ON r.name = 'recording_damaged'
WHERE o.bytes_skipped >= r.threshold
GROUP BY u.id;

DROP VIEW IF EXISTS finding_recording_incomplete;
CREATE VIEW finding_recording_incomplete AS
SELECT l.run_id, 1 AS value, l.gc_num, l.unix_ns - u.start_unix_ns AS elapsed_ns
FROM run AS u
JOIN run_last AS l ON l.run_id = u.id
JOIN snapshot AS s ON s.id = l.snapshot_id
WHERE u.clean_exit = 0 AND s.reason <> 'dump';

-- blocks_lost --------------------------------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'blocks_lost', 'warning', 4, 1, 'blocks', 1, 'bytes', NULL,
  'No pointer leads to {leaked_bytes:bytes} in {value:count} blocks[, {worst_share:percent} of'
  || ' it in {worst_blocks:count} blocks of {worst_size_bytes:bytes}]: they can never be'
  || ' freed[; only others of them lead to {indirect_blocks:count} of them]'
  || '[; the stacks of {threads_unknown:count} threads were not looked through]'
  || '[; {left_out:text} was not looked through].',
  'SELECT * FROM evidence_blocks_lost WHERE run_id = {run}',
  'Blocks that nothing points to, at the last snapshot of the run that was looked through'
  || ' (MEMSPAN_LEAKS=1).');

DROP VIEW IF EXISTS evidence_blocks_lost;
CREATE VIEW evidence_blocks_lost AS
SELECT l.run_id, l.seq, l.class, l.size_bytes, l.blocks, l.bytes, l.indirect_blocks, l.indirect_bytes
FROM leaks AS l
WHERE l.seq = (SELECT max(s.seq) FROM leak_search AS f JOIN snapshot AS s ON s.id = f.snapshot_id
               WHERE s.run_id = l.run_id)
ORDER BY l.run_id, l.bytes DESC;

DROP VIEW IF EXISTS finding_blocks_lost;
CREATE VIEW finding_blocks_lost AS
WITH last AS (
  SELECT s.run_id, f.*,
         row_number() OVER (PARTITION BY s.run_id ORDER BY s.seq DESC) AS place
  FROM leak_search AS f
  JOIN snapshot AS s ON s.id = f.snapshot_id
), worst AS (
  SELECT snapshot_id, size_bytes, blocks, bytes,
         row_number() OVER (PARTITION BY snapshot_id ORDER BY bytes DESC, class) AS place
  FROM leaks
)
SELECT l.run_id, l.leaked_blocks AS value, l.leaked_bytes, w.size_bytes AS worst_size_bytes,
       CASE WHEN w.size_bytes IS NOT NULL THEN w.blocks END AS worst_blocks,
       CASE WHEN w.size_bytes IS NOT NULL
            THEN CAST(w.bytes AS REAL) / nullif(l.leaked_bytes, 0) END AS worst_share,
       nullif(l.indirect_blocks, 0) AS indirect_blocks,
       nullif(l.threads_unknown, 0) AS threads_unknown,
       CASE WHEN l.mapped_bytes IS NULL THEN 'memory that the program mapped itself' END AS left_out
FROM last AS l
JOIN finding_rule AS r ON r.name = 'blocks_lost'
LEFT JOIN worst AS w ON w.snapshot_id = l.snapshot_id AND w.place = 1
WHERE l.place = 1 AND l.leaked_blocks >= r.threshold AND l.leaked_bytes >= r.floor;

-- accounting_broken, threads_unknown -----------------------------------------------------

INSERT OR IGNORE INTO finding_rule VALUES (
  'accounting_broken', 'critical', 1, 1, 'identities', 0, 'snapshots', NULL,
  'The figures contradict themselves, in {value:count} of the identities and'
  || ' {snapshots:count} of the snapshots; first at gc {gc_num:count}: {identity:text},'
  || ' {left_value:count} and {right_value:count}.',
  'SELECT * FROM evidence_accounting_broken WHERE run_id = {run} LIMIT 20',
  'Rows of the accounting view that do not hold.'),
  ('threads_unknown', 'info', 5, 1, 'threads', 0, 'threads', NULL,
  'Up to {value:count} threads are unknown to the collector, first at gc {first_gc:count}:'
  || ' what only their stacks lead to is not kept (memspan_thread_register).',
  'SELECT * FROM evidence_threads_unknown WHERE run_id = {run}',
  'Threads of the process that were neither stopped nor scanned in a cycle.');

DROP VIEW IF EXISTS evidence_accounting_broken;
CREATE VIEW evidence_accounting_broken AS
SELECT a.run_id, s.seq, s.gc_num, a.identity, a.left_value, a.right_value
FROM accounting AS a
JOIN snapshot AS s ON s.id = a.snapshot_id
WHERE NOT a.holds
ORDER BY a.run_id, s.seq;

-- The first of them stands for all. Windows and no GROUP BY, so that a question about one
-- run reads no other.
DROP VIEW IF EXISTS finding_accounting_broken;
CREATE VIEW finding_accounting_broken AS
WITH broken AS (
  SELECT *, row_number() OVER (PARTITION BY run_id ORDER BY seq, identity) AS place,
         dense_rank() OVER (PARTITION BY run_id ORDER BY seq) AS snapshot_number,
         dense_rank() OVER (PARTITION BY run_id ORDER BY identity) AS identity_number
  FROM evidence_accounting_broken
), counted AS (
  SELECT *, max(identity_number) OVER (PARTITION BY run_id) AS value,
         max(snapshot_number) OVER (PARTITION BY run_id) AS snapshots
  FROM broken
)
SELECT run_id, value, snapshots, identity, left_value, right_value, gc_num
FROM counted
WHERE place = 1;

DROP VIEW IF EXISTS evidence_threads_unknown;
CREATE VIEW evidence_threads_unknown AS
SELECT run_id, gc_num, threads, threads_unknown
FROM gc_cycle
WHERE threads_unknown > 0
ORDER BY run_id, gc_num;

DROP VIEW IF EXISTS finding_threads_unknown;
CREATE VIEW finding_threads_unknown AS
SELECT e.run_id, max(e.threads_unknown) AS value, min(e.gc_num) AS first_gc
FROM evidence_threads_unknown AS e
JOIN finding_rule AS r ON r.name = 'threads_unknown'
WHERE e.threads_unknown >= r.threshold
GROUP BY e.run_id;

-- In words ------------------------------------------------------------------------------
--
-- The views above share their columns' names and meanings: each is said once, and each
-- object names its own.

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('finding_rule', '', NULL, 'The rules of the verdict; each has a view finding_<name>.', 1),
  ('finding_rule', 'name', NULL, 'The rule, and what follows finding_ in the name of its view.', 1),
  ('finding_rule', 'severity', NULL, 'critical, warning or info.', 1),
  ('finding_rule', 'rank', NULL, 'Order within a severity, smallest first.', 1),
  ('finding_rule', 'threshold', NULL, 'What value has to reach, in threshold_unit.', 1),
  ('finding_rule', 'threshold_unit', NULL, 'Unit of threshold and of value.', 1),
  ('finding_rule', 'floor', NULL, 'What an absolute figure has to reach as well, in floor_unit.', 1),
  ('finding_rule', 'floor_unit', NULL, 'Unit of floor.', 1),
  ('finding_rule', 'covered_by', NULL, 'A rule that says the same with more.', 1),
  ('finding_rule', 'sentence', NULL, 'What the verdict says; {column:format} and [optional part].', 1),
  ('finding_rule', 'next', NULL, 'The query to run next; {run} stands for the id of the run.', 1),
  ('finding_rule', 'doc', NULL, 'What is compared with what.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since)
WITH word (name, unit, doc) AS (VALUES
  ('alloc_bytes', 'bytes', 'In objects.'),
  ('at_ns', 'ns', 'The moment: Unix time, or by the source''s monotonic clock where it has no other.'),
  ('blocks', 'count', 'Blocks that nothing points to.'),
  ('byte_offset', 'bytes', 'Where in the file.'),
  ('bytes', 'bytes', 'In them.'),
  ('class', NULL, 'Size class.'),
  ('code', NULL, 'The kind of damage.'),
  ('cycles', 'count', 'Collection cycles.'),
  ('cycles_per_second', '1/s', 'Collection cycles a second over the run.'),
  ('cycles_since_last', 'count', 'Cycles since the snapshot before.'),
  ('elapsed_ns', 'ns', 'The time that the figures span.'),
  ('end_unix_ns', 'ns', 'End of the last pause, Unix time.'),
  ('excess_bytes', 'bytes', 'Resident heap beyond needed_bytes.'),
  ('excess_bytes_min', 'bytes', 'The least of excess_bytes in that time.'),
  ('first_bytes', 'bytes', 'In objects after the first cycle.'),
  ('first_gc', 'gc number', 'The first cycle of that kind.'),
  ('forced', 'count', 'Cycles that the program asked for.'),
  ('exit_bytes', 'bytes', 'In objects at the end, where half of the growth or more was given back by then.'),
  ('fragmentation_bytes', 'bytes', 'In spans in use, but in no object.'),
  ('fragmentation_ratio', 'ratio', 'fragmentation_bytes / heap_inuse_bytes.'),
  ('free_bytes', 'bytes', 'Free slots and tails.'),
  ('gc_cpu_fraction', 'ratio', 'Share of the available CPU that the collector took.'),
  ('gc_num', 'gc number', 'Cycles finished by then, or the cycle itself.'),
  ('global_bytes', 'bytes', 'Static data scanned as roots.'),
  ('growth_ns', 'ns', 'The slope over all cycles.'),
  ('half_empty_age_gc', 'cycles', 'Age of the spans less than half full, median by free bytes.'),
  ('half_empty_age_gc_max', 'cycles', 'Age of the oldest span less than half full.'),
  ('half_empty_spans', 'count', 'Spans less than half full.'),
  ('heap_alloc_bytes', 'bytes', 'In objects.'),
  ('heap_goal', 'bytes', 'Goal that the cycle ran under.'),
  ('heap_inuse_bytes', 'bytes', 'In spans in use.'),
  ('heap_live_end', 'bytes', 'heap_live when marking ended.'),
  ('heap_live_start', 'bytes', 'heap_live when the cycle began.'),
  ('heap_marked', 'bytes', 'What the last cycle kept.'),
  ('heap_r2', 'ratio', 'R2 of the pause over the live heap.'),
  ('heap_released_bytes', 'bytes', 'Idle pages that the operating system has.'),
  ('heap_times', 'ratio', 'heap_live_end over its mean.'),
  ('identity', NULL, 'The identity, as in accounting.'),
  ('indirect_blocks', 'count', 'Lost blocks to which another lost block leads.'),
  ('indirect_bytes', 'bytes', 'In them.'),
  ('issues', 'count', 'Damaged places.'),
  ('last_bytes', 'bytes', 'In objects after the last cycle.'),
  ('leaked_bytes', 'bytes', 'In blocks that nothing points to.'),
  ('left_out', NULL, 'What was not looked through; NULL: nothing.'),
  ('left_value', NULL, 'Left side of the identity.'),
  ('limited', 'count', 'Cycles that the memory limit started.'),
  ('max_ns', 'ns', 'The longest pause.'),
  ('message', NULL, 'What is wrong there.'),
  ('n', 'count', 'Pauses.'),
  ('needed_bytes', 'bytes', 'What the heap needs until the next collection ends, and a tenth.'),
  ('next_gc', 'bytes', 'Goal of the next cycle; NULL when the collector is off.'),
  ('noscan', '0 or 1', 'Objects without pointers.'),
  ('numforcedgc', 'count', 'Cycles that the program asked for.'),
  ('numgc', 'count', 'Cycles finished.'),
  ('p50_ns', 'ns', 'The median pause, nearest rank.'),
  ('pause_ns', 'ns', 'The pause of the cycle, all its stops.'),
  ('peak_gc', 'gc number', 'When the heap in use was greatest; NULL before the first cycle.'),
  ('peak_inuse_bytes', 'bytes', 'The greatest heap in use.'),
  ('peak_seq', 'count', 'The snapshot with it, where that was before the first cycle.'),
  ('reason', NULL, 'Why the cycle ran or the snapshot was taken.'),
  ('released_bytes', 'bytes', 'What went back to the operating system in that time.'),
  ('resident_after_bytes', 'bytes', 'resident_bytes with all idle pages released.'),
  ('resident_bytes', 'bytes', 'Sys less what is released: at most so much is resident.'),
  ('retained_bytes', 'bytes', 'Idle and not released.'),
  ('retained_ratio', 'ratio', 'retained_bytes / HeapSys.'),
  ('right_value', NULL, 'Right side of the identity.'),
  ('run_id', NULL, 'The run.'),
  ('seq', 'count', 'Number of the snapshot within the run.'),
  ('severity', NULL, 'How bad it is.'),
  ('short_ns', 'ns', 'elapsed_ns where it is under a minute.'),
  ('since_gc', 'gc number', 'From when on at least half of it was kept; NULL before the first cycle.'),
  ('since_last_ns', 'ns', 'Time since the snapshot before.'),
  ('since_ns', 'ns', 'From then to the last snapshot.'),
  ('since_seq', 'count', 'From which snapshot on, where that was before the first cycle.'),
  ('since_unix_ns', 'ns', 'From when on at least half of it was kept, Unix time.'),
  ('size_bytes', 'bytes', 'Size of an object.'),
  ('skipped', 'count', 'Snapshots that were not taken.'),
  ('slope_bytes_per_second', 'bytes/s', 'Least squares over time.'),
  ('slope_ns_per_gc', 'ns', 'Least squares over the cycle number.'),
  ('snapshot_id', NULL, 'The snapshot.'),
  ('snapshots', 'count', 'Snapshots in which it is so.'),
  ('span_bytes', 'bytes', 'In the spans.'),
  ('spans', 'count', 'Spans.'),
  ('stack_bytes', 'bytes', 'Stacks scanned as roots.'),
  ('stop_ns', 'ns', 'The part of the pause until all threads stood.'),
  ('sys_bytes', 'bytes', 'From the operating system.'),
  ('threads', 'count', 'Threads stopped.'),
  ('threads_unknown', 'count', 'Threads neither stopped nor scanned.'),
  ('unix_ns', 'ns', 'The moment, Unix time.'),
  ('value', NULL, 'The figure that reached the threshold of the rule, in its unit.'),
  ('wanted', 'count', 'Snapshots taken and skipped.'),
  ('worst_blocks', 'count', 'Of these blocks the ones of the size with the most bytes.'),
  ('worst_classes', NULL, 'Object sizes of the three classes with the most free bytes.'),
  ('worst_gc', 'gc number', 'The cycle of the longest pause.'),
  ('worst_ns', 'ns', 'The longest pause.'),
  ('worst_share', 'ratio', 'Share of fragmentation_bytes in worst_classes, or of leaked_bytes in worst_blocks.'),
  ('worst_size_bytes', 'bytes', 'Size of the worst_blocks.'),
  ('worst_stop_ns', 'ns', 'The part of the longest pause until all threads stood.')
), has (object, doc, names) AS (VALUES
  ('cycle_pause', 'The pause of each cycle, the stop of its snapshot left out.',
   'run_id gc_num pause_ns stop_ns end_unix_ns'),
  ('cycle_pause_worst', 'The longest pause of each run.',
   'run_id gc_num pause_ns stop_ns end_unix_ns'),
  ('evidence_accounting_broken', 'The identities that do not hold.',
   'run_id seq gc_num identity left_value right_value'),
  ('evidence_collector_cpu_high', 'Cycles and CPU of the collector, by snapshot.',
   'run_id seq gc_num reason unix_ns numgc numforcedgc gc_cpu_fraction heap_marked next_gc'),
  ('evidence_fragmentation_high', 'Size classes at the end of each run, most free bytes first.',
   'run_id class size_bytes noscan spans span_bytes alloc_bytes free_bytes '
    || 'half_empty_spans half_empty_age_gc_max'),
  ('evidence_heap_growing', 'Bytes in objects after each cycle, or in each sample of Go''s; of a trace what was marked.',
   'run_id seq gc_num at_ns heap_alloc_bytes'),
  ('evidence_idle_retained', 'Idle and needed memory, by snapshot.',
   'run_id seq gc_num unix_ns heap_inuse_bytes retained_bytes needed_bytes excess_bytes'),
  ('evidence_limit_reached', 'Cycles that the memory limit started.',
   'run_id gc_num heap_live_start heap_live_end heap_goal'),
  ('evidence_pause_outlier', 'Pauses, longest first, with what coincides.',
   'run_id gc_num pause_ns stop_ns reason threads heap_live_end stack_bytes global_bytes'),
  ('evidence_pauses_growing', 'Pauses and live heap, by cycle.',
   'run_id gc_num pause_ns stop_ns heap_live_end'),
  ('evidence_pauses_long', 'Pauses, longest first, with what coincides.',
   'run_id gc_num pause_ns stop_ns reason threads heap_live_end stack_bytes global_bytes'),
  ('evidence_recording_damaged', 'Damaged places of the source of a run.',
   'run_id byte_offset severity code message'),
  ('evidence_recording_skipped', 'Snapshots after the longest gaps first.',
   'run_id seq gc_num reason unix_ns since_last_ns cycles_since_last'),
  ('evidence_scavenger_behind', 'Excess and released memory, by snapshot.',
   'run_id seq gc_num unix_ns needed_bytes excess_bytes heap_released_bytes'),
  ('evidence_threads_unknown', 'Cycles in which threads were unknown.',
   'run_id gc_num threads threads_unknown'),
  ('evidence_blocks_lost', 'Blocks that nothing points to, by size class.',
   'run_id seq class size_bytes blocks bytes indirect_blocks indirect_bytes'),
  ('finding_blocks_lost', 'Runs in which the rule blocks_lost holds, with its evidence.',
   'run_id value leaked_bytes worst_size_bytes worst_blocks worst_share indirect_blocks '
    || 'threads_unknown left_out'),
  ('finding_accounting_broken', 'Runs in which the rule accounting_broken holds, with its evidence.',
   'run_id value snapshots identity left_value right_value gc_num'),
  ('finding_collections_forced', 'Runs in which the rule collections_forced holds, with its evidence.',
   'run_id value forced cycles'),
  ('finding_collections_frequent', 'Runs in which the rule collections_frequent holds, with its evidence.',
   'run_id value cycles elapsed_ns gc_cpu_fraction next_gc'),
  ('finding_collector_cpu_high', 'Runs in which the rule collector_cpu_high holds, with its evidence.',
   'run_id value cycles cycles_per_second next_gc heap_marked'),
  ('finding_fragmentation_high', 'Runs in which the rule fragmentation_high holds, with its evidence.',
   'run_id value fragmentation_bytes heap_inuse_bytes worst_classes worst_share '
    || 'half_empty_age_gc'),
  ('finding_heap_growing', 'Runs in which the rule heap_growing holds, with its evidence.',
   'run_id value slope_bytes_per_second first_bytes last_bytes elapsed_ns cycles short_ns exit_bytes'),
  ('finding_idle_retained', 'Runs in which the rule idle_retained holds, with its evidence.',
   'run_id value retained_bytes excess_bytes heap_inuse_bytes peak_inuse_bytes peak_gc peak_seq '
    || 'since_gc since_seq since_unix_ns since_ns resident_bytes resident_after_bytes'),
  ('finding_limit_reached', 'Runs in which the rule limit_reached holds, with its evidence.',
   'run_id value limited cycles first_gc heap_live_end'),
  ('finding_pause_outlier', 'Runs in which the rule pause_outlier holds, with its evidence.',
   'run_id value worst_ns p50_ns n worst_gc worst_stop_ns heap_live_end heap_times'),
  ('finding_pauses_growing', 'Runs in which the rule pauses_growing holds, with its evidence.',
   'run_id value slope_ns_per_gc growth_ns n heap_r2'),
  ('finding_pauses_long', 'Runs in which the rule pauses_long holds, with its evidence.',
   'run_id value p50_ns max_ns n worst_gc worst_stop_ns'),
  ('finding_recording_damaged', 'Runs in which the rule recording_damaged holds, with its evidence.',
   'run_id value issues'),
  ('finding_recording_incomplete', 'Runs in which the rule recording_incomplete holds, with its evidence.',
   'run_id value gc_num elapsed_ns'),
  ('finding_recording_skipped', 'Runs in which the rule recording_skipped holds, with its evidence.',
   'run_id value skipped wanted'),
  ('finding_scavenger_behind', 'Runs in which the rule scavenger_behind holds, with its evidence.',
   'run_id value snapshots excess_bytes_min excess_bytes released_bytes'),
  ('finding_threads_unknown', 'Runs in which the rule threads_unknown holds, with its evidence.',
   'run_id value first_gc'),
  ('run_collector', 'What the collector took in each run, at its last snapshot.',
   'run_id cycles forced gc_cpu_fraction next_gc heap_marked elapsed_ns cycles_per_second'),
  ('run_last', 'The last snapshot of each run.',
   'run_id snapshot_id seq gc_num unix_ns'),
  ('run_level', 'The levels of each snapshot that rules and trends look at.',
   'run_id snapshot_id seq gc_num reason unix_ns sys_bytes heap_alloc_bytes '
    || 'heap_inuse_bytes fragmentation_bytes fragmentation_ratio retained_bytes retained_ratio '
    || 'resident_bytes needed_bytes excess_bytes')
)
SELECT object, '', NULL, doc, 1 FROM has
UNION ALL
SELECT h.object, w.name, w.unit, w.doc, 1
FROM has AS h
JOIN word AS w ON instr(' ' || h.names || ' ', ' ' || w.name || ' ') > 0;
