#!/bin/sh
# The same with GNU parallel, as many captures at a time as there are processors: parallel.sh OUT CAPTURE...
set -eu
out=$1
shift
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT

# Each run has one thread, since there are many; whether one failed is told by its partial file.
parallel pktaudit observe --threads 1 --partial "$parts/{#}.part" {} ::: "$@" || true
unread=0
number=0
for capture; do
    number=$((number + 1))
    [ -e "$parts/$number.part" ] || { echo "$capture: not read" >&2; unread=1; }
done

. "$(dirname "$0")/judge-all.sh"
