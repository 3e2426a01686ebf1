# shellcheck shell=bash
# What lasts: aims that are reached and then stopped, private CAs, hosts with two addresses. Sourced by `record` and `verify`.

# A rule is added while the agent works: reached once, then stopped to the end.
scenario_reached_then_dropped() {
  build_lab
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  fetch agent "$WEB_REPUTATION" --connect-timeout 5
  fetch agent "$WEB_REPUTATION" --connect-timeout 5
  heartbeat_later agent
  tap_off
}

holds_reached_then_dropped() {
  expect 'connections before' = 1 "tls.handshake.type==2 && ip.src==203.0.113.42"
  expect 'SYNs' '>=' 6 "$SYN && ip.dst==203.0.113.42"
  expect 'answered' = 1 'tcp.flags==0x012 && ip.src==203.0.113.42'
}

# The same by a filter on names: the ClientHello is dropped from a moment on, and the other name at the address works.
scenario_reached_then_filtered() {
  build_lab
  tap_on
  fetch agent https://dsaas-en-f.trx.trendmicro.com/
  fetch agent https://dsaas-en-b.trx.trendmicro.com/
  name_filter dsaas-en-f.trx DROP
  fetch agent https://dsaas-en-f.trx.trendmicro.com/ --max-time 6
  fetch agent https://dsaas-en-f.trx.trendmicro.com/ --max-time 6
  fetch agent https://dsaas-en-b.trx.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_reached_then_filtered() {
  expect 'served' = 1 'tls.handshake.type==2 && tcp.stream==0'
  expect 'hellos of the name' '>=' 3 'tls.handshake.extensions_server_name=="dsaas-en-f.trx.trendmicro.com"'
}

# The server takes so many new connections a second: of six at once, one is refused. Nobody stopped anything.
scenario_one_of_many_refused() {
  build_lab
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 ct state new limit rate over 1/second burst 5 packets reject with tcp reset'
  tap_on
  short_activation agent
  # shellcheck disable=SC2046 # one word an address
  inside agent curl -sS -Z --parallel-immediate --parallel-max 6 --http1.1 --cacert "$CERTIFICATES/ca.pem" \
    $(printf -- '-o /dev/null https://dsaas.url.trendmicro.com/%s ' 1 2 3 4 5 6) || true
  heartbeat_later agent
  tap_off
}

holds_one_of_many_refused() {
  expect 'connections' '>=' 4 'tcp.flags==0x012 && ip.src==203.0.113.42'
  expect 'refused' '>=' 1 'tcp.flags.reset==1 && tcp.seq==1 && tcp.ack==1 && ip.src==203.0.113.42'
}

# The vendor signs its own names, under two of its domains, with a private CA. TLS 1.2 shows it.
scenario_vendor_private_ca() {
  local name
  DNS_EXTRA=$(printf 'local=/%s/\n' acme.example acme-cloud.example)
  DNS_HOSTS=$(printf '203.0.113.10 %s\n' console.acme.example updates.acme.example eu.acme-cloud.example us.acme-cloud.example)$'\n'
  for name in console.acme.example updates.acme.example eu.acme-cloud.example us.acme-cloud.example; do
    certificate "$name"
  done
  build_lab
  tap_on
  for name in console.acme.example updates.acme.example eu.acme-cloud.example us.acme-cloud.example; do
    fetch agent "https://$name/"
  done
  sleep 11
  fetch agent https://console.acme.example/
  tap_off
}

holds_vendor_private_ca() {
  expect 'certificates of the private CA' = 5 'tls.handshake.type==11'
  expect 'alerts of the agent' = 0 'tls.alert_message.level==2'
}

# The same servers, and a client that does not know the CA: the server's own settings, no inspection.
scenario_server_private_ca_refused() {
  local name
  build_lab
  tap_on
  short_activation agent
  fetch agent https://files.trendmicro.com/ --cacert /etc/ssl/certs/ca-certificates.crt
  fetch agent https://files.trendmicro.com/ --cacert /etc/ssl/certs/ca-certificates.crt
  heartbeat_later agent
  tap_off
}

holds_server_private_ca_refused() {
  expect 'alerts "unknown CA" of the agent' = 2 'tls.alert_message.desc==48 && ip.src==10.20.0.10'
  expect "the server's own TTL" '>=' 2 'tcp.flags==0x012 && ip.src==203.0.113.10 && ip.ttl==54'
}

# A host has a second address that the site file does not know; beside it, a stranger with an address and a card of his own.
scenario_second_address() {
  build_lab
  ip -n "$PREFIX-agent" address add 10.20.0.77/24 dev eth0
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION" --interface 10.20.0.77
  fetch agent https://files.trendmicro.com/ --interface 10.20.0.77
  fetch relay https://dsaas1100-en-census.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_second_address() {
  expect 'flows of the second address' '>=' 2 "$SYN && ip.src==10.20.0.77 && eth.src==02:00:0a:14:00:0a"
  expect 'flows of the stranger' '>=' 1 "$SYN && ip.src==10.20.0.11 && eth.src==02:00:0a:14:00:0b"
}
