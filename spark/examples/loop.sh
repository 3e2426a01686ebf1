#!/bin/sh
# An audit in three steps, one capture after another: loop.sh OUT CAPTURE...
# JUDGE has the flags of judge, such as --site site.toml. The partial files lie in TMPDIR while it works.
set -eu
out=$1
shift
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT

number=0
unread=0
for capture; do
    number=$((number + 1))
    # 2: not all of it could be read. What could is in the partial file, and judge tells the rest.
    pktaudit observe --partial "$parts/$number.part" "$capture" || [ -e "$parts/$number.part" ] || unread=1
done

. "$(dirname "$0")/judge-all.sh"
