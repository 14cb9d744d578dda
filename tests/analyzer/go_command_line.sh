#!/bin/sh
# go_command_line MEMANALYZE GOLDEN DOC - Go's figures on the command line: kinds, exit
# status, loading again; and every example of docs/go.md.
set -eu
memanalyze=$1
golden=$2
doc=$3
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
ln -s "$memanalyze" "$work/bin/memanalyze"
PATH=$work/bin:$PATH
cd "$work"

fail() {
	echo "FAILED: $*" >&2
	cat err >&2
	exit 1
}

# status N ARGUMENT... - runs memanalyze, its output to out and err; it has to exit with N
status() {
	wanted=$1
	shift
	got=0
	memanalyze "$@" >out 2>err </dev/null || got=$?
	[ "$got" = "$wanted" ] || fail "memanalyze $*: status $got, not $wanted"
}

says() {
	grep -q -- "$1" err || fail "stderr lacks: $1"
}

answers() {
	[ "$(cat out)" = "$1" ] || fail "answer is $(cat out), not $1"
}

gzip -dc "$golden/lines.log.gz" >server.log
zstd -qdc "$golden/trace.log.zst" >trace.log

# ---- kinds -----------------------------------------------------------------------------
for pair in array.json.gz:go-memstats vars.json:go-expvar profile.txt:go-heap-profile \
	trace.log.zst:go-trace; do
	status 0 sql --format csv "$golden/${pair%:*}" "SELECT kind FROM source"
	[ "$(tail -n 1 out)" = "${pair#*:}" ] || fail "$pair: kind $(tail -n 1 out)"
	[ -s err ] && fail "$pair: a warning"
	status 0 report "$golden/${pair%:*}"
	grep -q 'Not in this source: .*' out || fail "$pair: the report does not say what is lacking"
	# the last line of this trace is the scavenger's, which does not know what was marked
	grep unknown out | grep -v 'live at mark' && fail "$pair: the report has rows of unknown"
	status 0 report --format json "$golden/${pair%:*}"
	python3 -c 'import json, sys; json.load(sys.stdin)' <out
done
cat server.log trace.log >both.log
status 0 sql --format csv both.log "SELECT kind, (SELECT count(*) FROM run) FROM source"
[ "$(tail -n 1 out)" = go-log,2 ] || fail "both: $(cat out)"

# ---- exit status -----------------------------------------------------------------------
seq 1000 >numbers
status 3 report numbers
says 'numbers: is neither a memspan recording nor a database'
status 3 load numbers -o none.db
[ -e none.db ] && fail "a load that failed left a database"
status 3 report numbers server.log

size=$(wc -c <server.log)
head -c $((size - 100)) server.log >torn.log
status 0 sql --format csv torn.log "SELECT complete FROM source"
says 'breaks off'
[ "$(tail -n 1 out)" = 0 ] || fail "torn, but complete"
status 4 report --strict torn.log

{ cat torn.log && echo && cat trace.log; } >damaged.log
status 4 sql --format csv damaged.log \
	"SELECT byte_offset > 0 FROM import_issue WHERE severity = 'damage'"
[ "$(tail -n 1 out)" = 1 ] || fail "damage without a place"

gzip -c server.log | head -c 5000 >torn.gz
status 0 sql --format csv torn.gz "SELECT count(*) > 0 FROM snapshot"
says 'breaks off'

# ---- check, diff, the snapshots by name ----------------------------------------------------
status 1 check server.log --max pause_max_us=0.001
status 3 check trace.log --max fragmentation_ratio=0.3
status 0 diff server.log@first server.log@last
grep -q heap_alloc out || fail "diff without heap_alloc"
status 0 report server.log@gc=8

# ---- loading again ---------------------------------------------------------------------
head -n 3 server.log >growing.log
status 0 load growing.log -o grown.db
cp grown.db before.db
status 0 load growing.log -o grown.db
cmp -s grown.db before.db || fail "loading again changed the database"
cp server.log growing.log
status 0 load growing.log -o grown.db
says '0 runs, 3 snapshots'
status 0 load server.log -o whole.db
for query in "SELECT m.* FROM mstats AS m ORDER BY 1" "SELECT * FROM gc_pause ORDER BY gc_num" \
	"SELECT uuid FROM run"; do
	memanalyze sql --format csv grown.db "$query" >grown
	memanalyze sql --format csv whole.db "$query" >whole
	cmp -s grown whole || fail "grown and whole differ: $query"
done

# ---- every example of the page ---------------------------------------------------------
gzip -c server.log >server.log.1.gz
printf '#!/bin/sh\ncat "%s" >&2\n' "$work/trace.log" >server
chmod +x server
rm -f server.db
mkdir logs && cp server.log trace.log logs
examples=0
sed -n 's/^    //p' "$doc" >lines
while read -r line; do
	sh -euc "$line" >out 2>err </dev/null || fail "example: $line"
	examples=$((examples + 1))
done <lines
[ $examples -ge 5 ] || fail "only $examples examples in $doc"
