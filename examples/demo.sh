#!/bin/sh
# demo.sh BUILD_DIR OUT_DIR - runs docsearch over the PostgreSQL manual with recording on.
#
# Leaves the recording in OUT_DIR/snapshot.zst. The manual comes from Debian's (or
# Ubuntu's) package postgresql-doc-NN: from where it is installed, else from the
# package itself, fetched without root and kept in the user's cache folder (container
# images leave out /usr/share/doc, also when the package is installed). A folder of
# XHTML pages named in DOCSEARCH_PAGES is taken instead.
set -eu

if [ $# -ne 2 ]; then
	echo "usage: demo.sh BUILD_DIR OUT_DIR" >&2
	exit 2
fi
program=$1/examples/docsearch
out=$2

if [ ! -x "$program" ]; then
	echo "demo: $program is missing: build with expat (package libexpat1-dev)" >&2
	exit 1
fi
mkdir -p "$out"
cache=${XDG_CACHE_HOME:-${HOME:-$out}/.cache}/memspan

# The newest manual below a root folder, or nothing. Its own index tells a whole manual.
newest_manual() {
	for index in "$1"/usr/share/doc/postgresql-doc-*/html/bookindex.html; do
		if [ -r "$index" ]; then dirname "$index"; fi
	done | sort -V | tail -n 1
}

# The package that holds the manual of this distribution's PostgreSQL.
manual_package() {
	package=$(apt-cache depends postgresql-doc 2>/dev/null |
		sed -n 's/^ *|*Depends: \(postgresql-doc-[0-9][0-9]*\)$/\1/p' | head -n 1)
	if [ -z "$package" ]; then
		package=$(apt-cache search --names-only '^postgresql-doc-[0-9]+$' 2>/dev/null |
			cut -d ' ' -f 1 | sort -V | tail -n 1)
	fi
	echo "$package"
}

# Unpacks the package into the cache; a half-done fetch leaves nothing there.
fetch_manual() {
	command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || return 1
	package=$(manual_package)
	if [ -z "$package" ] && [ "$(id -u)" -eq 0 ]; then
		apt-get -qq update >&2 || return 1
		package=$(manual_package)
	fi
	[ -n "$package" ] || return 1
	mkdir -p "$cache" || return 1
	fetched=$(mktemp -d "$cache/fetch.XXXXXX") || return 1
	if (cd "$fetched" && apt-get -qq download "$package" 2>fetch.log || {
		cat fetch.log >&2
		exit 1
	}) && dpkg-deb -x "$fetched"/*.deb "$fetched/root"; then
		rm -rf "$cache/manual"
		mv "$fetched/root" "$cache/manual"
	fi
	rm -rf "$fetched"
}

pages=${DOCSEARCH_PAGES:-}
if [ -z "$pages" ]; then pages=$(newest_manual ""); fi
if [ -z "$pages" ]; then pages=$(newest_manual "$cache/manual"); fi
if [ -z "$pages" ]; then
	fetch_manual || true
	pages=$(newest_manual "$cache/manual")
fi
if [ -z "$pages" ]; then
	cat >&2 <<-END
	demo: the PostgreSQL manual is not here and could not be fetched. One of these helps:
	  apt-get update && apt-get download postgresql-doc-15   (then: dpkg-deb -x *.deb '$cache/manual')
	  DOCSEARCH_PAGES=FOLDER, a folder of XHTML pages
	END
	exit 1
fi

threads=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 2)
if [ "$threads" -lt 2 ]; then threads=2; fi
if [ "$threads" -gt 8 ]; then threads=8; fi

echo "docsearch on $threads threads, over $pages" >&2
# Less room than usual: a collection every few tens of milliseconds has more to show.
MEMSPAN_GCPERCENT=70 MEMSPAN_DUMP=$out/snapshot.zst "$program" -t "$threads" "$pages" \
	"vacuum freeze" \
	"foreign key cascade" \
	"restore a backup to a point in time"
