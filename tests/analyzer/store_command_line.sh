#!/bin/sh
# store_command_line.sh MEMANALYZE MAKE_RECORDING PEAK_MEMORY - the command line, held to its promises:
# exact output, exit status, what is refused, what stays untouched.
set -u
memanalyze=$1
make_recording=$2
peak_memory=$3
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# status EXPECTED ARGUMENTS... - runs memanalyze; its output is in out and err.
status() {
	expected=$1
	shift
	"$memanalyze" "$@" >out 2>err </dev/null
	got=$?
	[ $got -eq "$expected" ] || fail "exit $got, not $expected: memanalyze $*: $(head -c 300 err)"
}

# prints TEXT - the last command's standard output.
prints() {
	[ "$(cat out)" = "$1" ] || fail "printed: $(cat out)
instead of: $1"
}

says() {
	grep -q -e "$1" err || fail "stderr lacks '$1': $(cat err)"
}

"$make_recording" good.zst 1 10 8 || exit 1
"$make_recording" two.zst 2 3 12 || exit 1
"$make_recording" torn.zst 1 3 8 torn || exit 1
"$make_recording" long.zst 1 130 8 || exit 1
"$make_recording" contradicts.zst 1 2 8 contradicts || exit 1
"$make_recording" newer.zst 1 2 8 newer || exit 1
"$make_recording" summary.zst 1 3 8 summary || exit 1
"$make_recording" big.zst 1 200 20000 || exit 1
bytes=$(wc -c <good.zst)

# Formats, exact.
status 0 sql good.zst 'SELECT seq, gc_num, reason FROM snapshot WHERE seq < 2' --format csv
prints 'seq,gc_num,reason
0,1,gc
1,2,gc'
[ -s err ] && fail "a warning about a good recording: $(cat err)"
status 0 sql good.zst 'SELECT n, p50_ns, p90_ns, p99_ns, max_ns, slope_ns_per_gc, r2 FROM pause_summary' --format=csv
prints 'n,p50_ns,p90_ns,p99_ns,max_ns,slope_ns_per_gc,r2
10,5000,9000,10000,10000,1000.0,1.0'
status 0 sql --format json good.zst 'SELECT 1 AS a WHERE 0'
prints '[]'
status 0 sql good.zst 'SELECT 1 AS a, NULL AS b' --format ndjson
prints '{"a": 1, "b": null}'
status 0 sql good.zst 'SELECT 1 AS a WHERE 0' --format csv
prints 'a'
status 0 sql good.zst "SELECT class, spans, free_slot_bytes, tail_bytes FROM class_fragmentation
	WHERE snapshot_id = 1" --format csv
prints 'class,spans,free_slot_bytes,tail_bytes
0,2,0,0
5,2,14208,0
34,2,19712,1792'
status 0 sql good.zst 'SELECT state, count(*) AS n FROM span GROUP BY state' --format csv
prints 'state,n
idle,20
inuse,60'

# What a schema says of itself, and what a statement may take.
status 0 sql good.zst "SELECT name, type FROM pragma_table_info('source') LIMIT 1" --format csv
prints 'name,type
id,INTEGER'
status 2 sql good.zst "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1000)
	SELECT length(group_concat(hex(zeroblob(1000000)))) FROM n"
says 'too big'
status 2 sql good.zst --timeout 0.1 "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)
	SELECT count(*) FROM n"
says 'longer than --timeout'

# Where the query and the recording come from.
echo 'SELECT 1 AS a; SELECT 2 AS b;' >queries.sql
status 0 sql good.zst -f queries.sql --format csv
prints 'a
1
b
2'
echo 'SELECT 3 AS c' | "$memanalyze" sql good.zst - --format csv >out 2>err || fail "query on stdin"
prints 'c
3'
echo 'SELECT 3 AS c' | "$memanalyze" sql -f - good.zst --format csv >out 2>err || fail "-f -"
prints 'c
3'
"$memanalyze" sql - 'SELECT count(*) AS n FROM snapshot' --format csv <good.zst >out 2>err || fail "recording on stdin"
prints 'n
10'
mkdir recordings && cp good.zst recordings/one.bin && cp queries.sql recordings
status 0 sql recordings 'SELECT count(*) AS n FROM snapshot' --format csv
prints 'n
10'
status 2 sql recordings -f - -
status 0 report good.zst@gc=4
status 0 report good.zst@2
status 0 report good.zst@first
status 2 report good.zst@gc=99
says 'no snapshot @gc=99'

