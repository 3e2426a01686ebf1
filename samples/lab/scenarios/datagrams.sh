# shellcheck shell=bash
# QUIC and time. Sourced by `record` and `verify`.

# start_http3 ADDRESS NAME [OPTION...]: an HTTP/3 server beside the one over TCP.
start_http3() {
  local address=$1 name=$2
  shift 2
  spawn inet gtlsserver -q -d "$STATE/www" "$@" "$address" 443 "$CERTIFICATES/server.key" "$CERTIFICATES/$name.pem"
  wait_until listening inet u "$address:443"
}

# race_http3 SPACE NAME [OPTION...]: QUIC first and TCP a moment later, as browsers and curl do.
race_http3() {
  fetch_http3 "$@" &
  local quic=$!
  sleep 0.3
  fetch "$1" "https://$2/"
  wait "$quic"
}

# fetch_http3 SPACE NAME [OPTION...]: one request over QUIC.
fetch_http3() {
  local space=$1 name=$2 status=0
  shift 2
  inside "$space" timeout 6 gtlsclient -q --no-quic-dump --no-http-dump --exit-on-all-streams-close --timeout=4s "$@" \
    "$name" 443 "https://$name/pattern/vsapi.bin" >/dev/null 2>&1 || status=$?
  say "$space: http3 $name -> status $status"
  sleep 0.1
}

# QUIC as it should be: a Retry, and for the second client a version negotiation.
scenario_quic_works() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME" --validate-addr
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_http3 agent "$WEB_REPUTATION_NAME"
  fetch_http3 agent "$WEB_REPUTATION_NAME" --version=0x1a2a3a4a --preferred-versions=v1
  heartbeat_later agent
  tap_off
}

holds_quic_works() {
  expect 'Retry' '>=' 1 'quic.long.packet_type==3'
  expect 'version negotiation' '>=' 1 'quic.version==0'
}

scenario_quic_dropped() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME"
  path_rule 'udp dport 443 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  race_http3 agent "$WEB_REPUTATION_NAME"
  heartbeat_later agent
  tap_off
}

holds_quic_dropped() {
  expect 'Initials' '>=' 3 'quic && ip.dst==203.0.113.42'
  expect 'answers over UDP' = 0 'udp.srcport==443'
  expect 'TLS over TCP' = 1 "tls.handshake.extensions_server_name==\"$NAME\" && tcp"
}

scenario_blocked_quic_and_tcp() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME"
  path_rule 'ip daddr 203.0.113.42 udp dport 443 drop'
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  race_http3 agent "$WEB_REPUTATION_NAME"
  heartbeat_later agent
  tap_off
}

holds_blocked_quic_and_tcp() {
  expect 'Initials' '>=' 3 'quic && ip.dst==203.0.113.42'
  expect 'SYNs' '>=' 4 "$SYN && $WEB_REPUTATION"
  expect 'answers' = 0 'ip.src==203.0.113.42'
}

scenario_quic_prohibited() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME"
  path_rule 'ip daddr 203.0.113.42 udp dport 443 reject with icmp type admin-prohibited'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  race_http3 agent "$WEB_REPUTATION_NAME"
  heartbeat_later agent
  tap_off
}

holds_quic_prohibited() {
  expect 'ICMP 3/13 that quote QUIC' '>=' 1 'icmp.type==3 && icmp.code==13 && udp.dstport==443'
  expect 'TLS over TCP' = 1 "tls.handshake.extensions_server_name==\"$NAME\" && tcp"
}

# Client and server have no cipher in common, and the server says so.
scenario_quic_server_closes() {
  build_lab
  local ciphers='NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL'
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME" "--ciphers=$ciphers:+AES-256-GCM"
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_http3 agent "$WEB_REPUTATION_NAME" "--ciphers=$ciphers:+CHACHA20-POLY1305"
  heartbeat_later agent
  tap_off
}

holds_quic_server_closes() {
  expect 'CONNECTION_CLOSE with a crypto error' '>=' 1 'ip.src==203.0.113.42 && quic.cc.error_code.tls_alert'
}

# Two time servers, one of which is not let through.
scenario_blocked_ntp() {
  start_second_ntp
  path_rule "ip daddr $NTP udp dport 123 drop"
  NTP_PATIENCE=9
  tap_on
  ask_time agent
  NTP=$SECOND_NTP ask_time agent
  fetch agent https://app.deepsecurity.trendmicro.com/
  heartbeat_later agent
  tap_off
}

SECOND_NTP=10.20.1.124

start_second_ntp() {
  build_lab
  ip -n "$PREFIX-infra" address add "$SECOND_NTP/24" dev eth0
  NTP=$SECOND_NTP start_ntp
}

holds_blocked_ntp() {
  expect 'requests to the one' '>=' 3 'ntp && ip.dst==10.20.1.123'
  expect 'answers of it' = 0 'ip.src==10.20.1.123'
  expect 'answers of the other' '>=' 1 'ntp && ip.src==10.20.1.124'
}

scenario_blocked_ntp_prohibited() {
  start_second_ntp
  path_rule "ip daddr $NTP udp dport 123 reject with icmp type admin-prohibited"
  NTP_PATIENCE=9
  tap_on
  ask_time agent
  NTP=$SECOND_NTP ask_time agent
  fetch agent https://app.deepsecurity.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_blocked_ntp_prohibited() {
  expect 'ICMP 3/13 that quote NTP' '>=' 1 'icmp.type==3 && icmp.code==13 && udp.dstport==123'
}

# Two requests are lost, the third is answered; syslog never answers.
scenario_ntp_third_time() {
  build_lab
  path_rule "ip daddr $NTP udp dport 123 numgen inc mod 3 != 2 drop"
  NTP_PATIENCE=14
  tap_on
  ask_time agent
  send_syslog agent 'CEF:0|Trend Micro|Deep Security Agent|20.0.0-1559|600|Agent activated|3|'
  send_syslog agent 'CEF:0|Trend Micro|Deep Security Agent|20.0.0-1559|601|Agent updated|3|'
  fetch agent https://app.deepsecurity.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_ntp_third_time() {
  expect 'requests' '>=' 3 'ntp && ip.dst==10.20.1.123'
  expect 'answers' '>=' 1 'ntp && ip.src==10.20.1.123'
  expect 'syslog' = 2 'syslog'
}
