# shellcheck shell=bash
# One function a scenario; `scenario_a_b` records samples/a-b/. Sourced by `record`.

WEB_REPUTATION=https://dsaas.url.trendmicro.com/

# All is well.

scenario_activation_ok() {
  build_lab
  tap_on
  activation agent
  update_from_relay agent
  tap_off
}

# The path stops the connection itself.

scenario_blocked_syn_dropped() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_rst() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  tap_on
  activation agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

scenario_blocked_icmp_prohibited() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with icmp type admin-prohibited'
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

# One host's rule: the agent is stopped, the relay on the same LAN is not.
scenario_blocked_by_source() {
  build_lab
  path_rule "ip saddr $AGENT ip daddr 203.0.113.20 tcp dport { 80, 443 } drop"
  tap_on
  short_activation agent
  fetch agent https://iaus.trendmicro.com/
  fetch relay https://iaus.trendmicro.com/
  fetch relay http://iaus.activeupdate.trendmicro.com/pattern/vsapi.bin
  heartbeat_later agent
  tap_off
}

scenario_blocked_then_opened() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION" --connect-timeout 5
  open_path
  fetch agent "$WEB_REPUTATION"
  fetch agent "$WEB_REPUTATION"
  tap_off
}

scenario_blocked_two_point() {
  build_lab
  path_rule 'ip daddr 203.0.113.42 tcp dport 443 drop'
  tap_both_sides
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

scenario_blocked_udp() {
  build_lab
  path_rule "ip daddr $NTP udp dport 123 drop"
  path_rule "ip daddr $SYSLOG udp dport 514 reject with icmp type port-unreachable"
  NTP_PATIENCE=10
  tap_on
  short_activation agent
  send_syslog agent 'CEF:0|Trend Micro|Deep Security Agent|20.0.0-1559|600|Agent activated|3|'
  heartbeat_later agent
  tap_off
}

# The path lets TCP open and stops it by name.

scenario_blocked_after_hello() {
  build_lab
  name_filter dsaas-en-b.trx.trendmicro.com REJECT --reject-with tcp-reset
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_after_hello_silent() {
  build_lab
  name_filter dsaas-en-b.trx.trendmicro.com DROP
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_tls_inspected() {
  build_lab
  start_inspection files.trendmicro.com 203.0.113.10
  tap_on
  short_activation agent
  fetch agent https://files.trendmicro.com/
  fetch agent http://files.trendmicro.com/
  heartbeat_later agent
  tap_off
}

# It fails, but nothing shows that the path did it.

scenario_server_refuses() {
  build_lab
  server_rule 'ip daddr 203.0.113.42 tcp dport 443 reject with tcp reset'
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_server_alert() {
  VENDOR_EXTRA='server { listen 443 ssl; server_name dsaas.url.trendmicro.com; ssl_reject_handshake on; }'
  build_lab
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

# The resolver stops it.

scenario_blocked_dns_nxdomain() {
  DNS_WITHOUT=dsaas.url.trendmicro.com
  RESOLVER_OPTIONS='search corp.example'
  build_lab
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_dns_sinkhole() {
  DNS_WITHOUT=dsaas.url.trendmicro.com
  DNS_EXTRA='address=/dsaas.url.trendmicro.com/0.0.0.0'
  build_lab
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_dns_refused() {
  DNS_WITHOUT=dsaas.url.trendmicro.com
  # "#" means the servers of the machine, and there are none.
  DNS_EXTRA='server=/dsaas.url.trendmicro.com/#'
  build_lab
  tap_on
  activation agent
  heartbeat_later agent
  tap_off
}

scenario_blocked_dns_extended_error() {
  DNS_PORT=5353
  RESOLVER_OPTIONS='options edns0 timeout:2'
  build_lab
  start_policy_dns 203.0.113.42
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

scenario_blocked_dns_silent() {
  build_lab
  say 'path: queries for dsaas.url.* dropped'
  ip netns exec "$PREFIX-router" iptables -A FORWARD -i lan0 -p udp --dport 53 \
    -m string --algo bm --hex-string '|05|dsaas|03|url|0a|' -j DROP
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  heartbeat_later agent
  tap_off
}

# Traffic that no page lists.

scenario_unexpected_traffic() {
  build_lab
  start_foreign_dns
  tap_on
  activation agent
  update_from_relay agent
  fetch agent https://telemetry.example.net/
  fetch agent https://files.trendmicro.com:8443/
  fetch agent https://203.0.113.99/ --insecure
  inside agent dig +short "@$FOREIGN_DNS" app.deepsecurity.trendmicro.com | paste -sd ' ' |
    sed "s/^/  agent: dig @$FOREIGN_DNS: /"
  fetch agent https://newservice.trendmicro.com/
  # The name that is looked up is on the list, the name in the handshake is not.
  fetch agent https://tunnel.example.net/ --connect-to tunnel.example.net:443:files.trendmicro.com:443
  tap_off
}

scenario_wrong_region() {
  build_lab
  WORKLOAD=("${US_WORKLOAD[@]:0:4}" workload.de-1.cloudone.trendmicro.com agent-005.workload.de-1.cloudone.trendmicro.com
    ingress.workload.de-1.cloudone.trendmicro.com)
  tap_on
  activation agent
  tap_off
}

# The traffic of a whole activation, judged by a site file that says the feature is off.
scenario_feature_off() {
  build_lab
  tap_on
  activation agent
  tap_off
}

# What the site itself puts in between.

scenario_relay_in_place() {
  build_lab
  tap_on
  ask_time relay
  contact_workload relay
  fetch_updates relay
  ask_time agent
  contact_workload agent
  update_from_relay agent
  contact_smart_protection agent
  contact_event_channel agent
  send_syslog agent 'CEF:0|Trend Micro|Deep Security Agent|20.0.0-1559|600|Agent activated|3|'
  tap_off
}

scenario_manager_initiated() {
  build_lab
  ip -n "$PREFIX-inet" address add 34.205.5.10/32 dev lo
  ip -n "$PREFIX-router" route add 34.205.5.0/27 via 192.0.2.2
  start_agent_port
  tap_on
  short_activation agent
  fetch inet "https://$AGENT:4118/" --insecure --interface 34.205.5.10
  fetch inet "https://$RELAY:4122/www/pattern/vsapi.bin" --insecure --interface 34.205.5.10
  tap_off
}

scenario_proxied() {
  build_lab
  start_proxy
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  activation agent
  tap_off
}

scenario_proxied_with_login() {
  build_lab
  printf 'agent:%s\n' "$(openssl passwd -apr1 -salt labsalt1 secret)" >"$STATE/proxy-users"
  start_proxy "auth_param basic program /usr/lib/squid/basic_ncsa_auth $STATE/proxy-users" \
    'auth_param basic realm lab' 'acl known proxy_auth REQUIRED' 'http_access deny !known'
  # "anyauth" asks first and logs in only when told to, as an agent does.
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128" --proxy-user agent:secret --proxy-anyauth)
  tap_on
  short_activation agent
  fetch agent http://files.trendmicro.com/
  tap_off
}

scenario_blocked_by_proxy() {
  build_lab
  start_proxy 'acl blocked dstdomain dsaas.url.trendmicro.com' 'http_access deny blocked'
  FETCH_OPTIONS=(--proxy "http://$PROXY:3128")
  tap_on
  short_activation agent
  fetch agent "$WEB_REPUTATION"
  fetch agent http://dsaas.url.trendmicro.com/
  heartbeat_later agent
  tap_off
}

# Not exercised.

scenario_not_seen() {
  build_lab
  tap_on
  short_activation agent
  inside agent getent ahostsv4 dsaas.icrc.trendmicro.com | sed 's/^/  agent: /'
  heartbeat_later agent
  tap_off
}

# Names, families and segments.

scenario_dual_stack() {
  DUAL_STACK=yes
  build_lab
  tap_on
  fetch_dual_stack
  tap_off
}

scenario_dual_stack_ipv6_dead() {
  DUAL_STACK=yes
  build_lab
  path_rule 'meta nfproto ipv6 tcp dport { 80, 443 } drop'
  tap_on
  fetch_dual_stack
  heartbeat_later agent
  tap_off
}

fetch_dual_stack() {
  local url
  for url in https://app.deepsecurity.trendmicro.com/ https://agents.deepsecurity.trendmicro.com/ \
    https://dsmim.deepsecurity.trendmicro.com/ https://files.trendmicro.com/ http://files.trendmicro.com/ \
    "$WEB_REPUTATION"; do
    fetch agent "$url"
  done
}

scenario_dns_over_tcp() {
  local last
  # Forty addresses do not fit into the 512 bytes of an answer without EDNS.
  DNS_HOSTS=$(for last in {100..139}; do printf '203.0.113.%d files.trendmicro.com\n' "$last"; done)
  # Ten long texts do not fit into one Ethernet frame.
  DNS_EXTRA=$(for last in {1..10}; do printf 'txt-record=files.trendmicro.com,%0200d\n' "$last"; done)
  build_lab
  for last in {100..139}; do
    ip -n "$PREFIX-inet" address add "203.0.113.$last/32" dev lo
  done
  tap_on
  short_activation agent
  fetch agent https://files.trendmicro.com/
  inside agent dig +noall +comments +bufsize=512 "@$DNS" files.trendmicro.com A | sed -n 's/^;; \(flags\|Trunc\)/  agent: dig: \1/p'
  inside agent dig +noall +comments +bufsize=4096 "@$DNS" files.trendmicro.com TXT | sed -n 's/^;; flags/  agent: dig: flags/p'
  tap_off
}

scenario_split_hello() {
  build_lab
  ip -n "$PREFIX-inet" route change 10.20.0.0/16 via 192.0.2.1 advmss 256
  tap_on
  short_activation agent
  fetch agent https://files.trendmicro.com/
  fetch agent https://iaus.trendmicro.com/
  # One hello in several records as well as in several segments.
  inside agent timeout 4 openssl s_client -connect 203.0.113.42:443 -servername dsaas.url.trendmicro.com \
    -max_send_frag 512 -CAfile "$CERTIFICATES/ca.pem" -brief -alpn "$(long_alpn)" </dev/null 2>&1 |
    sed -n 's/^Protocol version/  agent: s_client: Protocol version/p'
  tap_off
}

long_alpn() {
  local number
  printf 'http/1.1'
  for number in {1..12}; do
    printf ',%060d' "$number"
  done
}

# The mirror wraps the frames.

scenario_vlan_trunk() {
  CAPTURE_LAYER=vlan
  build_lab
  tap_on router trunk0
  short_activation agent
  fetch agent https://files.trendmicro.com/
  fetch agent https://telemetry.example.net/
  tap_off
}

scenario_vxlan_overlay() {
  CAPTURE_LAYER=vxlan
  build_lab
  tap_on router under0
  short_activation agent
  fetch agent https://files.trendmicro.com/
  fetch agent https://telemetry.example.net/
  tap_off
}