# Read-only, and for how long.
for sql in 'DELETE FROM snapshot' 'CREATE TABLE t (a)' "ATTACH 'x.db' AS x" 'PRAGMA user_version = 7' \
	'PRAGMA journal_mode = WAL' "SELECT load_extension('x')" 'BEGIN' 'DROP VIEW fragmentation' \
	'INSERT INTO run (id) VALUES (9)' "VACUUM INTO 'x.db'" 'SELECT' 'SELECT 1; DELETE FROM run' \
	'REINDEX' 'PRAGMA writable_schema = 1' 'DETACH main' ''; do
	status 2 sql good.zst "$sql"
done
[ -e x.db ] && fail 'a refused statement made a file'
status 0 sql good.zst 'PRAGMA table_info(run)'
status 0 sql good.zst 'EXPLAIN SELECT * FROM run'
status 2 sql good.zst --timeout 0.2 \
	'WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT sum(i) FROM n'
says 'longer than --timeout'

# Usage.
status 2
status 2 repot good.zst
says "did you mean 'report'"
status 2 report good.zst --fromat json
says 'did you mean --format'
status 2 report good.zst --format jsn
says "did you mean 'json'"
status 2 report
status 2 sql good.zst
status 0 --help
status 0 --version

# Unreadable input.
: >empty
echo 'neither this nor that, but long enough to be read as something or other, in full' >text
status 3 report missing.zst
status 3 report empty
status 3 report text
says 'neither a memspan recording'
head -c 60 good.zst >stump
status 3 report stump
sed 's/memspan/memspam/' good.zst >foreign
status 3 report foreign

status 3 report newer.zst
says 'version 9.2, this reader knows 1'
mkdir nothing
status 3 report nothing
says 'a folder without recordings'
mkfifo pipe
status 3 report pipe
says 'pipe: is empty'
status 3 verify /dev/zero
status 3 report -
status 0 verify summary.zst
status 0 sql summary.zst 'SELECT count(*) AS n FROM span' --format csv
prints 'n
0'

# Torn ends are expected, damage in the middle is not.
status 0 verify good.zst
status 0 verify torn.zst
says 'did not end in an orderly way'
status 4 verify --strict torn.zst
status 0 report torn.zst --format json
grep -q '"complete": false' out || fail 'a torn run that is not marked as incomplete'
head -c $((bytes * 3 / 4)) good.zst >cut.zst
status 0 report cut.zst
status 4 report --strict cut.zst
cat cut.zst two.zst >cut_and_more.zst
status 0 sql cut_and_more.zst 'SELECT complete FROM run' --format csv
prints 'complete
0
1
1'
middle=$(($(wc -c <long.zst) / 4))
{ head -c $middle long.zst; printf '\377\376\375\374'; tail -c +$((middle + 5)) long.zst; } >flipped.zst
status 4 report flipped.zst
status 4 verify flipped.zst
{ printf x; tail -c +2 long.zst; } >headless.zst
status 4 verify headless.zst

