-- A recording as load would store it: one run of a program, four cycles a second apart, five
-- snapshots, spans in the last. All figures can be worked out by hand; every identity holds.
--
-- Spans of the last snapshot (8192 bytes a page):
--   64 bytes   full (128 of 128), born gc 1; half full (64 of 128), born gc 3
--   176 bytes  without pointers, 10 of 46, tail 96, born gc 1
--   1024 bytes 2 of 8, born gc 2
--   large      40960 bytes
-- in use 73728; objects 12288 + 1760 + 2048 + 40960 = 57056
-- free slots 4096 + 6336 + 6144 = 16576, tail 96: together 16672 = 73728 - 57056
INSERT INTO source VALUES (1, 'fixture.zst', 'memspan', 20480, 1, 0);
INSERT INTO run VALUES (1, 1, '00112233445566778899aabbccddeeff', 4242, 'fixture', 'box',
  1700000000000000000, 1700000005000000000, 1, 8192, 'stopped', '1.0', 'no userfaultfd', '0.1.0',
  1, 0);
INSERT INTO snapshot VALUES
  (1, 1, 0, 1, 'gc',     1700000001000000000, 1000000000),
  (2, 1, 1, 2, 'gc',     1700000002000000000, 2000000000),
  (3, 1, 2, 3, 'forced', 1700000003000000000, 3000000000),
  (4, 1, 3, 4, 'gc',     1700000004000000000, 4000000000),
  (5, 1, 4, 4, 'exit',   1700000005000000000, 5000000000);
INSERT INTO gc_cycle (run_id, gc_num, reason, tracking, threads, threads_unknown, heap_live_start,
                      heap_live_end, heap_marked, heap_goal) VALUES
  (1, 1, 'gc', 'stopped', 2, 0, 40960, 40960, 32768, 4194304),
  (1, 2, 'gc', 'stopped', 2, 0, 40960, 40960, 32768, 4194304),
  (1, 3, 'forced', 'stopped', 2, 0, 40960, 40960, 32768, 4194304),
  (1, 4, 'gc', 'stopped', 2, 0, 40960, 40960, 32768, 4194304);
INSERT INTO gc_pause VALUES
  (1, 1, 'mark', 100000, 20000, 1700000000900000000),
  (1, 2, 'mark', 300000, 30000, 1700000001900000000),
  (1, 3, 'mark', 200000, 20000, 1700000002900000000),
  (1, 4, 'mark', 400000, 50000, 1700000003900000000),
  (1, 4, 'snapshot', 10000, 9000, 1700000004000000000);
INSERT INTO mstats (snapshot_id, alloc, total_alloc, sys, nlookup, nmalloc, nfree, heap_alloc,
                    heap_sys, heap_idle, heap_inuse, heap_released, heap_objects, stacks_inuse,
                    stacks_sys, mspan_inuse, mspan_sys, mcache_inuse, mcache_sys, buckhash_sys,
                    gc_sys, other_sys, next_gc, last_gc_unix, pause_total_ns, numgc, numforcedgc,
                    gc_cpu_fraction)
SELECT id, objects, 100000, 1277952, 0, 1000 + 205, 1000, objects, 1122304,
       1122304 - spans, spans, 786432, 205, 32768, 16384, 4800, 16384, 2400, 16384, 0, 65536, 8192,
       4194304, (SELECT end_unix_ns FROM gc_pause WHERE gc_num = s.gc_num AND phase = 'mark'),
       (SELECT sum(duration_ns) FROM gc_pause WHERE gc_num <= s.gc_num AND phase = 'mark'),
       gc_num, gc_num > 2, 0.001
FROM snapshot AS s
JOIN (SELECT 1 AS id2, 30000 AS objects, 40960 AS spans UNION ALL SELECT 2, 40000, 49152
      UNION ALL SELECT 3, 50000, 57344 UNION ALL SELECT 4, 60000, 81920
      UNION ALL SELECT 5, 57056, 73728) AS levels ON levels.id2 = s.id;
INSERT INTO span VALUES
  (5, 0x10000000, 1, 'inuse', 5, 0, 64, 128, 128, 0, 1),
  (5, 0x10002000, 1, 'inuse', 5, 0, 64, 128, 64, 0, 3),
  (5, 0x10004000, 1, 'inuse', 12, 1, 176, 46, 10, 0, 1),
  (5, 0x10006000, 1, 'inuse', 31, 0, 1024, 8, 2, 0, 2),
  (5, 0x10008000, 5, 'inuse', 0, 1, 40960, 1, 1, 0, 2),
  (5, 0x10012000, 4, 'stack', 0, 0, 32768, 0, 0, 0, 0),
  (5, 0x1001a000, 128, 'idle', 0, 0, 0, 0, 0, 786432, 0);
INSERT OR REPLACE INTO span_sum
SELECT snapshot_id, state, class, noscan, count(*), sum(npages) * 8192, sum(nelems),
       sum(alloc_count), sum(nelems * elem_bytes), sum(alloc_count * elem_bytes),
       sum(released_bytes)
FROM span
GROUP BY snapshot_id, state, class, noscan;
