# shellcheck shell=bash
# Resolvers that block, fail, and only look as if. Sourced by `record` and `verify`.

WEB_REPUTATION_NAME=dsaas.url.trendmicro.com

# calls_and_then SPACE 'URL [CURL OPTION...]'...: two calls that show that path and resolver work, then these, then a call
# much later.
calls_and_then() {
  local space=$1 url
  shift
  fetch "$space" https://app.deepsecurity.trendmicro.com/
  fetch "$space" https://agents.deepsecurity.trendmicro.com/
  for url in "$@"; do
    # shellcheck disable=SC2086 # a URL and options
    fetch "$space" $url
  done
  heartbeat_later "$space"
}

# start_unbound LINE...: a resolver in front of the lab's own, with more lines of its "server" clause or further clauses.
start_unbound() {
  {
    printf '%s\n' 'server:' "interface: $DNS" 'access-control: 10.0.0.0/8 allow' 'do-daemonize: no' 'chroot: ""' \
      'username: ""' "directory: $STATE" "pidfile: $STATE/unbound.pid" 'use-syslog: no' 'num-threads: 1' 'ede: yes' \
      'do-not-query-localhost: no' 'module-config: "respip iterator"' "$@" \
      'forward-zone:' 'name: "."' "forward-addr: $DNS@$DNS_PORT" 'remote-control:' 'control-enable: no'
  } >"$STATE/unbound.conf"
  spawn infra unbound -d -c "$STATE/unbound.conf"
  wait_until listening infra u "$DNS:53"
}

# start_bind ZONES [OPTIONS]: the same with BIND.
start_bind() {
  {
    printf 'options { directory "%s"; pid-file none; session-keyfile none; listen-on { %s; }; listen-on-v6 { none; };\n' "$STATE" "$DNS"
    printf 'forwarders { %s port %s; }; forward only; dnssec-validation no; recursion yes; allow-query { any; };\n' "$DNS" "$DNS_PORT"
    printf '%s };\ncontrols { };\n%s\n' "${2:-}" "$1"
  } >"$STATE/named.conf"
  spawn infra named -g -c "$STATE/named.conf"
  wait_until listening infra u "$DNS:53"
}

# policy_zone RECORD...: a response policy zone (RPZ) of the site.
policy_zone() {
  printf '%s\n' '$TTL 60' '@ SOA ns.corp.example. hostmaster.corp.example. 1 3600 600 86400 60' '@ NS ns.corp.example.' "$@" \
    >"$STATE/rpz.zone"
  say "policy zone: $*"
}

