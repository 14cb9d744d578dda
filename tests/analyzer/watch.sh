#!/bin/sh
# watch.sh MEMANALYZE MAKE_RECORDING RECORDED_PROGRAM - memanalyze watch: what is there, what
# comes, a thinned file, the end, a killed program, processes by number.
set -u
memanalyze=$1
make_recording=$2
program=$3
folder=$(mktemp -d) || exit 1
others=
trap 'for p in $others; do kill -KILL $p; done 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

status() {
	expected=$1
	shift
	"$memanalyze" "$@" >out 2>err </dev/null
	got=$?
	[ $got -eq "$expected" ] || fail "exit $got, not $expected: memanalyze $*: $(head -c 300 err)"
}

says() {
	grep -q -e "$1" err || fail "stderr lacks '$1': $(cat err)"
}

# until COMMAND... - waits for it to succeed, up to half a minute.
until_true() {
	turns=0
	until "$@"; do
		turns=$((turns + 1))
		[ $turns -lt 300 ] || { fail "waited in vain: $*"; return; }
		sleep 0.1
	done
}

has_lines() {
	[ -s "$1" ] && [ "$(wc -l <"$1")" -ge "$2" ]
}

# A recording that nobody writes: all of it, and the end.
"$make_recording" done.zst 1 3 8 || exit 1
status 0 watch done.zst
[ "$(wc -l <out)" -eq 3 ] || fail "not a line a snapshot: $(cat out)"
grep -q 'in objects .* in spans .* fragmentation .* pause' out || fail "a line is $(head -1 out)"
status 0 watch --format csv done.zst
[ "$(head -2 out)" = 'seq,gc_num,unix_ns,heap_alloc_bytes,heap_inuse_bytes,fragmentation_ratio,heap_idle_bytes,heap_released_bytes,resident_bytes,pause_ns,gc_cpu_fraction,reason
0,1,1700000000001050000,95360,131072,0.2724609375,49152,16384,267264,1000,0.0,gc' ] || fail "csv: $(cat out)"
"$memanalyze" sql done.zst 'SELECT seq, heap_alloc, heap_released FROM snapshot JOIN mstats ON snapshot_id = id' \
	--format csv | tail -n +2 >expected
tail -n +2 out | cut -d, -f1,4,8 | cmp -s - expected || fail "watch and sql differ: $(cat out)"
status 0 watch --format ndjson done.zst
[ "$(grep -c '"seq": [0-2], "gc_num": [1-3], ' out)" -eq 3 ] || fail "ndjson: $(cat out)"

# Killed, empty, foreign, wrong usage.
"$make_recording" torn.zst 1 3 8 torn || exit 1
status 0 watch torn.zst
says 'orderly'
status 4 watch --strict torn.zst
: >empty
status 3 watch empty
echo text >text
status 3 watch text
status 3 watch missing.zst
status 3 watch .
says 'name the recording in it'
status 2 watch
status 2 watch --pid x
status 2 watch --pid 1 done.zst
status 0 watch --format json done.zst
python3 -c 'import json; assert [s["seq"] for s in json.load(open("out"))] == [0, 1, 2]' ||
	fail "json: $(cat out)"
status 0 watch --format markdown done.zst
[ "$(sed -n 's/^| \([0-9]*\) | \([0-9]*\) | .* gc |$/\1 \2/p' out)" = '0 1
1 2
2 3' ] || fail "markdown: $(cat out)"

# One that grows: lines come while the program runs, and watch ends with it.
MEMSPAN_DUMP=live.zst "$program" spans 50 gc 3 sleep 1500 gc 2 &
pid=$!
until_true test -s live.zst
"$memanalyze" watch --format csv live.zst >live 2>live.err &
watch=$!
until_true has_lines live 4
kill -0 $watch 2>/dev/null || fail 'watch ended before the program'
wait $pid
wait $watch || fail "the program ended, watch with $?: $(cat live.err)"
"$memanalyze" sql live.zst 'SELECT seq FROM snapshot ORDER BY seq' --format csv >expected
cut -d, -f1 live | cmp -s - expected || fail "seen $(cut -d, -f1 live | tr '\n' ' ')"

# By its number; a signal ends watch, with status 0.
MEMSPAN_DUMP=number.zst "$program" gc 2 sleep 60000 &
pid=$!
others="$others $pid"
until_true test -s number.zst
"$memanalyze" watch --pid $pid --format csv >number 2>number.err &
watch=$!
until_true has_lines number 3
kill -TERM $watch
wait $watch || fail "stopped, but status $?: $(cat number.err)"
kill -KILL $pid
wait $pid 2>/dev/null
status 3 watch --pid $pid
says 'no process'
sleep 60 &
pid=$!
others="$others $pid"
status 3 watch --pid $pid
says 'does not record'
says 'MEMSPAN_DUMP'

# Thinned while it is watched: nothing twice, nothing backwards, the end is reached.
MEMSPAN_DUMP=thin.zst MEMSPAN_DUMP_MAX=64KiB "$program" spans 3000 say 300 >/dev/null &
pid=$!
until_true test -s thin.zst
"$memanalyze" watch --format csv thin.zst >thin 2>thin.err &
watch=$!
while kill -0 $pid 2>/dev/null; do
	status 0 sql thin.zst 'SELECT count(*) FROM span' # whole at any moment, whichever file it is
done
wait $pid
wait $watch || fail "watching a thinned recording: status $?: $(cat thin.err)"
tail -n +2 thin | cut -d, -f1 | sort -n -u -c || fail 'a snapshot came twice, or backwards'
"$memanalyze" sql thin.zst 'SELECT max(seq), count(*) < max(seq) FROM snapshot' --format csv | tail -1 >expected
[ "$(tail -1 thin | cut -d, -f1),1" = "$(cat expected)" ] ||
	fail "the last seen is $(tail -1 thin), of $(cat expected)"

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo 'all held'
