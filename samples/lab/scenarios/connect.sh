# shellcheck shell=bash
# Connections that are rejected, dropped or fail of themselves. Sourced by `record` and `verify`.

# Seven services, seven ways to say no.
scenario_blocked_reject_kinds() {
  build_lab
  setting router net.ipv4.icmp_ratelimit=0
  local address kind
  while read -r address kind; do
    path_rule "ip daddr $address tcp dport 443 reject with icmp type $kind"
  done <<'KINDS'
203.0.113.10 net-unreachable
203.0.113.20 host-unreachable
203.0.113.30 prot-unreachable
203.0.113.31 port-unreachable
203.0.113.32 net-prohibited
203.0.113.40 host-prohibited
203.0.113.42 admin-prohibited
KINDS
  tap_on
  calls_and_then agent https://files.trendmicro.com/ https://iaus.trendmicro.com/ https://dsaas1100-en-census.trendmicro.com/ \
    https://deepsecaas11-en.gfrbridge.trendmicro.com/ https://ds200-en.fbs25.trendmicro.com/ \
    https://dsaas.icrc.trendmicro.com/ "$WEB_REPUTATION"
  tap_off
}

holds_blocked_reject_kinds() {
  local code
  for code in 0 1 2 3 9 10 13; do
    expect "ICMP 3/$code" = 1 "icmp.type==3 && icmp.code==$code"
  done
}

scenario_blocked_reject_kinds_ipv6() {
  DUAL_STACK=yes
  DNS_HOSTS=$(printf '2001:db8:113::%s\n' '20 au-pool.cdn.example' '30 dsaas1100-en-census.trendmicro.com' \
    '31 deepsecaas11-en.gfrbridge.trendmicro.com' '32 ds200-en.fbs25.trendmicro.com' '40 dsaas.icrc.trendmicro.com')
  FETCH_OPTIONS=(-6)
  build_lab
  setting router net.ipv6.icmp.ratelimit=0
  setting inet net.ipv6.conf.all.hop_limit=55 net.ipv6.conf.eth0.hop_limit=55
  local host kind
  while read -r host kind; do
    path_rule "ip6 daddr 2001:db8:113::$host tcp dport 443 reject with $kind"
  done <<'KINDS'
10 icmpv6 type no-route
20 icmpv6 type admin-prohibited
30 icmpv6 type addr-unreachable
31 icmpv6 type port-unreachable
32 icmpv6 type policy-fail
40 icmpv6 type reject-route
42 tcp reset
KINDS
  tap_on
  calls_and_then agent https://files.trendmicro.com/ https://iaus.trendmicro.com/ https://dsaas1100-en-census.trendmicro.com/ \
    https://deepsecaas11-en.gfrbridge.trendmicro.com/ https://ds200-en.fbs25.trendmicro.com/ \
    https://dsaas.icrc.trendmicro.com/ "$WEB_REPUTATION"
  tap_off
}

holds_blocked_reject_kinds_ipv6() {
  local code
  for code in 0 1 3 4 5 6; do
    expect "ICMPv6 1/$code" '>=' 1 "icmpv6.type==1 && icmpv6.code==$code"
  done
  expect "resets with the router's hop limit" = 1 'ipv6.src==2001:db8:113::42 && tcp.flags.reset==1 && ipv6.hlim==64'
}

# One SYN is dropped, and the client gives up at once.
scenario_syn_given_up() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION" --connect-timeout 0.7
  heartbeat_later agent
  tap_off
}

holds_syn_given_up() {
  expect 'SYNs' = 1 "$SYN && $WEB_REPUTATION"
}

# Nothing answers but the resolver: no control shows that the path works.
scenario_all_silent() {
  build_lab
  path_rule 'oifname wan0 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION"
  sleep 11
  inside agent getent ahostsv4 files.trendmicro.com | sed 's/^/  agent: /'
  tap_off
}

holds_all_silent() {
  expect 'SYNs' '>=' 8 "$SYN"
  expect 'answers' = 0 'tcp.flags.ack==1'
}

