# Sourced by loop.sh and parallel.sh: the partial files in $parts to reports in $out, and the exit status; $unread is 1 where a
# capture made none.
pktaudit merge --partial "$parts/all" "$parts"/*.part
status=0
# shellcheck disable=SC2086 # flags, one by one
pktaudit judge ${JUDGE:-} --out "$out" "$parts/all" || status=$?
[ "$unread" = 0 ] || status=2
exit "$status"
