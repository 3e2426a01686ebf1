# shellcheck shell=bash
# What is answered in part. Sourced by `record` and `verify`.

# The server's first datagram comes through and no other; the client asks on for four seconds.
scenario_quic_half() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME"
  path_rule 'udp sport 443 limit rate over 1/minute burst 1 packets drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_http3 agent "$WEB_REPUTATION_NAME"
  heartbeat_later agent
  tap_off
}

holds_quic_half() {
  expect "the server's datagrams" = 1 'udp && ip.src==203.0.113.42'
  expect "the client's, behind its hello" '>=' 3 'udp && ip.dst==203.0.113.42 && quic.long.packet_type==2'
}

# The service closes each connection without a word in answer to the request.
scenario_request_closed() {
  VENDOR_EXTRA='server { listen 80; server_name dsaas.icrc.trendmicro.com; location / { return 444; } }'
  build_lab
  tap_on
  calls_and_then agent "$SMART_SCAN_HTTP" "$SMART_SCAN_HTTP"
  tap_off
}

holds_request_closed() {
  expect 'requests' = 2 'http.request && ip.dst==203.0.113.40'
  expect 'answers' = 0 'tcp.len>0 && ip.src==203.0.113.40'
  expect 'ends of the server' '>=' 2 'tcp.flags.fin==1 && ip.src==203.0.113.40'
}

# The agent does not trust what a server shows it, through the proxy, which only passes it on.
scenario_tunnel_distrusted() {
  build_lab
  start_proxy
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION" --cacert /etc/ssl/certs/ca-certificates.crt
  fetch agent "$REPUTATION" --cacert /etc/ssl/certs/ca-certificates.crt
  heartbeat_later agent
  tap_off
}

holds_tunnel_distrusted() {
  expect 'tunnels' '>=' 4 'http.response.code==200'
  expect 'alerts of the agent' '>=' 2 'tls.alert_message.desc==48 && ip.src==10.20.0.10'
}
