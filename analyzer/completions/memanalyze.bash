# bash completion for memanalyze
# Made by scripts/completions from what memanalyze tells of itself; change it there.

# VERB: its options.
_memanalyze_options() {
	case $1 in
	report) echo "--format --output -o --force --strict --color --help -h" ;;
	sql) echo "--format --file -f --timeout --output -o --force --strict --color --help -h" ;;
	load) echo "--format --output -o --force --strict --color --help -h" ;;
	verify) echo "--format --output -o --force --strict --color --help -h" ;;
	salvage) echo "--format --output -o --force --strict --color --help -h" ;;
	diff) echo "--format --output -o --force --subtract --strict --color --help -h" ;;
	check) echo "--format --max --limits --baseline --max-growth --over --metrics --output -o --force --strict --color --help -h" ;;
	spans) echo "--format --output -o --force --strict --color --help -h" ;;
	export) echo "--as --output -o --force --strict --color --help -h" ;;
	schema) echo "--format --output -o --force --color --help -h" ;;
	watch) echo "--format --pid --strict --color --help -h" ;;
	record) echo "--output -o --force --interval --signal --every --leaks --color --help -h" ;;
	esac
}

# VERB OPTION: what its value may be, words or a kind in capitals; fails where it takes none.
_memanalyze_value() {
	case "$1 $2" in
	"report --format") echo "table json ndjson csv markdown html" ;;
	"report --output" | "report -o") echo "OUT" ;;
	"report --color") echo "never auto always" ;;
	"sql --format") echo "table json ndjson csv markdown" ;;
	"sql --file" | "sql -f") echo "QUERIES" ;;
	"sql --timeout") echo "SECONDS" ;;
	"sql --output" | "sql -o") echo "OUT" ;;
	"sql --color") echo "never auto always" ;;
	"load --format") echo "table json ndjson csv markdown" ;;
	"load --output" | "load -o") echo "OUT" ;;
	"load --color") echo "never auto always" ;;
	"verify --format") echo "table json ndjson csv markdown" ;;
	"verify --output" | "verify -o") echo "OUT" ;;
	"verify --color") echo "never auto always" ;;
	"salvage --format") echo "table json ndjson csv markdown" ;;
	"salvage --output" | "salvage -o") echo "OUT" ;;
	"salvage --color") echo "never auto always" ;;
	"diff --format") echo "table json ndjson csv markdown" ;;
	"diff --output" | "diff -o") echo "OUT" ;;
	"diff --color") echo "never auto always" ;;
	"check --format") echo "table json ndjson csv markdown" ;;
	"check --max") echo "METRIC=VALUE" ;;
	"check --limits") echo "LIMITS" ;;
	"check --baseline") echo "OLD" ;;
	"check --max-growth") echo "METRIC=VALUE" ;;
	"check --over") echo "last any" ;;
	"check --output" | "check -o") echo "OUT" ;;
	"check --color") echo "never auto always" ;;
	"spans --format") echo "table json ndjson csv markdown svg" ;;
	"spans --output" | "spans -o") echo "OUT" ;;
	"spans --color") echo "never auto always" ;;
	"export --as") echo "memstats-json prometheus csv" ;;
	"export --output" | "export -o") echo "OUT" ;;
	"export --color") echo "never auto always" ;;
	"schema --format") echo "table json ndjson csv markdown" ;;
	"schema --output" | "schema -o") echo "OUT" ;;
	"schema --color") echo "never auto always" ;;
	"watch --format") echo "table json ndjson csv markdown" ;;
	"watch --pid") echo "PID" ;;
	"watch --color") echo "never auto always" ;;
	"record --output" | "record -o") echo "OUT" ;;
	"record --interval") echo "TIME" ;;
	"record --signal") echo "SIGNAL" ;;
	"record --every") echo "N" ;;
	"record --color") echo "never auto always" ;;
	*) return 1 ;;
	esac
}