# Databases.
status 0 load good.zst -o heap.db
cp heap.db first.db
status 0 load good.zst -o heap.db
says '0 runs, 0 snapshots, 0 spans added'
cmp -s heap.db first.db || fail 'loading again changed the database'
status 0 sql heap.db 'SELECT count(*) AS n FROM span' --format csv
prints 'n
80'
status 0 load two.zst -o heap.db
says '2 runs, 6 snapshots, 72 spans added'
status 0 report heap.db
status 0 verify heap.db
status 2 sql heap.db 'DELETE FROM span'
status 2 load good.zst -o text
says 'force'
status 2 load good.zst -o empty
[ -s empty ] && fail 'a foreign file was written to'
status 0 load good.zst -o text --force
status 0 report text
status 2 load good.zst -o good.zst --force
[ "$(wc -c <good.zst)" -eq "$bytes" ] || fail 'the recording itself was replaced'
status 3 load stump -o none.db
[ -e none.db ] && fail 'a load that failed left a database'
status 2 load good.zst
status 0 load good.zst torn.zst -o rows.db --format csv
prints 'path,kind,runs,snapshots,spans,complete,damaged
good.zst,recording,1,10,80,1,0
torn.zst,recording,0,0,0,0,0'
status 4 load good.zst flipped.zst -o rows.db --format json
grep -q '"path": "good.zst", "kind": "recording", "runs": 0, ' out || fail "load as JSON: $(cat out)"
grep -q '"path": "flipped.zst".*"damaged": 1' out || fail "load of damage as JSON: $(cat out)"
if command -v sqlite3 >/dev/null; then
	sqlite3 other.db 'CREATE TABLE t (a)'
	status 2 load good.zst -o other.db
	status 3 report other.db
	cp heap.db newer.db
	sqlite3 newer.db 'PRAGMA user_version = 99'
	status 3 report newer.db
	says 'newer'
	status 3 load good.zst -o newer.db

	# A database of version 1 knows no leaks: it is read as it is, and gets the tables by load.
	cp heap.db older.db
	sqlite3 older.db 'DROP VIEW finding_blocks_lost; DROP VIEW evidence_blocks_lost;
		DROP VIEW leaks; DROP TABLE leak; DROP TABLE leak_search;
		DROP VIEW accounting; CREATE VIEW accounting AS SELECT run_id, id AS snapshot_id,
			'once' AS identity, 1 AS left_value, 1 AS right_value, 1 AS holds FROM snapshot;
		DELETE FROM finding_rule WHERE name = "blocks_lost"; DELETE FROM schema_doc WHERE since > 1
			OR object LIKE "%blocks_lost"; UPDATE finding_rule SET threshold = 0.9
			WHERE name = "fragmentation_high"; DROP VIEW accounting; CREATE VIEW accounting AS
			SELECT id AS snapshot_id, "identity" AS identity, 1 AS left_value, 1 AS right_value,
			1 AS holds FROM snapshot; PRAGMA user_version = 1'
	status 0 report older.db
	status 0 report --format json older.db
	grep -q '"leaks": null' out || fail 'an older database tells of leaks'
	status 0 sql older.db 'SELECT * FROM leaks'
	status 0 sql older.db 'SELECT min(run_id) FROM accounting' --format csv
	tail -n 1 out | grep -qx 1 || fail "an older view answers: $(cat out)"
	[ "$(sqlite3 older.db 'PRAGMA user_version')" -eq 1 ] || fail 'a reader changed the database'
	status 0 load good.zst -o older.db
	[ "$(sqlite3 older.db 'PRAGMA user_version')" -eq 4 ] || fail 'load did not migrate'
	[ "$(sqlite3 older.db "SELECT threshold FROM finding_rule WHERE name = 'fragmentation_high'")" = 0.9 ] ||
		fail 'load changed a threshold'
	[ "$(sqlite3 older.db 'SELECT min(run_id) FROM accounting')" = 1 ] ||
		fail 'load left an older view'
	for object in leak leak_search leaks finding_blocks_lost; do
		[ "$(sqlite3 older.db "SELECT count(*) FROM sqlite_master WHERE name = '$object'")" -eq 1 ] ||
			fail "load did not make $object"
	done
	[ "$(sqlite3 older.db 'SELECT count(*) FROM schema_doc')" = \
		"$(sqlite3 heap.db 'SELECT count(*) FROM schema_doc')" ] || fail 'the schema lacks words'
	status 0 report older.db

	# Version 3 knew no blocks that are lost indirectly: unknown, also after the migration.
	cp older.db third.db
	sqlite3 third.db "DROP VIEW leaks; CREATE VIEW leaks AS SELECT snapshot_id, 1 AS run_id, 0 AS seq,
			0 AS unix_ns, class, 48 AS size_bytes, blocks, bytes FROM leak;
		DROP VIEW finding_blocks_lost; DROP VIEW evidence_blocks_lost; DROP VIEW accounting;
		CREATE VIEW finding_blocks_lost AS SELECT run_id, blocks AS value FROM leaks WHERE 0;
		CREATE VIEW accounting AS SELECT run_id, id AS snapshot_id, 'once' AS identity, 1 AS left_value,
			1 AS right_value, 1 AS holds FROM snapshot;
		ALTER TABLE leak DROP COLUMN indirect_blocks; ALTER TABLE leak DROP COLUMN indirect_bytes;
		ALTER TABLE leak_search DROP COLUMN indirect_blocks;
		ALTER TABLE leak_search DROP COLUMN indirect_bytes;
		ALTER TABLE leak_search DROP COLUMN mapped_bytes;
		INSERT INTO leak_search VALUES ((SELECT max(id) FROM snapshot), 1, 2, 0, 3, 144);
		INSERT INTO leak VALUES ((SELECT max(id) FROM snapshot), 4, 3, 144);
		PRAGMA user_version = 3" || fail 'no database of version 3 was made'
	for round in read migrated; do
		status 0 report --format json third.db
		grep -q '"indirect_blocks": null' out || fail "$round: indirect blocks of version 3"
		status 0 sql --format csv third.db 'SELECT blocks, indirect_blocks IS NULL FROM leaks'
		tail -n 1 out | tr -d '\r' | grep -qx 3,1 || fail "$round: leaks of version 3: $(cat out)"
		status 0 load good.zst -o third.db
	done
	[ "$(sqlite3 third.db 'PRAGMA user_version')" -eq 4 ] || fail 'load did not migrate version 3'
