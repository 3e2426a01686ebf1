# shellcheck shell=bash
# The lab's namespaces, cables and tap. Sourced by `record`; see README.md for the picture.

PREFIX=${PKTLAB:-pktlab}
SPACES=(agent relay switch router path infra inet)
AGENT=10.20.0.10
RELAY=10.20.0.11
DNS=10.20.1.53
NTP=10.20.1.123
SYSLOG=10.20.1.51
PROXY=10.20.1.80
# Whatever else the site has between its hosts and the vendor.
SITE_WEB=10.20.1.81
# A public resolver that no site document knows.
FOREIGN_DNS=203.0.113.53

# enter SPACE COMMAND...: become a program in a namespace, with the namespace's host name and nothing of the
# caller's environment. Captured packets then name the lab, never the machine that recorded them.
enter() {
  local space=$1
  shift
  # shellcheck disable=SC2016 # the inner shell expands these
  exec ip netns exec "$PREFIX-$space" unshare --uts \
    env -i -C "$STATE" PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME="$STATE" LC_ALL=C \
    sh -c 'hostname "$1"; shift; exec "$@"' sh "$space" "$@"
}

# inside SPACE COMMAND...: run a program in a namespace and wait for it.
inside() { (enter "$@"); }

# spawn SPACE COMMAND...: start a service; its output goes to the state folder.
spawn() {
  (enter "$@") >>"$STATE/$1.log" 2>&1 </dev/null &
  STARTED+=($!)
}

# cable SPACE NAME MAC PEER-SPACE PEER-NAME PEER-MAC: one virtual Ethernet cable.
cable() {
  ip -n "$PREFIX-$1" link add "$2" address "$3" type veth peer name "$5" address "$6" netns "$PREFIX-$4"
  plug "$1" "$2"
  plug "$4" "$5"
}

plug() { # SPACE INTERFACE
  # Offloads would show frames of 60 kB and wrong checksums, which no wire carries.
  [[ ${OFFLOADS:-no} == yes ]] || ip netns exec "$PREFIX-$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null
  ip -n "$PREFIX-$1" link set "$2" up
}

setting() { # SPACE KEY=VALUE...
  local space=$1
  shift
  ip netns exec "$PREFIX-$space" sysctl -qw "$@"
}

build_topology() {
  local space
  for space in "${SPACES[@]}"; do
    ip netns add "$PREFIX-$space"
    ip -n "$PREFIX-$space" link set lo up
    [[ ${DUAL_STACK:-no} == yes && $space != switch && $space != path ]] || setting "$space" net.ipv6.conf.all.disable_ipv6=1 \
      net.ipv6.conf.default.disable_ipv6=1
    # Neighbour discovery and address checks of IPv6 would only add noise.
    setting "$space" net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.default.autoconf=0 \
      net.ipv6.conf.default.router_solicitations=0
  done

  # The switch floods like a hub, so the router's port sees all LAN frames, as a mirror port does.
  ip -n "$PREFIX-switch" link add hub type bridge ageing_time 0 stp_state 0 mcast_snooping 0
  ip -n "$PREFIX-switch" link set hub up
  cable agent eth0 02:00:0a:14:00:0a switch agent 02:00:00:00:00:01
  cable relay eth0 02:00:0a:14:00:0b switch relay 02:00:00:00:00:02
  "connect_router_by_${CAPTURE_LAYER:-cable}"
  for space in agent relay router; do
    ip -n "$PREFIX-switch" link set "$space" master hub
  done
  connect infra 02:00:0a:14:01:02 infra0 02:00:0a:14:01:01
  connect inet 02:00:c0:00:02:02 wan0 02:00:c0:00:02:01

  ip -n "$PREFIX-agent" address add "$AGENT/24" dev eth0
  ip -n "$PREFIX-relay" address add "$RELAY/24" dev eth0
  ip -n "$PREFIX-router" address add 10.20.0.1/24 dev lan0
  ip -n "$PREFIX-router" address add 10.20.1.1/24 dev infra0
  ip -n "$PREFIX-router" address add 192.0.2.1/24 dev wan0
  for space in "$DNS" "$NTP" "$SYSLOG" "$PROXY" "$SITE_WEB"; do
    ip -n "$PREFIX-infra" address add "$space/24" dev eth0
  done
  ip -n "$PREFIX-inet" address add 192.0.2.2/24 dev eth0
  ip -n "$PREFIX-agent" route add default via 10.20.0.1
  ip -n "$PREFIX-relay" route add default via 10.20.0.1
  ip -n "$PREFIX-infra" route add default via 10.20.1.1
  ip -n "$PREFIX-inet" route add 10.20.0.0/16 via 192.0.2.1
  ip -n "$PREFIX-router" route add 198.51.100.0/24 via 192.0.2.2
  ip -n "$PREFIX-router" route add 203.0.113.0/24 via 192.0.2.2
  setting router net.ipv4.ip_forward=1 net.ipv4.conf.all.send_redirects=0 net.ipv4.conf.lan0.send_redirects=0
  # Servers are far away: their packets arrive with another TTL than what the router itself makes.
  setting inet net.ipv4.ip_default_ttl=55

  local kind name value
  while read -r kind name value; do
    [[ $kind == a ]] || continue
    ip -n "$PREFIX-inet" address replace "$value/32" dev lo
  done <"$HERE/names.txt"
  for value in "$FOREIGN_DNS" 203.0.113.99; do
    ip -n "$PREFIX-inet" address replace "$value/32" dev lo
  done
  [[ ${DUAL_STACK:-no} != yes ]] || build_ipv6

  ip netns exec "$PREFIX-router" nft -f - <<'NFT'
table inet path {
  chain forward { type filter hook forward priority 0; policy accept; }
}
NFT
}

