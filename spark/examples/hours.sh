#!/bin/sh
# A report set for each hour of some captures, as `pktaudit audit --every 1h` has them: hours.sh OUT CAPTURE...
# JUDGE has the flags of judge, EVERY another length. The partial files lie in TMPDIR while it works.
set -eu
out=$1
shift
parts=$(mktemp -d)
trap 'rm -rf "$parts"' EXIT

worst=0
# 0 clean, 1 findings, 2 not all could be audited.
note() { [ "$1" -le "$worst" ] || worst=$1; }

number=0
for capture; do
    number=$((number + 1))
    # Of each capture a folder, with a partial file of each hour. These runs may be on many machines.
    pktaudit observe --every "${EVERY:-1h}" --partial "$parts/$number" -- "$capture" || note 2
done

# Hours ascend, since they are named by when they begin. Captures without a frame belong to the first one, and where there is
# none they are all that there is.
hours=$(find "$parts" -name '2*.part' -exec basename {} .part \; | sort -u)
set --
for hour in ${hours:-no-packets}; do
    [ $# -gt 0 ] || [ -z "$hours" ] || for empty in "$parts"/*/no-packets*.part; do
        [ ! -e "$empty" ] || set -- "$@" "$empty"
    done
    # shellcheck disable=SC2086 # flags, one by one
    pktaudit judge ${JUDGE:-} --out "$out/$hour" "$parts"/*/"$hour.part" "$@" || note $?
    [ -n "$hours" ] || break
    pktaudit merge --carry --partial "$parts/$hour.carried" "$parts"/*/"$hour.part" "$@"
    # What goes on from the hour before.
    set -- "$parts/$hour.carried"
done
exit "$worst"
