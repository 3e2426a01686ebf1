# shellcheck shell=bash
# Connections that are stopped on their way back, or answered by what is no answer; and servers that are only busy.
# Sourced by `record` and `verify`.

# look_up SPACE NAME: as a client does that goes on by address.
look_up() {
  inside "$1" getent ahostsv4 "$2" >/dev/null
}

# The server answers, and its answers vanish between tap and client.
scenario_stopped_way_back() {
  build_lab
  ip netns exec "$PREFIX-agent" nft 'add table inet host; add chain inet host input { type filter hook input priority 0; };
    add rule inet host input ip saddr 203.0.113.42 tcp sport 443 drop'
  say 'agent: answers of 203.0.113.42:443 vanish'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_stopped_way_back() {
  expect 'SYNs' '>=' 4 "$SYN && $WEB_REPUTATION"
  expect 'SYN-ACKs' '>=' 4 "$FROM_WEB_REPUTATION && tcp.flags.syn==1"
  expect 'acknowledged' = 0 "$WEB_REPUTATION && tcp.flags.ack==1"
}

# The server still has a connection that the client has forgotten, and a stateful filter swallows the client's resets.
scenario_stale_connection() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 tcp flags & rst == rst drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  look_up agent "$WEB_REPUTATION_NAME"
  inside agent python3 "$HERE/stale.py" 203.0.113.42 443 40000 8 | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_stale_connection() {
  expect 'SYNs from one port' '>=' 5 "$SYN && tcp.srcport==40000"
  expect 'SYN-ACKs' = 1 "$FROM_WEB_REPUTATION && tcp.flags.syn==1"
  expect 'bare ACKs to the second opening' '>=' 3 "$FROM_WEB_REPUTATION && tcp.flags==0x10"
}

# The same without the filter: the reset arrives, and the next SYN opens.
scenario_stale_connection_reset() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  look_up agent "$WEB_REPUTATION_NAME"
  inside agent python3 "$HERE/stale.py" 203.0.113.42 443 40000 8 "$WEB_REPUTATION_NAME" | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_stale_connection_reset() {
  expect 'bare ACK to a SYN, and the reset it gets' '>=' 1 "$WEB_REPUTATION && tcp.flags.reset==1"
  expect 'SYN-ACKs' = 2 "$FROM_WEB_REPUTATION && tcp.flags.syn==1"
  expect 'hello answered' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
}

# A SYN proxy before a dead server: it opens with a window of zero and never gets on.
scenario_window_stays_closed() {
  build_lab
  instead 203.0.113.40 80 inet 203.0.113.40 8081
  spawn inet python3 "$HERE/hang.py" 203.0.113.40 8081
  wait_until listening inet t 203.0.113.40:8081
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent python3 "$HERE/upload.py" 203.0.113.40 80 dsaas.icrc.trendmicro.com 25 | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_window_stays_closed() {
  expect 'closed windows of the server' '>=' 4 'ip.src==203.0.113.40 && tcp.window_size_value==0 && tcp.flags.reset==0'
  expect 'answers' = 0 'ip.src==203.0.113.40 && tcp.len>0'
}

# The same, but the program wakes up after some seconds.
scenario_window_opens_again() {
  build_lab
  instead 203.0.113.40 80 inet 203.0.113.40 8081
  spawn inet python3 "$HERE/hang.py" 203.0.113.40 8081 6
  wait_until listening inet t 203.0.113.40:8081
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent python3 "$HERE/upload.py" 203.0.113.40 80 dsaas.icrc.trendmicro.com 25 | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_window_opens_again() {
  expect 'closed windows of the server' '>=' 2 'ip.src==203.0.113.40 && tcp.window_size_value==0 && tcp.flags.reset==0'
  expect 'answers' = 1 'ip.src==203.0.113.40 && http.response.code==200'
}

# TCP Fast Open: the hello is in the SYN, and both are dropped, as are the plain SYNs that follow.
scenario_blocked_fast_open() {
  build_lab
  setting agent net.ipv4.tcp_fastopen=5
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  calls_and_then agent "$WEB_REPUTATION --tcp-fastopen"
  tap_off
}

holds_blocked_fast_open() {
  expect 'SYNs with a hello' = 1 "$SYN && $WEB_REPUTATION && tcp.len>0"
  expect 'SYNs without' '>=' 3 "$SYN && $WEB_REPUTATION && tcp.len==0"
}

# Eleven names are rejected at once; the router says so as often as its kernel allows, which is six times.
scenario_blocked_reject_rate_limited() {
  build_lab
  path_rule 'ip daddr { 203.0.113.30-203.0.113.42, 198.51.100.30-198.51.100.35 } tcp dport 443 reject with icmp type admin-prohibited'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  local name
  for name in "${SMART_PROTECTION[@]}" {workload,agent-001.workload,ingress.workload,gateway.workload}.us-1.cloudone.trendmicro.com; do
    fetch agent "https://$name/" --connect-timeout 2.5 &
  done
  wait $(jobs -p | tail -n 11)
  heartbeat_later agent
  tap_off
}

holds_blocked_reject_rate_limited() {
  expect 'names rejected' '>=' 6 'icmp.type==3 && icmp.code==13'
  expect 'SYNs' '>=' 15 "ip.src==10.20.0.10 && $SYN && !icmp"
}

# A server whose program accepts nothing: the first fill its backlog, the others' SYNs are dropped.
scenario_backlog_full() {
  build_lab
  instead 203.0.113.40 80 inet 203.0.113.40 8081
  spawn inet python3 "$HERE/hang.py" 203.0.113.40 8081 never
  wait_until listening inet t 203.0.113.40:8081
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  look_up agent dsaas.icrc.trendmicro.com
  inside agent python3 "$HERE/crowd.py" 203.0.113.40 80 5 9 | sed 's/^/  agent: /'
  fetch agent http://files.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_backlog_full() {
  expect 'connections opened' '>=' 1 'ip.src==203.0.113.40 && tcp.flags.syn==1 && tcp.flags.ack==1'
  expect 'SYNs unanswered' '>=' 6 "$SYN && ip.dst==203.0.113.40"
}