# connect SPACE MAC ROUTER-INTERFACE ROUTER-MAC: a cable to the router, or a long wire where WIRE names the space; what
# the wire does to frames is in WIRE_OPTIONS, for `wire.py`.
connect() {
  local space=$1 mac=$2 interface=$3 router_mac=$4
  if [[ ${WIRE:-} != "$space" ]]; then
    cable "$space" eth0 "$mac" router "$interface" "$router_mac"
    return
  fi
  cable router "$interface" "$router_mac" path near0 02:00:0a:fa:03:01
  cable "$space" eth0 "$mac" path far0 02:00:0a:fa:03:02
  spawn path python3 "$HERE/wire.py" near0 far0 "${WIRE_OPTIONS[@]}"
  wait_until grep -q ready "$STATE/path.log"
  say "wire to $space: ${WIRE_OPTIONS[*]}"
}

connect_router_by_cable() {
  cable router lan0 02:00:0a:14:00:01 switch router 02:00:00:00:00:03
}

# The LAN reaches the router inside VXLAN, as from a virtual switch or a cloud's mirror; the tap is under it.
connect_router_by_vxlan() {
  cable router under0 02:00:0a:fa:00:01 switch under0 02:00:0a:fa:00:02
  local space own peer name mac
  while read -r space own peer name mac; do
    ip -n "$PREFIX-$space" link set under0 mtu 1600
    ip -n "$PREFIX-$space" address add "10.250.0.$own/30" dev under0
    ip -n "$PREFIX-$space" link add "$name" address "$mac" mtu 1500 type vxlan id 2000 dstport 4789 \
      local "10.250.0.$own" remote "10.250.0.$peer" dev under0
    plug "$space" "$name"
  done <<'ENDS'
router 1 2 lan0 02:00:0a:14:00:01
switch 2 1 router 02:00:00:00:00:03
ENDS
}

# The LAN reaches the router as VLAN 20 of a trunk; kernels without 802.1Q devices can still carry tagged frames.
connect_router_by_vlan() {
  cable router lan0 02:00:0a:14:00:01 router plain0 02:00:0a:fa:01:01
  cable switch router 02:00:00:00:00:03 switch plain0 02:00:0a:fa:01:02
  cable router trunk0 02:00:0a:fa:02:01 switch trunk0 02:00:0a:fa:02:02
  spawn router python3 "$HERE/tagger.py" plain0 trunk0 20
  spawn switch python3 "$HERE/tagger.py" plain0 trunk0 20
  wait_until grep -q ready "$STATE/router.log"
  wait_until grep -q ready "$STATE/switch.log"
}

build_ipv6() {
  ip -n "$PREFIX-agent" address add 2001:db8:20::10/64 dev eth0 nodad
  ip -n "$PREFIX-router" address add 2001:db8:20::1/64 dev lan0 nodad
  ip -n "$PREFIX-router" address add 2001:db8:2::1/64 dev wan0 nodad
  ip -n "$PREFIX-inet" address add 2001:db8:2::2/64 dev eth0 nodad
  ip -n "$PREFIX-agent" route add default via 2001:db8:20::1
  ip -n "$PREFIX-inet" route add 2001:db8:20::/64 via 2001:db8:2::1
  ip -n "$PREFIX-router" route add 2001:db8:100::/48 via 2001:db8:2::2
  ip -n "$PREFIX-router" route add 2001:db8:113::/48 via 2001:db8:2::2
  setting router net.ipv6.conf.all.forwarding=1
  local kind name value
  while read -r kind name value; do
    [[ $kind == aaaa ]] || continue
    ip -n "$PREFIX-inet" address replace "$value/128" dev lo
  done <"$HERE/names.txt"
}

# path_rule RULE: one nftables rule on what the router forwards.
path_rule() {
  say "path: $1"
  # shellcheck disable=SC2086 # a rule is words
  ip netns exec "$PREFIX-router" nft add rule inet path forward $1
}

open_path() {
  say 'path: open again'
  ip netns exec "$PREFIX-router" nft flush chain inet path forward
}