# The server's host is switched off: the router asks for its MAC address in vain.
scenario_host_down() {
  build_lab
  ip -n "$PREFIX-inet" address del 203.0.113.42/32 dev lo
  ip -n "$PREFIX-router" route add 203.0.113.42/32 dev wan0
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_host_down() {
  expect 'ICMP 3/1 that quote the SYN' '>=' 1 'icmp.type==3 && icmp.code==1 && ip.dst==203.0.113.42'
}

# The daemon stops: the server's own kernel answers with resets.
scenario_daemon_stopped() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION"
  sleep 31
  say 'server: nginx stops'
  kill -TERM "$(<"$STATE/nginx.pid")"
  sleep 0.5
  fetch agent "$WEB_REPUTATION"
  fetch agent https://app.deepsecurity.trendmicro.com/
  sleep 11
  inside agent getent ahostsv4 files.trendmicro.com | sed 's/^/  agent: /'
  tap_off
}

holds_daemon_stopped() {
  expect "resets with the servers' TTL" = 2 'tcp.flags.reset==1 && tcp.seq==1 && ip.ttl==54'
  expect 'connections before' = 2 'tls.handshake.type==2'
}

# The filter lets the server answer and resets on the client's own ACK.
scenario_reset_after_handshake() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 tcp flags & (syn|ack) == ack reject with tcp reset'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_reset_after_handshake() {
  expect 'SYN-ACKs' '>=' 1 "$FROM_WEB_REPUTATION && tcp.flags.syn==1"
  expect 'resets of the router' '>=' 1 "$FROM_WEB_REPUTATION && tcp.flags.reset==1 && ip.ttl==64"
  expect 'hellos that the server answered' = 0 "$FROM_WEB_REPUTATION && tls"
}

# Four addresses are tried at once; the first that answers wins, and the others are reset by the client itself.
scenario_race_cancelled() {
  DNS_HOSTS=$'203.0.113.100 dsaas.url.trendmicro.com\n203.0.113.101 dsaas.url.trendmicro.com\n203.0.113.102 dsaas.url.trendmicro.com\n'
  WIRE=inet
  WIRE_OPTIONS=(--delay 5)
  build_lab
  local last
  for last in {100..102}; do
    ip -n "$PREFIX-inet" address add "203.0.113.$last/32" dev lo
  done
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent python3 "$HERE/race.py" "$WEB_REPUTATION_NAME" "$CERTIFICATES/ca.pem" | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_race_cancelled() {
  expect 'SYNs' = 4 "$SYN && ip.dst==203.0.113.0/24"
  expect 'resets of the client' = 3 'tcp.flags.reset==1 && ip.src==10.20.0.10'
  expect 'TLS to one' = 1 "tls.handshake.extensions_server_name==\"$NAME\""
}

# The connection opens, and then the filter drops all that carries data.
scenario_blocked_after_handshake() {
  build_lab
  path_rule 'ip daddr 203.0.113.40 tcp dport 80 meta length > 80 drop'
  tap_on
  calls_and_then agent http://dsaas.icrc.trendmicro.com/tmcss/
  tap_off
}

holds_blocked_after_handshake() {
  expect 'requests sent' '>=' 3 'ip.dst==203.0.113.40 && tcp.len>0'
  expect 'acknowledged' = 0 'ip.src==203.0.113.40 && tcp.ack>1'
}

# The server takes seven seconds to answer.
scenario_server_slow() {
  build_lab
  instead 203.0.113.40 80 inet 203.0.113.40 8081
  printf '#!/bin/sh\nread -r line\nsleep 7\nprintf "HTTP/1.1 200 OK\\r\\nContent-Length: 3\\r\\nConnection: close\\r\\n\\r\\nok\\n"\nsleep 1\n' >"$STATE/slow.sh"
  chmod 755 "$STATE/slow.sh"
  spawn inet socat TCP-LISTEN:8081,bind=203.0.113.40,fork,reuseaddr "EXEC:$STATE/slow.sh"
  wait_until listening inet t 203.0.113.40:8081
  tap_on
  calls_and_then agent http://dsaas.icrc.trendmicro.com/tmcss/
  tap_off
}

holds_server_slow() {
  expect 'answers after six seconds' = 1 'http.response.code==200 && tcp.time_relative>6'
}

# Somebody says "prohibited" and quotes what was never sent; the server refuses for a reason of its own.
scenario_icmp_forged() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 5 --forge-icmp 203.0.113.42)
  build_lab
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_icmp_forged() {
  expect 'ICMP 3/13' '>=' 1 'icmp.type==3 && icmp.code==13'
  expect "resets with the server's TTL" '>=' 1 "$FROM_WEB_REPUTATION && tcp.flags.reset==1 && ip.ttl==54"
}