fi

# A database from anywhere: what stands in the place of a table is refused, in that of a view it
# is not asked. Each of these would never end.
endless='WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS run_id,
	i AS snapshot_id, i AS seq, i AS fragmentation_ratio, 0 AS holds, i AS complete FROM n'
if command -v sqlite3 >/dev/null; then
	status 0 report heap.db --format csv
	cp out expected
	for view in fragmentation run_level accounting pause_summary; do
		cp heap.db hostile.db
		sqlite3 hostile.db "DROP VIEW $view; CREATE VIEW $view AS $endless"
		status 0 report hostile.db --format csv
		cmp -s out expected || fail "another $view changes the report"
		status 0 verify hostile.db
		status 0 check hostile.db --max fragmentation_ratio=1
	done
	for table in run snapshot mstats; do
		cp heap.db hostile.db
		sqlite3 hostile.db "DROP TABLE $table" "CREATE VIEW $table AS $endless"
		for verb in report verify diff spans; do
			status 3 $verb hostile.db
			says "not one made by 'memanalyze load'"
		done
		status 3 sql hostile.db 'SELECT 1'
		status 2 load good.zst -o hostile.db
	done
	cp heap.db hostile.db
	sqlite3 hostile.db 'DROP TABLE mstats' "CREATE VIRTUAL TABLE mstats USING fts5(alloc)"
	status 3 export hostile.db --as csv
	{
		echo 'CREATE VIEW bomb0 AS SELECT 1 AS a;'
		for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
			echo "CREATE VIEW bomb$i AS SELECT x.a FROM bomb$((i - 1)) AS x, bomb$((i - 1)) AS y;"
		done
	} | sqlite3 heap.db
	status 2 sql heap.db 'SELECT * FROM bomb20'
	status 0 report heap.db
fi

# Names that are not there: the nearest is told.
status 2 sql good.zst 'SELECT s.heap_allc FROM mstats AS s'
says "no such column: s.heap_allc; did you mean 'heap_alloc'?"
status 2 sql heap.db 'SELECT * FROM mstat'
says "did you mean 'mstats'?"
status 2 sql heap.db 'SELECT zzzzzzzz'
says 'no such column: zzzzzzzz'

# Limits.
status 0 check good.zst --max fragmentation_ratio=0.2 --max pause_p99_ms=1
prints ''
status 1 check good.zst --max fragmentation_ratio=0.15 --max pause_p99_us=10
prints 'fragmentation_ratio = 0.181640625 is above 0.15 (run 1, snapshot 9)'
status 1 check good.zst --max pause_p99_us=9
prints 'pause_p99_us = 10 is above 9 (run 1)'
status 1 check good.zst --max fragmentation_ratio=0.2 --over any
status 2 check good.zst --max fragmentation=x
status 2 check good.zst --max nonsense_ratio=1
says 'no metric is called nonsense_ratio'
status 2 check good.zst --max fragmentaton_ratio=1
says "did you mean 'fragmentation_ratio'?"
status 2 check heap.db --max pause_p9_ms=1
says "did you mean 'pause_p9"
status 2 check good.zst --max heap_allc=1
says "did you mean 'heap_alloc'?"
status 2 check good.zst --max zzzzzzzz=1
says "'memanalyze check --metrics' lists them"
status 2 check good.zst
status 3 check contradicts.zst --max next_gc=1

