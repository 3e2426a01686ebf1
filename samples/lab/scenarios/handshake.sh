# shellcheck shell=bash
# TLS handshakes that begin and do not come to their end, and ends that look alike. Sourced by `record` and `verify`.

# What a client says up to TLS 1.2 once it has the server's flight, and in TLS 1.3 before a second hello.
CHANGE_AND_MORE='|14030300010116|'

# stop_after_flight SIDE ADDRESS TARGET...: on the router or the server, stop what holds ChangeCipherSpec.
stop_after_flight() {
  local side=$1 address=$2
  shift 2
  local chain=FORWARD
  [[ $side == router ]] || chain=INPUT
  say "$side: ChangeCipherSpec to $address: $*"
  ip netns exec "$PREFIX-$side" iptables -A "$chain" -p tcp -d "$address" --dport 443 -m string --algo bm --hex-string "$CHANGE_AND_MORE" -j "$@"
}

# The server wants a key share that the client did not send.
other_key_share() {
  VENDOR_EXTRA="server { listen 203.0.113.42:443 ssl; ssl_protocols TLSv1.3; ssl_ecdh_curve secp384r1; location / { return 200; } }"
}

scenario_hello_retry_dropped() {
  other_key_share
  build_lab
  stop_after_flight router 203.0.113.42 DROP
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_hello_retry_dropped() {
  expect 'hellos that ask for another one' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
  expect 'second hellos, sent again' '>=' 4 "$WEB_REPUTATION && tcp.seq==518 && tcp.len>0"
}

scenario_hello_retry() {
  other_key_share
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_hello_retry() {
  expect 'server hellos, the first of them a retry' = 2 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
}

# A filter that decides by certificate, which TLS 1.2 shows.
scenario_blocked_by_certificate() {
  build_lab
  stop_after_flight router 203.0.113.10 REJECT --reject-with tcp-reset
  tap_on
  calls_and_then agent https://files.trendmicro.com/
  tap_off
}

holds_blocked_by_certificate() {
  expect "resets with the router's TTL after the certificate" = 1 'ip.src==203.0.113.10 && tcp.flags.reset==1 && ip.ttl==64 && tcp.seq>500'
}

scenario_server_cuts_handshake() {
  build_lab
  stop_after_flight inet 203.0.113.10 REJECT --reject-with tcp-reset
  tap_on
  calls_and_then agent https://files.trendmicro.com/
  tap_off
}

holds_server_cuts_handshake() {
  expect "resets with the server's TTL after the certificate" = 1 'ip.src==203.0.113.10 && tcp.flags.reset==1 && ip.ttl==54 && tcp.seq>500'
}

scenario_key_exchange_dropped() {
  build_lab
  stop_after_flight router 203.0.113.10 DROP
  tap_on
  calls_and_then agent https://files.trendmicro.com/
  tap_off
}

holds_key_exchange_dropped() {
  expect 'key exchanges, sent again' '>=' 4 'ip.dst==203.0.113.10 && tcp.seq==518 && tcp.len>0'
}

# A certificate of several segments, and a narrow link towards the client that says nothing.
scenario_path_mtu_to_client() {
  local names
  names=$(seq -f 'DNS:a-rather-long-name-to-fill-the-certificate-%g.trendmicro.com' -s , 1 60)
  openssl req -new -key "$CERTIFICATES/server.key" -subj "/O=Packet lab/CN=$WEB_REPUTATION_NAME" 2>/dev/null |
    openssl x509 -req -days 30 -CA "$CERTIFICATES/ca.pem" -CAkey "$CERTIFICATES/ca.key" -CAcreateserial \
      -extfile <(printf 'subjectAltName=DNS:%s,%s\n' "$WEB_REPUTATION_NAME" "$names") -out "$STATE/long.pem" 2>/dev/null
  VENDOR_EXTRA="server { listen 203.0.113.42:443 ssl; ssl_certificate $STATE/long.pem; location / { return 200; } }"
  build_lab
  path_rule 'ip saddr 203.0.113.42 ip length > 1300 drop'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_path_mtu_to_client() {
  expect "parts of the server's flight behind a gap" '>=' 1 "$FROM_WEB_REPUTATION && tcp.len>0 && tcp.seq>1000"
  expect 'segments that fill the link' = 0 "$FROM_WEB_REPUTATION && ip.len>1300"
  expect 'acknowledgements of it' = 0 "$WEB_REPUTATION && tcp.ack>1"
}

# A client that has seen what the server shows, and leaves without a word.
scenario_client_leaves_handshake() {
  build_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent /usr/bin/python3 "$HERE/leave.py" "$WEB_REPUTATION_NAME" | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_client_leaves_handshake() {
  expect 'server hellos' = 1 "$FROM_WEB_REPUTATION && tls.handshake.type==2"
  expect 'alerts, or anything else after the hello' = 0 "$WEB_REPUTATION && tls.record.content_type in {20,21,23}"
}

# A browser that does not know the server's CA looks at the certificate once the handshake is over, and leaves.
scenario_browser_distrusts() {
  build_lab
  make_site_ca
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent /usr/bin/python3 "$HERE/browse.py" "$SITE_CA/ca.pem" "$WEB_REPUTATION" | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

holds_browser_distrusts() {
  expect 'ChangeCipherSpec and Finished, and nothing else' = 1 "$WEB_REPUTATION && tls.record.opaque_type==23"
  expect 'alerts in clear' = 0 'tls.alert_message.desc!=0'
}

# start_front LINE...: HAProxy in the place of 203.0.113.41, with more lines of its frontend.
start_front() {
  {
    printf '%s\n' defaults ' mode tcp' ' timeout connect 1s' ' timeout client 30s' ' timeout server 30s' ' retries 0' \
      'frontend names' " bind $PROXY:443" ' tcp-request inspect-delay 2s' "${@/#/ }" \
      ' tcp-request content accept if { req.ssl_hello_type 1 }' ' use_backend dead if { req.ssl_sni -i dsaas-en-b.trx.trendmicro.com }' \
      ' default_backend vendor' 'backend vendor' ' server vendor 203.0.113.41:443' 'backend dead' ' server dead 203.0.113.99:9'
  } >"$STATE/haproxy.cfg"
  spawn infra haproxy -db -f "$STATE/haproxy.cfg"
  wait_until listening infra t "$PROXY:443"
  instead 203.0.113.41 443 router "$PROXY" 443
}

# A front that routes by name: the server behind one name is dead, that behind another is not.
scenario_dead_backend() {
  build_lab
  start_front
  tap_on
  calls_and_then agent "$TRX_F" "$TRX_B"
  tap_off
}

holds_dead_backend() {
  expect 'ends of connections right after the hello' '>=' 1 '(tcp.flags.fin==1 || tcp.flags.reset==1) && ip.src==203.0.113.41 && tcp.seq==1'
  expect 'server hellos for the other name' = 1 'ip.src==203.0.113.41 && tls.handshake.type==2'
}

# The hello is acknowledged, and then there is silence.
scenario_hello_swallowed() {
  build_lab
  start_front 'tcp-request content silent-drop if { req.ssl_sni -i dsaas-en-b.trx.trendmicro.com }'
  FETCH_OPTIONS=(--max-time 9)
  tap_on
  calls_and_then agent "$TRX_F" "$TRX_B"
  tap_off
}

holds_hello_swallowed() {
  expect 'hellos acknowledged' '>=' 1 'ip.src==203.0.113.41 && tcp.ack==518 && tcp.len==0'
  expect "answers to the client's own end" = 1 'ip.src==203.0.113.41 && tcp.flags.reset==1 && tcp.seq==1'
}

# An access list of the server's own: it closes before it has heard anything.
scenario_closed_before_hello() {
  build_lab
  start_front 'tcp-request content reject'
  tap_on
  calls_and_then agent "$TRX_B"
  tap_off
}

holds_closed_before_hello() {
  expect 'ends that acknowledge no hello' '>=' 1 'ip.src==203.0.113.41 && tcp.flags.fin==1 && tcp.ack==1'
}

# One of two hosts has an old trust store; the other gets on with the same server.
scenario_one_distrusts() {
  build_lab
  make_site_ca
  tap_on
  fetch relay https://files.trendmicro.com/
  calls_and_then agent "https://files.trendmicro.com/ --cacert $SITE_CA/ca.pem"
  tap_off
}

holds_one_distrusts() {
  expect 'alerts "unknown CA"' = 1 'tls.alert_message.desc==48 && ip.src==10.20.0.10'
  expect 'application data of the other host' '>=' 1 'tls.record.content_type==23 && ip.src==10.20.0.11'
}