# A narrow link says "fragmentation needed", and the client sends smaller packets.
scenario_path_mtu_found() {
  build_lab
  ip -n "$PREFIX-router" link set wan0 mtu 1280
  seq 1 1500 >"$STATE/upload"
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent http://dsaas.icrc.trendmicro.com/tmcss/ --data-binary "@$STATE/upload" -H 'Expect:'
  heartbeat_later agent
  tap_off
}

holds_path_mtu_found() {
  expect 'ICMP 3/4' '>=' 1 'icmp.type==3 && icmp.code==4'
  expect 'HTTP answers' = 1 'http.response.code && ip.src==203.0.113.40'
}

# A narrow link that says nothing: large packets vanish, and with them a large hello.
scenario_path_mtu_black_hole() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 meta length > 1300 drop'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  inside agent timeout 9 openssl s_client -connect 203.0.113.42:443 -servername "$WEB_REPUTATION_NAME" \
    -CAfile "$CERTIFICATES/ca.pem" -brief -alpn "$(long_alpn),$(long_alpn)" </dev/null >/dev/null 2>&1 || say 'agent: s_client gave up'
  heartbeat_later agent
  tap_off
}

holds_path_mtu_black_hole() {
  expect 'large segments, again and again' '>=' 3 'ip.dst==203.0.113.42 && ip.len>1300'
  expect 'small ones that were acknowledged' '>=' 1 'ip.src==203.0.113.42 && tcp.options.sack.count'
}

# The same source port again and again, each time a new connection; the path stops one of them.
scenario_port_reused() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent python3 "$HERE/reconnect.py" 203.0.113.40 80 40000 dsaas.icrc.trendmicro.com 3 | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_port_reused() {
  expect 'SYNs from one port' = 3 "$SYN && tcp.srcport==40000"
  expect 'answers' = 3 'http.response.code==200 && tcp.dstport==40000'
}

# Two points.

# The router hides the LAN behind its own address and drops one service.
scenario_blocked_two_point_nat() {
  build_lab
  masquerade
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_both_sides
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

masquerade() {
  say 'path: masquerade'
  ip netns exec "$PREFIX-router" nft 'add table ip hide; add chain ip hide post { type nat hook postrouting priority 100; };
    add rule ip hide post oifname "wan0" masquerade fully-random'
}

holds_blocked_two_point_nat() {
  expect 'SYNs inside' '>=' 4 "$SYN && $WEB_REPUTATION && frame.interface_name==\"lan0\""
  expect 'SYNs outside' = 0 "$WEB_REPUTATION && frame.interface_name==\"wan0\""
  expect 'other SYNs inside' = 3 "$SYN && ip.dst==198.51.100.0/24 && ip.src==10.20.0.10 && frame.interface_name==\"lan0\""
  expect 'other SYNs outside' = 3 "$SYN && ip.dst==198.51.100.0/24 && ip.src==192.0.2.1 && frame.interface_name==\"wan0\""
}

# The drop is at the server, behind both points.
scenario_two_point_server_drops() {
  build_lab
  masquerade
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_both_sides
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_two_point_server_drops() {
  expect 'SYNs inside' '>=' 4 "$SYN && $WEB_REPUTATION && frame.interface_name==\"lan0\""
  expect 'SYNs outside' '>=' 4 "$SYN && $WEB_REPUTATION && frame.interface_name==\"wan0\""
}

# Two files, one of each side; capture.pcap is the inside.
scenario_blocked_two_files() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_outside_too
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_two_files() {
  expect 'SYNs inside' '>=' 4 "$SYN && $WEB_REPUTATION"
  expect_in outside.pcap 'SYNs outside' = 0 "$WEB_REPUTATION"
  expect_in outside.pcap 'other SYNs outside' = 3 "$SYN && ip.dst==198.51.100.0/24"
}

# A device at the LAN's edge resets with the servers' own TTL; only its haste gives it away.
scenario_blocked_rst_early() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 25)
  build_lab
  setting inet net.ipv4.ip_default_ttl=65
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  tap_on
  calls_and_then agent https://files.trendmicro.com/ https://dsaas.icrc.trendmicro.com/ "$WEB_REPUTATION"
  tap_off
}