# Limits with units, of files, over a baseline.
status 0 check good.zst --max fragmentation_ratio=19% --max heap_alloc=105KiB --max pause_p99_ms=10us
status 1 check good.zst --max pause_p99_ms=9us
prints 'pause_p99_ms = 0.01 is above 0.009 (run 1)'
status 2 check good.zst --max heap_alloc=9us
says 'heap_alloc does not count time but bytes'
status 2 check good.zst --max heap_alloc=1e999
says 'not a finite number'
status 1 check good.zst@2 --max heap_alloc=0
prints 'heap_alloc = 101760 is above 0 (run 1, snapshot 2)'
printf '# limits\n\n fragmentation_ratio = 0.3 # of the heap\r\npause_p99_ms=1\n' >heap.limits
status 0 check good.zst --limits heap.limits
prints ''
echo 'heap_alloc = 100 KiB' | "$memanalyze" check good.zst --limits heap.limits --limits - \
	--format csv >out 2>err
[ $? -eq 1 ] || fail "limits on standard input: $(cat err)"
prints 'result,metric,value,max,baseline,run_id,seq,limit_from
kept,fragmentation_ratio,0.181640625,0.3,,1,9,heap.limits:3
kept,pause_p99_ms,0.01,1,,1,,heap.limits:4
broken,heap_alloc,107264,102400,,1,9,-:1'
printf 'heap_alloc\n=1\nheap_alloc=\nsys=1\nsys=12 parsecs\n' >bad.limits
status 2 check good.zst --limits bad.limits --limits heap.limits
for line in 1 2 3 5; do
	says "bad.limits:$line: "
done
[ "$(wc -l <err)" = 4 ] || fail "each bad line is named once: $(cat err)"
printf 'sys=1TiB\nheap_allc=1\n' >bad.limits
status 2 check good.zst --limits bad.limits
says "bad.limits:2: no metric is called heap_allc; did you mean 'heap_alloc'?"
for limits in /dev/zero /dev/null . missing; do
	status 2 check good.zst --limits $limits
	says "$limits: "
done
status 2 check - --limits - --max sys=1
says 'standard input is either'
status 2 check - --baseline - --max-growth sys=1%
"$make_recording" larger.zst 1 10 9 || exit 1
status 1 check larger.zst --baseline good.zst --max-growth heap_alloc=5%
prints 'heap_alloc = 112768 is above 112627.2, and was 107264 (run 1, snapshot 9)'
status 0 check larger.zst --baseline good.zst --max-growth heap_alloc=11% --max-growth pause_p99_ms=0%
status 1 check larger.zst --baseline good.zst --max-growth heap_alloc=5KiB
status 0 check larger.zst --baseline good.zst --max-growth heap_alloc=6KiB
status 1 check good.zst --baseline good.zst@first --max-growth heap_alloc=10%
status 0 check good.zst --baseline good.zst@first --max-growth heap_alloc=13%
status 1 check good.zst --baseline larger.zst --max-growth heap_alloc=-10%
echo 'max-growth heap_alloc = 11%' >heap.limits
status 0 check larger.zst --baseline good.zst --limits heap.limits --format json
grep -q '"result": "kept", "metric": "heap_alloc", "value": 112768,.*"baseline": 107264,' out ||
	fail "growth as JSON: $(cat out)"
status 2 check larger.zst --limits heap.limits
says 'heap.limits:1: growth over what'
status 2 check larger.zst --baseline good.zst --max heap_alloc=1GiB
status 3 check larger.zst --baseline stump --max-growth heap_alloc=1%
status 3 check good.zst --baseline contradicts.zst --max-growth next_gc=1%
says 'next_gc is unknown in contradicts.zst'

