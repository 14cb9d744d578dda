#!/bin/sh
# go_program MEMANALYZE CACHE - builds go_figures.go with the Go of this machine, runs it, and holds
# what memanalyze reads against what the program printed. 77 (skipped) where there is no Go.
set -eu
memanalyze=$1
cache=$2 # what Go compiled before, so that only the first run is slow
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v go >/dev/null; then
	echo "no Go on this machine: the files of tests/golden are checked instead"
	exit 77
fi
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
GOCACHE=$cache GO111MODULE=off CGO_ENABLED=0 \
	go build -o "$scratch/figures" "$here/go_figures.go"
mkdir "$scratch/printed"
GODEBUG=gctrace=1,scavtrace=1 "$scratch/figures" "$scratch/printed" 2>"$scratch/printed/trace.log"
python3 "$here/go_figures.py" "$memanalyze" "$scratch/printed"
