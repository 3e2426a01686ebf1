#!/bin/sh
# After the last index: the partial files to reports. 1 means findings; to Kubernetes that is a job well done.
set -eu
pktaudit merge --partial "$PARTIALS/all" "$PARTIALS"/*.part
status=0
# shellcheck disable=SC2086 # flags, one by one
pktaudit judge ${JUDGE:-} --out "$OUT" "$PARTIALS/all" || status=$?
[ "$status" -le 1 ]