# Differences.
status 0 diff good.zst --format csv
grep -q '^kind,name,unit,a,b,change,ratio$' out || fail "header of diff: $(head -n 1 out)"
grep -q ',heap_alloc,bytes,95360,107264,11904,' out || fail "diff lacks heap_alloc: $(cat out)"
status 0 diff good.zst@2 good.zst@2 --format json
prints '[]'
status 0 diff good.zst@gc=2 two.zst
status 0 diff heap.db@first heap.db@last

# Figures for other tools.
query() {
	"$memanalyze" sql "$1" "$2" --format csv 2>/dev/null | tail -n 1
}
status 0 export good.zst --as memstats-json
[ "$(sed -n 2p out)" = "    \"Alloc\": $(query good.zst 'SELECT alloc FROM mstats
	ORDER BY snapshot_id DESC LIMIT 1')," ] || fail "Alloc as JSON: $(sed -n 2p out)"
[ "$(grep -c '^        [0-9]*,*$' out)" = 512 ] || fail "two rings of 256 as JSON"
status 0 export heap.db --as memstats-json -o exported.json
[ "$(stat -c %s exported.json)" -gt 1000 ] || fail "nothing exported"
status 2 export heap.db --as memstats-json -o exported.json
status 0 export good.zst@2 --as prometheus
grep -q '^# TYPE go_memstats_heap_alloc_bytes gauge$' out || fail "no type of a metric: $(cat out)"
[ "$(grep -c '^go_gc_duration_seconds{quantile=' out)" = 5 ] || fail "no quartiles: $(cat out)"
grep -vE '^(# (HELP|TYPE) go_|go_[a-z_]+(\{quantile="[0-9.]+"\})? [0-9.e+-]+$)' out | grep . &&
	fail "not Prometheus' text"
status 0 export good.zst --as csv
[ "$(wc -l <out)" = $(($(query good.zst 'SELECT count(*) FROM snapshot') + 1)) ] ||
	fail "a row for each snapshot: $(cat out)"
status 2 export good.zst --as promethus
says "did you mean 'prometheus'"
status 2 export good.zst

# The map of the heap: its cells add up to the figures of the snapshot.
status 0 spans good.zst
grep -q '^0x[0-9a-f]*  ' out || fail "no row of the map: $(cat out)"
for file in good.zst heap.db; do
	status 0 spans $file --format csv
	[ "$(awk -F, 'NR > 1 { inuse += $3; idle += $6 } END { print inuse, idle }' out)" = \
	  "$(query $file "SELECT sum(npages * 8192) FILTER (WHERE state = 'inuse') || ' ' ||
		sum(npages * 8192) FILTER (WHERE state = 'idle') FROM span
		WHERE snapshot_id = (SELECT id FROM snapshot ORDER BY run_id DESC, seq DESC LIMIT 1)")" ] ||
		fail "the cells of $file do not add up: $(head -n 3 out)"
done
status 0 spans good.zst@first --format json
status 2 spans
status 2 spans good.zst two.zst good.zst

# What is good of a damaged recording: nothing that stands is overwritten, the source is only read.
status 0 salvage good.zst -o saved.zst
cmp good.zst saved.zst || fail 'a whole recording is not copied as it is'
status 2 salvage good.zst -o saved.zst
says 'exists; --force'
status 2 salvage good.zst -o good.zst --force
says 'one of the files to read'
head -c $(($(wc -c <good.zst) - 9)) good.zst >cut.zst
cp cut.zst cut.before
status 0 salvage cut.zst -o saved.zst --force
says 'left out'
cmp cut.zst cut.before || fail 'salvage changed its source'
[ "$(stat -c %a saved.zst)" = 600 ] || fail "others may read what was saved: $(stat -c %a saved.zst)"
status 0 verify saved.zst
status 4 salvage cut.zst -o saved.zst --force --strict
{ head -c 300 good.zst; printf 'not a recording'; tail -c +316 good.zst; cat two.zst; } >hurt.zst
status 4 salvage --format json hurt.zst -o saved.zst --force
grep -q '"byte_offset": ' out || fail "no place is named: $(cat out)"
status 0 verify saved.zst
[ "$(query saved.zst 'SELECT count(*) FROM snapshot')" = "$(query hurt.zst 'SELECT count(*) FROM snapshot')" ] ||
	fail 'salvage lost a snapshot'
echo text >text.log
status 3 salvage text.log -o none.zst
status 3 salvage heap.db -o none.zst
status 2 salvage good.zst
head -c 100 good.zst >head.zst
status 3 salvage head.zst -o none.zst
[ -e none.zst ] && fail 'a recording without a snapshot was written'

# Two runs, two files, two databases, one of each: the same figures, the same rows.
cat good.zst two.zst >runs.zst
rm -f first.db second.db runs.db
status 0 load good.zst -o first.db
status 0 load two.zst -o second.db
status 0 load runs.zst -o runs.db
status 0 diff --format csv good.zst two.zst
[ "$(wc -l <out)" -gt 3 ] || fail "nothing differs: $(cat out)"
cp out wanted
runs=$(query good.zst 'SELECT count(*) FROM run')
all=$(query runs.zst 'SELECT count(*) FROM run')
for pair in 'first.db second.db' 'good.zst second.db' 'first.db two.zst' \
	"runs.zst@run=$runs runs.zst" "runs.db@run=$runs runs.db@run=$all,last"; do
	# shellcheck disable=SC2086 # two words
	status 0 diff --format csv $pair
	cmp out wanted || fail "diff $pair: $(cat out)"
done
status 0 diff --format csv two.zst good.zst
[ "$(awk -F, '$2 == "heap_alloc" { print -$6 }' out)" = "$(awk -F, '$2 == "heap_alloc" { print $6 }' wanted)" ] ||
	fail "the other way round is not the negative: $(cat out)"
status 2 diff runs.zst@run=99 runs.zst
says 'no snapshot @run=99'
status 3 diff runs.zst@run=1, runs.zst
status 2 diff good.zst@2
status 2 diff

# Output files.
status 0 report good.zst --format json -o report.json
status 2 report good.zst --format json -o report.json
says 'exists'
status 0 report good.zst --format json -o report.json --force
status 2 sql good.zst 'SELECT nothing' -o nothing.csv
[ -e nothing.csv ] && fail 'a command that failed left its output file'
cp report.json kept.json && chmod 600 kept.json && ln -s kept.json link.json
status 2 sql good.zst 'SELECT nothing' -o kept.json --force
cmp -s report.json kept.json || fail 'a command that failed replaced a file'
status 0 sql good.zst 'SELECT 1 AS a' --format csv -o link.json --force
[ "$(cat kept.json)" = 'a
1' ] && [ -L link.json ] || fail 'a link that was written to is none any more'
[ "$(stat -c %a kept.json)" = 600 ] || fail 'a replaced file is open to others'
status 3 report good.zst -o /dev/full --force
[ -c /dev/full ] || fail 'a device was removed'
status 0 report good.zst -o /dev/null --force
for input in good.zst good.zst@2 ./good.zst; do
	status 2 report $input -o good.zst --force
	says 'one of the files to read'
done
status 2 report good.zst -o . --force
status 2 report good.zst -o missing/report.txt
ls -A | grep -E '\.(part|new)$' && fail 'a file that was not finished is there'
status 0 report good.zst --color always
"$memanalyze" sql long.zst 'SELECT * FROM span, span AS other LIMIT 100000' --format csv 2>err | head -n 1 >out
[ -s err ] && fail "a closed pipe was complained about: $(cat err)"
NO_COLOR=1 "$memanalyze" report good.zst >out 2>err || fail 'NO_COLOR'
grep -q "$(printf '\033')" out && fail 'colour in a file'

status 0 schema fragmentation --format csv
head -n 2 out | tail -n 1 | grep -q '^snapshot_id,' || fail "schema fragmentation: $(cat out)"
status 2 schema fragmentatoin

# Memory: 200 snapshots of 20,000 spans cost no more than a few.
for arguments in report 'SELECT state, count(*) FROM span GROUP BY state' \
	'SELECT * FROM span WHERE snapshot_id > 190 ORDER BY base'; do
	if [ "$arguments" = report ]; then
		"$peak_memory" 300 "$memanalyze" report big.zst >out 2>err
	else
		"$peak_memory" 300 "$memanalyze" sql big.zst "$arguments" --format csv >out 2>err
	fi || fail "memory: $arguments: $(cat err)"
done

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo 'all held'