# SUFFIXES: files of these names and folders, or any file where there is none.
_memanalyze_files() {
	local suffix found=()
	for suffix in $1; do
		mapfile -t -O "${#found[@]}" found < <(compgen -f -X "!*.$suffix" -- "$cur")
	done
	if [ ${#found[@]} -gt 0 ] || [ -z "$1" ]; then
		mapfile -t -O "${#found[@]}" found < <(compgen -d -- "$cur")
	fi
	[ ${#found[@]} -gt 0 ] || mapfile -t found < <(compgen -f -- "$cur")
	COMPREPLY=("${found[@]}")
	compopt -o filenames 2>/dev/null
}

_memanalyze_words() {
	mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

# VALUE: what _memanalyze_value told.
_memanalyze_offer() {
	case $1 in
	FILE) _memanalyze_files "zst db" ;;
	OLD) _memanalyze_files "zst db" ;;
	QUERIES) _memanalyze_files "sql" ;;
	LIMITS) _memanalyze_files "limits" ;;
	PID) mapfile -t COMPREPLY < <(cd /proc && compgen -G "$cur*" | grep -x '[0-9]*') ;;
	SIGNAL) mapfile -t COMPREPLY < <(compgen -A signal -- "SIG$cur" | sed 's/^SIG//') ;;
	METRIC=VALUE)
		_memanalyze_words "alloc buckhash_sys cycles cycles_per_second debuggc elapsed_ns enablegc excess_bytes forced fragmentation_bytes fragmentation_ratio gc_cpu_fraction gc_num gc_sys gc_trigger heap_alloc heap_alloc_bytes heap_idle heap_idle_bytes heap_inuse heap_inuse_bytes heap_live heap_marked heap_objects heap_released heap_released_bytes heap_scan heap_sys indirect_blocks indirect_bytes last_gc_nanotime last_gc_unix last_heap_inuse last_next_gc leaked_blocks leaked_bytes mapped_bytes mcache_inuse mcache_sys mspan_inuse mspan_sys needed_bytes next_gc nfree nlookup nmalloc numforcedgc numgc other_sys pause_max_ms pause_mean_ms pause_min_ms pause_n pause_p50_ms pause_p90_ms pause_p99_ms pause_r2 pause_slope_ns_per_gc pause_total_ms pause_total_ns resident_bytes retained_bytes retained_ratio root_bytes search_ns seq stacks_inuse stacks_sys sys sys_bytes threads_unknown tinyallocs total_alloc triggerRatio unix_ns"
		COMPREPLY=("${COMPREPLY[@]/%/=}")
		compopt -o nospace 2>/dev/null
		;;
	OUT) _memanalyze_files "" ;;
	[A-Z]*) ;;
	*) _memanalyze_words "$1" ;;
	esac
}

# Where the words of the program begin that record runs; nothing before.
_memanalyze_program() {
	local i
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--)
			echo $((i + 1))
			return
			;;
		-*)
			_memanalyze_value record "${COMP_WORDS[i]}" >/dev/null || continue
			[ "${COMP_WORDS[i + 1]}" != = ] || ((i++))
			((i++))
			;;
		*)
			echo $i
			return
			;;
		esac
	done
}

_memanalyze() {
	local cur=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} value program
	local verb=${COMP_WORDS[1]}
	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		_memanalyze_words "report sql load verify salvage diff check spans export schema watch record --help --version --words"
		return
	fi
	if [ "$verb" = record ]; then
		program=$(_memanalyze_program)
		if [ -n "$program" ] && [ "$program" -lt "$COMP_CWORD" ]; then
			_memanalyze_files ""
			return
		elif [ -n "$program" ]; then
			mapfile -t COMPREPLY < <(compgen -c -- "$cur")
			return
		fi
	fi
	# --option=value comes as three words.
	if [ "$cur" = = ]; then
		cur=
	elif [ "$previous" = = ]; then
		previous=${COMP_WORDS[COMP_CWORD - 2]}
	fi
	if value=$(_memanalyze_value "$verb" "$previous"); then
		_memanalyze_offer "$value"
	elif [ "$previous" = @ ]; then
		_memanalyze_words "first last"
	elif [[ $cur == -* ]]; then
		_memanalyze_words "$(_memanalyze_options "$verb")"
	elif [ "$verb" = record ]; then
		mapfile -t COMPREPLY < <(compgen -c -- "$cur")
	elif [ "$verb" = schema ]; then
		_memanalyze_words "$("${COMP_WORDS[0]}" schema --format csv 2>/dev/null | sed '1d;s/,.*//')"
	else
		_memanalyze_files "zst db"
	fi
}

complete -F _memanalyze memanalyze
