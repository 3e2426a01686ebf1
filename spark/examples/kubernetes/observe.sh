#!/bin/sh
# One index of an Indexed Job: every COMPLETIONS-th capture of TAP, from JOB_COMPLETION_INDEX on, to one partial file in
# PARTIALS. An index that runs twice writes the same file again.
set -eu
part=$PARTIALS/$JOB_COMPLETION_INDEX.part
list=$(mktemp)
find "$TAP" -type f -name '*.pcap*' | sort |
    awk -v of="$COMPLETIONS" -v index_="$JOB_COMPLETION_INDEX" 'NR % of == index_ { print "\"" $0 "\"" }' >"$list"
[ -s "$list" ] || exit 0
# 2: not all could be read. What could is in the partial file, which also names the rest; judge tells it.
xargs pktaudit observe --partial "$part" <"$list" || [ -e "$part" ]
