# shellcheck shell=bash
# Lookups that are answered, and not with what was asked for. Sourced by `record` and `verify`.

# start_dnsdist LINE...: a load balancer of resolvers in front of the lab's own, with more lines of its configuration.
start_dnsdist() {
  printf '%s\n' "setLocal('$DNS:53')" "newServer({address='$DNS:$DNS_PORT', healthCheckMode='up'})" "setACL({'10.0.0.0/8'})" "$@" \
    >"$STATE/dnsdist.conf"
  spawn infra dnsdist --supervised --disable-syslog -C "$STATE/dnsdist.conf"
  wait_until listening infra u "$DNS:53"
}

# Every family of one name is answered with nothing.
scenario_blocked_dns_no_data() {
  DNS_PORT=5353
  RESOLVER_OPTIONS='options edns0 timeout:2'
  build_lab
  start_unbound "local-zone: \"$WEB_REPUTATION_NAME\" always_nodata"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_dns_no_data() {
  expect 'answers without a record' '>=' 2 "dns.flags.rcode==0 && dns.flags.response==1 && dns.count.answers==0 && dns.qry.name==\"$NAME\""
  expect 'with an SOA' = 0 "dns.soa.mname && dns.qry.name==\"$NAME\""
}

# The policy gives an alias and leaves the rest to the client.
scenario_dns_alias_alone() {
  DNS_PORT=5353
  build_lab
  start_dnsdist "addAction(QNameRule('$WEB_REPUTATION_NAME'), SpoofCNAMEAction('blocked.corp.example'))"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_alias_alone() {
  expect 'the alias' '>=' 1 'dns.cname=="blocked.corp.example"'
  expect 'addresses for the name' = 0 "dns.a && dns.qry.name==\"$NAME\""
}

many_addresses() {
  local last
  DNS_HOSTS=$(for last in {100..219}; do printf '203.0.113.%d files.trendmicro.com\n' "$last"; done)
}

# The answer does not fit into UDP, and TCP to the resolver is dropped.
scenario_blocked_dns_tcp() {
  many_addresses
  build_lab
  path_rule "ip daddr $DNS tcp dport 53 drop"
  tap_on
  calls_and_then agent https://files.trendmicro.com/
  tap_off
}

holds_blocked_dns_tcp() {
  expect 'cut answers' '>=' 1 'dns.flags.truncated==1 && dns.flags.response==1'
  expect 'SYNs to the resolver' '>=' 3 "$SYN && tcp.dstport==53"
  expect 'answers over TCP' = 0 'tcp.srcport==53'
}

# The answer comes in fragments, and the later ones do not arrive.
scenario_dns_fragments_dropped() {
  many_addresses
  build_lab
  ip netns exec "$PREFIX-router" nft -f - <<'NFT'
table ip early {
  chain fragments {
    type filter hook prerouting priority -450
    ip frag-off & 0x1fff != 0 drop
  }
}
NFT
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent dig +time=3 +tries=3 +noall +comments +bufsize=4096 "@$DNS" files.trendmicro.com A >/dev/null || say 'agent: dig gave up'
  heartbeat_later agent
  tap_off
}

holds_dns_fragments_dropped() {
  expect 'queries' '>=' 3 'dns.flags.response==0 && dns.qry.name=="files.trendmicro.com" && dns.qry.type==1'
  expect 'first fragments' '>=' 3 'ip.flags.mf==1 && ip.frag_offset==0'
  expect 'later fragments' = 0 'ip.frag_offset>0'
}
