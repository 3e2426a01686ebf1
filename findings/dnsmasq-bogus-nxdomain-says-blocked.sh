#!/bin/sh
# dnsmasq 2.90 (Debian 12), option `bogus-nxdomain`.
#
# Expected by most: the option undoes what a provider's resolver makes of names that do not exist (an address where its own page
# answers), so that the answer is NXDOMAIN again, as if the name had been asked for elsewhere: nothing is blocked, and of
# extended DNS errors (RFC 8914) there is none, or 17 (Filtered) as dnsmasq itself gives it for `filter-AAAA`.
# Seen: NXDOMAIN with error 15 (Blocked), the word for a list that the resolver's owner was told to enforce. Its real list,
# `address=/NAME/`, answers NXDOMAIN without any error. So of two names, the one that nobody has is said to be blocked, and the
# one that is blocked is not; a reader of captures who trusts the word is wrong on both.
set -eu
version=2.90-4~deb12u2
work=$(mktemp -d)
above='' below=''
trap 'kill $above $below 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"
apt-get download -qq "dnsmasq-base=$version" libnetfilter-conntrack3 libnftables1 libdbus-1-3 libnfnetlink0 libnftnl11 libxtables12 libjansson4 \
    libmnl0 bind9-dnsutils bind9-libs libprotobuf-c1 >/dev/null
for package in ./*.deb; do dpkg -x "$package" root; done
libraries=$(find "$work/root" -name '*.so*' -exec dirname {} \; | sort -u | paste -sd:)
resolver() { # port, options
    port=$1
    shift
    LD_LIBRARY_PATH=$libraries exec root/usr/sbin/dnsmasq --keep-in-foreground --conf-file=/dev/null --pid-file= --user= \
        --no-resolv --no-hosts --listen-address=127.0.0.1 --bind-interfaces --port="$port" "$@" 2>>log
}
# The provider's resolver has an address for a name that does not exist.
resolver 5392 --host-record=nobody.test,198.51.100.80 --host-record=host.test,198.51.100.7,2001:db8::7 &
above=$!
resolver 5393 --server=127.0.0.1#5392 --bogus-nxdomain=198.51.100.80 --address=/listed.test/ --filter-AAAA &
below=$!
said() { # name, type
    LD_LIBRARY_PATH=$libraries root/usr/bin/dig +tries=1 +time=3 -p 5393 @127.0.0.1 "$1" "$2" 2>&1 |
        sed -n 's/.*status: \([A-Z]*\),.*/\1/p; s/^; EDE: \([0-9]*\).*/EDE-\1/p' | paste -sd' '
}
tries=0
until said host.test A | grep -q NOERROR; do
    tries=$((tries + 1))
    [ "$tries" -lt 20 ] || { cat log; exit 1; }
    sleep 0.2
done
got="$(said nobody.test A) / $(said listed.test A) / $(said host.test AAAA) / $(said host.test A)"
echo "dnsmasq $version: bogus-nxdomain / address=/NAME/ / filter-AAAA / a name that is there:"
echo "  $got"
[ "$got" = "NXDOMAIN EDE-15 / NXDOMAIN / NOERROR EDE-17 / NOERROR" ]
