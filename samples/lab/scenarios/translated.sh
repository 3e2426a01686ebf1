# shellcheck shell=bash
# A host that reaches IPv4 through IPv6 (464XLAT, RFC 6877). Sourced by `record` and `verify`.

# translate SPACE DEVICE LINE...: tayga in a namespace, with these lines of its configuration.
translate() {
  local space=$1 device=$2
  shift 2
  mkdir -p "$STATE/$device"
  printf '%s\n' "tun-device $device" 'prefix 2001:db8:64::/96' "data-dir $STATE/$device" "$@" >"$STATE/$device.conf"
  inside "$space" tayga -c "$STATE/$device.conf" --mktun >/dev/null
  ip -n "$PREFIX-$space" link set "$device" up
  spawn "$space" tayga -d -c "$STATE/$device.conf" -p "$STATE/$device.pid"
  wait_until pgrep -F "$STATE/$device.pid"
}

# The agent has IPv6 alone on its cable: what it does over IPv4 its own translator sends from an address of its own
# (CLAT), and the router's makes it IPv4 again (PLAT).
build_translation() {
  build_lab
  translate router nat64 'ipv4-addr 10.20.64.1' 'dynamic-pool 10.20.64.0/24'
  ip -n "$PREFIX-router" route add 10.20.64.0/24 dev nat64
  ip -n "$PREFIX-router" route add 2001:db8:64::/96 dev nat64
  ip -n "$PREFIX-agent" address del "$AGENT/24" dev eth0
  translate agent clat 'ipv4-addr 192.0.0.2' 'map 192.0.0.1 2001:db8:20::c1a7'
  ip -n "$PREFIX-agent" address add 192.0.0.1/29 dev clat
  ip -n "$PREFIX-agent" route add default dev clat
  ip -n "$PREFIX-agent" route add 2001:db8:20::c1a7 dev clat
  setting agent net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.proxy_ndp=1
  ip -n "$PREFIX-agent" route replace default via 2001:db8:20::1 dev eth0
  ip -n "$PREFIX-agent" neighbour add proxy 2001:db8:20::c1a7 dev eth0
}

# The agent asks for the prefix (RFC 7050), goes out by IPv6 once and by IPv4 for the rest.
scenario_translated() {
  DUAL_STACK=yes DNS_HOSTS="2001:db8:64::c000:aa ipv4only.arpa"$'\n'
  build_translation
  tap_on
  inside agent dig +short ipv4only.arpa AAAA >/dev/null
  fetch agent https://app.deepsecurity.trendmicro.com/ -6
  fetch agent "https://$WEB_REPUTATION_NAME/" -4
  inside agent dig +short dsaas-en-f.trx.trendmicro.com >/dev/null
  inside agent timeout 4 openssl s_client -connect 203.0.113.41:443 -noservername -CAfile "$CERTIFICATES/ca.pem" -brief \
    </dev/null >/dev/null 2>&1 || true
  heartbeat_later agent
  tap_off
}

holds_translated() {
  expect 'connections from the address of translation' '>=' 2 'tcp.flags.syn==1 && tcp.flags.ack==0 && ipv6.src==2001:db8:20::c1a7'
  expect 'IPv4' = 0 'ip'
}

# The near miss: nothing shows the prefix, and nothing but the network says whose the address is.
scenario_translated_alone() {
  DUAL_STACK=yes
  build_translation
  tap_on
  fetch agent "https://$WEB_REPUTATION_NAME/" -4
  tap_off
}

holds_translated_alone() {
  expect 'connections from the address of translation' '>=' 1 'tcp.flags.syn==1 && tcp.flags.ack==0 && ipv6.src==2001:db8:20::c1a7'
  expect 'other connections' = 0 'tcp.flags.syn==1 && tcp.flags.ack==0 && ipv6.src!=2001:db8:20::c1a7'
}
