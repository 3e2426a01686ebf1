# shellcheck shell=bash
# Names that packets do not show, or show in another way. Sourced by `record` and `verify`.

# start_encrypted_dns: dnsdist in front of the lab's resolver, over TLS and over HTTPS, as the site's own.
start_encrypted_dns() {
  certificate doh.corp.example
  cat >"$STATE/dnsdist.conf" <<DNSDIST
setSecurityPollSuffix("")
newServer({address="$DNS:53", checkInterval=60})
addTLSLocal("$DNS:853", "$CERTIFICATES/doh.corp.example.pem", "$CERTIFICATES/server.key")
addDOHLocal("$DNS:443", "$CERTIFICATES/doh.corp.example.pem", "$CERTIFICATES/server.key", "/dns-query")
DNSDIST
  spawn infra dnsdist --supervised --disable-syslog -C "$STATE/dnsdist.conf"
  wait_until listening infra t "$DNS:443"
}

# The agent resolves over HTTPS at the site's own resolver; one service is dropped.
scenario_hidden_by_doh() {
  DNS_HOSTS="$DNS doh.corp.example"$'\n'
  build_lab
  start_encrypted_dns
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  FETCH_OPTIONS=(--doh-url https://doh.corp.example/dns-query)
  tap_on
  calls_and_then agent "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_hidden_by_doh() {
  expect 'connections to the resolver' '>=' 4 "$SYN && ip.dst==10.20.1.53 && tcp.dstport==443"
  expect 'names asked in clear but the resolver' = 0 'dns && dns.qry.name != "doh.corp.example"'
  expect 'SYNs to what is dropped' '>=' 3 "$SYN && $WEB_REPUTATION"
}

# The innocent twin: the same drop, resolved in clear.
scenario_plain_dns_and_drop() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  calls_and_then agent "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_plain_dns_and_drop() {
  expect 'the name asked in clear' '>=' 1 'dns.qry.name=="dsaas.url.trendmicro.com"'
  expect 'SYNs to what is dropped' '>=' 3 "$SYN && $WEB_REPUTATION"
}

# The agent's stub asks over TLS, by kdig; the calls use what it got.
scenario_hidden_by_dot() {
  build_lab
  start_encrypted_dns
  local name address
  tap_on
  for name in app.deepsecurity.trendmicro.com dsmim.deepsecurity.trendmicro.com; do
    address=$(inside agent kdig +short +tls @"$DNS" "$name" A | tail -n 1)
    say "agent: $name over TLS -> $address"
    fetch agent "https://$name/" --resolve "$name:443:$address"
  done
  tap_off
}

holds_hidden_by_dot() {
  expect 'lookups in clear' = 0 'udp.port==53 || tcp.port==53'
  expect 'ALPN dot' = 2 'tls.handshake.extensions_alpn_str=="dot"'
}

# A proxy that is spoken to over TLS: curl and squid.
scenario_hidden_by_tls_proxy() {
  DNS_HOSTS="$PROXY proxy.corp.example"$'\n'
  build_lab
  certificate proxy.corp.example
  start_proxy "https_port $PROXY:3129 tls-cert=$CERTIFICATES/proxy.corp.example.pem tls-key=$CERTIFICATES/server.key"
  FETCH_OPTIONS=(--proxy https://proxy.corp.example:3129 --proxy-cacert "$CERTIFICATES/ca.pem")
  tap_on
  calls_and_then agent "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_hidden_by_tls_proxy() {
  expect 'connections to the proxy' '>=' 4 "$SYN && ip.dst==10.20.1.80 && tcp.dstport==3129"
  expect 'other hellos' = 0 'tls.handshake.type==1 && tcp.dstport==443'
}

# Two names at one address, both asked for, and one connection that says none; then each asked for and connected to.
scenario_one_of_two_names() {
  build_lab
  tap_on
  inside agent dig +short dsaas-en-f.trx.trendmicro.com >/dev/null
  inside agent dig +short dsaas-en-b.trx.trendmicro.com >/dev/null
  connect_nameless
  heartbeat_later agent
  tap_off
}

connect_nameless() {
  inside agent timeout 4 openssl s_client -connect 203.0.113.41:443 -noservername -CAfile "$CERTIFICATES/ca.pem" -brief \
    </dev/null >/dev/null 2>&1 || true
}

holds_one_of_two_names() {
  expect 'connections' = 1 "$SYN && ip.dst==203.0.113.41"
  expect 'names in hellos to it' = 0 'ip.dst==203.0.113.41 && tls.handshake.extensions_server_name'
}

# The innocent twin: a connection follows each lookup.
scenario_each_name_its_connection() {
  build_lab
  tap_on
  inside agent dig +short dsaas-en-f.trx.trendmicro.com >/dev/null
  connect_nameless
  inside agent dig +short dsaas-en-b.trx.trendmicro.com >/dev/null
  connect_nameless
  heartbeat_later agent
  tap_off
}

holds_each_name_its_connection() {
  expect 'connections' = 2 "$SYN && ip.dst==203.0.113.41"
}

# Plain HTTP where the page lists https: a web server that speaks it on 443.
scenario_other_application() {
  build_lab
  spawn inet python3 -m http.server 4430 --bind 203.0.113.99
  wait_until listening inet t 203.0.113.99:4430
  instead 203.0.113.42 443 inet 203.0.113.99 4430
  tap_on
  calls_and_then agent "http://$WEB_REPUTATION_NAME:443/"
  tap_off
}

holds_other_application() {
  expect 'requests in clear on 443' '>=' 1 'ip.dst==203.0.113.42 && tcp.dstport==443 && http.request'
  expect 'served' '>=' 1 'ip.src==203.0.113.42 && http.response.code==200'
}

# HTTP/3 works and TCP is dropped, where the page lists each by itself.
scenario_quic_works_tcp_dropped() {
  build_lab
  start_http3 203.0.113.42 "$WEB_REPUTATION_NAME"
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_http3 agent "$WEB_REPUTATION_NAME"
  fetch agent "https://$WEB_REPUTATION_NAME/"
  fetch_http3 agent "$WEB_REPUTATION_NAME"
  heartbeat_later agent
  tap_off
}

holds_quic_works_tcp_dropped() {
  expect 'SYNs' '>=' 3 "$SYN && $WEB_REPUTATION"
  expect 'SYN-ACKs' = 0 'ip.src==203.0.113.42 && tcp'
  expect 'HTTP/3' '>=' 4 'ip.src==203.0.113.42 && quic'
}

# The agent's IPv6 address rotates; the relay's second address is another machine's.
scenario_address_rotates() {
  DUAL_STACK=yes
  build_lab
  ip -n "$PREFIX-agent" address add 2001:db8:20::aaaa:1/64 dev eth0 nodad
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/ -6 --interface 2001:db8:20::10
  fetch agent "https://$WEB_REPUTATION_NAME/" -6 --interface 2001:db8:20::aaaa:1
  heartbeat_later agent
  tap_off
}

holds_address_rotates() {
  expect 'connections from the second address' '>=' 1 "tcp.flags.syn==1 && ipv6.src==2001:db8:20::aaaa:1"
}
