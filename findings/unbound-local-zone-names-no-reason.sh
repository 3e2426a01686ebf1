#!/bin/sh
# unbound 1.17.1 (Debian 12), option `ede: yes`.
#
# Expected by most: with extended DNS errors (RFC 8914) switched on, names that the resolver's own local-zones refuse or
# deny are answered with code 15 (Blocked) or 17 (Filtered), as clients refused by access-control get 18 (Prohibited).
# Seen: a client refused by access-control is told 18, but `always_refuse`, `always_nxdomain` and `always_nodata` give
# their bare answer, without any code and without a SOA record. So a block list loaded as local-zones cannot be told
# from a dead name by what the resolver says, while its access list can.
set -eu
version=1.17.1-2+deb12u4
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
apt-get download -qq "unbound=$version" bind9-dnsutils bind9-libs libhiredis0.14 libprotobuf-c1 libevent-2.1-7 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
libraries=$(find "$work/root" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd:)
cat >unbound.conf <<CONF
server:
  interface: 127.0.0.1@5391
  interface: 127.0.0.2@5391
  username: ""
  chroot: ""
  directory: "$work"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  ede: yes
  access-control: 127.0.0.1/32 allow
  access-control: 127.0.0.2/32 refuse
  local-zone: "refused.test." always_refuse
  local-zone: "gone.test." always_nxdomain
  local-zone: "empty.test." always_nodata
CONF
LD_LIBRARY_PATH=$libraries root/usr/sbin/unbound -d -c unbound.conf 2>log &
server=$!
ask() { # source, name
    LD_LIBRARY_PATH=$libraries root/usr/bin/dig -b "$1" +tries=1 +time=3 -p 5391 @127.0.0.1 "$2" 2>&1
}
said() { ask "$@" | sed -n 's/.*status: \([A-Z]*\),.*/\1/p; s/^; EDE: \([0-9]*\).*/EDE-\1/p; /SOA/s/.*/SOA/p' | paste -sd' '; }
tries=0
until said 127.0.0.1 gone.test | grep -q NXDOMAIN; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || { cat log; exit 1; }
    sleep 0.2
done
got="$(said 127.0.0.1 refused.test) / $(said 127.0.0.1 gone.test) / $(said 127.0.0.1 empty.test) / $(said 127.0.0.2 gone.test)"
echo "unbound $version: always_refuse / always_nxdomain / always_nodata / client not allowed:"
echo "  $got"
[ "$got" = "REFUSED / NXDOMAIN / NOERROR / REFUSED EDE-18" ]