# server_rule RULE: one nftables rule on the vendor's own host, where its packets look like the server's.
server_rule() {
  say "server: $1"
  ip netns exec "$PREFIX-inet" nft 'add table inet host; add chain inet host input { type filter hook input priority 0; }'
  # shellcheck disable=SC2086 # a rule is words
  ip netns exec "$PREFIX-inet" nft add rule inet host input $1
}

# name_filter BYTES TARGET...: stop TCP 443 packets that hold these bytes, as a filter on SNI does.
name_filter() {
  local bytes=$1
  shift
  say "path: bytes '$bytes' to tcp/443: $*"
  ip netns exec "$PREFIX-router" iptables -A FORWARD -i lan0 -p tcp --dport 443 \
    -m string --algo bm --string "$bytes" -j "$@"
}

# server_match MATCH...: one iptables rule on the vendor's own host, for what nft cannot look into.
server_match() {
  say "server: $*"
  ip netns exec "$PREFIX-inet" iptables -A INPUT "$@"
}

# instead ADDRESS PORT SPACE TO-ADDRESS TO-PORT: connections to an address end at another server, in the router
# (an intercepting device) or on the vendor's own host (its own choice).
instead() {
  say "$3: tcp/$2 to $1 ends at $4:$5"
  ip netns exec "$PREFIX-$3" nft -f - <<NFT
table ip instead {
  chain prerouting { type nat hook prerouting priority -100; }
}
add rule ip instead prerouting iifname != "infra0" ip daddr $1 tcp dport $2 dnat to $4:$5
NFT
}

# tap_on [SPACE [INTERFACE]]: record from here on; by default on the router's inside port. TAP_OPTIONS is what else
# tcpdump is told, such as a filter that sees only one direction.
tap_on() {
  local space=${1:-router} interface=${2:-lan0}
  (enter "$space" tcpdump -i "$interface" -s 0 -U --immediate-mode --time-stamp-precision=nano \
    -Z root -w "$STATE/capture.pcap" "${TAP_OPTIONS[@]}") >"$STATE/tap.log" 2>&1 &
  TAP=$!
  wait_until grep -q 'listening on' "$STATE/tap.log"
}

# tap_outside_too: a second file, from the router's outside port.
tap_outside_too() {
  (enter router tcpdump -i wan0 -s 0 -U --immediate-mode --time-stamp-precision=nano \
    -Z root -w "$STATE/outside.pcap") >"$STATE/tap-outside.log" 2>&1 &
  TAP_OUTSIDE=$!
  wait_until grep -q 'listening on' "$STATE/tap-outside.log"
}

# tap_both_sides: the same traffic before and behind the router, in one pcapng with two interfaces.
tap_both_sides() {
  (enter router dumpcap -q -i lan0 -i wan0 -s 0 -w "$STATE/capture.pcapng") >"$STATE/tap.log" 2>&1 &
  TAP=$!
  wait_until grep -q '^File:' "$STATE/tap.log"
}

tap_off() {
  sleep 0.5
  kill -TERM "$TAP" ${TAP_OUTSIDE:-}
  wait "$TAP" ${TAP_OUTSIDE:-} || true
  sed -n '/[Cc]aptured\|dropped/s/^/  tap: /p' "$STATE/tap.log"
  ! grep -qE "^[1-9][0-9]* packets dropped by kernel|received/dropped .*/[1-9]" "$STATE/tap.log" ||
    fail 'the tap lost packets'
}

# wait_until COMMAND...: poll for up to ten seconds.
wait_until() {
  local try
  for ((try = 0; try < 200; try++)); do
    "$@" >/dev/null 2>&1 && return 0
    sleep 0.05
  done
  fail "waited in vain for: $*"
}

listening() { # SPACE t|u ADDRESS:PORT
  ip netns exec "$PREFIX-$1" ss -Hln"$2" | grep -qF " $3 "
}

tear_down() {
  local pid space try
  for pid in "${STARTED[@]}"; do
    kill "$pid" 2>/dev/null || true
  done
  for ((try = 0; try < 60; try++)); do
    any_running "${STARTED[@]}" || break
    sleep 0.05
  done
  STARTED=()
  for space in "${SPACES[@]}"; do
    [[ -e /run/netns/$PREFIX-$space ]] || continue
    # Only the lab's own programs can be inside the lab's namespaces.
    for pid in $(ip netns pids "$PREFIX-$space" 2>/dev/null); do
      kill -KILL "$pid" 2>/dev/null || true
    done
    ip netns delete "$PREFIX-$space"
    rm -rf "/etc/netns/$PREFIX-$space"
  done
  wait 2>/dev/null || true
  rmdir /etc/netns 2>/dev/null || true
}

any_running() { # PID...
  local pid
  for pid in "$@"; do
    kill -0 "$pid" 2>/dev/null && return 0
  done
  return 1
}
