# shellcheck shell=bash
# Captures that show less than was there, and networks that lose packets. Sourced by `record` and `verify`.

# The tap sees what the LAN sends and not what it gets.
scenario_one_way_tap() {
  TAP_OPTIONS=(-Q in)
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_one_way_tap() {
  expect 'packets to the agent' = 0 'ip.dst==10.20.0.10'
  expect 'SYNs that nobody is seen to answer' '>=' 8 "$SYN"
}

# The capture ends in the middle of a try and right after a lookup.
scenario_capture_ends() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION" --connect-timeout 2.2
  inside agent getent ahostsv4 files.trendmicro.com | sed 's/^/  agent: /'
  tap_off
}

holds_capture_ends() {
  expect 'SYNs' '>=' 2 "$SYN && $WEB_REPUTATION"
  expect 'answers for a name that is not tried' '>=' 1 'dns.a && dns.qry.name=="files.trendmicro.com"'
}

# The capture begins in the middle of a download.
scenario_capture_begins() {
  VENDOR_EXTRA='server { listen 80; server_name iaus.activeupdate.trendmicro.com; limit_rate 2k; location /pattern/ { } }'
  build_lab
  fetch agent http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin &
  local download=$!
  sleep 2.5
  tap_on
  wait "$download"
  fetch agent https://app.deepsecurity.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_capture_begins() {
  expect 'SYNs of the download' = 0 "$SYN && ip.dst==203.0.113.20"
  expect 'data of it' '>=' 2 'ip.src==203.0.113.20 && tcp.len>0'
}

# A mirror of all ports of a switch shows each frame on each port; one SYN is not answered.
scenario_span_copies() {
  # A smaller snaplen only makes room for more frames in the kernel.
  TAP_OPTIONS=(-s 2000)
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on switch any
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION" --connect-timeout 0.7
  heartbeat_later agent
  tap_off
}

holds_span_copies() {
  expect 'copies of one SYN' '>=' 3 "$SYN && $WEB_REPUTATION"
  expect 'link type SLL2' '>=' 1 'sll'
}

# Frames are cut at 96 bytes.
scenario_snaplen_96() {
  TAP_OPTIONS=(-s 96)
  build_lab
  name_filter dsaas-en-b.trx.trendmicro.com DROP
  tap_on
  calls_and_then agent "$TRX_F" "$TRX_B" http://dsaas.icrc.trendmicro.com/tmcss/
  tap_off
}

holds_snaplen_96() {
  expect 'frames that were cut' '>=' 10 'frame.len>96'
  expect 'bytes beyond' = 0 'frame.cap_len>96'
}

# The tap misses every sixteenth packet or so.
scenario_tap_loses() {
  TAP_OPTIONS=('not (ip[5] & 15 = 3)')
  build_lab
  tap_on
  short_activation agent
  fetch_updates agent
  heartbeat_later agent
  tap_off
}

holds_tap_loses() {
  expect 'gaps' '>=' 3 'tcp.analysis.lost_segment || tcp.analysis.ack_lost_segment'
}

# The path loses packets of everybody.
scenario_loss_light() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 10 --loss 4 --seed 7)
  build_lab
  tap_on
  short_activation agent
  fetch_updates agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_loss_light() {
  expect 'retransmissions' '>=' 1 'tcp.analysis.retransmission'
  expect 'connections' = 9 'tcp.flags.syn==1 && tcp.flags.ack==0 && !tcp.analysis.retransmission'
}

scenario_loss_heavy() {
  WIRE=inet
  WIRE_OPTIONS=(--delay 10 --loss 35 --seed 11)
  build_lab
  tap_on
  short_activation agent
  fetch_updates agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_loss_heavy() {
  expect 'retransmissions' '>=' 10 'tcp.analysis.retransmission'
}

# The agent knows addresses without asking: no answer tells what a connection without a name is for.
scenario_dns_unseen() {
  build_lab
  FETCH_OPTIONS=(--resolve app.deepsecurity.trendmicro.com:443:198.51.100.10
    --resolve agents.deepsecurity.trendmicro.com:443:198.51.100.20 --resolve "$WEB_REPUTATION_NAME:443:203.0.113.42")
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  inside agent timeout 4 openssl s_client -connect 203.0.113.40:443 -noservername -CAfile "$CERTIFICATES/ca.pem" -brief \
    </dev/null >/dev/null 2>&1 || true
  tap_off
}

holds_dns_unseen() {
  expect 'look-ups' = 0 'dns'
  expect 'hellos without a name' = 1 'ip.dst==203.0.113.40 && tls.handshake.type==1 && !tls.handshake.extensions_server_name'
}

# Offloads are left on, as on a host that captures its own traffic: frames beyond the MTU and checksums not yet made.
scenario_offloads_on() {
  OFFLOADS=yes
  build_lab
  seq 1 3000 >"$STATE/upload"
  tap_on
  calls_and_then agent http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin \
    "http://dsaas.icrc.trendmicro.com/tmcss/ --data-binary @$STATE/upload -H Expect:"
  tap_off
}

holds_offloads_on() {
  expect 'frames beyond the MTU' '>=' 2 'frame.len>1514'
}
