# shellcheck shell=bash
# Requests in clear and through the proxy. Sourced by `record` and `verify`.

SMART_SCAN_HTTP=http://dsaas.icrc.trendmicro.com/tmcss/

scenario_blocked_http_reset() {
  build_lab
  say "path: 'Host: dsaas-en-b' to tcp/80: reset"
  ip netns exec "$PREFIX-router" iptables -A FORWARD -i lan0 -p tcp --dport 80 -m string --algo bm --string 'Host: dsaas-en-b' \
    -j REJECT --reject-with tcp-reset
  tap_on
  calls_and_then agent http://dsaas-en-f.trx.trendmicro.com/ http://dsaas-en-b.trx.trendmicro.com/
  tap_off
}

holds_blocked_http_reset() {
  expect 'resets of the request' = 1 'ip.src==203.0.113.41 && tcp.flags.reset==1 && ip.ttl==64'
  expect 'answers for the other name' = 1 'ip.src==203.0.113.41 && http.response.code==200'
}

scenario_blocked_http_451() {
  build_lab
  start_block_page 451
  instead 203.0.113.40 80 router "$PROXY" 80
  tap_on
  calls_and_then agent "$SMART_SCAN_HTTP"
  tap_off
}

holds_blocked_http_451() {
  expect 'status 451' = 1 'http.response.code==451'
}

# A filter in the way answers with its own page.
scenario_blocked_http_page() {
  build_lab
  start_proxy "http_port $SITE_WEB:3129 accel vhost allow-direct" 'acl blocked dstdomain dsaas.icrc.trendmicro.com' \
    'http_access deny blocked'
  instead 203.0.113.40 80 router "$SITE_WEB" 3129
  tap_on
  calls_and_then agent "$SMART_SCAN_HTTP"
  tap_off
}

holds_blocked_http_page() {
  expect "status 403 with the filter's page" = 1 'http.response.code==403 && frame contains "ERR_ACCESS_DENIED"'
}

# The service itself does not want this request.
scenario_server_forbids() {
  VENDOR_EXTRA='server { listen 80; server_name dsaas.icrc.trendmicro.com; location / { return 403 "no such customer\n"; } }'
  build_lab
  tap_on
  calls_and_then agent "$SMART_SCAN_HTTP"
  tap_off
}

holds_server_forbids() {
  expect 'status 403 of the server' = 1 'http.response.code==403 && ip.src==203.0.113.40 && ip.ttl==54'
}

# The proxy wants a login for all but one name, and the agent has none.
scenario_blocked_proxy_login() {
  build_lab
  printf 'agent:%s\n' "$(openssl passwd -apr1 -salt labsalt1 secret)" >"$STATE/proxy-users"
  start_proxy "auth_param basic program /usr/lib/squid/basic_ncsa_auth $STATE/proxy-users" \
    'auth_param basic realm lab' 'acl known proxy_auth REQUIRED' 'acl open dstdomain app.deepsecurity.trendmicro.com agents.deepsecurity.trendmicro.com' \
    'http_access allow open' 'http_access deny !known'
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_proxy_login() {
  expect '407' = 1 'http.response.code==407'
  expect 'credentials' = 0 'http.proxy_authorization'
  expect 'tunnels' = 3 'http.response.code==200'
}

# The proxy tries and fails: refused, silent, a server that closes without a word, and one that never answers.
scenario_proxy_cannot_reach() {
  build_lab
  start_proxy 'connect_timeout 3 seconds' 'connect_retries 0' 'forward_timeout 4 seconds' 'read_timeout 3 seconds'
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  path_rule 'ip daddr 203.0.113.10 tcp dport 443 drop'
  spawn inet socat TCP-LISTEN:8082,bind=203.0.113.40,fork,reuseaddr SYSTEM:'read -r line'
  wait_until listening inet t 203.0.113.40:8082
  instead 203.0.113.40 80 inet 203.0.113.40 8082
  spawn inet socat -u TCP-LISTEN:8083,bind=203.0.113.41,fork,reuseaddr SYSTEM:'sleep 20'
  wait_until listening inet t 203.0.113.41:8083
  ip netns exec "$PREFIX-inet" nft add rule ip instead prerouting ip daddr 203.0.113.41 tcp dport 80 dnat to 203.0.113.41:8083
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  calls_and_then agent "$WEB_REPUTATION" https://files.trendmicro.com/ "$SMART_SCAN_HTTP" http://dsaas-en-b.trx.trendmicro.com/
  tap_off
}

holds_proxy_cannot_reach() {
  expect '503 to CONNECT' = 2 'http.response.code==503'
  expect '502 to GET' = 1 'http.response.code==502'
  expect '504 to GET' = 1 'http.response.code==504'
}

# The server was away for a moment; the next try through the proxy succeeds.
scenario_proxy_reaches_later() {
  build_lab
  start_proxy
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION"
  say 'server: back again'
  ip netns exec "$PREFIX-inet" nft flush chain inet host input
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

holds_proxy_reaches_later() {
  expect '503' = 1 'http.response.code==503'
  expect 'CONNECT to the name' = 2 "http.request.method==CONNECT && http.request.uri==\"$NAME:443\""
  expect 'tunnels' = 3 'http.response.code==200'
}