holds_blocked_rst_early() {
  expect 'resets within 10 ms' = 1 "$FROM_WEB_REPUTATION && tcp.flags.reset==1 && tcp.time_relative<0.01 && ip.ttl==64"
  expect 'SYN-ACKs with the same TTL, after 45 ms or more' '>=' 5 'tcp.flags.syn==1 && tcp.flags.ack==1 && ip.ttl==64 && tcp.time_relative>0.045'
}

# One port of an address is stopped, another is not.
scenario_blocked_port_only() {
  build_lab
  path_rule 'ip daddr 203.0.113.10 tcp dport 443 drop'
  tap_on
  fetch agent http://files.trendmicro.com/
  fetch agent https://files.trendmicro.com/
  sleep 11
  fetch agent http://files.trendmicro.com/
  tap_off
}

holds_blocked_port_only() {
  expect 'SYNs to 443' '>=' 4 "$SYN && ip.dst==203.0.113.10 && tcp.dstport==443"
  expect 'answers of 443' = 0 'ip.src==203.0.113.10 && tcp.srcport==443'
  expect 'HTTP answers of the same address' = 2 'http.response.code==200 && ip.src==203.0.113.10'
}

# The connection opens for both hosts, and then only one may speak.
scenario_blocked_after_handshake_by_source() {
  build_lab
  path_rule "ip saddr $AGENT ip daddr 203.0.113.40 tcp dport 80 meta length > 80 drop"
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch relay http://dsaas.icrc.trendmicro.com/tmcss/
  fetch agent http://dsaas.icrc.trendmicro.com/tmcss/
  heartbeat_later agent
  tap_off
}

holds_blocked_after_handshake_by_source() {
  expect 'requests of the agent' '>=' 3 'ip.src==10.20.0.10 && ip.dst==203.0.113.40 && tcp.len>0'
  expect 'answers to the agent' = 0 'ip.src==203.0.113.40 && ip.dst==10.20.0.10 && tcp.len>0'
  expect 'answers to the relay' = 1 'http.response.code==200 && ip.dst==10.20.0.11'
}

# The large hello of a browser vanishes in a narrow link, the small one of another program to the same address does not.
scenario_path_mtu_black_hole_browser() {
  build_lab
  path_rule 'ip daddr 203.0.113.41 meta length > 1300 drop'
  tap_on
  fetch agent https://dsaas-en-f.trx.trendmicro.com/
  inside agent /usr/bin/python3 "$HERE/browse.py" "$CERTIFICATES/ca.pem" https://dsaas-en-b.trx.trendmicro.com/ | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_path_mtu_black_hole_browser() {
  expect 'large segments, again and again' '>=' 3 'ip.dst==203.0.113.41 && ip.len>1300'
  expect 'small ones that were acknowledged' '>=' 1 'ip.src==203.0.113.41 && tcp.options.sack.count'
  expect 'server hellos for the other name' = 1 'ip.src==203.0.113.41 && tls.handshake.type==2'
}

# A host of the LAN is switched off: nobody answers ARP, and there is not even a SYN.
scenario_relay_down() {
  build_lab
  ip -n "$PREFIX-relay" link set eth0 down
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  update_from_relay agent
  heartbeat_later agent
  tap_off
}

holds_relay_down() {
  expect 'questions for its MAC address' '>=' 3 'arp.opcode==1 && arp.dst.proto_ipv4==10.20.0.11'
  expect 'SYNs to it' = 0 "$SYN && ip.dst==10.20.0.11"
}