scenario_blocked_dns_policy_zone() {
  DNS_PORT=5353
  build_lab
  policy_zone "$WEB_REPUTATION_NAME CNAME ."
  start_bind "zone \"rpz.corp.example\" { type primary; file \"$STATE/rpz.zone\"; };" \
    'response-policy { zone "rpz.corp.example"; };'
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_dns_policy_zone() {
  expect 'NXDOMAIN with the SOA of the policy zone' '>=' 1 'dns.flags.rcode==3 && dns.soa.mname=="ns.corp.example"'
}

scenario_blocked_dns_unbound_policy() {
  DNS_PORT=5353
  RESOLVER_OPTIONS='options edns0 timeout:2'
  build_lab
  policy_zone "$WEB_REPUTATION_NAME CNAME ."
  start_unbound 'rpz:' 'name: rpz.corp.example' "zonefile: $STATE/rpz.zone"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_dns_unbound_policy() {
  expect 'NXDOMAIN' '>=' 1 "dns.flags.rcode==3 && dns.qry.name==\"$NAME\""
  expect 'with a reason' = 0 "dns.qry.name==\"$NAME\" && (dns.opt.ext_error.info_code || dns.soa.mname)"
}

scenario_blocked_dns_knot_policy() {
  DNS_PORT=5353
  RESOLVER_OPTIONS='options edns0 timeout:2'
  build_lab
  cat >"$STATE/kresd.conf" <<KRESD
net.listen('$DNS', 53, { kind = 'dns' })
cache.size = 10 * MB
trust_anchors.remove('.')
policy.add(policy.suffix(policy.DENY_MSG('blocked by the site', kres.extended_error.BLOCKED), { todname('$WEB_REPUTATION_NAME') }))
policy.add(policy.all(policy.STUB('$DNS@$DNS_PORT')))
KRESD
  mkdir -p "$STATE/kresd"
  spawn infra kresd -n -q -c "$STATE/kresd.conf" "$STATE/kresd"
  wait_until listening infra u "$DNS:53"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_dns_knot_policy() {
  expect 'NXDOMAIN with EDE 15' '>=' 1 "dns.flags.rcode==3 && dns.qry.name==\"$NAME\" && dns.opt.ext_error.info_code==15"
}

# The zone's own servers do not answer the resolver, which says so: no policy.
scenario_dns_upstream_down() {
  DNS_PORT=5353
  DNS_WITHOUT=$WEB_REPUTATION_NAME
  DNS_EXTRA="server=/$WEB_REPUTATION_NAME/#"
  RESOLVER_OPTIONS='options edns0 timeout:4'
  build_lab
  start_unbound
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_upstream_down() {
  expect 'SERVFAIL' '>=' 1 "dns.flags.rcode==2 && dns.qry.name==\"$NAME\""
  expect 'EDE of a policy' = 0 'dns.opt.ext_error.info_code in {4,15,16,17,18}'
}

# The first resolver refuses one name, fails at another and drops a third; the second one answers them all.
scenario_dns_second_resolver() {
  DNS_PORT=5353
  DNS_WITHOUT=files.trendmicro.com
  DNS_EXTRA='server=/files.trendmicro.com/#'
  RESOLVER_OPTIONS=$(printf 'nameserver %s\noptions timeout:2 attempts:2' "$FOREIGN_DNS")
  build_lab
  start_unbound "local-zone: \"$WEB_REPUTATION_NAME\" always_refuse" 'local-zone: "dsaas.icrc.trendmicro.com" always_deny'
  # It knows what the first one does not.
  printf '203.0.113.10 files.trendmicro.com\n' >"$STATE/more-hosts"
  sed -e "s/$DNS/$FOREIGN_DNS/" -e 's/^port=.*/port=53/' -e '/^server=/d' "$STATE/dnsmasq.conf" >"$STATE/foreign-dns.conf"
  printf 'addn-hosts=%s\n' "$STATE/more-hosts" >>"$STATE/foreign-dns.conf"
  spawn inet dnsmasq -C "$STATE/foreign-dns.conf"
  wait_until listening inet u "$FOREIGN_DNS:53"
  tap_on
  calls_and_then agent "$WEB_REPUTATION" https://files.trendmicro.com/ https://dsaas.icrc.trendmicro.com/
  tap_off
}

holds_dns_second_resolver() {
  expect 'REFUSED' '>=' 1 "dns.flags.rcode==5 && ip.src==10.20.1.53 && dns.qry.name==\"$NAME\""
  expect 'SERVFAIL' '>=' 1 'dns.flags.rcode==2 && ip.src==10.20.1.53 && dns.qry.name=="files.trendmicro.com"'
  expect 'answers of the first to the third name' = 0 'dns.flags.response==1 && ip.src==10.20.1.53 && dns.qry.name=="dsaas.icrc.trendmicro.com"'
  expect 'answers of the second' '>=' 3 'dns.a && ip.src==203.0.113.53'
}

scenario_dns_search_suffix() {
  RESOLVER_OPTIONS=$'search corp.example\noptions ndots:5 timeout:2'
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_search_suffix() {
  expect 'NXDOMAIN with the suffix' '>=' 3 'dns.flags.rcode==3 && dns.qry.name contains "corp.example"'
  expect 'other NXDOMAIN' = 0 'dns.flags.rcode==3 && !(dns.qry.name contains "corp.example")'
  expect 'TLS to the name' = 1 "tls.handshake.extensions_server_name==\"$NAME\""
}

scenario_dns_split_horizon() {
  DNS_WITHOUT=$WEB_REPUTATION_NAME
  DNS_EXTRA="address=/$WEB_REPUTATION_NAME/$SITE_WEB"
  build_lab
  spawn infra openssl s_server -quiet -www -accept "$SITE_WEB:443" -cert "$CERTIFICATES/$WEB_REPUTATION_NAME.pem" \
    -key "$CERTIFICATES/server.key"
  wait_until listening infra t "$SITE_WEB:443"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_split_horizon() {
  expect 'answers with a private address' '>=' 1 "dns.a==10.20.1.81 && dns.qry.name==\"$NAME\""
  expect 'TLS to it' = 1 'tls.handshake.type==2 && ip.src==10.20.1.81'
}

# The name is gone from its own zone.
scenario_dns_name_gone() {
  DNS_PORT=5353
  build_lab
  printf '%s\n' '$TTL 60' '@ SOA ns.trendmicro.com. hostmaster.trendmicro.com. 1 3600 600 86400 60' '@ NS ns.trendmicro.com.' \
    >"$STATE/url.zone"
  start_bind "zone \"url.trendmicro.com\" { type primary; file \"$STATE/url.zone\"; };"
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_name_gone() {
  expect 'NXDOMAIN with the SOA of its own zone' '>=' 1 "dns.flags.rcode==3 && dns.qry.name==\"$NAME\" && dns.soa.mname==\"ns.trendmicro.com\""
}

# The policy sends the name to a page that says so.
scenario_blocked_dns_walled_garden() {
  DNS_PORT=5353
  DNS_HOSTS="$SITE_WEB blocked.corp.example"$'\n'
  build_lab
  policy_zone "$WEB_REPUTATION_NAME CNAME blocked.corp.example."
  start_bind "zone \"rpz.corp.example\" { type primary; file \"$STATE/rpz.zone\"; };" \
    'response-policy { zone "rpz.corp.example"; };'
  start_block_page 403 blocked.corp.example
  tap_on
  calls_and_then agent "$WEB_REPUTATION" http://dsaas.url.trendmicro.com/
  tap_off
}

holds_blocked_dns_walled_garden() {
  expect 'the alias of the policy' '>=' 1 'dns.cname=="blocked.corp.example"'
  expect 'the page' = 1 'http.response.code==403'
}

# Somebody on the path answers before the resolver does.
scenario_blocked_dns_injected() {
  WIRE=infra
  WIRE_OPTIONS=(--delay 8 --forge-dns "$WEB_REPUTATION_NAME" 203.0.113.66 101)
  build_lab
  tap_on
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_blocked_dns_injected() {
  expect 'queries for A' = 1 "dns.flags.response==0 && dns.qry.type==1 && dns.qry.name==\"$NAME\""
  expect 'forged answers' = 1 "dns.a==203.0.113.66 && ip.ttl==100"
  expect 'true answers' = 1 "dns.a==203.0.113.42 && ip.ttl==63"
}

# Slow answers: the client asks again, and gets the same set twice in another order.
scenario_dns_asked_twice() {
  local last
  WIRE=infra
  WIRE_OPTIONS=(--delay 650)
  RESOLVER_OPTIONS='options timeout:1 attempts:4'
  DNS_HOSTS=$(for last in {100..102}; do printf '203.0.113.%d files.trendmicro.com\n' "$last"; done)
  build_lab
  for last in {100..102}; do
    ip -n "$PREFIX-inet" address add "203.0.113.$last/32" dev lo
  done
  tap_on
  calls_and_then agent https://files.trendmicro.com/
  tap_off
}

holds_dns_asked_twice() {
  expect 'queries' '>=' 2 'dns.flags.response==0 && dns.qry.name=="files.trendmicro.com"'
  expect 'answers' '>=' 2 'dns.flags.response==1 && dns.qry.name=="files.trendmicro.com"'
  expect 'TLS to the name' = 1 'tls.handshake.extensions_server_name=="files.trendmicro.com"'
}

# Answers come after the client closed its port: its own host says "port unreachable" to the resolver.
scenario_dns_answer_too_late() {
  WIRE=infra
  WIRE_OPTIONS=(--delay 700)
  RESOLVER_OPTIONS='options timeout:3'
  build_lab
  tap_on
  inside agent dig +time=1 +tries=1 +noall +comments "@$DNS" "$WEB_REPUTATION_NAME" A >/dev/null || say 'agent: dig gave up'
  calls_and_then agent "$WEB_REPUTATION"
  tap_off
}

holds_dns_answer_too_late() {
  expect 'ICMP 3/3 of the client' '>=' 1 'icmp.type==3 && icmp.code==3 && udp.srcport==53'
  expect 'TLS to the name' = 1 "tls.handshake.extensions_server_name==\"$NAME\""
}

# The resolver does not serve this client, and says so.
scenario_blocked_dns_client_refused() {
  DNS_PORT=5353
  RESOLVER_OPTIONS='options edns0 timeout:2 attempts:2'
  build_lab
  start_unbound "access-control: $AGENT/32 refuse"
  tap_on
  fetch relay https://app.deepsecurity.trendmicro.com/
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION"
  sleep 11
  fetch relay https://app.deepsecurity.trendmicro.com/
  tap_off
}

holds_blocked_dns_client_refused() {
  expect 'REFUSED with EDE 18 to the agent' '>=' 2 'dns.flags.rcode==5 && dns.opt.ext_error.info_code==18 && ip.dst==10.20.0.10'
  expect 'answers to the relay' '>=' 1 'dns.a && ip.dst==10.20.0.11'
}

# The tap is on the agent itself and sees its loopback too: a name that is sent there must not name what else is there.
scenario_dns_sinkhole_loopback() {
  DNS_WITHOUT=$WEB_REPUTATION_NAME
  DNS_EXTRA="address=/$WEB_REPUTATION_NAME/127.0.0.1"
  TAP_OPTIONS=(-s 2000)
  build_lab
  spawn agent socat TCP-LISTEN:8080,bind=127.0.0.1,fork,reuseaddr SYSTEM:'read -r line; echo own'
  wait_until listening agent t 127.0.0.1:8080
  tap_on agent any
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch agent "$WEB_REPUTATION"
  fetch agent http://127.0.0.1:8080/ --http0.9
  heartbeat_later agent
  tap_off
}

holds_dns_sinkhole_loopback() {
  expect 'answers 127.0.0.1' '>=' 1 "dns.a==127.0.0.1 && dns.qry.name==\"$NAME\""
  expect 'refused on loopback' '>=' 1 'ip.src==127.0.0.1 && tcp.srcport==443 && tcp.flags.reset==1'
  expect 'something else on loopback' '>=' 1 "$SYN && ip.dst==127.0.0.1 && tcp.dstport==8080"
}
