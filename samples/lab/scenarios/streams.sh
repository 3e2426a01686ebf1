# shellcheck shell=bash
# Tunnels through a proxy that are streams of one HTTP/2 connection in clear. Sourced by `record` and `verify`.

# start_http2_proxy [LINE...]: nghttpx without TLS in front of squid, with more lines of squid's configuration.
start_http2_proxy() {
  start_proxy "$@"
  spawn infra nghttpx --http2-proxy --no-location-rewrite --workers=1 "--frontend=$PROXY,3130;no-tls" "--backend=$PROXY,3128" \
    --errorlog-file=/dev/null --conf=/dev/null
  wait_until listening infra t "$PROXY:3130"
}

# tunnels NAME...
tunnels() {
  inside agent timeout 40 /usr/bin/python3 "$HERE/tunnels.py" "$PROXY:3130" "$CERTIFICATES/ca.pem" "$@" | while read -r line; do
    say "agent: $line"
  done
}

# record_tunnels NAME...
record_tunnels() {
  tap_on
  tunnels "$@"
  heartbeat_later agent
  tap_off
}

# The proxy denies two names, the second by a status that it said before.
scenario_http2_proxy_denies() {
  build_lab
  start_http2_proxy 'acl denied dstdomain dsaas.url.trendmicro.com dsmim.deepsecurity.trendmicro.com' 'http_access deny denied'
  record_tunnels app.deepsecurity.trendmicro.com "$WEB_REPUTATION_NAME" dsmim.deepsecurity.trendmicro.com agents.deepsecurity.trendmicro.com
}

holds_http2_proxy_denies() {
  local AS=(-d tcp.port==3130,http2)
  expect 'tunnels asked for' = 4 'http2.headers.method=="CONNECT" && tcp.dstport==3130'
  expect 'denied' = 2 'http2.headers.status==403'
}

# The innocent twin: it lets all through.
scenario_http2_proxy_grants() {
  build_lab
  start_http2_proxy
  record_tunnels app.deepsecurity.trendmicro.com "$WEB_REPUTATION_NAME" dsmim.deepsecurity.trendmicro.com agents.deepsecurity.trendmicro.com
}

holds_http2_proxy_grants() {
  local AS=(-d tcp.port==3130,http2)
  expect 'tunnels asked for' = 4 'http2.headers.method=="CONNECT" && tcp.dstport==3130'
  expect 'granted' = 4 'http2.headers.status==200'
}

# The proxy grants, but what is behind it is dropped: it cannot reach one name.
scenario_http2_proxy_cannot_reach() {
  build_lab
  start_http2_proxy 'connect_timeout 3 seconds' 'connect_retries 0'
  path_rule 'ip saddr 10.20.1.80 ip daddr 203.0.113.42 tcp dport 443 drop'
  record_tunnels app.deepsecurity.trendmicro.com "$WEB_REPUTATION_NAME" agents.deepsecurity.trendmicro.com
}

holds_http2_proxy_cannot_reach() {
  local AS=(-d tcp.port==3130,http2)
  expect 'tunnels asked for' = 3 'http2.headers.method=="CONNECT" && tcp.dstport==3130'
  expect 'not reached' = 1 'http2.headers.status==503'
}
