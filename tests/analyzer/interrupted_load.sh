#!/bin/sh
# interrupted_load.sh MEMANALYZE MAKE_RECORDING - a load that ends before its end, killed at a
# write or with a disk that takes no more, leaves no database or the one that was there.
set -u
memanalyze=$1
make_recording=$2
folder=$(mktemp -d) || exit 1
trap 'rm -rf "$folder"' EXIT
cd "$folder" || exit 1
failures=0

fail() {
	echo "FAILED: $*"
	failures=$((failures + 1))
}

# Nothing but what stood in the folder before.
nothing_left() {
	left=$(ls -A | grep -v -e '^small.zst$' -e '^large.zst$' -e '^out$' -e '^err$' -e '^there.db$')
	[ -z "$left" ] || fail "$1 left $left"
}

spans_of() {
	"$memanalyze" sql "$1" 'SELECT count(*) AS n FROM span' --format csv 2>&1 | tail -1
}

# limited ARGUMENTS... - no file of memanalyze's grows beyond 10 MiB: its signal kills.
limited() {
	(
		ulimit -f 20480 2>/dev/null
		"$memanalyze" "$@" >out 2>err
	) 2>/dev/null
}

# The same with the signal ignored: a write says that there is no room.
full_disk() {
	(
		trap '' XFSZ
		ulimit -f 20480 2>/dev/null
		"$memanalyze" "$@" >out 2>err
	)
}

"$make_recording" small.zst 1 10 8 || exit 1
"$make_recording" large.zst 1 100 20000 || exit 1

limited load large.zst -o new.db
status=$?
[ $status -gt 128 ] || fail "killed, but exit $status: $(cat err)"
nothing_left 'a killed load'

full_disk load large.zst -o new.db
status=$?
[ $status -eq 3 ] || fail "disk full, but exit $status: $(cat err)"
grep -q 'large.zst\|new.db' err || fail "disk full, but no word of a file: $(cat err)"
nothing_left 'a full disk'

# An ending signal, whenever it comes.
"$memanalyze" load large.zst -o new.db >out 2>err &
process=$!
kill -TERM $process
wait $process
status=$?
if [ $status -eq 0 ]; then
	[ "$(spans_of new.db)" = 2000000 ] || fail "status 0, but $(spans_of new.db) spans"
	rm -f new.db
fi
nothing_left 'a terminated load'

# What was there stays, and can be asked and added to.
"$memanalyze" load small.zst -o there.db 2>err || fail "$(cat err)"
full_disk load large.zst -o there.db
status=$?
[ $status -eq 3 ] || fail "disk full at adding, but exit $status: $(cat err)"
[ "$(spans_of there.db)" = 80 ] || fail "after a full disk: $(spans_of there.db)"
limited load large.zst -o there.db
status=$?
[ $status -gt 128 ] || fail "killed at adding, but exit $status: $(cat err)"
[ "$(spans_of there.db)" = 80 ] || fail "after a killed load: $(spans_of there.db)"
nothing_left 'adding'
"$memanalyze" load large.zst -o there.db 2>err || fail "adding again: $(cat err)"
[ "$(spans_of there.db)" = 2000080 ] || fail "after adding: $(spans_of there.db)"
nothing_left 'adding in the end'

# --force: the file that is to be replaced stands until there is something to replace it.
echo 'notes' >other.txt
full_disk load --force large.zst -o other.txt && fail 'no room, but status 0'
[ "$(cat other.txt)" = notes ] || fail 'a failed load took the file that it was to replace'
"$memanalyze" load --force small.zst -o other.txt 2>err || fail "$(cat err)"
[ "$(spans_of other.txt)" = 80 ] || fail "replaced by $(spans_of other.txt)"
rm -f other.txt
nothing_left '--force'

[ $failures -eq 0 ] || { echo "$failures failures"; exit 1; }
echo 'all held'
