-- schema_doc.sql - every table, view and column in words. A test holds it equal to the schema.
-- The rows whose column is empty describe the object itself.

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('source', '', NULL, 'A file that was read.', 1),
  ('source', 'id', NULL, 'Local id.', 1),
  ('source', 'path', NULL, 'As it was named; - for standard input.', 1),
  ('source', 'kind', NULL, 'recording; of Go''s own figures go-memstats, go-expvar, go-heap-profile, go-trace, or go-log for a mixture.', 1),
  ('source', 'bytes', 'bytes', 'Size of the file when it was read.', 1),
  ('source', 'complete', '0 or 1', 'Every run in it ended in an orderly way and no byte was damaged.', 1),
  ('source', 'bytes_skipped', 'bytes', 'Bytes that could not be used.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('run', '', NULL, 'One run of one program.', 1),
  ('run', 'id', NULL, 'Local id.', 1),
  ('run', 'source_id', NULL, 'The source that it was first seen in.', 1),
  ('run', 'uuid', NULL, 'The same in every database.', 1),
  ('run', 'pid', NULL, 'Process id.', 1),
  ('run', 'exe', NULL, 'Name of the program, without its folder.', 1),
  ('run', 'host', NULL, 'Name of the machine.', 1),
  ('run', 'start_unix_ns', 'ns', 'Begin of the recording, Unix time.', 1),
  ('run', 'end_unix_ns', 'ns', 'Orderly end, or the last snapshot known, Unix time.', 1),
  ('run', 'clean_exit', '0 or 1', 'The run ended in an orderly way.', 1),
  ('run', 'page_bytes', 'bytes', 'Size of a page of the heap.', 1),
  ('run', 'tracking', NULL, 'How the collector learns of writes while it marks: stopped or uffd.', 1),
  ('run', 'format_version', NULL, 'Version of the recording format.', 1),
  ('run', 'tracking_why', NULL, 'Why tracking is not better; NULL when there is nothing to say.', 1),
  ('run', 'library', NULL, 'Version of the memspan library.', 1),
  ('run', 'complete', '0 or 1', 'It ended in an orderly way and nothing of it was damaged.', 1),
  ('run', 'skipped', 'count', 'Snapshots that were not taken or not written because one was in flight.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('snapshot', '', NULL, 'One moment of a run.', 1),
  ('snapshot', 'id', NULL, 'Local id.', 1),
  ('snapshot', 'run_id', NULL, 'The run.', 1),
  ('snapshot', 'seq', 'count', 'Number within the run, from 0; a gap: thinned or lost.', 1),
  ('snapshot', 'gc_num', 'count', 'Cycles finished by then.', 1),
  ('snapshot', 'reason', NULL, 'gc, forced, periodic, limit, interval, signal, dump, exit, pacer or shrink; NULL for a sample of Go''s MemStats.', 1),
  ('snapshot', 'unix_ns', 'ns', 'The moment, Unix time.', 1),
  ('snapshot', 'mono_ns', 'ns', 'The moment, monotonic clock of the machine; for a line of gctrace since the program''s start.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('mstats', '', NULL, 'Go''s runtime.mstats at a snapshot; the pauses stand in gc_pause, by_size in a table of its own.', 1),
  ('mstats', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('mstats', 'alloc', 'bytes', '= heap_alloc.', 1),
  ('mstats', 'total_alloc', 'bytes', 'Allocated since the start, freed objects included.', 1),
  ('mstats', 'sys', 'bytes', 'Obtained from the operating system: the sum of heap_sys, stacks_sys, stacks_inuse, mspan_sys, mcache_sys, buckhash_sys, gc_sys and other_sys.', 1),
  ('mstats', 'nlookup', 'count', 'Pointer lookups since the start.', 1),
  ('mstats', 'nmalloc', 'count', 'Objects allocated since the start, hits of the tiny allocator included.', 1),
  ('mstats', 'nfree', 'count', 'Objects freed since the start, hits of the tiny allocator included.', 1),
  ('mstats', 'heap_alloc', 'bytes', 'In objects that are reachable or not yet swept.', 1),
  ('mstats', 'heap_sys', 'bytes', '= heap_idle + heap_inuse; reserved arenas included.', 1),
  ('mstats', 'heap_idle', 'bytes', 'In pages without a span.', 1),
  ('mstats', 'heap_inuse', 'bytes', 'In spans of objects.', 1),
  ('mstats', 'heap_released', 'bytes', 'The part of heap_idle that the operating system has, never touched pages included.', 1),
  ('mstats', 'heap_objects', 'count', '= nmalloc - nfree.', 1),
  ('mstats', 'stacks_inuse', 'bytes', 'In stack spans.', 1),
  ('mstats', 'stacks_sys', 'bytes', 'Stacks of operating system threads, as deep as they were seen.', 1),
  ('mstats', 'mspan_inuse', 'bytes', 'Span structures in use.', 1),
  ('mstats', 'mspan_sys', 'bytes', 'Span structures obtained.', 1),
  ('mstats', 'mcache_inuse', 'bytes', 'Thread caches in use.', 1),
  ('mstats', 'mcache_sys', 'bytes', 'Thread caches obtained.', 1),
  ('mstats', 'buckhash_sys', 'bytes', 'Profiling buckets; 0 until allocation profiling exists.', 1),
  ('mstats', 'gc_sys', 'bytes', 'Page map, bitmaps, mark queues.', 1),
  ('mstats', 'other_sys', 'bytes', 'Everything else of the runtime, the recorder included.', 1),
  ('mstats', 'next_gc', 'bytes', 'heap_live goal of the next cycle; NULL when the collector is off.', 1),
  ('mstats', 'last_gc_unix', 'ns', 'End of the last pause, Unix time; 0 before the first cycle.', 1),
  ('mstats', 'pause_total_ns', 'ns', 'All pauses.', 1),
  ('mstats', 'numgc', 'count', 'Cycles finished.', 1),
  ('mstats', 'numforcedgc', 'count', 'Of them asked for by the program.', 1),
  ('mstats', 'gc_cpu_fraction', 'ratio', 'Collector''s share of the CPU time available since the start.', 1),
  ('mstats', 'enablegc', '0 or 1', 'Always 1.', 1),
  ('mstats', 'debuggc', '0 or 1', 'Always 0.', 1),
  ('mstats', 'last_gc_nanotime', 'ns', 'End of the last pause, monotonic clock.', 1),
  ('mstats', 'tinyallocs', 'count', 'Hits of the tiny allocator.', 1),
  ('mstats', 'last_next_gc', 'bytes', 'next_gc of the cycle before.', 1),
  ('mstats', 'last_heap_inuse', 'bytes', 'heap_inuse at the last mark termination.', 1),
  ('mstats', 'triggerRatio', 'ratio', 'Growth over heap_marked at which marking starts.', 1),
  ('mstats', 'gc_trigger', 'bytes', 'heap_live at which the next cycle starts; NULL when the collector is off.', 1),
  ('mstats', 'heap_live', 'bytes', 'What the collector believes live; overcounts on purpose.', 1),
  ('mstats', 'heap_scan', 'bytes', 'The part of heap_live that has to be scanned.', 1),
  ('mstats', 'heap_marked', 'bytes', 'heap_live right after the last mark termination.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('by_size', '', NULL, 'Objects of a size class since the start, hits of the tiny allocator left out.', 1),
  ('by_size', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('by_size', 'class', NULL, 'Size class, 0 to 66; large objects are not counted here.', 1),
  ('by_size', 'size', 'bytes', 'Of an object of the class.', 1),
  ('by_size', 'nmalloc', 'count', 'Allocated.', 1),
  ('by_size', 'nfree', 'count', 'Freed.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('span', '', NULL, 'The spans and ranges of idle pages of each snapshot. report and sql read them from the recording, load stores them.', 1),
  ('span', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('span', 'base', 'address', 'First byte.', 1),
  ('span', 'npages', 'count', 'Pages of 8192 bytes.', 1),
  ('span', 'state', NULL, 'idle, inuse or stack.', 1),
  ('span', 'class', NULL, 'Size class, 1 to 66; 0: a large object, a stack or idle pages.', 1),
  ('span', 'noscan', '0 or 1', 'Its objects hold no pointers.', 1),
  ('span', 'elem_bytes', 'bytes', 'Of an object; class 0: npages x 8192.', 1),
  ('span', 'nelems', 'count', 'Objects that it has room for; 0 for idle pages and stacks.', 1),
  ('span', 'alloc_count', 'count', 'Objects allocated in it.', 1),
  ('span', 'released_bytes', 'bytes', 'Of idle pages: what the operating system has.', 1),
  ('span', 'born_gc', 'count', 'Cycles finished when it was taken into use: gc_num - born_gc is its age.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('span_sum', '', NULL, 'The spans of a snapshot added up by state, class and noscan.', 1),
  ('span_sum', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('span_sum', 'state', NULL, 'idle, inuse or stack.', 1),
  ('span_sum', 'class', NULL, 'Size class.', 1),
  ('span_sum', 'noscan', '0 or 1', 'Without pointers.', 1),
  ('span_sum', 'spans', 'count', 'Spans, or ranges of idle pages.', 1),
  ('span_sum', 'span_bytes', 'bytes', 'In their pages.', 1),
  ('span_sum', 'nelems', 'count', 'Objects that they have room for.', 1),
  ('span_sum', 'alloc_count', 'count', 'Objects allocated.', 1),
  ('span_sum', 'slot_bytes', 'bytes', 'nelems x elem_bytes.', 1),
  ('span_sum', 'alloc_bytes', 'bytes', 'alloc_count x elem_bytes.', 1),
  ('span_sum', 'released_bytes', 'bytes', 'What the operating system has of them.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('gc_cycle', '', NULL, 'A collection cycle; byte figures are those of mark termination.', 1),
  ('gc_cycle', 'run_id', NULL, 'The run.', 1),
  ('gc_cycle', 'gc_num', 'count', 'Number, from 1.', 1),
  ('gc_cycle', 'reason', NULL, 'gc, forced, periodic or limit; a line of gctrace tells only forced from the others.', 1),
  ('gc_cycle', 'tracking', NULL, 'How writes were tracked in it.', 1),
  ('gc_cycle', 'threads', 'count', 'Known threads.', 1),
  ('gc_cycle', 'threads_unknown', 'count', 'Threads of the process that were neither stopped nor scanned.', 1),
  ('gc_cycle', 'start_unix_ns', 'ns', 'Begin, Unix time.', 1),
  ('gc_cycle', 'start_mono_ns', 'ns', 'Begin, monotonic clock; for a line of gctrace since the program''s start.', 1),
  ('gc_cycle', 'mark_ns', 'ns', 'Marking, from begin to end.', 1),
  ('gc_cycle', 'sweep_ns', 'ns', 'From the end of marking to the last span swept.', 1),
  ('gc_cycle', 'cpu_assist_ns', 'ns', 'CPU time of marking on threads of the program.', 1),
  ('gc_cycle', 'cpu_background_ns', 'ns', 'CPU time of marking on the runtime''s own threads.', 1),
  ('gc_cycle', 'cpu_idle_ns', 'ns', 'CPU time of marking on idle processors.', 1),
  ('gc_cycle', 'heap_live_start', 'bytes', 'heap_live when it began.', 1),
  ('gc_cycle', 'heap_live_end', 'bytes', 'heap_live when marking ended.', 1),
  ('gc_cycle', 'heap_marked', 'bytes', 'What it kept.', 1),
  ('gc_cycle', 'heap_goal', 'bytes', 'The goal that it ran under.', 1),
  ('gc_cycle', 'gc_trigger', 'bytes', 'The trigger that it ran under.', 1),
  ('gc_cycle', 'next_goal', 'bytes', 'The goal that it set.', 1),
  ('gc_cycle', 'next_trigger', 'bytes', 'The trigger that it set.', 1),
  ('gc_cycle', 'stack_bytes', 'bytes', 'Stacks scanned.', 1),
  ('gc_cycle', 'global_bytes', 'bytes', 'Static and thread-local data and registered ranges scanned.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('gc_pause', '', NULL, 'The stops of each cycle, and those of snapshots.', 1),
  ('gc_pause', 'run_id', NULL, 'The run.', 1),
  ('gc_pause', 'gc_num', 'count', 'The cycle; for a snapshot, cycles finished.', 1),
  ('gc_pause', 'phase', NULL, 'mark, sweep_term, mark_term; cycle for all of them together, as Go''s PauseNs has it; or snapshot, which is not part of PauseNs.', 1),
  ('gc_pause', 'duration_ns', 'ns', 'From the request to stop until the threads ran again.', 1),
  ('gc_pause', 'stop_ns', 'ns', 'The part until the last thread stood.', 1),
  ('gc_pause', 'end_unix_ns', 'ns', 'End, Unix time.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('import_issue', '', NULL, 'What was wrong with a source.', 1),
  ('import_issue', 'source_id', NULL, 'The source.', 1),
  ('import_issue', 'byte_offset', 'bytes', 'Where in the file; of a packed log, in its text.', 1),
  ('import_issue', 'severity', NULL, 'warning, damage or unsupported.', 1),
  ('import_issue', 'code', NULL, 'Short name.', 1),
  ('import_issue', 'message', NULL, 'One line.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('schema_doc', '', NULL, 'This documentation; column is empty for the object itself.', 1),
  ('schema_doc', 'object', NULL, 'Table or view.', 1),
  ('schema_doc', 'column', NULL, 'Column.', 1),
  ('schema_doc', 'unit', NULL, 'Unit; NULL for names and ids.', 1),
  ('schema_doc', 'doc', NULL, 'Meaning.', 1),
  ('schema_doc', 'since', NULL, 'Version of the schema that brought it.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('fragmentation', '', NULL, 'Memory dedicated to size classes and unused, at each snapshot.', 1),
  ('fragmentation', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('fragmentation', 'run_id', NULL, 'The run.', 1),
  ('fragmentation', 'gc_num', 'count', 'Cycles finished.', 1),
  ('fragmentation', 'unix_ns', 'ns', 'The moment, Unix time.', 1),
  ('fragmentation', 'heap_inuse_bytes', 'bytes', 'In spans of objects.', 1),
  ('fragmentation', 'heap_alloc_bytes', 'bytes', 'In objects.', 1),
  ('fragmentation', 'fragmentation_bytes', 'bytes', 'heap_inuse - heap_alloc.', 1),
  ('fragmentation', 'fragmentation_ratio', 'ratio', 'fragmentation_bytes / heap_inuse; NULL over zero.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('idle_memory', '', NULL, 'Memory without objects that was not given back, at each snapshot.', 1),
  ('idle_memory', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('idle_memory', 'run_id', NULL, 'The run.', 1),
  ('idle_memory', 'gc_num', 'count', 'Cycles finished.', 1),
  ('idle_memory', 'unix_ns', 'ns', 'The moment, Unix time.', 1),
  ('idle_memory', 'heap_idle_bytes', 'bytes', 'In pages without a span.', 1),
  ('idle_memory', 'heap_released_bytes', 'bytes', 'Of them given back.', 1),
  ('idle_memory', 'retained_bytes', 'bytes', 'heap_idle - heap_released.', 1),
  ('idle_memory', 'retained_ratio', 'ratio', 'retained_bytes / heap_sys; NULL over zero.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('pause_trend', '', NULL, 'The pause of each cycle, all its stops summed.', 1),
  ('pause_trend', 'run_id', NULL, 'The run.', 1),
  ('pause_trend', 'gc_num', 'count', 'The cycle.', 1),
  ('pause_trend', 'pause_ns', 'ns', 'Sum of its stops.', 1),
  ('pause_trend', 'pause_end_unix_ns', 'ns', 'End of the last, Unix time.', 1),
  ('pause_trend', 'rolling_mean_ns', 'ns', 'Mean of this cycle and the 19 before it.', 1),
  ('pause_trend', 'rolling_max_ns', 'ns', 'Longest of the same.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('pause_summary', '', NULL, 'The pauses of a run. Percentiles are nearest-rank.', 1),
  ('pause_summary', 'run_id', NULL, 'The run.', 1),
  ('pause_summary', 'n', 'count', 'Cycles.', 1),
  ('pause_summary', 'min_ns', 'ns', 'Shortest.', 1),
  ('pause_summary', 'mean_ns', 'ns', 'Mean.', 1),
  ('pause_summary', 'p50_ns', 'ns', 'Median.', 1),
  ('pause_summary', 'p90_ns', 'ns', '90th percentile.', 1),
  ('pause_summary', 'p99_ns', 'ns', '99th percentile.', 1),
  ('pause_summary', 'max_ns', 'ns', 'Longest.', 1),
  ('pause_summary', 'total_ns', 'ns', 'Sum.', 1),
  ('pause_summary', 'slope_ns_per_gc', 'ns per cycle', 'Least squares over gc_num; NULL for one cycle.', 1),
  ('pause_summary', 'r2', 'ratio', 'Share of the variance that the slope explains; NULL when there is none.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('class_fragmentation', '', NULL, 'Spans in use of a size class at a snapshot.', 1),
  ('class_fragmentation', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('class_fragmentation', 'class', NULL, 'Size class; 0: large objects.', 1),
  ('class_fragmentation', 'size_bytes', 'bytes', 'Of an object; NULL for large ones.', 1),
  ('class_fragmentation', 'spans', 'count', 'Spans.', 1),
  ('class_fragmentation', 'span_bytes', 'bytes', 'In their pages.', 1),
  ('class_fragmentation', 'alloc_bytes', 'bytes', 'In objects.', 1),
  ('class_fragmentation', 'free_slot_bytes', 'bytes', 'In free slots.', 1),
  ('class_fragmentation', 'tail_bytes', 'bytes', 'Behind the last slot.', 1),
  ('class_fragmentation', 'occupancy_ratio', 'ratio', 'alloc_bytes / (nelems x elem_bytes); NULL over zero.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('span_walk', '', NULL, 'The spans of a snapshot in one row.', 1),
  ('span_walk', 'run_id', NULL, 'The run of the snapshot.', 1),
  ('span_walk', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('span_walk', 'alloc_bytes', 'bytes', 'In objects.', 1),
  ('span_walk', 'objects', 'count', 'Objects.', 1),
  ('span_walk', 'inuse_bytes', 'bytes', 'In spans of objects.', 1),
  ('span_walk', 'unused_bytes', 'bytes', 'In free slots and tails.', 1),
  ('span_walk', 'idle_bytes', 'bytes', 'In idle pages.', 1),
  ('span_walk', 'stack_bytes', 'bytes', 'In stack spans.', 1),
  ('span_walk', 'released_bytes', 'bytes', 'Idle and given back.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('class_disagreement', '', NULL, 'Whether by_size and the spans agree.', 1),
  ('class_disagreement', 'run_id', NULL, 'The run of the snapshot.', 1),
  ('class_disagreement', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('class_disagreement', 'classes', 'count', 'Size classes in which they do not.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('pause_so_far', '', NULL, 'The pauses of a run up to a snapshot.', 1),
  ('pause_so_far', 'run_id', NULL, 'The run.', 1),
  ('pause_so_far', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('pause_so_far', 'cycles', 'count', 'Cycles up to it whose pauses are known.', 1),
  ('pause_so_far', 'total_ns', 'ns', 'Their pauses.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('accounting', '', NULL, 'The identities that hold at every snapshot.', 1),
  ('accounting', 'snapshot_id', NULL, 'The snapshot.', 1),
  ('accounting', 'identity', NULL, 'What has to hold.', 1),
  ('accounting', 'left_value', NULL, 'Left side.', 1),
  ('accounting', 'right_value', NULL, 'Right side.', 1),
  ('accounting', 'holds', '0 or 1', 'Whether it does.', 1),
  ('accounting', 'run_id', NULL, 'The run of the snapshot.', 1);

INSERT OR IGNORE INTO schema_doc (object, column, unit, doc, since) VALUES
  ('leak_search', '', NULL, 'Snapshots looked through for blocks to which nothing points (MEMSPAN_LEAKS=1).', 2),
  ('leak_search', 'snapshot_id', NULL, 'The snapshot.', 2),
  ('leak_search', 'search_ns', 'ns', 'For which the threads stood, beside the capture itself.', 2),
  ('leak_search', 'root_bytes', 'bytes', 'Roots looked through, without the blocks that they lead to.', 2),
  ('leak_search', 'threads_unknown', 'count', 'Threads whose stacks were not looked through.', 2),
  ('leak_search', 'leaked_blocks', 'count', 'Blocks to which nothing points.', 2),
  ('leak_search', 'leaked_bytes', 'bytes', 'In them.', 2),
  ('leak_search', 'mapped_bytes', 'bytes', 'The part of root_bytes that is memory which the program mapped itself; NULL where not all of it was looked through (MEMSPAN_LEAKS=roots).', 4),
  ('leak_search', 'indirect_blocks', 'count', 'The part of leaked_blocks to which another lost block leads; of a ring of blocks one is none of them.', 4),
  ('leak_search', 'indirect_bytes', 'bytes', 'In them.', 4),
  ('leak', '', NULL, 'Blocks to which nothing points, by size class.', 2),
  ('leak', 'snapshot_id', NULL, 'The snapshot.', 2),
  ('leak', 'class', NULL, 'Size class; 0 for large blocks.', 2),
  ('leak', 'blocks', 'count', 'Such blocks.', 2),
  ('leak', 'bytes', 'bytes', 'In them.', 2),
  ('leak', 'indirect_blocks', 'count', 'The part of them to which another lost block leads.', 4),
  ('leak', 'indirect_bytes', 'bytes', 'In them.', 4),
  ('leaks', '', NULL, 'Blocks to which nothing points, by snapshot and size class, most bytes first.', 2),
  ('leaks', 'snapshot_id', NULL, 'The snapshot.', 2),
  ('leaks', 'run_id', NULL, 'The run.', 2),
  ('leaks', 'seq', 'count', 'Number of the snapshot within the run.', 2),
  ('leaks', 'unix_ns', 'ns', 'The moment, Unix time.', 2),
  ('leaks', 'class', NULL, 'Size class; 0 for large blocks.', 2),
  ('leaks', 'size_bytes', 'bytes', 'Of a block; NULL for large blocks.', 2),
  ('leaks', 'blocks', 'count', 'Such blocks.', 2),
  ('leaks', 'bytes', 'bytes', 'In them.', 2),
  ('leaks', 'indirect_blocks', 'count', 'The part of them to which another lost block leads.', 4),
  ('leaks', 'indirect_bytes', 'bytes', 'In them.', 4);
