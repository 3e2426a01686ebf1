# shellcheck shell=bash
# What proxies grant, refuse and leave unanswered. Sourced by `record` and `verify`.

REPUTATION=https://dsaas.url.trendmicro.com/

# HAProxy takes CONNECT for one name and closes the connection without a word.
scenario_proxy_closes_connect() {
  build_lab
  start_proxy
  cat >"$STATE/haproxy.cfg" <<HAPROXY
defaults
  mode http
  timeout connect 5s
  timeout client 20s
  timeout server 20s
frontend web
  bind $SITE_WEB:3128
  http-request reject if { path_beg dsaas.url.trendmicro.com } or { url_beg dsaas.url.trendmicro.com }
  default_backend squid
backend squid
  server squid $PROXY:3128
HAPROXY
  spawn infra haproxy -db -f "$STATE/haproxy.cfg"
  wait_until listening infra t "$SITE_WEB:3128"
  FETCH_OPTIONS=(--proxy "http://$SITE_WEB:3128")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_proxy_closes_connect() {
  expect 'CONNECT to the name' = 2 'http.request.method==CONNECT && http.request.uri=="dsaas.url.trendmicro.com:443"'
  expect 'answers' = 2 'http.response'
}

# The proxy grants the tunnel; behind it a filter drops what holds the name.
scenario_tunnel_hello_dropped() {
  build_lab
  start_proxy
  say "path: bytes 'dsaas.url' from the proxy to tcp/443: dropped"
  ip netns exec "$PREFIX-router" iptables -A FORWARD -i infra0 -p tcp --dport 443 \
    -m string --algo bm --string 'dsaas.url' -j DROP
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_tunnel_hello_dropped() {
  expect 'tunnels' = 3 'http.response.code==200'
  expect 'server hellos' = 2 'tls.handshake.type==2'
}

# dante refuses one name by its rules.
scenario_socks_refused() {
  build_lab
  cat >"$STATE/danted.conf" <<DANTE
logoutput: $STATE/danted.log
internal: $PROXY port = 1080
external: $PROXY
socksmethod: none
clientmethod: none
user.privileged: root
user.unprivileged: root
client pass { from: 10.20.0.0/16 to: 0.0.0.0/0 }
socks block { from: 10.20.0.0/16 to: dsaas.url.trendmicro.com }
socks pass { from: 10.20.0.0/16 to: 0.0.0.0/0 }
DANTE
  spawn infra danted -f "$STATE/danted.conf"
  wait_until listening infra t "$PROXY:1080"
  FETCH_OPTIONS=(--proxy "socks5h://$PROXY:1080")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_socks_refused() {
  expect 'reply 2' = 1 'socks.results==2'
}

# microsocks tries, and the server is not there.
scenario_socks_cannot_reach() {
  build_lab
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  spawn infra microsocks -i "$PROXY" -p 1080
  wait_until listening infra t "$PROXY:1080"
  FETCH_OPTIONS=(--proxy "socks5h://$PROXY:1080")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_socks_cannot_reach() {
  expect 'replies that it failed' = 1 'socks.results==5'
}

# One kept-alive connection to squid: a listed host, one that squid refuses, one on no list, one that refuses itself.
scenario_proxy_kept_alive() {
  VENDOR_EXTRA='server { listen 80; server_name dsaas-en-b.trx.trendmicro.com; location / { return 403 "no such customer\n"; } }'
  build_lab
  start_proxy 'acl blocked dstdomain dsaas.icrc.trendmicro.com' 'http_access deny blocked'
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  say 'agent: four requests on one connection'
  inside agent curl -sS -o /dev/null -o /dev/null -o /dev/null -o /dev/null -A 'lab-agent/20.0.0-1559' --proxy "http://$PROXY:3128" \
    http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin "$SMART_SCAN_HTTP" http://updates.example.net/x \
    http://dsaas-en-b.trx.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_proxy_kept_alive() {
  expect 'connections for requests in clear' = 4 'http.request.method==GET && tcp.stream==0'
  expect 'refusals' = 2 'http.response.code==403'
}

# The agent resolves by itself and asks the proxy for the address.
scenario_proxy_by_address() {
  build_lab
  start_proxy
  spawn infra microsocks -i "$PROXY" -p 1080
  wait_until listening infra t "$PROXY:1080"
  FETCH_OPTIONS=(--proxy "socks5://$PROXY:1080")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_proxy_by_address() {
  expect 'requests by address' '>=' 2 'socks.command==1 && socks.address_type==1'
}

# The agent speaks TLS to the proxy, so that what it asks for is hidden.
scenario_proxy_over_tls() {
  build_lab
  certificate proxy.lab.example
  cat "$CERTIFICATES/proxy.lab.example.pem" "$CERTIFICATES/server.key" >"$STATE/proxy.pem"
  start_proxy "https_port $PROXY:3130 tls-cert=$STATE/proxy.pem"
  FETCH_OPTIONS=(--proxy "https://$PROXY:3130" --proxy-insecure)
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_proxy_over_tls() {
  expect 'CONNECT in clear' = 0 'http.request.method==CONNECT'
}

# privoxy denies one name in clear and by CONNECT, and calls its empty page a success.
scenario_privoxy_denies_as_success() {
  build_lab
  cat >"$STATE/privoxy.action" <<'PRIVOXY'
{+block{policy of the site} +handle-as-empty-document}
dsaas.icrc.trendmicro.com/
PRIVOXY
  printf '%s\n' "confdir /etc/privoxy" "logdir $STATE" "listen-address $PROXY:8118" "actionsfile $STATE/privoxy.action" \
    'handle-as-empty-doc-returns-ok 1' 'connection-sharing 0' >"$STATE/privoxy.conf"
  spawn infra privoxy --no-daemon "$STATE/privoxy.conf"
  wait_until listening infra t "$PROXY:8118"
  FETCH_OPTIONS=(--proxy "http://$PROXY:8118")
  tap_on
  fetch agent http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin
  fetch agent "$SMART_SCAN_HTTP"
  heartbeat_later agent
  tap_off
}

holds_privoxy_denies_as_success() {
  expect "success in privoxy's words" = 1 'frame contains "200 Request blocked by Privoxy"'
}
